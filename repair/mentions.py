"""What a repository itself says of some names: its tests, and its documentation.

Whether software does what it is meant to do cannot be judged by its code alone.
"""

import ast
import re
from collections.abc import Collection, Iterator
from pathlib import PurePosixPath

from core.trees import Tree
from repair.gate import is_test_path
from repair.localize import COMMON_WORDS
from repair.units import functions_of

DOCUMENTS = (".md", ".rst", ".txt")
PASSAGES_MAX = 4
LEAST_SHARED = 3
"""Words that a passage shares with a report before it is worth showing."""
_CODE = re.compile(r"`([^`\n]{1,80})`|\b([A-Za-z_]\w*)\(|\b(\w*[a-z]_[a-z]\w*|[a-z]+[A-Z]\w*)\b")


def names_in_report(report: str) -> frozenset[str]:
    """Names that a report writes as code: in backticks, before a bracket, or spelt like a name."""
    found: set[str] = set()
    for match in _CODE.finditer(report):
        words = next(group for group in match.groups() if group)
        found |= set(re.findall(r"[A-Za-z_]\w+", words))
    return frozenset(found - COMMON_WORDS)


def uses_in_tests(tree: Tree, names: Collection[str], *, max_chars: int) -> str:
    """Test functions that use some of these names, those that use most first, by file."""
    found = [
        (-len(shared), len(text), path, text)
        for path, text, used in _tests(tree)
        if (shared := used & set(names))
    ]
    kept: dict[str, list[str]] = {}
    spent = 0
    for _, size, path, text in sorted(found):
        if spent + size <= max_chars:
            kept.setdefault(path, []).append(text)
            spent += size
    return "\n\n".join(f"FILE: {path}\n" + "\n\n".join(texts) for path, texts in kept.items())


def _tests(tree: Tree) -> Iterator[tuple[str, str, set[str]]]:
    for path in tree:
        if not (is_test_path(path) and path.endswith(".py") and tree[path].is_regular):
            continue
        text = tree.text(path)
        try:
            module = ast.parse(text)
        except (SyntaxError, ValueError):
            continue
        lines = text.split("\n")
        for name, node in functions_of(module):
            if name.rpartition(".")[2].startswith("test"):
                first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
                yield path, "\n".join(lines[first - 1 : node.end_lineno]), _used(node)


def _used(node: ast.AST) -> set[str]:
    inner = list(ast.walk(node))
    names = {one.id for one in inner if isinstance(one, ast.Name)}
    return names | {one.attr for one in inner if isinstance(one, ast.Attribute)}


def passages_about(tree: Tree, report: str, names: Collection[str], *, max_chars: int) -> str:
    """Paragraphs of the documentation that share most with a report, by file."""
    wanted = {word.lower() for word in re.findall(r"[A-Za-z]{4,}", report)} - COMMON_WORDS
    exact = {name.lower() for name in names}
    scored = []
    for path in tree:
        if PurePosixPath(path).suffix.lower() not in DOCUMENTS or not tree[path].is_regular:
            continue
        for number, passage in enumerate(re.split(r"\n\s*\n", tree.text(path))):
            words = {word.lower() for word in re.findall(r"\w{4,}", passage)}
            score = len(words & wanted) + 2 * len(words & exact)
            if score >= LEAST_SHARED:
                scored.append((-score, path, number, passage.strip()))
    kept, spent = [], 0
    for _, path, _, passage in sorted(scored)[:PASSAGES_MAX]:
        if spent + len(passage) <= max_chars:
            kept.append(f"FILE: {path}\n{passage}")
            spent += len(passage)
    return "\n\n".join(kept)
