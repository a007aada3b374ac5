"""Which code a model is shown, and may change: whole functions around the suspects, or small files.

Whole functions as the unit of edit, since weak models lose count in diffs and line numbers.
"""

import ast
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from core.patches import Suspect
from core.trees import Tree
from repair.holding import is_test_path
from sandbox.node_detection import is_script
from sandbox.scripts import script_of

WHOLE_FILE_MAX_LINES = 200
"""Files up to this length are shown whole."""
AROUND_LINES = 20
"""Shown on either side of a suspicious line outside of functions."""
FUNCTIONS_MAX = 8
NEIGHBOURS_MAX = 4
BINDING_MAX_LINES = 15
"""Longest statement outside of functions that is shown since a shown function reads its name."""
BINDINGS_MAX = 3
"""Suspicious statements outside of functions that are shown beside functions."""
Definition = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Excerpt:
    """A file, or those parts of it that matter."""

    path: str
    text: str
    functions: tuple[str, ...]
    """Qualified names of the functions in it that are suspicious, or near to one that is."""
    whole: bool


def excerpts(tree: Tree, suspects: Sequence[Suspect], *, max_chars: int) -> tuple[Excerpt, ...]:
    """The code around the suspects, most suspicious file first, within so many characters.

    What suspicious functions call, and who calls them, comes along where there is room. The first
    excerpt is given in any case, shortened to its most suspicious function when need be.
    """
    wanted = _wanted(tree, suspects)
    found: list[Excerpt] = []
    spent = 0
    for path, names in wanted.items():
        lines = [one.line for one in suspects if one.path == path]
        ways = _ways(tree, path, names, lines)
        fitting = [way for way in ways if spent + len(way.text) <= max_chars]
        if fitting or not found:
            found.append(fitting[0] if fitting else ways[-1])
            spent += len(found[-1].text)
    return tuple(found)


def shown(found: Sequence[Excerpt]) -> str:
    """The excerpts as one text, each under the path of its file."""
    return "\n\n".join(
        f"FILE: {one.path}" + ("" if one.whole else " (parts)") + f"\n{one.text.rstrip()}"
        for one in found
    )


def _ways(tree: Tree, path: str, names: Sequence[str], lines: Sequence[int]) -> list[Excerpt]:
    """A file from its longest to its shortest excerpt; without names, what is around some lines."""
    text = tree.text(path)
    module = None if is_script(path) else parsed(text)
    ways = []
    if text.count("\n") <= WHOLE_FILE_MAX_LINES:
        ways.append(Excerpt(path, text, tuple(names), whole=True))
    if not names:
        ways.append(Excerpt(path, _around(text, lines, module), (), whole=False))
    if is_script(path) and names:
        ways += [
            Excerpt(path, _script_parts(path, text, some), tuple(some), whole=False)
            for most in sorted({len(names), 3, 1}, reverse=True)
            if most <= len(names)
            for some in [names[:most]]
        ]
    if module is not None and names:
        ways += [
            Excerpt(
                path, _parts(text, module, names[:most], lines), tuple(names[:most]), whole=False
            )
            for most in sorted({len(names), 3, 1}, reverse=True)
            if most <= len(names)
        ]
    return ways


def _script_parts(path: str, text: str, names: Sequence[str]) -> str:
    """Imports, short statements that the functions read, and these functions, in order."""
    script = script_of(path, text)
    wanted = [part for part in script.functions if part.name in names]
    read = frozenset(name for part in wanted for name in part.used)
    parts = [script.head(read)]
    shown: set[str] = set()
    for part in wanted:
        holder = part.name.rpartition(".")[0]
        fresh = holder and holder not in shown
        shown.add(holder)
        outer = next((one for one in script.parts if one.is_class and one.name == holder), None)
        head = f"{text.split(chr(10))[outer.first - 1]}\n" if outer and fresh else ""
        parts.append(head + script.lines_of(part))
    return "\n\n".join(part for part in parts if part)


def _around(text: str, lines: Sequence[int], module: ast.Module | None) -> str:
    """The lines about the most suspicious one, where it lies outside of functions.

    A licence and the docstring of the module say nothing of a fault, and are left out.
    """
    every = text.split("\n")
    body = [node for node in module.body if not _is_docstring(node)] if module else []
    begins = body[0].lineno - 1 if body else 0
    first = max(begins, (lines[0] if lines else 1) - 1 - AROUND_LINES)
    return "\n".join(every[first : first + 2 * AROUND_LINES + 1])


def _is_docstring(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _parts(text: str, module: ast.Module, names: Sequence[str], suspicious: Sequence[int]) -> str:
    """Imports, the constants that matter, heads of classes and whole functions, in order."""
    lines = text.split("\n")
    wanted = [(name, node) for name, node in functions_of(module) if name in names]
    read = {name for _, node in wanted for name in used_in(node)}
    parts = [head_of(lines, module, read, suspicious=suspicious)]
    shown_classes: set[str] = set()
    for name, node in wanted:
        holder = name.rpartition(".")[0]
        fresh = holder and holder not in shown_classes
        shown_classes.add(holder)
        head = f"{_class_head(lines, module, holder)}\n" if fresh else ""
        parts.append(head + _lines(lines, node))
    return "\n\n".join(part for part in parts if part)


def head_of(
    lines: Sequence[str],
    module: ast.Module,
    read: Collection[str],
    *,
    suspicious: Sequence[int] = (),
    every_import: bool = True,
) -> str:
    """What stands above the functions of a file: imports, and the constants that they read.

    Without `every_import` only imports of names that are read; statements at the first suspicious
    lines come along.
    """
    parts, doubtful = [], 0
    for node in module.body:
        if isinstance(node, Definition | ast.ClassDef) or _is_docstring(node):
            continue
        end = node.end_lineno or node.lineno
        imports = every_import and isinstance(node, ast.Import | ast.ImportFrom)
        wanted = _bound(node) & set(read) and end - node.lineno < BINDING_MAX_LINES
        if imports or wanted:
            parts.append(_lines(lines, node))
        elif doubtful < BINDINGS_MAX and any(node.lineno <= at <= end for at in suspicious):
            doubtful += 1
            parts.append(_lines(lines, node))
    return "\n".join(parts)


def _bound(node: ast.stmt) -> set[str]:
    """Names that a statement binds, by assignment or import."""
    inner = list(ast.walk(node))
    imported = {
        (one.asname or one.name).partition(".")[0] for one in inner if isinstance(one, ast.alias)
    }
    stored = {
        one.id for one in inner if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)
    }
    return imported | stored


