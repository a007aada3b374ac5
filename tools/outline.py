"""What a repository is made of: its definitions by name, and an outline that fits a budget."""

import ast
import asyncio
import difflib
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated

from pydantic import Field

from core.trees import Tree
from sandbox.node_detection import is_script
from sandbox.scripts import Script, script_of
from tools.tool import tool
from tools.workplace import READ_CHARACTERS, Workplace

BUDGET_TOKENS = 1_500
CHARACTERS_A_TOKEN = 3
"""Of code and paths, a little fewer than there are."""
FILE_BYTES_MAX = 1_000_000
SIGNATURE_CHARACTERS = 200
SHOWN_PLACES = 20

Count = Callable[[str], int]


@dataclass(frozen=True)
class Definition:
    """A function or class of a repository."""

    name: str
    """Qualified within its file, such as `Store.add`."""
    path: str
    line: int
    signature: str
    references: int = 0
    """How often its last name is read anywhere in the repository."""


@dataclass(frozen=True)
class Index:
    """All definitions of one tree."""

    definitions: tuple[Definition, ...]
    """Most referred to first."""
    unparsed: tuple[str, ...]
    """Paths of which nothing but the name is known."""


def tokens(text: str) -> int:
    """Tokens of a text, estimated."""
    return -(-len(text) // CHARACTERS_A_TOKEN)


@lru_cache(maxsize=8)
def index_of(tree: Tree) -> Index:
    """The index of a tree, made once; of files in other languages only the names are known."""
    found: list[Definition] = []
    references: Counter[str] = Counter()
    unparsed: list[str] = []
    for path in tree:
        file = tree[path]
        if is_script(path) and file.is_regular and len(file.data) <= FILE_BYTES_MAX:
            script = script_of(path, tree.text(path))
            found += _of_script(path, script)
            references.update(name for part in script.functions for name in part.used)
            continue
        module = _parsed(file.data) if path.endswith(".py") and file.is_regular else None
        if module is None:
            unparsed.append(path)
            continue
        found += _definitions(path, module)
        references.update(_read_names(module))
    counted = [
        Definition(d.name, d.path, d.line, d.signature, references[d.name.rpartition(".")[2]])
        for d in found
    ]
    ranked = sorted(counted, key=lambda d: (-d.references, d.path, d.line))
    return Index(tuple(ranked), tuple(unparsed))


def outline(tree: Tree, budget_tokens: int = BUDGET_TOKENS, count: Count = tokens) -> str:
    """Signatures by file, those most referred to first taken, then names of other files.

    At most `budget_tokens`, as `count` counts them.
    """
    index = index_of(tree)
    lines: dict[str, list[Definition]] = {}
    room = budget_tokens - count(_rest(len(index.definitions), len(index.unparsed)))
    taken = 0
    for definition in index.definitions:
        cost = count(_line(definition) + "\n")
        cost += 0 if definition.path in lines else count(definition.path + ":\n")
        if cost > room:
            continue
        room -= cost
        taken += 1
        lines.setdefault(definition.path, []).append(definition)
    shown = [text for path in sorted(lines) for text in _file(path, lines[path])]
    named = 0
    for path in index.unparsed:
        if (cost := count(path + "\n")) <= room:
            room -= cost
            named += 1
            shown.append(path)
    missing = len(index.definitions) - taken, len(index.unparsed) - named
    return "\n".join([*shown, *([_rest(*missing)] if any(missing) else [])])


@tool(risk="read", parallel=True, characters=READ_CHARACTERS)
async def repo_outline(
    place: Workplace, budget_tokens: Annotated[int, Field(ge=100, le=10_000)] = BUDGET_TOKENS
) -> str:
    """Outline the repository: signatures with line numbers, those most referred to first.

    Args:
        budget_tokens: How long the outline may be.
    """
    tree = await place.current()
    return await asyncio.to_thread(outline, tree, budget_tokens) or "The workspace is empty."


@tool(risk="read", parallel=True)
async def verify_symbol_in_repo(place: Workplace, name: str) -> str:
    """Check that a function, class or method exists; says where, or which names come near.

    Args:
        name: Such as `total`, or `Store.add`.
    """
    definitions = (await asyncio.to_thread(index_of, await place.current())).definitions
    found = [d for d in definitions if d.name == name or d.name.endswith(f".{name}")]
    if found:
        places = (f"{d.path}:{d.line}: {d.signature}" for d in found[:SHOWN_PLACES])
        return "\n".join([f"{name} exists:", *places])
    known = {d.name for d in definitions} | {d.name.rpartition(".")[2] for d in definitions}
    close = difflib.get_close_matches(name, sorted(known), n=5, cutoff=0.6)
    nearest = f" Near: {', '.join(close)}." if close else ""
    return f"No function or class {name!r} is defined in this repository.{nearest}"


def _parsed(data: bytes) -> ast.Module | None:
    if len(data) > FILE_BYTES_MAX:
        return None
    try:
        return ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _definitions(path: str, module: ast.Module) -> Iterator[Definition]:
    pending: list[tuple[str, ast.AST]] = [("", module)]
    while pending:
        prefix, parent = pending.pop()
        for node in ast.iter_child_nodes(parent):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                name = prefix + node.name
                yield Definition(name, path, node.lineno, _signature(node))
                if isinstance(node, ast.ClassDef):
                    pending.append((f"{name}.", node))
            elif isinstance(node, ast.If | ast.Try | ast.With):
                pending.append((prefix, node))


def _of_script(path: str, script: Script) -> Iterator[Definition]:
    lines = script.text.split("\n")
    for part in script.parts:
        signature = re.sub(r"\s+", " ", lines[part.first - 1]).strip().rstrip(" {")
        yield Definition(part.name, path, part.first, signature[:SIGNATURE_CHARACTERS])


def _signature(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> str:
    try:
        if isinstance(node, ast.ClassDef):
            bases = ", ".join(ast.unparse(base) for base in node.bases)
            text = f"class {node.name}" + (f"({bases})" if bases else "")
        else:
            kind = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
            returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
            text = f"{kind} {node.name}({ast.unparse(node.args)}){returns}"
    except (RecursionError, ValueError):
        text = node.name
    return re.sub(r"\s+", " ", text)[:SIGNATURE_CHARACTERS]


def _read_names(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.ImportFrom):
            yield from (alias.name for alias in node.names)


def _file(path: str, definitions: list[Definition]) -> Iterator[str]:
    yield f"{path}:"
    yield from map(_line, sorted(definitions, key=lambda d: d.line))


def _line(definition: Definition) -> str:
    depth = "  " * (1 + definition.name.count("."))
    return f"{depth}{definition.line}: {definition.signature}"


def _rest(definitions: int, names: int) -> str:
    return f"(left out: {definitions:,} definitions, {names:,} other files)"
