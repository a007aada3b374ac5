"""Python code as the statements that can be exchanged one by one."""

import ast
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from agents.edits.elisions import is_marker
from agents.edits.texts import indent_of, parsed, plain, shared_indent, string_lines

Function = ast.FunctionDef | ast.AsyncFunctionDef
Key = tuple[str, ...]


@dataclass(frozen=True)
class Piece:
    """A statement with the lines that it takes, decorators and trailing comments among them."""

    key: Key
    node: ast.stmt
    start: int
    stop: int
    """Index of the line behind it."""
    head: int
    """Where the comments right above it begin; `start` if there are none."""

    @property
    def name(self) -> str:
        return self.key[1] if len(self.key) > 1 else ""


@dataclass(frozen=True)
class Code:
    """Python text with its syntax tree."""

    lines: tuple[str, ...]
    module: ast.Module
    shift: str = ""
    """Indentation that every line was written with beyond what it has here."""

    def pieces(self, scope: ast.Module | ast.ClassDef | Function) -> list[Piece]:
        """The statements of a scope, in order."""
        return [self.piece(node, scope) for node in scope.body]

    def piece(self, node: ast.stmt, scope: ast.AST | None = None) -> Piece:
        """A statement with its lines."""
        decorators = getattr(node, "decorator_list", [])
        start = min([node.lineno, *(item.lineno for item in decorators)]) - 1
        stop = node.end_lineno or node.lineno
        if isinstance(node, Function | ast.ClassDef):
            stop = self._with_trailing_comments(stop, indent_of(self.lines[node.lineno - 1]))
        return Piece(_key(node, scope), node, start, stop, self._head(start))

    def _with_trailing_comments(self, stop: int, indent: str) -> int:
        end = stop
        for index in range(stop, len(self.lines)):
            line = self.lines[index]
            if line.strip():
                if not line.lstrip().startswith("#") or len(indent_of(line)) <= len(indent):
                    break
                end = index + 1
        return end

    def _head(self, start: int) -> int:
        indent = indent_of(self.lines[start])
        while start and self.lines[start - 1].startswith(indent + "#"):
            start -= 1
        return start


def code_of(lines: Sequence[str], real: Collection[str] = ()) -> Code | None:
    """The code of a reply or a file; None where it is no Python.

    Curly quotes are read as plain ones, and marks of left-out lines as `...`, where only so it can
    be parsed; `real` lines of the file are no marks.
    """
    for text in (list(lines), [plain(line) for line in lines]):
        code = _margined(text)
        if code is None:
            code = _margined(
                [indent_of(line) + "..." if is_marker(line, real) else line for line in text]
            )
        if code is not None:
            return code
    return None


def _margined(lines: Sequence[str]) -> Code | None:
    """The code moved to the margin; strings may have lines that stand at the margin already."""
    shift = shared_indent(lines)
    text = [line[len(shift) :] for line in lines]
    module = parsed("\n".join(text))
    if module is not None:
        return Code(tuple(text), module, shift)
    first = next((indent_of(line) for line in lines if line.strip()), "")
    moved = [line.removeprefix(first) for line in lines]
    module = parsed("\n".join(moved)) if first else None
    if module is None or any(lines[at] != moved[at] for at in string_lines(moved)):
        return None
    return Code(tuple(moved), module)


def qualified(module: ast.AST, within: str = "") -> list[str]:
    """Qualified names of all functions and classes, functions within functions among them."""
    names: list[str] = []
    for node in ast.iter_child_nodes(module):
        if isinstance(node, Function | ast.ClassDef):
            name = joined(within, node.name)
            names += [name, *qualified(node, name)]
        elif isinstance(
            node, ast.If | ast.Try | ast.With | ast.For | ast.While | ast.ExceptHandler
        ):
            names += qualified(node, within)
    return list(dict.fromkeys(names))


def functions(module: ast.AST, within: str = "") -> Iterator[tuple[str, Function]]:
    """Every function with its qualified name, outer ones first."""
    for node in ast.iter_child_nodes(module):
        if isinstance(node, Function | ast.ClassDef):
            name = joined(within, node.name)
            if isinstance(node, Function):
                yield name, node
            yield from functions(node, name)
        elif isinstance(node, ast.stmt | ast.ExceptHandler):
            yield from functions(node, within)


def found_at(module: ast.AST, name: str) -> ast.AST | None:
    first, _, rest = name.partition(".")
    for node in ast.iter_child_nodes(module):
        if isinstance(node, Function | ast.ClassDef) and node.name == first:
            return found_at(node, rest) if rest else node
    for node in ast.iter_child_nodes(module):
        if isinstance(node, ast.stmt | ast.ExceptHandler) and not isinstance(
            node, Function | ast.ClassDef
        ):
            found = found_at(node, name)
            if found is not None:
                return found
    return None


def _key(node: ast.stmt, scope: ast.AST | None) -> Key:
    if isinstance(node, Function):
        return ("def", node.name, _accessor(node))
    if isinstance(node, ast.ClassDef):
        return ("class", node.name)
    if isinstance(node, ast.Import | ast.ImportFrom):
        return ("import",)
    target = target_of(node)
    if target:
        return ("name", target)
    if is_docstring(node):
        return ("doc",)
    if (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and node.value.value is ...
    ):
        return ("...",)
    if isinstance(node, ast.Pass) and isinstance(scope, ast.ClassDef):
        return ("...",)
    return ("other", ast.dump(node))


def target_of(node: ast.stmt) -> str:
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target: ast.expr = node.targets[0]
    elif isinstance(node, ast.AnnAssign):
        target = node.target
    else:
        return ""
    return target.id if isinstance(target, ast.Name) else ""


def _accessor(node: Function) -> str:
    for item in node.decorator_list:
        if isinstance(item, ast.Attribute) and item.attr in ("setter", "deleter", "getter"):
            return item.attr
    return ""


def is_docstring(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def docstring_lines(node: ast.stmt) -> set[int]:
    found: set[int] = set()
    for one in ast.walk(node):
        if isinstance(one, Function | ast.ClassDef) and is_docstring(one.body[0]):
            doc = one.body[0]
            found.update(range(doc.lineno, doc.end_lineno or doc.lineno))
    return found


def is_stub(new: Function, old: ast.stmt) -> bool:
    def empty(node: ast.stmt) -> bool:
        body = [one for one in getattr(node, "body", []) if not is_docstring(one)]
        return bool(body) and all(_key(one, node) == ("...",) for one in body)

    return empty(new) and not empty(old)


def declares_stub(node: ast.stmt) -> bool:
    """Whether `...` is what the function is meant to hold: an overload or an abstract method."""
    names = {ast.unparse(item).rpartition(".")[2] for item in getattr(node, "decorator_list", [])}
    return bool(names & {"overload", "abstractmethod"}) or isinstance(node, ast.ClassDef)


def takes_self(node: ast.AST | None) -> bool:
    if not isinstance(node, Function):
        return False
    named = [*node.args.posonlyargs, *node.args.args]
    return bool(named) and named[0].arg in ("self", "cls")


def heads_differ(old: ast.ClassDef, new: ast.ClassDef) -> bool:
    def head(node: ast.ClassDef) -> list[str]:
        return [ast.dump(part) for part in [*node.bases, *node.keywords]]

    return head(old) != head(new)


def joined(within: str, name: str) -> str:
    return f"{within}.{name}" if within else name


def last_part(name: str) -> str:
    return name.rpartition(".")[2]
