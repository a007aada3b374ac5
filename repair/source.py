"""A Python file as its statements and expressions, each with its place in the text."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider

from repair.blocks import Function, Statement

BLOCKS = (cst.IndentedBlock, cst.SimpleStatementSuite)


class Source:
    """A parsed file; raises `cst.ParserSyntaxError` for what is no Python."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text
        self.module = cst.parse_module(text)
        wrapper = MetadataWrapper(self.module, unsafe_skip_copy=True)
        self._ranges = wrapper.resolve(PositionProvider)
        self.parents: dict[cst.CSTNode, cst.CSTNode] = {}
        self.children: dict[cst.CSTNode, Sequence[cst.CSTNode]] = {}
        """Kept, since libcst walks the whole node for them."""
        self.lines = text.splitlines(keepends=True) or [""]
        self._offsets = [0]
        for line in self.lines:
            self._offsets.append(self._offsets[-1] + len(line))
        self.functions: list[Function] = []
        self.statements: list[Statement] = []
        self._note_parents()
        top = Function("", self.module, 1, len(self.lines))
        self.functions.append(top)
        self._read_block(list(self.module.body), top, None, "", 0, "body")
        self.statements.sort(key=lambda statement: (statement.first, statement.depth))

    # --- places ---

    def range(self, node: cst.CSTNode) -> CodeRange:
        """Lines and columns, without parentheses and comments around it."""
        found = self._ranges[node]
        if not isinstance(found, CodeRange):
            raise TypeError(f"no place for {type(node).__name__}")
        return found

    def span(self, node: cst.CSTNode) -> tuple[int, int]:
        """Start and end in characters, without parentheses around it."""
        place = self.range(node)
        return (
            self._offsets[place.start.line - 1] + place.start.column,
            self._offsets[place.end.line - 1] + place.end.column,
        )

    def code(self, node: cst.CSTNode) -> str:
        """The text of a node as it is written, without parentheses around it."""
        start, end = self.span(node)
        return self.text[start:end]

    def line_start(self, line: int) -> int:
        """Offset of the first character of a line."""
        return self._offsets[min(line, len(self._offsets)) - 1]

    def line_at(self, offset: int) -> int:
        """The line that holds this character."""
        return bisect_right(self._offsets, offset)

    def lines_of(self, statement: Statement) -> str:
        """The whole lines of a statement with all that belongs to it, newline at the end."""
        text = self.text[self.line_start(statement.first) : self.line_start(statement.end + 1)]
        return text if text.endswith("\n") else text + "\n"

    def indent(self, statement: Statement) -> str:
        """White space before a statement."""
        line = self.lines[statement.first - 1]
        return line[: len(line) - len(line.lstrip())]

    @cached_property
    def one_indent(self) -> str:
        """What one level of indentation is here."""
        return self.module.default_indent

    # --- what there is ---

    def function_at(self, line: int) -> Function:
        """The innermost function around a line."""
        around = [f for f in self.functions if f.first <= line <= f.last]
        return max(around, key=lambda function: function.first, default=self.functions[0])

    def own_nodes(self, statement: Statement) -> Iterator[cst.CSTNode]:
        """All nodes of a statement's own part, outer ones first."""
        todo: list[cst.CSTNode] = [statement.node]
        at = 0
        while at < len(todo):
            node = todo[at]
            at += 1
            yield node
            skip = (*BLOCKS, cst.Else, cst.Finally, cst.ExceptHandler, cst.ExceptStarHandler)
            for child in self.children[node]:
                is_elif = isinstance(node, cst.If) and child is node.orelse
                if not isinstance(child, skip) and not is_elif:
                    todo.append(child)

    def expressions(self, statement: Statement) -> list[cst.BaseExpression]:
        """The expressions of a statement's own part, outer ones first."""
        return [node for node in self.own_nodes(statement) if isinstance(node, cst.BaseExpression)]

    # --- reading ---

    def _note_parents(self) -> None:
        todo: list[cst.CSTNode] = [self.module]
        while todo:
            node = todo.pop()
            self.children[node] = children = node.children
            for child in children:
                self.parents[child] = node
            todo += children

    def _read_block(
        self,
        nodes: list[cst.CSTNode],
        function: Function,
        parent: Statement | None,
        class_name: str,
        depth: int,
        branch: str,
    ) -> None:
        block: list[Statement] = []
        for node in nodes:
            if isinstance(node, cst.SimpleStatementLine | cst.BaseCompoundStatement):
                block.append(self._read(node, function, parent, block, class_name, depth, branch))

    def _read(
        self,
        node: cst.CSTNode,
        function: Function,
        parent: Statement | None,
        siblings: list[Statement],
        class_name: str,
        depth: int,
        branch: str,
    ) -> Statement:
        place = self.range(node)
        first = place.start.line
        if isinstance(node, cst.FunctionDef | cst.ClassDef) and node.decorators:
            first = self.range(node.decorators[0]).start.line
        last = self._header_end(node)
        end = max(place.end.line - (place.end.column == 0), last)
        statement = Statement(node, function, parent, siblings, first, last, end, branch, depth)
        self.statements.append(statement)
        function.statements.append(statement)
        if parent is not None:
            parent.children.append(statement)
        self._descend(statement, class_name)
        return statement

    def _header_end(self, node: cst.CSTNode) -> int:
        body = getattr(node, "body", None)
        if isinstance(body, cst.IndentedBlock):
            start = self.range(node).start.line
            first_inside = self._first_line(body)
            return max(start, self._colon_line(start, first_inside))
        return self.range(node).end.line

    def _first_line(self, block: cst.IndentedBlock) -> int:
        return self.range(block.body[0]).start.line if block.body else self.range(block).end.line

    def _colon_line(self, start: int, inside: int) -> int:
        """The line on which the header ends: the last with a colon before the block."""
        for line in range(inside - 1, start, -1):
            text = self.lines[line - 1].split("#")[0].rstrip()
            if text.endswith(":"):
                return line
        return start

    def _descend(self, statement: Statement, class_name: str) -> None:
        node, depth = statement.node, statement.depth + 1
        if isinstance(node, cst.FunctionDef):
            function = Function(
                self._qualified(statement.function, class_name, node.name.value),
                node,
                statement.first,
                statement.end,
                statement.function,
                class_name,
            )
            self.functions.append(function)
            self._read_suite(node.body, function, statement, "", 0, "body")
        elif isinstance(node, cst.ClassDef):
            name = f"{class_name}.{node.name.value}" if class_name else node.name.value
            self._read_suite(node.body, statement.function, statement, name, depth, "body")
        else:
            self._read_branches(statement, class_name, depth)

    def _read_branches(self, statement: Statement, class_name: str, depth: int) -> None:
        node, function = statement.node, statement.function
        if isinstance(node, cst.Match):
            for case in node.cases:
                self._read_suite(case.body, function, statement, class_name, depth, "case")
            return
        if isinstance(body := getattr(node, "body", None), BLOCKS):
            self._read_suite(body, function, statement, class_name, depth, "body")
        for handler in getattr(node, "handlers", ()):
            self._read(handler, function, statement, [], class_name, statement.depth, "handler")
        orelse = getattr(node, "orelse", None)
        if isinstance(orelse, cst.If):
            self._read(orelse, function, statement, [], class_name, statement.depth, "elif")
        elif isinstance(orelse, cst.Else):
            self._read_suite(orelse.body, function, statement, class_name, depth, "orelse")
        final = getattr(node, "finalbody", None)
        if isinstance(final, cst.Finally):
            self._read_suite(final.body, function, statement, class_name, depth, "finalbody")

    def _read_suite(
        self,
        suite: cst.BaseSuite,
        function: Function,
        parent: Statement,
        class_name: str,
        depth: int,
        branch: str,
    ) -> None:
        if isinstance(suite, cst.IndentedBlock):
            self._read_block(list(suite.body), function, parent, class_name, depth, branch)

    @staticmethod
    def _qualified(outer: Function, class_name: str, name: str) -> str:
        return ".".join(part for part in (outer.name, class_name, name) if part)
