"""Functions and statements as they stand in a file."""

from dataclasses import dataclass, field
from functools import cached_property

import libcst as cst


@dataclass(eq=False)
class Function:
    """A function, or the module around all functions."""

    name: str
    """Qualified; empty for the module."""
    node: cst.FunctionDef | cst.Module
    first: int
    last: int
    """Lines, counted from 1."""
    outer: "Function | None" = None
    class_name: str = ""
    """The class that it is a method of."""
    statements: list["Statement"] = field(default_factory=list)
    """In order of the text, without those of inner functions."""

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """Names of its parameters, in order."""
        if isinstance(self.node, cst.Module):
            return ()
        params = self.node.params
        stars = [p for p in (params.star_arg, params.star_kwarg) if isinstance(p, cst.Param)]
        listed = [*params.posonly_params, *params.params, *params.kwonly_params, *stars]
        return tuple(param.name.value for param in listed)

    @property
    def is_async(self) -> bool:
        return isinstance(self.node, cst.FunctionDef) and self.node.asynchronous is not None

    @property
    def is_module(self) -> bool:
        return isinstance(self.node, cst.Module)


@dataclass(eq=False)
class Statement:
    """A statement; of one with a block, only the header is its own."""

    node: cst.CSTNode
    """`SimpleStatementLine`, a compound statement, or an `ExceptHandler`."""
    function: Function
    parent: "Statement | None"
    siblings: list["Statement"]
    """The block that it stands in, itself among them."""
    first: int
    last: int
    """Lines of its own part, the header."""
    end: int
    """Last line of all of it."""
    branch: str = "body"
    """Which block of its parent it stands in: `body`, `orelse` or `finalbody`."""
    depth: int = 0
    """Blocks of the same function around it."""
    children: list["Statement"] = field(default_factory=list)

    @cached_property
    def small(self) -> cst.CSTNode:
        """The simple statement of a line, or the node itself."""
        if isinstance(self.node, cst.SimpleStatementLine) and self.node.body:
            return self.node.body[0]
        return self.node

    @property
    def index(self) -> int:
        """Position in its block; -1 for a branch that stands in none."""
        return self.siblings.index(self) if self in self.siblings else -1

    @property
    def in_block(self) -> bool:
        """Whether it can be moved and deleted as a line of a block."""
        return self in self.siblings

    def loop(self) -> "Statement | None":
        """The innermost loop around it."""
        at = self.parent
        while at is not None:
            if isinstance(at.node, cst.For | cst.While) and at.function is self.function:
                return at
            at = at.parent
        return None
