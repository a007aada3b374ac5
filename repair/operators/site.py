"""One statement as operators see it: its expressions, the names there, and how to edit it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import libcst as cst

from repair.blocks import Statement
from repair.edits import Edit, Splice, Watch
from repair.hints import Hints
from repair.kinds import Inference, Kinds
from repair.purity import is_read, pure
from repair.source import Source
from repair.syntax import fitted, needed
from repair.vocabulary import Scope, Vocabulary, bound_names

Operator = Callable[["Site"], Iterator[Edit]]

FAR = 0.4
"""How much less likely a name of the module is than one of the function."""


@dataclass(frozen=True)
class Site:
    """A statement together with its file."""

    vocabulary: Vocabulary
    statement: Statement
    hints: Hints
    crashed: bool = False
    """Whether the failing test crashed at this statement."""

    @property
    def source(self) -> Source:
        return self.vocabulary.source

    @property
    def small(self) -> cst.CSTNode:
        return self.statement.small

    @cached_property
    def expressions(self) -> list[cst.BaseExpression]:
        return [node for node in self.own if isinstance(node, cst.BaseExpression)]

    @cached_property
    def own(self) -> list[cst.CSTNode]:
        """All nodes of the statement's own part."""
        return list(self.source.own_nodes(self.statement))

    @cached_property
    def scope(self) -> Scope:
        return self.vocabulary.scope(self.statement.function)

    @cached_property
    def locals(self) -> list[str]:
        """Names of the function and those around it that are bound somewhere."""
        return [*self.own_names, *self.scope.outer]

    @cached_property
    def own_names(self) -> list[str]:
        """Names of the function that are bound when the statement is reached."""
        loop, first = self.statement.loop(), self.statement.first
        while loop is not None:
            first, loop = max(first, loop.end), loop.loop()
        if self.statement.siblings and self.statement.siblings[-1] is self.statement:
            first += 1  # what it binds itself can be used behind it
        scope, function = self.scope, self.statement.function
        return [
            name
            for name in scope.own
            if name in function.parameters or scope.bound_at.get(name, 0) < first
        ]

    @cached_property
    def comprehended(self) -> list[str]:
        """Names that the comprehensions of the statement bind."""
        targets = [node.target for node in self.own if isinstance(node, cst.CompFor)]
        return list(dict.fromkeys(name for target in targets for name in bound_names(target)))

    def code(self, node: cst.CSTNode) -> str:
        return self.source.code(node)

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        return self.source.parents.get(node)

    def atom(self, node: cst.BaseExpression) -> str:
        """The text of an expression, so that anything may be written next to it."""
        text = self.code(node)
        return fitted(text, 15) or f"({text})"

    # --- edits ---

    def put(
        self, node: cst.BaseExpression, text: str, operator: str, prior: float
    ) -> Iterator[Edit]:
        """Put an expression in place of another; nothing when it would change nothing."""
        if text == self.code(node):
            return
        fit = fitted(text, needed(node, self.parent(node)))
        if fit is not None:
            splice = Splice(*self.source.span(node), fit)
            yield self.edit(operator, prior, splice, watch=self._watched(node, splice))

    def between(
        self, left: cst.CSTNode, right: cst.CSTNode, text: str, operator: str, prior: float
    ) -> Iterator[Edit]:
        """Put an operator in place of the one between two operands, keeping parentheses."""
        start, end = self.source.span(left)[1], self.source.span(right)[0]
        gap = self.source.text[start:end]
        inner = gap.strip(" \t()\\\n")
        if inner and inner != text and "#" not in gap:
            at = start + gap.index(inner)
            splice = Splice(at, at + len(inner), text)
            around = self._around(left)
            watch = self._watched(around, splice) if around is not None else None
            yield self.edit(operator, prior, splice, watch=watch)

    def _around(self, node: cst.CSTNode) -> cst.BaseExpression | None:
        """The expression that an expression is part of."""
        at = self.parent(node)
        while at is not None and not isinstance(at, cst.BaseExpression):
            if isinstance(at, cst.BaseSmallStatement | cst.BaseCompoundStatement):
                return None
            at = self.parent(at)
        return at

    @cached_property
    def _roots(self) -> dict[cst.CSTNode, cst.BaseExpression | None]:
        return {}

    def _root(self, node: cst.BaseExpression) -> cst.BaseExpression | None:
        """The largest expression around this one that can be evaluated without side effects."""
        if node not in self._roots:
            found: cst.BaseExpression | None = None
            at: cst.BaseExpression | None = node
            while at is not None and is_read(at, self.parent(at)):
                inside = isinstance(at, cst.CompFor | cst.Lambda)
                if not inside and pure(self.code(at)):
                    found = at
                elif found is not None:
                    break
                at = self._around(at)
            if at is not None and not is_read(at, self.parent(at)):
                found = None
            self._roots[node] = found
        return self._roots[node]

    def _watched(self, node: cst.BaseExpression, splice: Splice) -> Watch | None:
        root = self._root(node) if self.watchable else None
        if root is None or not pure(splice.text):
            return None
        start, end = self.source.span(root)
        text = self.source.text
        new = text[start : splice.start] + splice.text + text[splice.end : end]
        return Watch(new, text[start:end], f"{start}")

    @cached_property
    def watchable(self) -> bool:
        """Whether the statement runs line by line in a function, so that it can be watched."""
        kinds = cst.FunctionDef | cst.ClassDef | cst.ExceptHandler
        return not self.statement.function.is_module and not isinstance(self.small, kinds)

    def edit(
        self,
        operator: str,
        prior: float,
        *splices: Splice,
        guard: bool = False,
        watch: Watch | None = None,
    ) -> Edit:
        return Edit(
            self.source.path,
            tuple(sorted(splices)),
            operator,
            prior,
            self.statement.first,
            guard,
            0 if self.statement.function.is_module else self.statement.function.first,
            watch,
        )

    # --- whole lines ---

    @cached_property
    def indent(self) -> str:
        return self.source.indent(self.statement)

    def insert(
        self,
        lines: str,
        operator: str,
        prior: float,
        *,
        after: bool = False,
        deeper: int = 0,
        guard: bool = False,
        watch: Watch | None = None,
    ) -> Iterator[Edit]:
        """Insert lines, written without indentation, before or after the whole statement."""
        if not self.statement.in_block:
            return
        line = self.statement.end + 1 if after else self.statement.first
        at = self.source.line_start(line)
        text = self.indented(lines, deeper)
        if at == len(self.source.text) and not self.source.text.endswith("\n"):
            text = "\n" + text
        seen = watch if self.watchable and not after else None
        yield self.edit(operator, prior, Splice(at, at, text), guard=guard, watch=seen)

    def indented(self, lines: str, deeper: int = 0) -> str:
        """Lines at the depth of the statement, newline at the end."""
        indent = self.indent
        if deeper < 0:
            indent = indent[: len(indent) + deeper * len(self.source.one_indent)]
        else:
            indent += self.source.one_indent * deeper
        return "".join(
            f"{indent}{line}\n" if line.strip() else "\n" for line in lines.rstrip("\n").split("\n")
        )

    def plain(self, statement: Statement) -> str:
        """The lines of a statement without their common indentation."""
        indent = self.source.indent(statement)
        lines = self.source.lines_of(statement).split("\n")
        return "\n".join(line.removeprefix(indent) for line in lines).rstrip("\n")

    def whole(self, statement: Statement) -> Splice:
        """The lines of a statement, as something to take out."""
        start = self.source.line_start(statement.first)
        return Splice(start, self.source.line_start(statement.end + 1), "")

    # --- kinds ---

    @cached_property
    def _inference(self) -> Inference:
        return self.vocabulary.inference(self.statement.function)

    def kinds(self, node: cst.BaseExpression) -> Kinds:
        """Type names that an expression has; empty when unknown."""
        return self._inference.of(node)

    def types(self, name: str) -> frozenset[str]:
        """Type names that a variable was seen to have; empty when unknown."""
        return self.scope.types.get(name, frozenset())

    def names(self) -> list[tuple[str, float]]:
        """Names that can be used here with how near they are, nearest first."""
        own = [(name, 1.0) for name in self.own_names]
        own += [(name, 0.7) for name in self.comprehended if name not in self.own_names]
        outer = [(name, 0.8) for name in self.scope.outer]
        far = [(name, FAR) for name in self.vocabulary.constants]
        return [*own, *outer, *far]


def alike(left: frozenset[str], right: frozenset[str]) -> float:
    """How well two variables can stand for each other by the types they were seen with."""
    if not left or not right:
        return 0.6
    return 1.0 if left & right else 0.15
