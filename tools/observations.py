"""Results of tools as a model sees them: harmless, of bounded length, and never empty."""

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
