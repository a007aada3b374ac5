"""Reproduction by rules: find the red test, or make one from what the report lets us run."""

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace

from agents.offline.examples import examples_in, regression_file, wished
from agents.offline.naming import named_among, unknown_among
from agents.offline.tracebacks import calls_in
from agents.offline.triage import named_files
from core.evidence import CaseOutcome, RunEnd, TestCase, TestRun
from core.findings import Reading, Reproduction
from core.patches import FileChange
from core.ports import Case
from core.trees import File, Tree
from repair.bench import Bench
from repair.traces import last_exception
from repair.validate import with_files

HELP = (
    "Nothing in the report or in the repository can be run to show the fault. Any of these would "
    "help: the id of a failing test (--test), a command that fails (--repro), or a Python example "
    "in the report (a fenced block, or a >>> session)."
)
NO_PYTHON = "The offline engine repairs Python only, and this repository has none. " + HELP
_NO_MODULE = re.compile(r"No module named '([\w.]+)'")
EXAMPLES_MAX = 5
OTHERS_NAMED = 5
"""Failing tests that are named beside those that were asked for."""
OF_ITS_OWN = re.compile(
    r"\b(ImportError|ModuleNotFoundError|SyntaxError|NameError|FileNotFoundError|PermissionError"
    r"|ConnectionError|ConnectionRefusedError|URLError|gaierror|EOFError)\b|fixture '"
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


async def reproduce(case: Case, bench: Bench) -> Reproduction:
    """The first of these that is red on base: given tests, a given command, an example or a
    traceback of the report, tests that fail already and touch a named file.

    Whoever names a test means that one: then no other test that fails already stands in for it.
    """
    if not any(path.endswith(".py") for path in case.tree):
        return Reproduction(reading=Reading.NOTHING_TO_RUN, help_wanted=NO_PYTHON)
    attempts: list[Attempted] = []
    ways = [_given_tests, _given_command, _examples]
    for attempt in ways if case.tests else [*ways, _failing_already]:
        for tried in await attempt(case, bench):
            attempts.append(tried)
            if tried.red and not _broken(tried, case) and not _missing(tried.run, case.tree):
                return _reproduced(tried, await _of_the_named(case, bench, attempts[0]))
    return await _none_red(case, bench, attempts)


async def _given_tests(case: Case, bench: Bench) -> list[Attempted]:
    if not case.tests:
        return []
    run = await bench.run(case.tree, case.tests)
    if run.end is RunEnd.NO_TESTS:
        collected = (await bench.survey(case.tree)).run.collected
        unknown = unknown_among(collected, case.tests)
        if known := [name for name in case.tests if name not in unknown]:
            run = await bench.run(case.tree, known)
    return [Attempted("--test", run, run.failed or case.tests)]


async def _of_the_named(case: Case, bench: Bench, given: Attempted) -> str:
    """What a person should know of the tests that were named: those that are not red, and then
    which others are, that nobody takes one for the other.
    """
    run = given.run
    if given.origin != "--test" or run.end not in (RunEnd.PASSED, RunEnd.FAILED, RunEnd.NO_TESTS):
        return ""
    red = [name for name in case.tests if named_among(run.failed, [name])]
    red += [name for name in case.tests if named_among([name], run.failed)]
    said = [f"The named test {n} {_standing(n, run)}." for n in case.tests if n not in red]
    failed = (await bench.survey(case.tree)).run.failed if said else ()
    if others := [test for test in failed if not named_among([test], case.tests)]:
        more = f" and {len(others) - OTHERS_NAMED} more" if len(others) > OTHERS_NAMED else ""
        named = ", ".join(others[:OTHERS_NAMED])
        said.append(f"Other tests fail there and were left alone: {named}{more}.")
    return " ".join(said)


def _standing(name: str, run: TestRun) -> str:
    """How a named test that is not red stands on the base."""
    if named_among(run.passed, [name]):
        return "passes on the base"
    return "is skipped on the base" if named_among(run.collected, [name]) else "is not there"


async def _given_command(case: Case, bench: Bench) -> list[Attempted]:
    if not case.reproduction_command.strip():
        return []
    path, text = "test_anton_reproduction.py", command_test(case.reproduction_command)
    change = FileChange.of(path, File(text.encode()))
    run = await bench.run(with_files(case.tree, [change]), [path])
    return [Attempted("--repro", run, run.collected, scaffold=(change,))]


async def _examples(case: Case, bench: Bench) -> list[Attempted]:
    tried: list[Attempted] = []
    origins = [(example, "example in the report") for example in examples_in(case.report)]
    origins += [
        (example, "traceback in the report")
        for call in calls_in(case.report, case.tree)
        if (example := wished(call, case.report))
    ]
    for example, origin in origins[:EXAMPLES_MAX]:
        path, name = new_test_path(case)
        text = regression_file(example, name, _heading(case))
        change = FileChange.of(path, File(text.encode()))
        run = await bench.run(with_files(case.tree, [change]), [path])
        tried.append(Attempted(origin, run, run.collected, files=(change,)))
        if tried[-1].red and not _broken(tried[-1], case):
            break
    return tried


async def _failing_already(case: Case, bench: Bench) -> list[Attempted]:
    survey = await bench.survey(case.tree)
    failed, named = survey.run.failed, named_files(case)
    touching = tuple(
        test
        for test in failed
        if set(named) & set(survey.lines.get(test, {}))
        or _touches(survey.run, test, named, case.tree)
    )
    if named and survey.lines:
        failed = touching
    red = touching or failed
    return [Attempted("test that fails already", survey.run, red)] if red else []


def _touches(run: TestRun, test: str, named: Sequence[str], tree: Tree) -> bool:
    """Whether a failing test lies in, fails in or names a named file."""
    path = test.split("::", maxsplit=1)[0]
    if path in named or any(c.test_id == test and c.path in named for c in run.cases):
        return True
    text = tree.text(path) if path in tree else ""
    return any(re.search(rf"\b{re.escape(_module(name))}\b", text) for name in named)


def _module(path: str) -> str:
    return path.rsplit("/", 1)[-1].removesuffix(".py")


def _missing(run: TestRun, tree: Tree) -> tuple[str, ...]:
    """Packages of others that test files ask for and that are not installed."""
    named = {
        match.group(1).split(".", maxsplit=1)[0]
        for case in run.cases
        if case.outcome is CaseOutcome.ERROR and (match := _NO_MODULE.search(case.message))
    }
    own = {part.removesuffix(".py") for path in tree for part in path.split("/")}
    return tuple(sorted(named - own))


def _broken(tried: Attempted, case: Case) -> bool:
    """Whether the new test fails for a reason of its own, not for the reported one."""
    if not tried.files and not tried.scaffold:
        return False
    cases = [c for c in tried.run.cases if c.test_id in tried.red]
    stated = last_exception(case.report)
    return any(c.outcome is CaseOutcome.ERROR or is_of_its_own(c, stated) for c in cases)


def is_of_its_own(case: TestCase, stated: str) -> bool:
    """Whether a test failed with an error of its own, or with another than the reported one."""
    first = case.message.strip().split("\n", maxsplit=1)[0]
    raised = re.match(r"(?:[\w.]*\.)?(\w+(?:Error|Exception))\b", first)
    if stated.endswith(("Error", "Exception")) and raised:
        return raised[1] not in (stated, "AssertionError")
    return OF_ITS_OWN.search(first) is not None


def _reproduced(tried: Attempted, note: str) -> Reproduction:
    return Reproduction(
        reading=Reading.REPRODUCED,
        origin=tried.origin,
        tests=tried.red,
        files=tried.files,
        scaffold=tried.scaffold,
        run=tried.run,
        note=note,
    )


async def _none_red(case: Case, bench: Bench, attempts: list[Attempted]) -> Reproduction:
    """What it means that nothing was red on base."""
    theirs = [tried for tried in attempts if not tried.files and not tried.scaffold]
    if missing := {name for tried in theirs for name in _missing(tried.run, case.tree)}:
        needs = f"The tests need {', '.join(sorted(missing))}, which could not be installed. {HELP}"
        return Reproduction(reading=Reading.NOTHING_TO_RUN, help_wanted=needs)
    note = await _of_the_named(case, bench, attempts[0]) if attempts else ""
    ran = [a for a in attempts if a.run.end in (RunEnd.PASSED, RunEnd.FAILED)]
    for tried in ran:
        if case.reported is not None and not tried.red:
            tree = with_files(case.reported, [*tried.files, *tried.scaffold])
            before = await bench.run(tree, tried.tests)
            if named_among(before.failed, tried.tests):
                return _read(Reading.FIXED_SINCE, replace(tried, run=before), note)
    if any(not tried.red for tried in ran):
        return _read(Reading.PASSES, next(tried for tried in ran if not tried.red), note)
    if attempts:
        nothing = all(tried.run.end is RunEnd.NO_TESTS for tried in attempts)
        return _read(Reading.NOTHING_TO_RUN if nothing else Reading.OTHER_ERROR, attempts[-1], note)
    survey = await bench.survey(case.tree)
    if survey.run.end not in (RunEnd.PASSED, RunEnd.FAILED, RunEnd.NO_TESTS):
        note = f"The tests of the repository cannot be run ({survey.run.end}). {HELP}"
        return Reproduction(reading=Reading.NOTHING_TO_RUN, help_wanted=note, run=survey.run)
    return Reproduction(reading=Reading.NOTHING_TO_RUN, help_wanted=HELP, run=survey.run)


def _read(reading: Reading, tried: Attempted, note: str) -> Reproduction:
    return Reproduction(
        reading=reading,
        origin=tried.origin,
        tests=tried.tests,
        run=tried.run,
        note=note,
        help_wanted=f"{note} {HELP}".strip(),
    )


def command_test(command: str) -> str:
    """A test that runs a command: Python in this process, so that a search can follow it."""
    argv = shlex.split(command)
    lines = ['"""The reproduction that was given as a command."""', ""]
    in_process = len(argv) > 1 and (argv[1] in ("-c", "-m") or not argv[1].startswith("-"))
    if in_process and re.fullmatch(r"(\S*/)?python[\d.]*", argv[0]):
        lines += ["import runpy", "import sys", "", "", "def test_reproduction(monkeypatch):"]
        if argv[1] == "-c" and len(argv) > 2:
            lines.append(f"    monkeypatch.setattr(sys, 'argv', {['-c', *argv[3:]]!r})")
            code = f"compile({argv[2]!r}, '<command>', 'exec')"
            lines += _run_as_main(f"exec({code}, {{'__name__': '__main__'}})")
        elif argv[1] == "-m" and len(argv) > 2:
            lines.append(f"    monkeypatch.setattr(sys, 'argv', {argv[2:]!r})")
            lines += _run_as_main(f"runpy.run_module({argv[2]!r}, run_name='__main__')")
        else:
            lines.append(f"    monkeypatch.setattr(sys, 'argv', {argv[1:]!r})")
            lines += _run_as_main(f"runpy.run_path({argv[1]!r}, run_name='__main__')")
    else:
        lines += ["import subprocess", "", "", "def test_reproduction():"]
        lines.append(f"    done = subprocess.run({argv!r}, capture_output=True, text=True)")
        lines.append("    assert done.returncode == 0, done.stdout[-1000:] + done.stderr[-1000:]")
    return "\n".join(lines) + "\n"


def _run_as_main(call: str) -> list[str]:
    return [
        "    try:",
        f"        {call}",
        "    except SystemExit as stop:",
        "        assert not stop.code, f'exit code {stop.code}'",
    ]


def new_test_path(case: Case) -> tuple[str, str]:
    """Where a new test goes, beside the others, and the name of its function."""
    first_line = case.ticket or _one_line(case)
    slug = re.sub(r"[^a-z0-9]+", "_", first_line.lower()).strip("_")[:40].strip("_") or "report"
    folders = [
        path.rsplit("/", 1)[0] if "/" in path else ""
        for path in case.tree
        if re.fullmatch(r"(test_\w+|\w+_test)\.py", path.rsplit("/", 1)[-1])
    ]
    folder = max(sorted(set(folders)), key=folders.count, default="")
    for number in range(1, 1000):
        name = f"test_{slug}" + (f"_{number}" if number > 1 else "")
        path = f"{folder}/{name}.py" if folder else f"{name}.py"
        if path not in case.tree:
            return path, name
    return f"test_{case.task_id[:8]}.py", f"test_{slug}"


def _heading(case: Case) -> str:
    name = f"Regression test for {case.ticket}" if case.ticket else "Regression test"
    return f"{name}: {_one_line(case)[:70]}".rstrip(".") + "."


def _one_line(case: Case) -> str:
    return case.title or case.report.strip().split("\n", maxsplit=1)[0]
