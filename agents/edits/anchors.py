"""Find the text of a SEARCH block, exactly or but for white space, and put its REPLACE there."""

from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import pairwise

from agents.edits.elisions import is_marker, real_lines
from agents.edits.texts import Source, converted, indent_of, indent_unit, plain, trimmed
from agents.edits.values import Refused, Why

Split = tuple[Sequence[str], Sequence[str]]
SHOWN_LINES = 20
TELLING_CHARACTERS = 20
"""How much text a replacement needs to be recognised as applied already."""


def replaced(source: Source, splits: Sequence[Split], path: str) -> tuple[Source, str]:
    """The file with the one place changed that a block means, and a note where it was read kindly.

    `splits` holds each way to part the block into search and replace. Where the text itself has
    divider lines, as many on either side, the middle one is meant. Raises Refused.
    """
    middle = splits[len(splits) // 2]
    unclear = len(splits) % 2 == 0 or len(_exact(source.bare, trimmed(middle[0]))) != 1
    if len(splits) > 1 and unclear:
        raise Refused(
            Why.FORM,
            f"A SEARCH block for `{path}` has several `=======` lines, and it is not clear which "
            "one parts old from new. Send the whole unit instead.",
        )
    search, replace = _aligned(*middle)
    if not search:
        raise Refused(
            Why.FORM,
            f"A SEARCH block for `{path}` is empty, though the file exists. "
            "Put the lines that are to be replaced into it.",
        )
    if search == replace:
        raise Refused(Why.ALREADY, f"A block for `{path}` replaces text by the same text.")
    if any(is_marker(line, real_lines(source.bare)) for line in [*search, *replace]):
        return _with_elisions(source, search, replace, path), "left-out lines kept"
    found = _exact(source.bare, search)
    if len(found) == 1:
        return source.replaced(found[0], found[0] + len(search), replace), ""
    if found:
        raise _ambiguous(search, len(found), path)
    return _loosely(source, search, replace, path), "white space of the anchor adapted"


def fits(source: Source, splits: Sequence[Split]) -> bool:
    """Whether a block has exactly one place in this file."""
    try:
        replaced(source, splits, "")
    except Refused:
        return False
    return True


def _aligned(search: Sequence[str], replace: Sequence[str]) -> tuple[list[str], list[str]]:
    """Both texts without the blank lines at their ends that they share."""
    one, two = list(search), list(replace)
    while one and not one[0].strip():
        one.pop(0)
        if two and not two[0].strip():
            two.pop(0)
    while one and not one[-1].strip():
        one.pop()
        if two and not two[-1].strip():
            two.pop()
    return one, two


def _exact(lines: Sequence[str], search: Sequence[str]) -> list[int]:
    size = len(search)
    return [
        at
        for at in range(len(lines) - size + 1 if size else 0)
        if all(lines[at + step] == line for step, line in enumerate(search))
    ]


def _bare(line: str) -> str:
    return " ".join(plain(line).split())


def _loose(lines: Sequence[str], search: Sequence[str]) -> list[list[int]]:
    """Where the search is met but for white space: per hit the index of each line not blank."""
    numbered = [(index, _bare(line)) for index, line in enumerate(lines) if line.strip()]
    wanted = [_bare(line) for line in search if line.strip()]
    size = len(wanted)
    return [
        [index for index, _ in numbered[at : at + size]]
        for at in range(len(numbered) - size + 1 if size else 0)
        if all(numbered[at + step][1] == line for step, line in enumerate(wanted))
    ]


def _loosely(source: Source, search: list[str], replace: list[str], path: str) -> Source:
    hits = _loose(source.bare, search)
    if len(hits) > 1:
        raise _ambiguous(search, len(hits), path)
    if not hits:
        raise _not_found(source, search, replace, path)
    places = hits[0]
    indents = _indents(source, search, places)
    if indents is None:
        raise _not_found(source, search, replace, path)
    fresh = _delta(source, search, replace, places)
    lines = [
        line if kept else _moved(line, indents, source, [*search, *replace]) for line, kept in fresh
    ]
    shifted = any(old != new for old, new in indents.items())
    if shifted and any(q in line for line, kept in fresh if not kept for q in ('"""', "'''")):
        raise _not_found(source, search, replace, path)
    return source.replaced(places[0], places[-1] + 1, lines)


def _delta(
    source: Source, search: Sequence[str], replace: Sequence[str], places: Sequence[int]
) -> list[tuple[str, bool]]:
    """The new lines of the place; those that the block leaves alone are the file's own (True)."""
    owned, apart = _owned(search, places)
    matcher = SequenceMatcher(None, [*map(_key, search)], [*map(_key, replace)], autojunk=False)
    lines: list[tuple[str, bool]] = []
    for action, first, last, start, stop in matcher.get_opcodes():
        if action != "equal":
            lines += [(_keyed(line, search), False) for line in replace[start:stop]]
        for index in range(first, last):
            kept = [*owned[index] * (action == "equal"), *apart[index]]
            lines += [(source.bare[place], True) for place in kept]
    return lines


def _key(line: str) -> str:
    return indent_of(plain(line)) + _bare(line)


def _owned(search: Sequence[str], places: Sequence[int]) -> tuple[list[list[int]], list[list[int]]]:
    """Which lines of the file each line of the search stands for, and which blank ones it lacks."""
    owned: list[list[int]] = [[] for _ in search]
    apart: list[list[int]] = [[] for _ in search]
    solid = [index for index, line in enumerate(search) if line.strip()]
    for index, place in zip(solid, places, strict=True):
        owned[index].append(place)
    for (index, following), (place, end) in zip(pairwise(solid), pairwise(places), strict=True):
        gap = list(range(place + 1, end))
        for blank in range(index + 1, following):
            owned[blank], gap = gap[:1], gap[1:]
        apart[following - 1] = gap
    return owned, apart


def _keyed(line: str, search: Sequence[str]) -> str:
    """A new line with keyboard quotes, where the model wrote its whole block with curly ones."""
    return plain(line) if any(plain(old) != old for old in search) else line


def _indents(source: Source, search: Sequence[str], places: Sequence[int]) -> dict[str, str] | None:
    """Which indentation of the block is which of the file; None where no rule holds."""
    indents: dict[str, str] = {}
    for line, place in zip([line for line in search if line.strip()], places, strict=True):
        theirs, ours = indent_of(plain(line)), indent_of(source.bare[place])
        if indents.setdefault(theirs, ours) != ours:
            return None
    return indents if len(set(indents.values())) == len(indents) else None


def _moved(line: str, indents: dict[str, str], source: Source, block: Sequence[str]) -> str:
    if not line.strip():
        return ""
    indent = indent_of(line)
    text = line[len(indent) :]
    known = [old for old in indents if indent.startswith(old)]
    unit, wanted = indent_unit(block), indent_unit(source.bare)
    if known:
        base = max(known, key=len)
        return indents[base] + converted(indent[len(base) :], unit, wanted) + text
    deepest = min(indents, key=len)
    if indents[deepest].endswith(deepest):
        return indents[deepest].removesuffix(deepest) + indent + text
    return converted(indent, unit, wanted) + text


def _with_elisions(source: Source, search: list[str], replace: list[str], path: str) -> Source:
    """Each stretch between the marks replaced on its own, in order, each met exactly once."""
    real = real_lines(source.bare)
    old, new = _stretches(search, real), _stretches(replace, real)
    if len(old) != len(new):
        raise _elided(path)
    spans: list[tuple[int, int, list[str]]] = []
    for before, after in zip(old, new, strict=True):
        if not before and not after:
            continue
        hits = _exact(source.bare, before)
        if len(hits) != 1 or (spans and hits[0] < spans[-1][1]):
            raise _elided(path)
        spans.append((hits[0], hits[0] + len(before), after))
    for start, stop, after in reversed(spans):
        source = source.replaced(start, stop, after)
    return source


def _stretches(lines: Sequence[str], real: set[str]) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for line in lines:
        if is_marker(line, real):
            parts.append([])
        else:
            parts[-1].append(line)
    return [trimmed(part) for part in parts]


def _elided(path: str) -> Refused:
    return Refused(
        Why.ELIDED,
        f"A block for `{path}` leaves lines out, and it is not clear which ones. "
        "Send a SEARCH block for each place, with every line written out.",
    )


def _ambiguous(search: Sequence[str], count: int, path: str) -> Refused:
    return Refused(
        Why.AMBIGUOUS,
        f"This text is met {count} times in `{path}`:\n{_shown(search)}\n"
        "Add lines above or below it to SEARCH and to REPLACE, so that one place is left.",
    )


def _not_found(source: Source, search: Sequence[str], replace: Sequence[str], path: str) -> Refused:
    new = trimmed(replace)
    telling = len(new) > 1 or len("".join(new).strip()) >= TELLING_CHARACTERS
    if telling and not _loose(source.bare, search) and _loose(source.bare, new):
        return Refused(
            Why.ALREADY,
            f"A block for `{path}` is already applied: its REPLACE text is in the file, its SEARCH "
            "text is not. Do not resend it.",
        )
    near = _nearest(source.bare, search)
    hint = f" Did you mean these lines?\n{_shown(near)}\n" if near else " "
    return Refused(
        Why.NOT_FOUND,
        f"This SEARCH text is not in `{path}`:\n{_shown(search)}\n{hint.strip()}\n"
        "Copy the lines exactly as they stand in the file, or send the whole function.",
    )


def _nearest(lines: Sequence[str], search: Sequence[str]) -> list[str]:
    """The stretch of the file that shares most with the search text; empty if none is near."""
    wanted = [_bare(line) for line in search if line.strip()]
    bare = [_bare(line) for line in lines]
    size = max(len(search), 1)
    if not wanted or not lines:
        return []
    starts = range(max(1, len(lines) - size + 1))
    ranked = sorted(starts, key=lambda at: -len(set(bare[at : at + size]) & set(wanted)))[:50]
    text = "\n".join(wanted)

    def likeness(at: int) -> float:
        return SequenceMatcher(None, "\n".join(bare[at : at + size]), text).ratio()

    best = max(ranked, key=likeness)
    return list(lines[best : best + size]) if likeness(best) >= 0.5 else []


def _shown(lines: Sequence[str]) -> str:
    cut = list(lines[:SHOWN_LINES])
    if len(lines) > SHOWN_LINES:
        cut.append(f"[{len(lines) - SHOWN_LINES} more lines]")
    return "\n".join(["```", *cut, "```"])
