"""What holds for every file after an edit, in whatever form the edit came."""

import ast
import io
import re
import tokenize
import warnings

from agents.edits.texts import Source, hidden_in, parsed
from agents.edits.values import Refused, Why
from repair.soundness import broken, language_of

_ENTITIES = ("amp", "apos", "gt", "lt", "quot")


def require_sound(path: str, before: str | None, after: str) -> None:
    """Refuse a file that could be read and no longer can, or that has got characters nobody sees.

    `before` is None for a new file.
    """
    strange = hidden_in(after) - hidden_in(before or "")
    if strange:
        names = ", ".join(sorted(f"U+{ord(one):04X}" for one in strange))
        raise Refused(
            Why.CHARACTERS,
            f"Your code for `{path}` has characters that cannot be seen: {names}. Leave them out.",
        )
    if path.endswith(".py"):
        _python(path, before, after)
    elif fault := broken(path, before, after):
        raise Refused(
            Why.SYNTAX,
            f"After your edit `{path}` would be no valid {language_of(path)} any more: {fault}. "
            "Send it again.",
        )


def _python(path: str, before: str | None, after: str) -> None:
    code = Source.of(after).code
    if parsed(code) is None and (before is None or parsed(Source.of(before).code) is not None):
        raise syntax_refusal(path, code)
    if _escaped(code) > _escaped(Source.of(before or "").code):
        raise Refused(
            Why.CHARACTERS,
            f"Your code for `{path}` has `&lt;` or its like in place of the character itself.",
        )


def syntax_refusal(path: str, code: str) -> Refused:
    """Say where Python does not parse, by the line's text."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = (getattr(error, "text", "") or "").strip()[:120]
        where = f", at `{line}`" if line else ""
        words = getattr(error, "msg", "") or type(error).__name__
        return Refused(
            Why.SYNTAX, f"The code for `{path}` is not valid Python: {words}{where}. Send it again."
        )
    return Refused(Why.SYNTAX, f"The code for `{path}` is not valid Python. Send it again.")


def _escaped(code: str) -> int:
    """How often code, strings aside, holds what HTML writes for `<`, `>`, `&` or quotes."""
    if not re.search(r"&\s*(?:amp|apos|gt|lt|quot)\s*;", code):
        return 0
    try:
        tokens = [token.string for token in tokenize.generate_tokens(io.StringIO(code).readline)]
    except (tokenize.TokenError, IndentationError, SyntaxError):
        return 0
    return sum(
        first == "&" and second in _ENTITIES and third == ";"
        for first, second, third in zip(tokens, tokens[1:], tokens[2:], strict=False)
    )
