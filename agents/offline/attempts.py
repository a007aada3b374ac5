"""One attempt at a reproduction: what is run on the base, how it went, and whether that counts."""

import re
from dataclasses import dataclass

from agents.offline.examples import Example, regression_file
from agents.offline.script_tests import is_tested_by_scripts, new_script_test
from core.evidence import CaseOutcome, TestCase, TestRun
from core.patches import FileChange
from core.ports import Case
from core.trees import File, Tree
from repair.bench import Bench
from repair.traces import last_exception
from repair.validate import with_files

_NO_MODULE = re.compile(r"No module named '([\w.]+)'")
OF_ITS_OWN = re.compile(
    r"\b(ImportError|ModuleNotFoundError|SyntaxError|NameError|FileNotFoundError|PermissionError"
    r"|ConnectionError|ConnectionRefusedError|URLError|gaierror|EOFError|ReferenceError)\b"
    r"|fixture '|Cannot find (module|package)|Failed to (resolve|load)"
    r"|is not a (function|constructor)"
    r"|No test suite found|does not provide an export|ERR_MODULE_NOT_FOUND"
)
"""What a new test fails with when it cannot run here, unless the report tells of just that."""


@dataclass(frozen=True)
class Attempted:
    """One candidate reproduction and how it went on the base."""

    origin: str
    run: TestRun
    tests: tuple[str, ...]
    files: tuple[FileChange, ...] = ()
    scaffold: tuple[FileChange, ...] = ()

    @property
    def red(self) -> tuple[str, ...]:
        """Its tests that fail on the base."""
        wanted = set(self.tests)
        return tuple(t for t in self.run.failed if t in wanted or not wanted)


async def attempted_example(
    case: Case, bench: Bench, tree: Tree, example: Example, origin: str
) -> Attempted:
    """An example as a new test file of `tree`, run there."""
    path, name = new_test_path(case, tree)
    text = regression_file(example, name, _heading(case))
    change = FileChange.of(path, File(text.encode()))
    run = await bench.run(with_files(tree, [change]), [path])
    return Attempted(origin, run, run.collected, files=(change,))


def is_broken(tried: Attempted, told: str) -> bool:
    """Whether a new test fails for a reason of its own, not for the one it was told with."""
    if not tried.files and not tried.scaffold:
        return False
    cases = [c for c in tried.run.cases if c.test_id in tried.red]
    stated = last_exception(told)
    return any(c.outcome is CaseOutcome.ERROR or is_of_its_own(c, stated) for c in cases)


def is_of_its_own(case: TestCase, stated: str) -> bool:
    """Whether a test failed with an error of its own, or with another than the reported one."""
    first = case.message.strip().split("\n", maxsplit=1)[0]
    raised = re.match(r"(?:[\w.]*\.)?(\w+(?:Error|Exception))\b", first)
    if stated.endswith(("Error", "Exception")) and raised:
        return raised[1] not in (stated, "AssertionError")
    return OF_ITS_OWN.search(first) is not None


def missing_packages(run: TestRun, tree: Tree) -> tuple[str, ...]:
    """Packages of others that test files ask for and that are not installed."""
    return tuple(sorted({name for case in run.cases if (name := lacks_package(case, tree))}))


def lacks_package(case: TestCase, tree: Tree) -> str:
    """The package of others that a test could not import; empty where that is not its trouble."""
    match = _NO_MODULE.search(case.message) if case.outcome is CaseOutcome.ERROR else None
    name = match[1].partition(".")[0] if match else ""
    own = {part.removesuffix(".py") for path in tree for part in path.split("/")} if name else ()
    return "" if name in own else name


def new_test_path(case: Case, tree: Tree) -> tuple[str, str]:
    """Where a new test goes, beside the others, and the name of its function."""
    first_line = case.ticket or _one_line(case)
    slug = re.sub(r"[^a-z0-9]+", "_", first_line.lower()).strip("_")[:40].strip("_") or "report"
    if is_tested_by_scripts(tree):
        return new_script_test(slug.replace("_", "-"), tree), slug
    folders = [
        path.rsplit("/", 1)[0] if "/" in path else ""
        for path in tree
        if re.fullmatch(r"(test_\w+|\w+_test)\.py", path.rsplit("/", 1)[-1])
    ]
    folder = max(sorted(set(folders)), key=folders.count, default="")
    for number in range(1, 1000):
        name = f"test_{slug}" + (f"_{number}" if number > 1 else "")
        path = f"{folder}/{name}.py" if folder else f"{name}.py"
        if path not in tree:
            return path, name
    return f"test_{case.task_id[:8]}.py", f"test_{slug}"


def _heading(case: Case) -> str:
    name = f"Regression test for {case.ticket}" if case.ticket else "Regression test"
    return f"{name}: {_one_line(case)[:70]}".rstrip(".") + "."


def _one_line(case: Case) -> str:
    return case.title or case.report.strip().split("\n", maxsplit=1)[0]
