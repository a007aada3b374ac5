"""Runs the command that a repository's tests are run by, and takes its report at its word.

Its code writes the report itself, so this proves less than the witness of pytest: exit code and
report must agree, and where there is no report only the exit code is known.
"""

import re
import secrets
from collections.abc import Collection, Iterator
from datetime import UTC, datetime

from core.errors import ArchiveRefused, NotFound, SandboxError
from core.evidence import CaseOutcome, Proof, RunEnd, TestCase
from core.ports import Environment, Run, Sandbox
from core.trees import Tree
from sandbox import junit
from sandbox.command_signs import not_run
from sandbox.judgement import Judgement
from sandbox.output import harmless
from sandbox.surveys import Asked, Carried, Survey, recorded

PLACE = "{junit}"
"""In a command: where its report will be read."""
NO_LINES = "no lines were recorded: the tests are run by a command"
MESSAGE_CHARACTERS = 2_000
CANNOT_START = (126, 127)
_XML = r"[^\s=:'\"<>|;&()]+\.xml\b"
_REPORT = re.compile(rf"(?:[jx]unit)[^\s=:]*[\s=:]+['\"]?({_XML})", re.IGNORECASE)


async def run(asked: Asked, environment: Environment, sandbox: Sandbox) -> Survey:
    """Run the command of the environment's repository, which runs all tests whatever is asked."""
    place = f".anton-{secrets.token_hex(8)}.xml"
    command = environment.test_command.replace(PLACE, place)
    is_placed = PLACE in environment.test_command
    report = place if is_placed else report_path(command, asked.tree)
    if report and report in asked.tree:
        await sandbox.remove([report])
    started_at = datetime.now(UTC)
    done = await sandbox.run(["sh", "-c", command], timeout_s=asked.timeout_s)
    ended_at = datetime.now(UTC)
    read = await _report(sandbox, report, done) if report else None
    judgement, proof = judged(done, read, command, asked.tree)
    if report and report == place:
        await _cleared(sandbox, report)
    record = recorded(
        asked,
        environment,
        sandbox.backend,
        Carried(("sh", "-c", command), done, started_at, ended_at),
        judgement,
        collected=[case.test_id for case in judgement.cases],
        proof=proof,
    )
    return Survey(record, note=NO_LINES)


def report_path(command: str, held: Collection[str] = ()) -> str:
    """Where a command says that it writes a report, below the workspace; empty where nowhere.

    What an option for reports names goes first. Another file that the repository holds, as
    `pom.xml`, is what the command reads.
    """
    named = [path for path in map(_below, _REPORT.findall(command)) if path]
    others = [path for path in map(_below, re.findall(_XML, command)) if path]
    return next(iter([*named, *(path for path in others if path not in held)]), "")


def _below(path: str) -> str:
    """A path below the workspace; empty for one that leads out of it."""
    plain = path.removeprefix("./")
    return "" if plain.startswith("/") or ".." in plain.split("/") else plain


def judged(
    done: Run, report: "junit.Report | str | None", command: str, tree: Tree
) -> tuple[Judgement, Proof]:
    """How the run ended and each test, and by what that is known."""
    if done.end not in (RunEnd.PASSED, RunEnd.FAILED):
        return Judgement(done.end), Proof.EXIT_CODE
    if done.exit_code in CANNOT_START and not isinstance(report, junit.Report):
        why = f"no_test_runner: the test command does not start: {command}"
        return Judgement(RunEnd.NO_TEST_RUNNER, (), why), Proof.NOTHING
    if isinstance(report, junit.Report) and report.outcomes:
        cases = tuple(_cases(report, tree))
        red = any(case.outcome.red for case in cases)
        if red == (done.exit_code == 0):
            why = f"disagreement: exit code {done.exit_code}, and the report says otherwise"
            kept = tuple(case for case in cases if case.outcome.red)
            return Judgement(RunEnd.DISAGREEMENT, kept, why), Proof.REPORT
        if all(case.outcome is CaseOutcome.SKIPPED for case in cases):
            return Judgement(RunEnd.NO_TESTS, cases), Proof.REPORT
        return Judgement(done.end, cases), Proof.REPORT
    if told := not_run(done):
        end, why = told
        return Judgement(end, (), f"{end}: {why}"), Proof.EXIT_CODE
    why = report if isinstance(report, str) else ""
    return Judgement(done.end, (_whole(done, command),), why), Proof.EXIT_CODE


def _whole(done: Run, command: str) -> TestCase:
    """The command as one test, where nothing tells more."""
    failed = done.end is not RunEnd.PASSED
    said = (done.stdout + done.stderr).decode("utf-8", "replace") if failed else ""
    return TestCase(
        test_id=command[:200],
        outcome=CaseOutcome.FAILED if failed else CaseOutcome.PASSED,
        message=harmless(said)[-MESSAGE_CHARACTERS:],
        seconds=done.seconds,
    )


def _cases(report: junit.Report, tree: Tree) -> Iterator[TestCase]:
    for (classname, name), outcome in report.outcomes.items():
        details = report.details.get((classname, name), junit.Details())
        yield TestCase(
            test_id=named(classname, name, tree),
            outcome=CaseOutcome(outcome),
            message=harmless(details.message)[:MESSAGE_CHARACTERS],
            seconds=details.seconds,
        )


def named(classname: str, name: str, tree: Tree) -> str:
    """The id of a test in a report, as pytest names it where its file is in the tree."""
    parts = classname.split(".")
    for end in range(len(parts), 0, -1):
        path = "/".join(parts[:end]) + ".py"
        if path in tree:
            return "::".join([path, *parts[end:], name])
    return "::".join(part for part in (classname, name) if part)


async def _report(sandbox: Sandbox, path: str, done: Run) -> "junit.Report | str | None":
    """The report; in words why it cannot be read; None when there is none."""
    try:
        return junit.parse(await sandbox.read(path, junit.MAX_BYTES))
    except NotFound:
        return f"There is no report at {path}: only the exit code is known."
    except (junit.ReportInvalid, ArchiveRefused) as error:
        return f"The report at {path} cannot be used: {error}"
    except SandboxError:
        if done.end in (RunEnd.PASSED, RunEnd.FAILED):
            raise
        return None


async def _cleared(sandbox: Sandbox, path: str) -> None:
    try:
        await sandbox.remove([path])
    except SandboxError:
        return  # a limit ended the sandbox with the run
