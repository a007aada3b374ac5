"""Reproduction by rules: find the red test, or make one from what the report lets us run."""

import re
from collections.abc import Sequence
from dataclasses import replace

from agents.offline.attempts import (
    Attempted,
    attempted_example,
    is_broken,
    missing_packages,
)
from agents.offline.commands import command_test, is_python
from agents.offline.examples import examples_in, wished
from agents.offline.naming import named_among, unknown_among
from agents.offline.script_tests import is_tested_by_scripts
from agents.offline.telling import fit, is_unfit, telling
from agents.offline.tracebacks import calls_in
from agents.offline.triage import named_files
from agents.offline.wanted import EXAMPLES_MAX, with_wanted
from core.evidence import Proof, RunEnd, TestRun
from core.findings import Reading, Reproduction
from core.patches import FileChange
from core.ports import Case
from core.trees import File, Tree
from repair.bench import Bench
from repair.gate import is_assertion
from repair.holding import is_code
from repair.validate import with_files
from sandbox.network_signs import is_out_of_reach, of_network

HELP = (
    "Nothing in the report or in the repository can be run to show the fault. Any of these would "
    "help: the id of a failing test (--test), a command that fails (--repro), or a Python example "
    "in the report (a fenced block, or a >>> session)."
)
NO_PYTHON = "The offline engine repairs Python only, and this repository has none. " + HELP
IN_SCRIPTS = (
    "Without a model only a failing test (--test) or command (--repro) can show a fault in "
    "JavaScript or TypeScript."
)
OTHERS_NAMED = 5
"""Failing tests that are named beside those that were asked for."""


async def reproduce(case: Case, bench: Bench) -> Reproduction:
    """The first of these that is red on base: given tests, a given command, an example or a
    traceback of the report, tests that fail already and touch a named file.

    Whoever names a test means that one: then no other test that fails already stands in for it.
    What people gave since is tested beside it.
    """
    return await with_wanted(case, bench, await _first_red(case, bench))


async def _first_red(case: Case, bench: Bench) -> Reproduction:
    if not any(map(is_code, case.tree)):
        return Reproduction(reading=Reading.NOTHING_TO_RUN, help_wanted=NO_PYTHON)
    attempts: list[Attempted] = []
    ways = [_given_tests, _given_command, _examples]
    if is_tested_by_scripts(case.tree):
        ways = [_given_tests, _given_command]
    for attempt in ways if case.tests else [*ways, _failing_already]:
        for tried in await attempt(case, bench):
            attempts.append(tried)
            if _shows_it(tried, case):
                return _reproduced(tried, await _of_the_named(case, bench, attempts[0]))
    return await _none_red(case, bench, attempts)


def _shows_it(tried: Attempted, case: Case) -> bool:
    red = [one for one in tried.run.cases if one.test_id in tried.red]
    unfit = any(is_unfit(c, case.report, case.tree) and not is_assertion(c.message) for c in red)
    return bool(red) and not is_broken(tried, case.report) and not unfit


async def _given_tests(case: Case, bench: Bench) -> list[Attempted]:
    if not case.tests:
        return []
    run = await bench.run(case.tree, case.tests)
    if run.end is RunEnd.NO_TESTS:
        collected = (await bench.survey(case.tree)).run.collected
        unknown = unknown_among(collected, case.tests)
        if known := [name for name in case.tests if name not in unknown]:
            run = await bench.run(case.tree, known)
    return [Attempted("--test", run, fit(run, case.report, case.tree) or case.tests)]


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
    if left := [test for test in run.failed if test not in given.tests]:
        named = ", ".join(left[:OTHERS_NAMED])
        said.append(f"Left out, as they look for what the sandbox does not have: {named}.")
    return " ".join(said)


def _standing(name: str, run: TestRun) -> str:
    """How a named test that is not red stands on the base."""
    if named_among(run.passed, [name]):
        return "passes on the base"
    return "is skipped on the base" if named_among(run.collected, [name]) else "is not there"


async def _given_command(case: Case, bench: Bench) -> list[Attempted]:
    command = case.reproduction_command.strip()
    return [await _by_command(case, bench, command, "--repro")] if command else []


async def _by_command(case: Case, bench: Bench, command: str, origin: str) -> Attempted:
    """A test beside the others that runs a command."""
    change = FileChange.of("test_anton_reproduction.py", File(command_test(command).encode()))
    run = await bench.run(with_files(case.tree, [change]), [change.path])
    return Attempted(origin, run, run.collected, scaffold=(change,))


async def _examples(case: Case, bench: Bench) -> list[Attempted]:
    tried: list[Attempted] = []
    origins = [(example, "example in the report") for example in examples_in(case.report)]
    origins += [
        (example, "traceback in the report")
        for call in calls_in(case.report, case.tree)
        if (example := wished(call, case.report))
    ]
    for example, origin in origins[:EXAMPLES_MAX]:
        tried.append(await attempted_example(case, bench, case.tree, example, origin))
        if tried[-1].red and not is_broken(tried[-1], case.report):
            break
    return tried


async def _failing_already(case: Case, bench: Bench) -> list[Attempted]:
    survey = await bench.survey(case.tree)
    whole = next(iter(survey.run.failed), "")
    if survey.run.proof is Proof.EXIT_CODE and is_python(whole):
        return [await _by_command(case, bench, whole, "command that runs the tests")]
    failed, named = telling(survey.run, case.report, case.tree), named_files(case)
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
    return re.sub(r"\.\w+$", "", path.rsplit("/", 1)[-1])


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
    if missing := {name for tried in theirs for name in missing_packages(tried.run, case.tree)}:
        needs = f"The tests need {', '.join(sorted(missing))}, which could not be installed. {HELP}"
        return Reproduction(reading=Reading.NOTHING_TO_RUN, help_wanted=needs)
    for tried in theirs:
        red = [c for c in tried.run.cases if c.test_id in tried.red and is_out_of_reach(c.message)]
        if seeking := of_network(red):
            needs = f"Red whatever the code does: {seeking[0]}. {HELP}"
            return Reproduction(reading=Reading.NOTHING_TO_RUN, help_wanted=needs, run=tried.run)
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
    scripts = is_tested_by_scripts(case.tree)
    if why := _why_not_run(survey.run):
        note = f"The tests of the repository cannot be run ({why}). {HELP}"
        return Reproduction(reading=Reading.NOTHING_TO_RUN, help_wanted=note, run=survey.run)
    wanted = IN_SCRIPTS if scripts else HELP
    return Reproduction(reading=Reading.NOTHING_TO_RUN, help_wanted=wanted, run=survey.run)


def _why_not_run(run: TestRun) -> str:
    """Why a run tells of no test, in words; empty where it does, or where there is none to tell of.

    One that ended before any test, as where importing the code ends the process, did not run them.
    """
    if run.end in (RunEnd.PASSED, RunEnd.NO_TESTS):
        return ""
    if run.end is RunEnd.FAILED:
        before = f"they end with exit code {run.exit_code} before any of them begins"
        return "" if run.cases else before
    said = run.output.partition("\n")[0].removeprefix("no_test_runner: ")[:300]
    return said if run.end is RunEnd.NO_TEST_RUNNER else str(run.end)


def _read(reading: Reading, tried: Attempted, note: str) -> Reproduction:
    return Reproduction(
        reading=reading,
        origin=tried.origin,
        tests=tried.tests,
        run=tried.run,
        note=note,
        help_wanted=f"{note} {HELP}".strip(),
    )
