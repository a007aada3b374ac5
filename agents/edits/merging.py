"""Put whole functions, methods and declarations of a model's code into a Python file."""

import ast
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import pairwise

from agents.edits import imports
from agents.edits.code import (
    Code,
    Function,
    Piece,
    declares_stub,
    found_at,
    heads_differ,
    is_docstring,
    is_stub,
    joined,
    last_part,
    qualified,
    takes_self,
)
from agents.edits.elisions import filled, invented_ellipses, is_marker, real_lines
from agents.edits.fitting import fitted
from agents.edits.texts import Source, dedented, indent_of, parsed, trimmed
from agents.edits.values import Refused, Why


@dataclass(frozen=True)
class Change:
    """Lines of the file, from 0 and without the last, and what stands there instead."""

    start: int
    stop: int
    lines: Sequence[str]


@dataclass
class Merge:
    """One block of a model's code on its way into one file.

    What the block does not mention stays: other functions, and decorators, docstring and comments
    above a function that came without its own.
    """

    path: str
    source: Source
    old: Code
    new: Code
    offered: Collection[str] = ()
    """Qualified names of this file that the model was shown."""
    name: str = ""
    """The function that the block says it is, if it does."""
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    """Names of functions that the model was shown of other files, with their paths."""
    changes: list[Change] = field(default_factory=list)
    touched: dict[str, str] = field(default_factory=dict)
    """What is put in: qualified names with their new text."""
    replaced: dict[str, Sequence[str]] = field(default_factory=dict)
    """What was there before, by the same names; empty for what is new."""
    notes: list[str] = field(default_factory=list)

    def result(self) -> Source:
        """The file with all pieces put in, the same when nothing differs; raises Refused."""
        self._scope(self.old.module, self.new.module, "")
        self._import()
        ordered = sorted(self.changes, key=lambda change: (change.start, change.stop))
        for one, two in pairwise(ordered):
            if two.start < one.stop:
                raise Refused(Why.CONFLICT, f"Two edits of `{self.path}` overlap.")
        source = self.source
        for change in reversed(ordered):
            source = source.replaced(change.start, change.stop, change.lines)
        return source

    def _scope(
        self, old: ast.Module | ast.ClassDef, new: ast.Module | ast.ClassDef, within: str
    ) -> None:
        ours, theirs = self.old.pieces(old), self.new.pieces(new)
        known = {piece.key for piece in ours}
        for index, piece in enumerate(theirs):
            kind = piece.key[0]
            if kind == "def":
                self._function(piece, theirs, ours, within, index)
            elif kind == "class":
                self._class(piece, theirs, ours, within, index)
            elif kind == "name":
                self._name(piece, theirs, ours, within, index)
            elif kind == "other" and piece.key not in known:
                raise _stray(self.path, self.new.lines[piece.start])

    def _function(
        self, piece: Piece, theirs: Sequence[Piece], ours: Sequence[Piece], within: str, index: int
    ) -> None:
        name = joined(within, piece.name) if within else self._meant(piece)
        outer = name.rpartition(".")[0]
        if outer != within:
            scope = found_at(self.old.module, outer)
            ours = self.old.pieces(scope) if isinstance(scope, ast.ClassDef | Function) else []
        namesakes = [one for one in ours if one.key[:2] == piece.key[:2]]
        if namesakes:
            self._put(piece, self._one_of(piece, theirs, namesakes), ours, outer)
        elif name and name in qualified(self.old.module):
            raise self._several(piece.name, "send a SEARCH/REPLACE block")
        else:
            self._add(piece, theirs, ours, within, index)

    def _one_of(self, piece: Piece, theirs: Sequence[Piece], namesakes: list[Piece]) -> Piece:
        """The definition that is meant, of those with the same name."""
        same = [one for one in namesakes if one.key == piece.key]
        rivals = [one for one in theirs if one.key == piece.key]
        undecorated = not getattr(piece.node, "decorator_list", [])
        if len({one.key for one in namesakes}) > 1 and undecorated:
            raise self._several(
                piece.name, "send it with its decorators, which tell which is meant"
            )
        if not same or len(same) != len(rivals):
            raise self._several(piece.name, "send a SEARCH/REPLACE block")
        return same[rivals.index(piece)]

    def _meant(self, piece: Piece) -> str:
        """The qualified name of the function that the block means; empty for a new one."""
        found = [one for one in qualified(self.old.module) if last_part(one) == piece.name]
        if last_part(self.name) == piece.name:
            found = [one for one in found if one == self.name] or found
        shape = takes_self(piece.node)
        alike = [one for one in found if takes_self(found_at(self.old.module, one)) == shape]
        found = alike or found
        shown = [one for one in found if one in self.offered]
        found = shown if len(found) > 1 and shown else found
        if len(found) > 1:
            raise Refused(
                Why.AMBIGUOUS,
                f"`{piece.name}` can be {_either(found)} in `{self.path}`. Put a method into its "
                f"class, or say which one it is, as in `FILE: {self.path}::{found[0]}`.",
            )
        return found[0] if found else ""

    def _class(
        self, piece: Piece, theirs: Sequence[Piece], ours: Sequence[Piece], within: str, index: int
    ) -> None:
        known = [one for one in ours if one.key == piece.key]
        if not known:
            self._add(piece, theirs, ours, within, index)
            return
        if len(known) > 1 or sum(one.key == piece.key for one in theirs) > 1:
            raise self._several(piece.name, "send a SEARCH/REPLACE block")
        old, new = known[0].node, piece.node
        assert isinstance(old, ast.ClassDef) and isinstance(new, ast.ClassDef)  # noqa: S101
        if (new.bases or new.keywords) and heads_differ(old, new):
            raise Refused(
                Why.FORM,
                f"The head of class `{piece.name}` in `{self.path}` is changed: send a "
                "SEARCH/REPLACE block for that line.",
            )
        self._scope(old, new, joined(within, piece.name))

    def _name(
        self, piece: Piece, theirs: Sequence[Piece], ours: Sequence[Piece], within: str, index: int
    ) -> None:
        known = [one for one in ours if one.key == piece.key]
        if any(ast.dump(one.node) == ast.dump(piece.node) for one in known):
            return
        if len(known) > 1:
            raise self._several(piece.name, "send a SEARCH/REPLACE block")
        if known:
            self._put(piece, known[0], ours, within)
        else:
            self._add(piece, theirs, ours, within, index)

    def _put(self, piece: Piece, known: Piece, ours: Sequence[Piece], within: str) -> None:
        """Exchange a piece of the file for the model's."""
        name = joined(within, piece.name)
        self._require_own_lines(known, ours)
        old = list(self.source.bare[known.start : known.stop])
        lines = self._fitted(piece, indent_of(old[0]), old)
        if isinstance(piece.node, Function) and isinstance(known.node, Function):
            if is_stub(piece.node, known.node):
                self._require_same_head(name, lines, old)
                return
            lines = filled(lines, old, f"`{name}`")
            if self._is_open(piece) and trimmed(lines)[-1] != trimmed(old)[-1]:
                raise Refused(
                    Why.ELIDED,
                    f"It is not clear whether `{name}` goes on where lines are left out below it. "
                    "Send the whole function and nothing behind it.",
                )
            lines = self._completed(lines, piece.node, known)
            if known.head == known.start:
                lines = [*self._comments(piece, indent_of(old[0])), *lines]
        if invented_ellipses("\n".join(dedented(lines)), "\n".join(dedented(old))):
            raise Refused(Why.ELIDED, f"`{name}` has `...` in place of code. Write it out.")
        if lines != old:
            self.touched[name], self.replaced[name] = "\n".join(lines), old
            self.changes.append(Change(known.start, known.stop, lines))

    def _is_open(self, piece: Piece) -> bool:
        """Whether a mark of left-out lines is the next thing below a piece of the reply."""
        below = next((line for line in self.new.lines[piece.stop :] if line.strip()), "")
        return is_marker(below, real_lines(self.source.bare))

    def _require_own_lines(self, known: Piece, ours: Sequence[Piece]) -> None:
        first = self.source.bare[known.start]
        shared = any(o is not known and o.start < known.stop and known.start < o.stop for o in ours)
        if shared or first[: known.node.col_offset].strip():
            raise Refused(
                Why.FORM,
                f"This line of `{self.path}` holds several statements: `{first.strip()[:80]}`. "
                "Send a SEARCH/REPLACE block.",
            )

    def _require_same_head(self, name: str, lines: Sequence[str], old: Sequence[str]) -> None:
        """A function whose body is left out says nothing, unless its head differs."""
        heads = [line.strip() for line in lines if line.strip() and not is_marker(line)]
        if heads != [line.strip() for line in old[: len(heads)]]:
            raise Refused(Why.ELIDED, f"The body of `{name}` is left out. Send the whole function.")

    def _completed(self, lines: list[str], new: Function, known: Piece) -> list[str]:
        """With the decorators and the docstring that the model left out."""
        old = known.node
        assert isinstance(old, Function)  # noqa: S101
        lines = self._with_docstring(lines, old)
        if old.decorator_list and not new.decorator_list:
            above = self.source.bare[known.start : old.lineno - 1]
            self.notes.append(f"decorators of {new.name} kept")
            return [*above, *lines]
        return lines

    def _with_docstring(self, lines: list[str], old: Function) -> list[str]:
        tree, doc = parsed("\n".join(dedented(lines))), old.body[0]
        node = tree.body[0] if tree and tree.body else None
        if not isinstance(node, Function) or not is_docstring(doc):
            return lines
        first = node.body[0]
        one_line = first.lineno <= node.lineno or doc.lineno <= old.lineno
        if is_docstring(first) or one_line or ast.get_docstring(old) is None:
            return lines
        text = self.source.bare[doc.lineno - 1 : doc.end_lineno]
        self.notes.append(f"docstring of {old.name} kept")
        return [*lines[: first.lineno - 1], *text, *lines[first.lineno - 1 :]]

    def _fitted(self, piece: Piece, indent: str, old: Sequence[str]) -> list[str]:
        return fitted(self.new, piece, indent, self.source.bare, old)

    def _comments(self, piece: Piece, indent: str) -> list[str]:
        """The comments right above a piece of the reply; marks of left-out code are none."""
        above = self.new.lines[piece.head : piece.start]
        real = real_lines(self.source.bare)
        return [indent + line.strip() for line in above if not is_marker(line, real)]

    def _add(
        self, piece: Piece, theirs: Sequence[Piece], ours: Sequence[Piece], within: str, index: int
    ) -> None:
        """Put in a new piece beside the neighbour that it has in the reply."""
        name = joined(within, piece.name)
        self._require_wanted(piece, name)
        indent = indent_of(self.source.bare[ours[-1].start]) if within else ""
        lines = [*self._comments(piece, indent), *self._fitted(piece, indent, ())]
        if any(is_marker(line) for line in lines) and not declares_stub(piece.node):
            raise Refused(Why.ELIDED, f"`{name}` is new, yet has lines left out. Write it out.")
        later = next((o for t in theirs[index + 1 :] for o in ours if _is_same(t, o)), None)
        earlier = next((o for t in reversed(theirs[:index]) for o in ours if _is_same(t, o)), None)
        neighbour = later or earlier or _last_definition(ours)
        alone = "name" in (piece.key[0], neighbour.key[0])
        gap = [""] if within or alone else ["", ""]
        if piece.key[0] == neighbour.key[0] == "name":
            gap = []
        elif later and not within:
            gap = ["", ""]
        place = neighbour.head if later else neighbour.stop
        self.touched[name], self.replaced[name] = "\n".join(lines), ()
        self.notes.append(f"{name} added")
        self.changes.append(Change(place, place, [*lines, *gap] if later else [*gap, *lines]))

    def _require_wanted(self, piece: Piece, name: str) -> None:
        """Refuse a new function that seems to stand for one that the file has by another name."""
        sent = {last_part(one) for one in qualified(self.new.module)}
        other = self.elsewhere.get(piece.name)
        if other:
            raise Refused(
                Why.PATH,
                f"`{piece.name}` is in `{other}`, not in `{self.path}`. Write the path exactly.",
            )
        if name == piece.name and takes_self(piece.node):
            raise Refused(
                Why.NOT_FOUND,
                f"`{self.path}` has no method `{name}`. Put a new method into its class.",
            )
        if piece.key[0] == "name" or piece.name.startswith(("__", "test_", "Test")):
            return
        if any(
            piece.name in (getattr(node, "id", ""), getattr(node, "attr", ""))
            for node in ast.walk(self.new.module)
        ):
            return
        missing = [one for one in self.offered if one and last_part(one) not in sent]
        real = [one for one in qualified(self.old.module) if last_part(one) not in sent]
        near = get_close_matches(name, [*real, *map(last_part, real)], n=3, cutoff=0.75)
        if missing or near:
            raise Refused(
                Why.NOT_FOUND,
                f"`{self.path}` has no `{name}`. Did you mean {_either(missing or near)}? Keep the "
                "name of a function that you change; a new one must be used by what you send.",
            )

    def _import(self) -> None:
        lines = imports.needed(self.new.module, self.old.module, self.touched.values())
        ours = self.old.pieces(self.old.module)
        known = [one for one in ours if one.key[0] == "import"]
        if not lines:
            return
        if known:
            self.changes.append(Change(known[-1].stop, known[-1].stop, lines))
        elif ours[0].key[0] == "doc":
            self.changes.append(Change(ours[0].stop, ours[0].stop, ["", *lines]))
        else:
            self.changes.append(Change(ours[0].head, ours[0].head, [*lines, "", ""]))

    def _several(self, name: str, remedy: str) -> Refused:
        return Refused(
            Why.AMBIGUOUS,
            f"`{self.path}` does not define `{name}` exactly once in that place: {remedy}.",
        )


def _last_definition(ours: Sequence[Piece]) -> Piece:
    """What a new piece without a neighbour follows: the last definition, else the end."""
    return next((one for one in reversed(ours) if one.key[0] in ("def", "class")), ours[-1])


def _is_same(theirs: Piece, ours: Piece) -> bool:
    return theirs.key == ours.key and theirs.key[0] in ("def", "class", "name")


def _either(names: Sequence[str]) -> str:
    return " or ".join(f"`{name}`" for name in names[:3])


def _stray(path: str, line: str) -> Refused:
    return Refused(
        Why.INCOMPLETE,
        f"For `{path}` you sent a statement outside of any function: `{line.strip()[:80]}`. Send "
        "whole functions only; for other lines send a SEARCH/REPLACE block.",
    )
