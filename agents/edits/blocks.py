"""A model's reply as the edits that it holds: fenced code, search and replace, or a diff."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from agents.edits import diffs, fences
from agents.edits.elisions import is_marker
from agents.edits.paths import cleaned, looks_like_path
from agents.edits.texts import bare_lines, trimmed

_LABEL = re.compile(
    r"^[\s#>*\-/`]*(?:F(?:ILE|ile)(?:NAME|Name|name|\s?PATH|\s?[Pp]ath)?|PATH|Path)[*`]*\s*:"
    r"\s*(?P<rest>\S.*?)\s*$"
)
_SEARCH = re.compile(r"^\s*<{5,9}\s*(?:SEARCH|ORIGINAL|HEAD|OLD)\b[:\s]*(?P<rest>.*?)\s*$", re.I)
_DIVIDER = re.compile(r"^\s*={5,9}\s*$")
_REPLACE = re.compile(r"^\s*>{5,9}\s*(?:REPLACE|UPDATED|NEW|END)?\b.*$", re.I)
_THOUGHT = re.compile(r"<(think|thinking|reasoning)>.*?(?:</\1>|\Z)", re.DOTALL | re.IGNORECASE)
_SHOWN_ONLY = set("bash console error log output sh shell stderr stdout text traceback zsh".split())
"""Languages of fences that show something and edit nothing."""


@dataclass(frozen=True)
class Block:
    """One edit as the model wrote it."""

    path: str
    """As written; empty when none was."""
    name: str = ""
    """Function named behind `::`, as in `FILE: shop/cart.py::Cart.total`."""
    body: tuple[str, ...] = ()
    """Of a fence: the code."""
    closed: bool = True
    """Of a fence: whether its end was met."""
    search: tuple[str, ...] | None = None
    """Of a search block: the text to be found; None for a fence."""
    splits: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = ()
    """Of a search block: each way to part it into search and replace."""
    fault: str = ""
    """What is wrong with the block's form."""
    creates: bool = False
    """Of a diff: whether it makes a new file."""

    @property
    def is_search(self) -> bool:
        return self.search is not None


