"""What a repository itself says of some names: its tests, and its documentation.

Whether software does what it is meant to do cannot be judged by its code alone.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from core.trees import Tree
from repair.holding import is_code, is_test_path
from repair.localize import COMMON_WORDS
from repair.units import functions_of, head_of, parsed, used_in
from sandbox.node_detection import is_script
from sandbox.scripts import script_of

DOCUMENTS = (".md", ".rst", ".txt")
PASSAGES_MAX = 4
_OF_THE_PAST = re.compile(r"change|history|news|releas|licen[cs]e|copying|authors", re.IGNORECASE)
"""Documents that tell what was done, or whose it is, and not how the software behaves."""
COMMON_AFTER = 3
COMMON_SHARE = 20
"""A word of more than so many passages, or of more than one in so many, tells nothing."""
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
    """Test functions that use some of these names, those that use most first, by file.

    Each file begins with the imports and constants that these tests read.
    """
    found = [
        (-len(shared), len(one.text), one.path, one)
        for one in _tests(tree)
        if (shared := one.used & set(names))
    ]
    kept: dict[str, list[_Test]] = {}
    spent = 0
    for _, size, path, one in sorted(found, key=lambda entry: entry[:3]):
        if spent + size <= max_chars:
            kept.setdefault(path, []).append(one)
            spent += size
    return "\n\n".join(_of_file(path, tree.text(path), tests) for path, tests in kept.items())


def _of_file(path: str, text: str, tests: Sequence["_Test"]) -> str:
    read = {name for one in tests for name in one.used}
    if is_script(path):
        head = script_of(path, text).head(frozenset(read))
        return f"FILE: {path}\n" + "\n\n".join([*([head] if head else []), *_texts(tests)])
    module = parsed(text)
    head = head_of(text.split("\n"), module, read, every_import=False) if module else ""
    parts = [f"{head}\n", *(one.text for one in tests)] if head else [one.text for one in tests]
    return f"FILE: {path}\n" + "\n\n".join(parts)


def _texts(tests: Sequence["_Test"]) -> list[str]:
    return [one.text for one in tests]


@dataclass(frozen=True)
class _Test:
    """One test function, with the names that it reads."""

    path: str
    text: str
    used: frozenset[str]


def _tests(tree: Tree) -> Iterator[_Test]:
    for path in tree:
        if not (is_test_path(path) and is_code(path) and tree[path].is_regular):
            continue
        text = tree.text(path)
        if is_script(path):
            script = script_of(path, text)
            for test in script.tests:
                yield _Test(path, script.lines_of(test), test.used)
            continue
        module = parsed(text)
        lines = text.split("\n")
        for name, node in functions_of(module) if module else ():
            if name.rpartition(".")[2].startswith("test"):
                first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
                shown = "\n".join(lines[first - 1 : node.end_lineno])
                yield _Test(path, shown, frozenset(used_in(node)))


def passages_about(tree: Tree, report: str, names: Collection[str], *, max_chars: int) -> str:
    """Paragraphs of the documentation that share most with a report, by file."""
    wanted = {word.lower() for word in re.findall(r"[A-Za-z]{4,}", report)} - COMMON_WORDS
    exact = {name.lower() for name in names}
    passages = list(_passages(tree))
    words = [frozenset(re.findall(r"\w{4,}", text.lower())) for _, _, text in passages]
    often = Counter(word for some in words for word in some)
    most = max(COMMON_AFTER, len(passages) // COMMON_SHARE)
    telling = {word for word in wanted if often[word] <= most}
    scored = [
        (-score, path, number, text)
        for (path, number, text), some in zip(passages, words, strict=True)
        if (score := len(some & telling) + 2 * len(some & exact)) >= LEAST_SHARED
    ]
    kept, spent = [], 0
    for _, path, _, passage in sorted(scored)[:PASSAGES_MAX]:
        if spent + len(passage) <= max_chars:
            kept.append(f"FILE: {path}\n{passage}")
            spent += len(passage)
    return "\n\n".join(kept)


def _passages(tree: Tree) -> Iterator[tuple[str, int, str]]:
    """Path, place and text of each paragraph of the documentation."""
    for path in tree:
        pure = PurePosixPath(path)
        if pure.suffix.lower() not in DOCUMENTS or not tree[path].is_regular:
            continue
        if not _OF_THE_PAST.match(pure.stem):
            for number, passage in enumerate(re.split(r"\n\s*\n", tree.text(path))):
                yield path, number, passage.strip()
