"""The functions and statements of a source, by line."""

import ast

from repair.traces import Frame
from sandbox.node_detection import is_script
from sandbox.scripts import script_of


class Functions:
    """The functions of a source, by line."""

    def __init__(self, text: str, path: str = "") -> None:
        """Read Python, or by its path JavaScript or TypeScript; nothing of what does not parse."""
        self._spans: list[tuple[int, int, str]] = []
        self.lines: list[int] = []
        """Lines on which a statement begins."""
        self.inner: set[int] = set()
        """Those of statements that run only when a function is called."""
        self.conditions: dict[int, int] = {}
        """For each line that raises, the line of the `if` that decides it."""
        if is_script(path):
            script = script_of(path, text)
            self._spans = [(part.first, part.last, part.name) for part in script.functions]
            self.lines = list(script.statements)
            self.inner = {line for line, called in script.statements.items() if called}
            return
        try:
            self._read(ast.parse(text), "")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return
        self.lines = sorted(set(self.lines))

    def _read(self, node: ast.AST, prefix: str, called: bool = False) -> None:
        for child in ast.iter_child_nodes(node):
            inner = prefix
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                inner = f"{prefix}.{child.name}" if prefix else child.name
                if not isinstance(child, ast.ClassDef):
                    self._spans.append((child.lineno, child.end_lineno or child.lineno, inner))
            if isinstance(child, ast.Raise) and isinstance(node, ast.If):
                self.conditions[child.lineno] = node.test.lineno
            if isinstance(child, ast.stmt):
                self.lines.append(child.lineno)
                if called:
                    self.inner.add(child.lineno)
            is_function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            self._read(child, inner, called or is_function)

    def at(self, line: int) -> str:
        """Qualified name of the innermost function around a line; empty at module level."""
        around = [span for span in self._spans if span[0] <= line <= span[1]]
        return max(around, default=(0, 0, ""))[2]

    def near(self, frame: Frame) -> list[tuple[int, float]]:
        """Lines that a frame may mean: its line, or its whole function where that has moved."""
        name = frame.function.rpartition(".")[2].strip("()")
        here = self.at(frame.line).rpartition(".")[2]
        if not name or name.startswith("<") or here == name:
            return [(frame.line, 1.0)]
        spans = [span for span in self._spans if span[2].rpartition(".")[2] == name]
        return [(n, 0.5) for span in spans for n in self.lines if span[0] < n <= span[1]]
