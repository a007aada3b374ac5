"""Tokens of a text, counted here: with no download, and rather too many than too few."""

import base64
import json
from collections.abc import Callable, Sequence
from functools import cache
from importlib.util import find_spec
from math import ceil
from pathlib import Path

from core.models import Message, ModelCall

MARGIN = 1.1
MARGINS = {"anthropic": 1.25}
"""Our tokenizer is OpenAI's; Claude's makes up to a quarter more tokens of the same code."""
PER_MESSAGE = 4
BYTES_PER_TOKEN = 3
CHARS_PER_TOKEN = 4
"""Of English and most code; numbers and other scripts have fewer characters a token."""
PIECE_CHARS = 100_000
CL100K = "9b5ad71b2ce5302211f9c61530b329a4922fc6a4"
"""Name of the vocabulary `cl100k_base` in LiteLLM's folder of tokenizers."""
PATTERN = (
    r"""'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+|"""
    r""" ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s"""
)
"""How that vocabulary cuts a text into words, as tiktoken publishes it."""


def count(text: str) -> int:
    """Tokens of a text by `cl100k_base`, with no margin."""
    tokens = _tokenizer()
    return sum(tokens(text[at : at + PIECE_CHARS]) for at in range(0, len(text), PIECE_CHARS))


def with_margin(tokens: int, provider: str) -> int:
    """So many tokens of ours are at most so many of a provider's."""
    return ceil(tokens * MARGINS.get(provider, MARGIN))


def count_messages(messages: Sequence[Message]) -> int:
    """Tokens of what is said, with no margin and nothing for tools."""
    said = (
        message.text + "".join(c.name + c.arguments for c in message.calls) for message in messages
    )
    return sum(count(text) for text in said)


def least_of(messages: Sequence[Message]) -> int:
    """Fewer tokens than a tokenizer makes of what is said, or hardly more."""
    return sum(min(count(m.text), len(m.text) // CHARS_PER_TOKEN) for m in messages)


def count_call(call: ModelCall) -> int:
    """Tokens of a whole prompt, tools and all, with no margin."""
    tools = json.dumps([tool.dump() for tool in call.tools]) if call.tools else ""
    schema = json.dumps(call.answer_schema) if call.answer_schema else ""
    extra = count(tools) + count(schema) + PER_MESSAGE * len(call.messages)
    return count_messages(call.messages) + extra


@cache
def _tokenizer() -> Callable[[str], int]:
    """Counts by the vocabulary that comes with LiteLLM; by bytes where that is missing."""
    file = vocabulary()
    if file is None or find_spec("tiktoken") is None:
        return lambda text: ceil(len(text.encode("utf-8", "replace")) / BYTES_PER_TOKEN)
    import tiktoken

    lines = (line.split() for line in file.read_bytes().splitlines() if line)
    ranks = {base64.b64decode(token): int(rank) for token, rank in lines}
    encoding = tiktoken.Encoding(
        "cl100k", pat_str=PATTERN, mergeable_ranks=ranks, special_tokens={}
    )
    return lambda text: len(encoding.encode_ordinary(text))


def vocabulary() -> Path | None:
    """The file of the vocabulary; found without importing LiteLLM."""
    spec = find_spec("litellm")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        file = Path(folder) / "litellm_core_utils" / "tokenizers" / CL100K
        if file.is_file():
            return file
    return None
