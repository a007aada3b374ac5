"""Signs in a function that something is missing: what is made and never used, or never moves on."""

import re
from collections.abc import Iterable
from functools import cached_property

import libcst as cst

from repair.blocks import Function, Statement
from repair.source import Source
from repair.vocabulary import assigned_in

UNREAD = 2.5
UNREAD_PARAMETER = 1.8
STALE = 3.0
NAMED = 1.2
_WORD = re.compile(r"(?<![\w.])[A-Za-z_]\w*")
_ATTRIBUTE = re.compile(r"\.([A-Za-z_]\w*)")
_BINDS = re.compile(r"^[ \t]*([A-Za-z_]\w*)\s*(?:[-+*/%|&^]|//|\*\*|<<|>>)?=(?!=)", re.MULTILINE)
FILLING = frozenset({"append", "add", "extend", "update", "insert", "appendleft", "setdefault"})


class Hints:
    """The signs in one file."""

    def __init__(self, source: Source, words: Iterable[str] = ()) -> None:
        self._source = source
        self._words = frozenset(words)
        self._unread: dict[Function, dict[str, float]] = {}
        self._stale: dict[Function, dict[str, list[Statement]]] = {}

    def named(self, name: str) -> bool:
        """Whether the report or a red test speaks of a name."""
        return name.lower() in self._words

    def boost(self, statement: Statement, removed: str, added: str) -> float:
        """How much more likely a change is that puts `added` in the place of `removed`."""
        names = set(_WORD.findall(added)) - set(_WORD.findall(removed))
        unread = self.unread(statement.function)
        factor = max((unread.get(name, 1.0) for name in names), default=1.0)
        attributes = set(_ATTRIBUTE.findall(added)) - set(_ATTRIBUTE.findall(removed))
        if attributes & self.unread_attributes:
            factor = max(factor, UNREAD)
        for name in _BINDS.findall(added):
            loops = self.stale(statement.function).get(name, [])
            if any(loop.first <= statement.first <= loop.end for loop in loops):
                factor = max(factor, STALE)
        if (names | attributes) & self._words:
            factor *= NAMED
        return factor

    def unread(self, function: Function) -> dict[str, float]:
        """Names that a function binds and never reads, with what using them is worth."""
        if function not in self._unread:
            reads = self._reads(function)
            found = {n: UNREAD_PARAMETER for n in function.parameters if n not in ("self", "cls")}
            for statement in function.statements:
                for name in assigned_in(self._source, statement):
                    if not isinstance(statement.small, cst.FunctionDef | cst.ClassDef):
                        found.setdefault(name, UNREAD)
            self._unread[function] = {
                name: worth
                for name, worth in found.items()
                if name not in reads and not name.startswith("_") and not function.is_module
            }
        return self._unread[function]

    def _reads(self, function: Function) -> set[str]:
        """Names that are read anywhere in a function, but for being filled."""
        found: set[str] = set()
        todo: list[cst.CSTNode] = [function.node]
        parents = self._source.parents
        while todo:
            node = todo.pop()
            todo += self._source.children[node]
            if isinstance(node, cst.Name) and not self._is_bound(node, parents.get(node)):
                if not self._is_filled(node, parents):
                    found.add(node.value)
        return found

    @staticmethod
    def _is_bound(node: cst.Name, parent: cst.CSTNode | None) -> bool:
        match parent:
            case (
                cst.AssignTarget() | cst.Param() | cst.AsName() | cst.FunctionDef() | cst.Nonlocal()
            ):
                return getattr(parent, "default", None) is not node
            case cst.AugAssign() | cst.For() | cst.CompFor() | cst.AnnAssign() | cst.NamedExpr():
                return parent.target is node
            case cst.Attribute():
                return parent.attr is node
            case cst.Arg():
                return parent.keyword is node
            case cst.Element():
                return False
            case _:
                return False

    @staticmethod
    def _is_filled(node: cst.Name, parents: dict[cst.CSTNode, cst.CSTNode]) -> bool:
        """Whether it is only the `x` of a statement `x.append(…)`."""
        attribute = parents.get(node)
        if not isinstance(attribute, cst.Attribute) or attribute.attr.value not in FILLING:
            return False
        call = parents.get(attribute)
        return isinstance(call, cst.Call) and isinstance(parents.get(call), cst.Expr)

    @cached_property
    def unread_attributes(self) -> set[str]:
        """Attributes of `self` that the file writes and never reads."""
        written: set[str] = set()
        read: set[str] = set()
        todo: list[cst.CSTNode] = [self._source.module]
        while todo:
            node = todo.pop()
            todo += self._source.children[node]
            if isinstance(node, cst.Attribute):
                parent = self._source.parents.get(node)
                is_target = isinstance(parent, cst.AssignTarget) or (
                    isinstance(parent, cst.AugAssign) and parent.target is node
                )
                own = isinstance(node.value, cst.Name) and node.value.value == "self"
                (written if is_target and own else read).add(node.attr.value)
        return {name for name in written - read if name.startswith("_")}

    def stale(self, function: Function) -> dict[str, list[Statement]]:
        """Locals that start with a plain value, and the loops that read but never move them."""
        if function not in self._stale:
            starts = {
                name: statement
                for statement in function.statements
                if isinstance(statement.small, cst.Assign)
                and isinstance(
                    statement.small.value, cst.Integer | cst.Name | cst.SimpleString | cst.List
                )
                for name in assigned_in(self._source, statement)
            }
            found: dict[str, list[Statement]] = {}
            for loop in function.statements:
                if isinstance(loop.node, cst.For | cst.While):
                    for name in self._unmoved(loop, starts, function):
                        found.setdefault(name, []).append(loop)
            self._stale[function] = found
        return self._stale[function]

    def _unmoved(
        self, loop: Statement, starts: dict[str, Statement], function: Function
    ) -> Iterable[str]:
        inside = [s for s in function.statements if loop.first <= s.first <= loop.end]
        bound = {name for s in inside for name in assigned_in(self._source, s)}
        text = self._source.lines_of(loop)
        for name, start in starts.items():
            moved = name in bound or re.search(
                rf"\b{re.escape(name)}(\.\w+\(|\[[^\]]*\]\s*=)", text
            )
            if (
                start.first < loop.first
                and not moved
                and re.search(rf"\b{re.escape(name)}\b", text)
            ):
                yield name
