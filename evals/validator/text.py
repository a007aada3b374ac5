"""Parts of a Python file by the nodes of its syntax tree, and text put in their place."""

import ast
from collections.abc import Iterable, Iterator

from evals.faults import Fault

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Text:
    """A Python file with its syntax tree."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.module = ast.parse(text)
        lines = text.split("\n")
        self._lines = lines
        self._starts = [0]
        for line in lines:
            self._starts.append(self._starts[-1] + len(line) + 1)

    def at(self, line: int, column: int) -> int:
        """The character at which a column of a line begins; columns are in bytes, as in `ast`."""
        before = self._lines[line - 1].encode()[:column].decode()
        return self._starts[line - 1] + len(before)

    def span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        """First character and the one behind the last, decorators included."""
        first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
        column = node.col_offset
        end = self.at(node.end_lineno or node.lineno, node.end_col_offset or 0)
        return self.at(first, column), end

    def source(self, node: ast.expr | ast.stmt) -> str:
        """The text of a node."""
        start, end = self.span(node)
        return self.text[start:end]

    def with_spans(self, spans: Iterable[tuple[int, int, str]]) -> str:
        """The text with each stretch replaced; stretches do not overlap."""
        text = self.text
        for start, end, put in sorted(spans, reverse=True):
            text = text[:start] + put + text[end:]
        return text

    def with_line(self, line: int, put: str) -> str:
        """The text with a line put in before another."""
        start = self._starts[line - 1]
        return self.text[:start] + put + "\n" + self.text[start:]

    def functions(self) -> Iterator[tuple[str, Function]]:
        """Functions that stand in no other one, by qualified name."""
        yield from _functions(self.module, "")

    def function(self, name: str) -> Function | None:
        """The function of that qualified name."""
        return dict(self.functions()).get(name)

    def function_at(self, line: int) -> tuple[str, Function] | None:
        """The function that holds a line, and its name."""
        for name, node in self.functions():
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            if first <= line <= (node.end_lineno or first):
                return name, node
        return None


def _functions(node: ast.AST, prefix: str) -> Iterator[tuple[str, Function]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Function):
            yield f"{prefix}{child.name}", child
        elif isinstance(child, ast.ClassDef):
            yield from _functions(child, f"{prefix}{child.name}.")


def changed_lines(fault: Fault) -> list[tuple[str, int]]:
    """Path and line, in the correct program, of the last character of each seeded change."""
    found = []
    for change in fault.replacements:
        text = fault.program.files[change.path]
        at = text.index(change.before) + len(change.before.rstrip())
        found.append((change.path, text.count("\n", 0, max(at - 1, 0)) + 1))
    return found


def body_of(function: Function) -> list[ast.stmt]:
    """Its statements without the docstring."""
    first = function.body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return function.body[1:] if documented else function.body
