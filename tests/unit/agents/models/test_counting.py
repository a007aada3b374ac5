"""Tokens are counted here, without a download, and rather too many than too few."""

import subprocess
import sys
from pathlib import Path

from agents.models.counting import count, count_call, count_messages, vocabulary, with_margin
from core.models import Message, ModelCall, ToolSpec

ROOT = Path(__file__).parents[4]


def test_the_vocabulary_comes_with_the_pinned_litellm() -> None:
    assert vocabulary() is not None


def test_known_texts_have_their_known_counts() -> None:
    assert [
        count(text) for text in ("", "hello", "hello world", "def f(x):\n    return x + 1\n")
    ] == [
        0,
        1,
        2,
        11,
    ]
    assert count("<|endoftext|>") > 1  # no text is taken for a mark of the vocabulary


def test_long_texts_without_a_blank_are_counted_too() -> None:
    assert 100_000 < count("a" * 1_000_000) < 200_000


def test_the_margin_makes_more_and_claude_most() -> None:
    assert with_margin(1000, "openai") == 1100
    assert with_margin(1000, "anthropic") == 1250


def test_a_call_counts_its_tools_and_schema_and_messages_do_not() -> None:
    messages = (Message(author="user", text="hello world"),)
    bare = ModelCall(role="qa", messages=messages)
    tool = ToolSpec(name="grep", description="Find a text.", parameters={"type": "object"})
    assert count_messages(messages) == 2
    assert count_call(bare) < count_call(bare.but(tools=(tool,)))
    assert count_call(bare) < count_call(bare.but(answer_schema={"type": "object"}))


def test_counting_loads_no_litellm() -> None:
    program = (
        "import sys; from agents.models.counting import count; count('hello');"
        "sys.exit('litellm' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0
