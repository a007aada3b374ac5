"""The edit gate: what no patch may do, whoever made it, before any test runs."""

import ast
import builtins
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from core.evidence import TestRun
from core.recipes import Recipe
from core.trees import Tree
from observability.redaction import MASK
from repair.entries import Entries, entries_of
from repair.harness import reaches_for_runner, script_reaches_for_runner
from repair.holding import Holding, examples_of, is_test_path
from repair.script_gate import weakened_script, weakened_settings
from repair.soundness import broken, language_of
from repair.symptoms import only_guards
from sandbox.node_detection import is_script
from sandbox.recipes import FILE as RECIPE

__all__ = ["Refusal", "asserts_value", "is_test_path", "refusals"]

CI_PATHS = re.compile(
    r"^(\.github/workflows/|\.circleci/|\.ci/)|^(\.gitlab-ci\.yml|\.travis\.yml|azure-pipelines\.yml"
    r"|bitbucket-pipelines\.yml|Jenkinsfile|tox\.ini|noxfile\.py)$"
)
OF_PYTEST = ("pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml")
"""Files that go before all others, whatever stands in them."""
PYTEST_SETTINGS = (*OF_PYTEST, "tox.ini", "setup.cfg", "pyproject.toml")
NARROWING = re.compile(
    r"--deselect|--ignore|(?<![\w-])-[km] |collect_ignore|norecursedirs|python_files"
    r"|python_functions|pytest_collection_modifyitems|pytest_ignore_collect|pytest_runtest_makereport"
)
SKIPS = re.compile(
    r"(^|\.)(skip|skipif|skipIf|skipUnless|SkipTest|skipTest|xfail|expectedFailure|importorskip)$"
)


@dataclass(frozen=True)
class Refusal:
    """Something that a patch may not do."""

    rule: str
    """`parses`, `mask`, `names`, `harness`, `tests`, `settings`, `ci` or `symptom`."""
    message: str
    path: str = ""
    before: str = ""
    after: str = ""


def refusals(
    base: Tree, result: Tree, *, red_on_base: TestRun | None = None, recipe: Recipe | None = None
) -> list[Refusal]:
    """What the gate holds against the change from `base` to `result`; empty lets it pass.

    `red_on_base` tells where the failing tests crashed, so that a change which only keeps the
    crash from happening is seen; `recipe` is what the operator says of how the tests are run.
    """
    old, new = base.files, result.files
    paths = sorted(
        p for p in {*old, *new} if old.get(p) is not new.get(p) and old.get(p) != new.get(p)
    )
    found: list[Refusal] = []
    holding, entries = _holding(base), entries_of(base, recipe)
    for path in paths:
        before = base.text(path) if path in base else ""
        after = result.text(path) if path in result else ""
        found += _parses(path, before, after)
        found += _masked(path, before, after)
        if holding.holds_tests(path):
            found += _weakened_tests(path, before, after, gone=path not in result)
        elif is_script(path) and path in result:
            found += _script_harness(path, before, after)
        elif path.endswith(".py") and path in result:
            found += _unknown_names(path, before, after)
            found += _harness(path, before, after)
            found += _changed_examples(path, before, after) if holding.examples else ()
        names = holding.links.names(path)
        for name in names:
            found += _weakened_settings(name, before, after, entries)
        is_entry = not entries.paths.isdisjoint(names) and not holding.holds_tests(path)
        if RECIPE in names or is_entry:
            said = f"{path} says how the tests are run, and stays as it is."
            found.append(Refusal("settings", said, path))
    if not found and red_on_base is not None:
        found += _symptoms(base, result, paths, red_on_base)
    return found


@lru_cache(maxsize=2)
def _holding(base: Tree) -> Holding:
    """The same for each candidate."""
    return Holding.of(base)


