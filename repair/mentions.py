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
from repair.units import functions_of, head_of, parsed, used_in
from repair.words import COMMON_WORDS
from sandbox.node_detection import is_script
from sandbox.scripts import script_of

DOCUMENTS = (".md", ".rst", ".txt")
PASSAGES_MAX = 4
LEFT_OUT = "[Tests that use these names too and are not shown:"
BESIDE_PART = 3
"""Of so many parts of the room, tests that use other names alone fill no more than one."""
LEFT_OUT_NAMED = 5
"""Files that are named of those whose tests are left out."""
_OF_THE_PAST = re.compile(r"change|history|news|releas|licen[cs]e|copying|authors", re.IGNORECASE)
"""Documents that tell what was done, or whose it is, and not how the software behaves."""
COMMON_AFTER = 3
COMMON_SHARE = 20
"""A word of more than so many passages, or of more than one in so many, tells nothing."""
LEAST_SHARED = 3
"""Words that a passage shares with a report before it is worth showing."""


def uses_in_tests(
    tree: Tree, names: Collection[str], *, max_chars: int, beside: Collection[str] = ()
) -> str:
    """Test functions that use some of these names, those that use most first, by file.

    Each file begins with the imports and constants that these tests read. Tests that use names
    `beside` these alone come last; the last line counts those for which there was no room.
    """
    wanted, near = set(names), set(beside)
    found = [
        (-len(one.used & wanted), len(one.text), one.path, one)
        for one in _tests(tree)
        if one.used & (wanted | near)
    ]
    kept: dict[str, list[_Test]] = {}
    left: list[_Test] = []
    spent = 0
    for shared, size, path, one in sorted(found, key=lambda entry: entry[:3]):
        if spent + size <= (max_chars if shared else max_chars // BESIDE_PART):
            kept.setdefault(path, []).append(one)
            spent += size
        else:
            left.append(one)
    files = [_of_file(path, tree.text(path), tests) for path, tests in kept.items()]
    return "\n\n".join([*files, *([_left_out(left)] if left else [])])


def _left_out(tests: Sequence["_Test"]) -> str:
    paths = list(dict.fromkeys(one.path for one in tests))
    more = ", …" if len(paths) > LEFT_OUT_NAMED else ""
    return f"{LEFT_OUT} {len(tests)}, in {', '.join(paths[:LEFT_OUT_NAMED])}{more}]"


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
