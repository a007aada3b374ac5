"""One statement as operators see it: its expressions, what can be named there, and how to edit it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import libcst as cst

from repair.edits import Edit, Splice
from repair.hints import Hints
from repair.kinds import Inference, Kinds
from repair.source import Source, Statement
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
            yield self.edit(operator, prior, Splice(*self.source.span(node), fit))

    def between(
        self, left: cst.CSTNode, right: cst.CSTNode, text: str, operator: str, prior: float
    ) -> Iterator[Edit]:
        """Put an operator in place of the one between two operands, keeping parentheses."""
        start, end = self.source.span(left)[1], self.source.span(right)[0]
        gap = self.source.text[start:end]
        inner = gap.strip(" \t()\\\n")
        if inner and inner != text and "#" not in gap:
            at = start + gap.index(inner)
            yield self.edit(operator, prior, Splice(at, at + len(inner), text))

    def edit(self, operator: str, prior: float, *splices: Splice, guard: bool = False) -> Edit:
        return Edit(
            self.source.path,
            tuple(sorted(splices)),
            operator,
            prior,
            self.statement.first,
            guard,
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
    ) -> Iterator[Edit]:
        """Insert lines, written without indentation, before or after the whole statement."""
        if not self.statement.in_block:
            return
        line = self.statement.end + 1 if after else self.statement.first
        at = self.source.line_start(line)
        text = self.indented(lines, deeper)
        if at == len(self.source.text) and not self.source.text.endswith("\n"):
            text = "\n" + text
        yield self.edit(operator, prior, Splice(at, at, text), guard=guard)

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