@lru_cache(maxsize=8)
def _parsed(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _parses(path: str, before: str, after: str) -> Iterator[Refusal]:
    if after and (fault := broken(path, before or None, after)):
        language = language_of(path)
        yield Refusal("parses", f"{path} is no valid {language} after the change: {fault}", path)


def _masked(path: str, before: str, after: str) -> Iterator[Refusal]:
    """A model is shown a mask in the place of a secret, and would put that into the code."""
    if after.count(MASK) > before.count(MASK):
        said = f"{path} would hold {MASK}, which stands for what you may not see: leave those lines"
        yield Refusal("mask", f"{said} as they are.", path, after=MASK)


# --- tests ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _TestFile:
    """What a test file promises."""

    tests: frozenset[str]
    assertions: Counter[str]
    skips: int
    cases: int
    """Values that tests are run with."""


def _weakened_tests(path: str, before: str, after: str, *, gone: bool) -> Iterator[Refusal]:
    if not before.strip():
        if NARROWING.search(after):
            yield Refusal("tests", f"{path} is new and changes which tests are run.", path)
        return
    if gone:
        yield Refusal("tests", f"{path} is removed.", path)
        return
    if is_script(path) or path.endswith(".snap"):
        yield from (Refusal("tests", said, path) for said in weakened_script(path, before, after))
    if not path.endswith(".py"):
        return
    old, new = _promises(before), _promises(after)
    if old is None or new is None:
        return
    if missing := sorted(old.tests - new.tests):
        yield Refusal("tests", f"{path} loses {', '.join(missing[:3])}.", path)
    if lost := list((old.assertions - new.assertions).keys()):
        yield Refusal("tests", f"{path} loses or changes an assertion.", path, before=lost[0])
    if new.skips > old.skips:
        yield Refusal("tests", f"{path} skips or excuses more than before.", path)
    if new.cases < old.cases:
        yield Refusal("tests", f"{path} runs a test with fewer values.", path)
    if len(NARROWING.findall(after)) > len(NARROWING.findall(before)):
        yield Refusal("tests", f"{path} changes which tests are run.", path)


def _changed_examples(path: str, before: str, after: str) -> Iterator[Refusal]:
    """Examples in docstrings, where they are run, are tests too."""
    old, new = _parsed(before), _parsed(after)
    if old and new and (lost := list((examples_of(old) - examples_of(new)).keys())):
        message = f"{path} loses or changes an example that is run as a test."
        yield Refusal("tests", message, path, before="".join(lost[0]))


def _promises(text: str) -> _TestFile | None:
    tree = _parsed(text)
    if tree is None:
        return None
    names, assertions, skips, cases = set(), Counter[str](), 0, 0
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith(
            "test"
        ):
            names.add(node.name)
        if isinstance(node, ast.Assert):
            assertions[_written(node.test, text)] += 1
        elif isinstance(node, ast.Call) and _asserts(_dotted(node.func)):
            assertions[_written(node, text)] += 1
        if isinstance(node, ast.Attribute | ast.Name) and SKIPS.search(_dotted(node)):
            skips += 1
        if isinstance(node, ast.Call) and _dotted(node.func).endswith("parametrize"):
            values = node.args[1] if len(node.args) > 1 else None
            cases += len(values.elts) if isinstance(values, ast.List | ast.Tuple) else 0
    return _TestFile(frozenset(names), assertions, skips, cases)


def _written(node: ast.expr, text: str) -> str:
    """An expression in one form; as it stands there where it is nested too deeply for that."""
    try:
        return ast.unparse(node)
    except RecursionError:
        return ast.get_source_segment(text, node) or ""


def _asserts(name: str) -> bool:
    last = name.rpartition(".")[2]
    return last.startswith("assert") or last in ("raises", "warns", "fail")


def _dotted(node: ast.expr) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.insert(0, node.attr)
        node = node.value
    return ".".join([node.id if isinstance(node, ast.Name) else "", *parts])


def _weakened_settings(path: str, before: str, after: str, entries: Entries) -> Iterator[Refusal]:
    if CI_PATHS.search(path) and before:
        gone = _lines(before) - _lines(after)
        if gone:
            yield Refusal("ci", f"{path} loses a step.", path, before=next(iter(gone)))
    weakened = weakened_settings(path, before, after, entries.scripts)
    yield from (Refusal("settings", said, path) for said in weakened)
    name = path.rpartition("/")[2]
    if name in OF_PYTEST and bool(before) != bool(after):
        yield Refusal("settings", f"{path} would decide which settings pytest has.", path)
    elif name in PYTEST_SETTINGS and len(NARROWING.findall(after)) > len(NARROWING.findall(before)):
        yield Refusal("settings", f"{path} changes which tests are run.", path)


def _lines(text: str) -> Counter[str]:
    lines = (line.strip() for line in text.split("\n"))
    return Counter(line for line in lines if line and not line.startswith("#"))


# --- names ------------------------------------------------------------------------------------


def _unknown_names(path: str, before: str, after: str) -> Iterator[Refusal]:
    unknown = _free(after) - _free(before)
    for name in sorted(unknown)[:3]:
        yield Refusal("names", f"{path} uses {name}, which is defined nowhere.", path)


def _harness(path: str, before: str, after: str) -> Iterator[Refusal]:
    if reaches_for_runner(before, after):
        message = f"{path} looks for the test runner; what it does must not depend on being tested."
        yield Refusal("harness", message, path)


def _script_harness(path: str, before: str, after: str) -> Iterator[Refusal]:
    if script_reaches_for_runner(path, before, after):
        message = f"{path} looks for the test runner; what it does must not depend on being tested."
        yield Refusal("harness", message, path)


@lru_cache(maxsize=8)
def _free(text: str) -> frozenset[str]:
    """Names that are read and bound nowhere in the file; none of what is no Python."""
    tree = _parsed(text)
    return frozenset(_unbound(tree)) if tree is not None else frozenset()


def _unbound(tree: ast.Module) -> set[str]:
    bound, read = {*dir(builtins), "__file__", "__name__", "__path__", "__class__"}, set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                read.add(name)
            case ast.Name(id=name) | ast.arg(arg=name):
                bound.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                bound.add(name)
            case ast.ClassDef(name=name) | ast.ExceptHandler(name=str(name)):
                bound.add(name)
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                bound.add(name)
            case ast.MatchMapping(rest=str(name)):
                bound.add(name)
            case ast.alias(name="*"):
                return set()
            case ast.alias(name=name, asname=other):
                bound.add(other or name.split(".")[0])
    return read - bound


# --- symptoms ---------------------------------------------------------------------------------


def _symptoms(base: Tree, result: Tree, paths: Iterable[str], red: TestRun) -> Iterator[Refusal]:
    crashes = {
        (case.path, case.line)
        for case in red.cases
        if case.outcome.red and case.path and not is_assertion(case.message)
    }
    if not crashes or any(
        asserts_value(base, case) or asserts_value(result, case) for case in red.failed
    ):
        return
    changed = [p for p in paths if p.endswith(".py") and not is_test_path(p) and p in base]
    for path in changed:
        lines = {line for where, line in crashes if where == path}
        after = result.text(path) if path in result else ""
        if lines and len(changed) == 1 and only_guards(base.text(path), after, lines):
            message = f"{path} only keeps the crash from happening; its cause stays."
            yield Refusal("symptom", message, path)


def is_assertion(message: str) -> bool:
    """Whether a test failed by what it states, and not by an error."""
    return message.lstrip().startswith(("AssertionError", "assert ", "Failed:", "Failed: DID NOT"))


def asserts_value(tree: Tree, test_id: str) -> bool:
    """Whether a test states what a result must be, so that silence alone does not satisfy it."""
    path, *names = test_id.split("[", maxsplit=1)[0].split("::")
    module = _parsed(tree.text(path)) if path in tree else None
    if module is None or not names:
        return False
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == names[-1]:
            return any(_states_value(inner) for inner in ast.walk(node))
    return False


def _states_value(node: ast.AST) -> bool:
    if isinstance(node, ast.Assert):
        return True
    return isinstance(node, ast.Call) and _dotted(node.func).rpartition(".")[2].startswith(
        (
            *("assertEqual", "assertTrue", "assertFalse", "assertIn", "assertAlmost", "assertIs"),
            *("assertList", "assertDict", "assertGreater", "assertLess", "assertSequence"),
            *("assertTuple", "assertSet"),
        )
    )
