"""Every path, quote and symbol that a model names is looked up in the tree before it counts."""

import ast
import difflib
import re
from dataclasses import dataclass
from functools import lru_cache

from core.trees import Tree
from sandbox.node_detection import is_script
from sandbox.scripts import script_of

NEAREST = 3
CUTOFF = 0.4
_NUMBERED = re.compile(r"^\s*\d+\s*[:|]?\s(?=\S)|^[+-](?=\s)")


@dataclass(frozen=True)
class Claim:
    """Something that a model says is there."""

    path: str
    quote: str = ""
    """One line of the file; of several, the first that is not empty counts."""
    symbol: str = ""
    """A function or class of the file, qualified or not."""


@dataclass(frozen=True)
class Checked:
    """A claim that was looked up."""

    path: str
    line: int = 0
    """Where it stands, from 1; 0 for a path alone."""
    quote: str = ""
    """The line as it really reads."""
    refusal: str = ""
    """Why the claim does not stand, with the nearest real names; empty when it does."""


def checked(claim: Claim, tree: Tree) -> Checked:
    """The claim as the tree has it, or refused."""
    path = claim.path.strip().strip("`'\"").removeprefix("./")
    if path not in tree or not tree[path].is_regular:
        return _refused(path, f"There is no file `{path}`.", path, sorted(tree))
    text = tree.text(path)
    if claim.quote.strip():
        return _quoted(path, claim.quote, text)
    if claim.symbol.strip():
        return _named(path, claim.symbol, text)
    return Checked(path)


def _quoted(path: str, quote: str, text: str) -> Checked:
    wanted = next((line for line in quote.split("\n") if line.strip()), "")
    lines = text.split("\n")
    for form in (wanted, _NUMBERED.sub("", wanted), wanted.strip().strip("`")):
        plain = _plain(form)
        for number, line in enumerate(lines, start=1):
            if plain and (_plain(line) == plain or (len(plain) > 12 and plain in _plain(line))):
                return Checked(path, number, line.strip())
    real = list(dict.fromkeys(line.strip() for line in lines if line.strip()))
    said = f"`{wanted.strip()[:200]}` is no line of {path}."
    return _refused(path, said, wanted.strip(), real)


def _plain(line: str) -> str:
    return " ".join(line.split())


def _named(path: str, symbol: str, text: str) -> Checked:
    wanted = symbol.strip().strip("`").removesuffix("()").replace("::", ".").replace("#", ".")
    places = dict(_symbols(path, text))
    short = wanted.rpartition(".")[2]
    for name, line in places.items():
        if f".{name}".endswith(f".{wanted}") or _in_module(wanted, name, path):
            return Checked(path, line, name)
    if (not places or is_script(path)) and re.search(rf"\b{re.escape(short)}\b", text):
        number = next(n for n, one in enumerate(text.split("\n"), 1) if short in one)
        return Checked(path, number, wanted)
    return _refused(path, f"{path} defines no `{wanted[:100]}`.", wanted, list(places))


def _in_module(wanted: str, name: str, path: str) -> bool:
    """Whether a name is written with the module that it stands in, as in `shop.cart.Cart.total`."""
    module = re.sub(r"(/__init__|/index)?\.\w+$", "", path).replace("/", ".")
    prefix = wanted.removesuffix(f".{name}")
    return prefix != wanted and f".{module}".endswith(f".{prefix}")


@lru_cache(maxsize=256)
def _symbols(path: str, text: str) -> tuple[tuple[str, int], ...]:
    """Functions, classes and, in Python, names bound at the top of a file, with their lines."""
    if is_script(path):
        return tuple((part.name, part.first) for part in script_of(path, text).parts)
    try:
        module = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    found: list[tuple[str, int]] = []

    def inside(node: ast.AST, prefix: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                found.append((prefix + child.name, child.lineno))
                inside(child, f"{prefix}{child.name}.")
            elif isinstance(child, ast.Assign | ast.AnnAssign) and not isinstance(
                node, ast.FunctionDef | ast.AsyncFunctionDef
            ):
                targets = child.targets if isinstance(child, ast.Assign) else [child.target]
                names = [one.id for one in targets if isinstance(one, ast.Name)]
                found.extend((prefix + name, child.lineno) for name in names)
            elif isinstance(child, ast.If | ast.Try | ast.With):
                inside(child, prefix)

    inside(module, "")
    return tuple(found)


def _refused(path: str, said: str, wanted: str, real: list[str]) -> Checked:
    """The refusal, with the real names that come nearest."""
    near = difflib.get_close_matches(wanted, real, n=NEAREST, cutoff=CUTOFF)
    tail = wanted.rpartition("/")[2]
    near = list(dict.fromkeys([*(n for n in real if tail and n.rpartition("/")[2] == tail), *near]))
    hint = f" Nearest: {', '.join(f'`{name[:200]}`' for name in near[:NEAREST])}." if near else ""
    return Checked(path, refusal=said + hint)
