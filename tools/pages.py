"""Long lists shown a part at a time, with words on how to go on."""

from collections.abc import Sequence

MARGIN = 200
"""Characters kept for those words."""


def paged(lines: Sequence[str], characters: int, *, start: int, total: int, what: str) -> str:
    """As many lines as fit, and which of how many they are; `start` is the place of the first."""
    room = max(characters - MARGIN, MARGIN)
    shown: list[str] = []
    for line in lines:
        room -= len(line) + 1
        if room < 0 and shown:
            break
        shown.append(line)
    end = start + len(shown) - 1
    if start == 1 and end >= total:
        return "\n".join(shown)
    words = f"({what} {start:,} to {end:,} of {total:,}"
    words += f"; go on with offset={end + 1})" if end < total else ")"
    return "\n".join([*shown, words])
