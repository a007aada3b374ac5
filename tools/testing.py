"""Running the repository's tests where an agent works: what it sees is no proof of anything."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from core.errors import ToolError
from core.evidence import CaseOutcome, RunEnd, TestCase, TestRun
from sandbox.runners import TestRunner
from tools.paths import plain
from tools.tool import tool
from tools.workplace import Workplace

TIMEOUT_S = 30
TIMEOUT_MAX_S = 300
FAILURES_SHOWN = 10
OUTPUT_CHARACTERS = 4_000
CHARACTERS = 20_000


@tool(risk="safe", characters=CHARACTERS)
async def run_tests(
    place: Workplace,
    tests: tuple[str, ...] = (),
    timeout_s: Annotated[int, Field(ge=1, le=TIMEOUT_MAX_S)] = TIMEOUT_S,
) -> str:
    """Run tests on the workspace as it stands, and tell which failed and why.

    Args:
        tests: Files or test ids, such as tests/test_app.py::test_total; empty for all.
        timeout_s: Seconds after which the run is ended.
    """
    wanted = [_test(test) for test in tests]
    seconds = min(float(timeout_s), place.seconds_left())
    if seconds <= 0:
        raise ToolError("No time is left to run tests.")
    tree = await place.current()
    runner = TestRunner(place.environment)
    run = await runner.run(
        place.sandbox, tree, wanted, timeout_s=seconds, per_test_s=min(seconds, 30.0)
    )
    return _told(run, seconds)


def _test(test: str) -> str:
    path, mark, rest = test.partition("::")
    try:
        return plain(path) + mark + rest
    except ValueError as error:
        raise ToolError(f"{test!r} names no test: {error}.") from error


def _told(run: TestRun, seconds: float) -> str:
    match run.end:
        case RunEnd.NO_TEST_RUNNER:
            return f"No tests were run: {run.output.removeprefix('no_test_runner: ')}."
        case RunEnd.NO_TESTS:
            return f"No test was run.\n{run.output[-OUTPUT_CHARACTERS:]}"
        case RunEnd.PASSED | RunEnd.FAILED:
            head = ""
        case RunEnd.DISAGREEMENT:
            head = "Exit code and record contradict each other, which counts as red. "
        case RunEnd.TIMEOUT:
            head = f"The run was ended after {seconds:g} s, unfinished. "
        case _:
            head = f"The run ended at a limit: {run.end}. "
    failed = [case for case in run.cases if case.outcome.red]
    lines = [f"{head}{_counts(run.cases)}.", *map(_failure, failed[:FAILURES_SHOWN])]
    if more := len(failed) - FAILURES_SHOWN:
        lines += [f"... and {more} more failures."] if more > 0 else []
    if run.end is not RunEnd.PASSED and not failed:
        lines.append(run.output[-OUTPUT_CHARACTERS:])
    return "\n".join(lines)


def _counts(cases: Sequence[TestCase]) -> str:
    counts = {outcome: 0 for outcome in CaseOutcome}
    for case in cases:
        counts[case.outcome] += 1
    return ", ".join(f"{counts[outcome]} {outcome.value}" for outcome in CaseOutcome)


def _failure(case: TestCase) -> str:
    where = f" at {case.path}:{case.line}" if case.path else ""
    message = "\n".join("    " + line for line in case.message.split("\n"))
    return f"{case.outcome.value.upper()} {case.test_id}{where}\n{message}"
