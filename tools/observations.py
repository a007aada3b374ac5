"""Results of tools as a model sees them: harmless, of bounded length, and never empty."""

import re

from sandbox.output import harmless

NOTHING = "(no output)"


def observed(text: str, characters: int) -> str:
    """The text with its middle cut out where it is too long, and words where it is empty.

    Everything that acts on a terminal or hides is written out, as `<U+202E>`.
    """
    shown = harmless(text.encode("utf-8", "replace").decode())
    if not shown.strip():
        return NOTHING
    if len(shown) <= characters:
        return shown
    half = characters // 2
    missing = len(shown) - 2 * half
    return f"{shown[:half]}\n[... {missing:,} characters left out ...]\n{shown[-half:]}"


def restored(text: str, original: str) -> str:
    """A text that a model wrote, with the marks of `observed` made characters again.

    Only those that the original holds, and whose mark it does not hold itself: nothing that hides
    comes into a file in which it was not.
    """

    def character(mark: re.Match[str]) -> str:
        sign = chr(int(mark[1], 16))
        return sign if sign in original and mark[0] not in original else mark[0]

    return re.sub(r"<U\+(0?[0-9A-F]{4,5})>", character, text)