def functions_of(module: ast.Module) -> Iterator[tuple[str, Definition]]:
    """Functions and methods by qualified name; an inner function belongs to its outer one."""

    def inside(body: Sequence[ast.stmt], prefix: str) -> Iterator[tuple[str, Definition]]:
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield prefix + node.name, node
            elif isinstance(node, ast.ClassDef):
                yield from inside(node.body, f"{prefix}{node.name}.")
            elif isinstance(node, ast.If | ast.Try):
                yield from inside([*node.body, *node.orelse], prefix)

    yield from inside(module.body, "")


def _class_head(lines: Sequence[str], module: ast.Module, name: str) -> str:
    for node in ast.walk(module):
        if isinstance(node, ast.ClassDef) and node.name == name.rpartition(".")[2]:
            return lines[node.lineno - 1]
    return ""


def _lines(lines: Sequence[str], node: ast.stmt) -> str:
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(one.lineno for one in decorators)])
    return "\n".join(lines[first - 1 : node.end_lineno])


def _wanted(tree: Tree, suspects: Sequence[Suspect]) -> Mapping[str, list[str]]:
    """Functions to show, by path: those of the suspects, then what they call and who calls them."""
    wanted: dict[str, list[str]] = {}
    taken = 0
    for suspect in suspects:
        if suspect.path not in tree or is_test_path(suspect.path):
            continue
        names = wanted.setdefault(suspect.path, [])
        outer = function_around(tree, suspect.path, suspect.line)
        if outer and outer not in names and taken < FUNCTIONS_MAX:
            names.append(outer)
            taken += 1
    for path, name in _neighbours(tree, wanted):
        names = wanted.setdefault(path, [])
        if name not in names:
            names.append(name)
    return wanted


def function_around(tree: Tree, path: str, line: int) -> str:
    """The function or method around a line; an inner function is shown with its outer one."""
    if is_script(path):
        return script_of(path, tree.text(path)).around(line)
    module = parsed(tree.text(path))
    for name, node in functions_of(module) if module else ():
        first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
        if first <= line <= (node.end_lineno or node.lineno):
            return name
    return ""


def _neighbours(tree: Tree, wanted: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """Functions of the suspicious files that suspicious ones call, then those that call them."""
    every = {
        (path, name): used for path in wanted for name, used in _uses_of(path, tree.text(path))
    }
    asked = [
        (path, name) for path, names in wanted.items() for name in names if (path, name) in every
    ]
    used = {name for place in asked for name in every[place]}
    callees = [place for place in every if place[1].rpartition(".")[2] in used]
    short = {name.rpartition(".")[2] for _, name in asked}
    callers = [place for place, read in every.items() if short & read]
    fresh = [place for place in [*callees, *callers] if place not in asked]
    return list(dict.fromkeys(fresh))[:NEIGHBOURS_MAX]


def _uses_of(path: str, text: str) -> Iterator[tuple[str, frozenset[str]]]:
    """The functions of a file, each with the names that it reads."""
    if is_script(path):
        for part in script_of(path, text).functions:
            yield part.name, part.used - {part.name.rpartition(".")[2]}
    elif module := parsed(text):
        for name, node in functions_of(module):
            yield name, frozenset(used_in(node))


def used_in(node: ast.AST) -> set[str]:
    """Names and attributes that a function reads; among them what it calls or passes on."""
    inner = list(ast.walk(node))
    names = {one.id for one in inner if isinstance(one, ast.Name)}
    return names | {one.attr for one in inner if isinstance(one, ast.Attribute)}


def parsed(text: str) -> ast.Module | None:
    """The syntax tree of a file; None for one that is no Python."""
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def functions_in(path: str, text: str) -> tuple[str, ...]:
    """Qualified names of all functions of a file; none for one that does not parse."""
    if is_script(path):
        return tuple(part.name for part in script_of(path, text).functions)
    module = parsed(text)
    return tuple(name for name, _ in functions_of(module)) if module else ()


def functions_named(tree: Tree, path: str, name: str) -> list[tuple[str, int]]:
    """Functions of a file with this name, qualified or not, each with its first line."""
    if path not in tree or not name:
        return []
    short = name.rpartition(".")[2]
    every = list(_with_lines(path, tree.text(path)))
    exact = [(found, line) for found, line in every if found == name]
    return exact or [(found, line) for found, line in every if found.rpartition(".")[2] == short]


def _with_lines(path: str, text: str) -> Iterator[tuple[str, int]]:
    """The functions of a file, each with its first line."""
    if is_script(path):
        for part in script_of(path, text).functions:
            yield part.name, part.first
    elif module := parsed(text):
        for name, node in functions_of(module):
            yield name, node.lineno