@dataclass
class _Reader:
    """Goes through a reply once, line by line."""

    lines: Sequence[str]
    blocks: list[Block] = field(default_factory=list)
    label: str = ""
    """The last path named by a FILE line, for search blocks that follow."""
    fresh: bool = False
    """Whether that line was just met, so that what follows belongs to it."""
    at: int = 0

    def read(self) -> list[Block]:
        while self.at < len(self.lines):
            self._step(self.lines[self.at])
        return self.blocks

    def _step(self, line: str) -> None:
        label = _label_of(line)
        if label:
            self.label, self.fresh = label, True
            self.at += 1
        elif _SEARCH.match(line):
            self._search(self._path_above(self.at))
        elif diffs.begins(self.lines, self.at):
            self._diff(len(self.lines))
        elif fences.opening(line):
            self._fence()
        elif self.fresh and line.strip() and not _is_prose(line):
            self._unfenced()
        else:
            self.at += 1

    def _fence(self) -> None:
        fence = fences.opening(self.lines[self.at])
        assert fence is not None  # noqa: S101
        inside = self._first_inside(self.at + 1)
        if inside is None:
            self.at += 1
            return
        if _SEARCH.match(self.lines[inside]):
            self.at += 1
            self._search(self._path_above(self.at - 1) or _path_in(fence.info))
            return
        if fence.language in ("diff", "patch") or diffs.begins(self.lines, inside):
            self.at += 1
            self._diff(fences.end_of(self.lines, self.at, fence, self._stop()).stop)
            return
        named = _label_of(self.lines[inside])
        named_somehow = named or looks_like_path(cleaned(self.lines[inside]))
        below = self.lines[inside + 1 : inside + 3]
        if named_somehow and any(_SEARCH.match(line) or fences.opening(line) for line in below):
            self.at += 1
            return
        self._code(fence, named, inside)

    def _code(self, fence: fences.Fence, named: str, inside: int) -> None:
        start = inside + 1 if named else self.at + 1
        path = named or (self.label if self.fresh else "") or _path_in(fence.info)
        path = path or self._path_above(self.at, labels=False)
        stop, file = self._stop(start), path.partition("::")[0]
        found = fences.end_of(self.lines, start, fence, stop, file)
        body = list(self.lines[start : found.stop])
        self.fresh, self.at = False, found.next
        comment = _path_in_comment(body[0]) if body else ""
        if comment and (not path or comment.endswith(path) or path.endswith(comment)):
            path, body = path or comment, body[1:]
        if not path and fence.language in _SHOWN_ONLY:
            return
        self._add(path, body, closed=found.closed, fault=found.fault)

    def _unfenced(self) -> None:
        """Code right below a FILE line, whose fence was forgotten."""
        stop = self._stop(self.at)
        lines = self.lines[self.at : stop]
        if any((fence := fences.opening(line)) and fence.info for line in lines):
            self.at += 1
            return
        ends = [index for index, line in enumerate(lines) if fences.closes(line)]
        body = trimmed(lines[: ends[0]] if ends else lines)
        while not ends and body and not body[-1][:1].isspace() and _is_prose(body[-1]):
            body = trimmed(body[:-1])
        self.fresh, self.at = False, self.at + (ends[0] + 1 if ends else len(lines))
        self._add(self.label, body, closed=bool(ends))

    def _add(self, path: str, body: Sequence[str], *, closed: bool, fault: str = "") -> None:
        where, _, name = path.partition("::")
        self.blocks.append(Block(where, name, tuple(body), closed, fault=fault))

    def _search(self, path: str) -> None:
        match = _SEARCH.match(self.lines[self.at])
        path = (_path_in(match["rest"]) if match else "") or path or self.label
        start = self.at + 1
        stop = next(
            (
                index
                for index in range(start, len(self.lines))
                if _REPLACE.match(self.lines[index]) or _SEARCH.match(self.lines[index])
            ),
            len(self.lines),
        )
        inner = self.lines[start:stop]
        closed = stop < len(self.lines) and bool(_REPLACE.match(self.lines[stop]))
        self.fresh, self.at = False, stop + 1 if closed else stop
        dividers = [index for index, line in enumerate(inner) if _DIVIDER.match(line)]
        splits = tuple((tuple(inner[:cut]), tuple(inner[cut + 1 :])) for cut in dividers)
        fault = ""
        if not closed:
            fault = "A SEARCH block has no `>>>>>>> REPLACE` line at its end."
        elif not splits:
            fault = "A SEARCH block has no `=======` line between the old and the new text."
        search = splits[0][0] if splits else tuple(inner)
        where, _, name = path.partition("::")
        self.blocks.append(Block(where, name, search=search, splits=splits, fault=fault))

    def _diff(self, stop: int) -> None:
        hunks, self.at = diffs.hunks_of(self.lines, self.at, stop, self.label.partition("::")[0])
        self.fresh = False
        for hunk in hunks:
            self.blocks.append(
                Block(
                    hunk.path,
                    search=hunk.before,
                    splits=((hunk.before, hunk.after),),
                    fault=hunk.fault,
                    creates=hunk.creates,
                )
            )

    def _first_inside(self, start: int) -> int | None:
        return next((i for i in range(start, len(self.lines)) if self.lines[i].strip()), None)

    def _stop(self, start: int | None = None) -> int:
        """Where the next labelled edit begins, or the reply ends."""
        begin = self.at + 1 if start is None else start
        return next(
            (i for i in range(begin, len(self.lines)) if _label_of(self.lines[i], strict=True)),
            len(self.lines),
        )

    def _path_above(self, index: int, *, labels: bool = True) -> str:
        """A path that stands alone on the last line that is not blank."""
        above = [line for line in self.lines[max(0, index - 3) : index] if line.strip()]
        if above and fences.opening(above[-1]):
            above.pop()
        if not above:
            return ""
        if labels and _label_of(above[-1]):
            return _label_of(above[-1])
        text = re.sub(r"^[\s#>*\-\d.]+(?=\S)", "", above[-1])
        return text_path if looks_like_path(text_path := cleaned(text)) else ""


def blocks_of(reply: str) -> list[Block]:
    """All edits of a reply, in its order; thoughts between tags are no part of it."""
    return _Reader(bare_lines(_THOUGHT.sub("", reply))).read()


def _label_of(line: str, *, strict: bool = False) -> str:
    """The path that a FILE line names; strictly, only one at the beginning of the line."""
    match = _LABEL.match(line)
    if not match or (strict and line[:1] in " \t#/"):
        return ""
    path, separator, name = match["rest"].partition("::")
    path, name = cleaned(path), name.strip(" `*:")
    first = cleaned(path.split()[0]) if path else ""
    path = first if looks_like_path(first) else path
    if re.search(r"[\s(){}=;,]", path) or (name and not re.fullmatch(r"[\w.]+", name)):
        return ""
    return f"{path}{separator}{name}" if name else path


def _path_in(info: str) -> str:
    """The path in a fence's info string, as in `python shop/cart.py` or `title="shop/cart.py"`."""
    for word in re.split(r"[\s=:{},]+", info):
        if looks_like_path(cleaned(word)):
            return cleaned(word)
    return ""


def _path_in_comment(line: str) -> str:
    match = re.match(r"^\s*(?:#|//|--|<!--|/\*)\s*(?:file(?:name|path)?\s*[:=]?\s*)?(\S+)\s*(?:-->|\*/)?\s*$", line, re.I)  # fmt: skip  # noqa: E501
    if match and looks_like_path(cleaned(match[1])) and not is_marker(line):
        return cleaned(match[1])
    return ""


def _is_prose(line: str) -> bool:
    """Whether a line reads as a sentence rather than as code."""
    text = line.strip()
    if re.match(r"^(?:def|class|from|import|async|return|if|for|while|with|try|@|#|\"\"\")", text):
        return False
    return bool(re.match(r"^[A-Z][\w']*(?:,? [\w'`.()/-]+){2,}.*[\w.:!`)]$", text))
