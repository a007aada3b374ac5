"""Runs the tests in the repository's own compose service, where the operator says so."""

from dataclasses import replace
from datetime import UTC, datetime

from core.errors import SandboxUnavailable
from core.evidence import Proof, RunEnd
from core.ports import Environment, Sandbox
from sandbox import junit
from sandbox.command_runner import judged, report_path
from sandbox.compose import Compose, ComposeRefused
from sandbox.compose_file import plan
from sandbox.surveys import Asked, Carried, Survey, nothing_run, recorded

BACKEND = "docker compose"
NO_LINES = "no lines were recorded: the tests run in a compose service"


async def run(asked: Asked, environment: Environment, sandbox: Sandbox) -> Survey:
    """Run the test service, which runs all tests whatever is asked; it needs no sandbox of ours."""
    started_at = datetime.now(UTC)
    try:
        chosen = plan(asked.tree, folder="/", label="")
        report = report_path(chosen.command, asked.tree)
        composed = await Compose(environment.compose_host).run(asked.tree, asked.timeout_s, report)
    except (ComposeRefused, SandboxUnavailable) as error:
        remedy = f" ({error.remedy})" if error.remedy else ""
        return nothing_run(asked, environment, sandbox, f"compose: {error.message}{remedy}")
    argv = ("docker", "compose", "run", composed.plan.test)
    read = _report(composed.report, report)
    ended_at = datetime.now(UTC)
    judgement, proof = judged(composed.run, read, " ".join(argv), asked.tree)
    if judgement.end is RunEnd.NO_TEST_RUNNER:
        judgement, proof = replace(judgement, end=RunEnd.FAILED), Proof.EXIT_CODE
    record = recorded(
        asked,
        environment,
        BACKEND,
        Carried(argv, composed.run, started_at, ended_at),
        judgement,
        collected=[case.test_id for case in judgement.cases],
        proof=proof,
    )
    return Survey(record.but(notes=composed.notes), note=NO_LINES)


def _report(data: bytes, path: str) -> junit.Report | str | None:
    if not path:
        return None
    try:
        return junit.parse(data) if data else f"There is no report at {path}."
    except junit.ReportInvalid as error:
        return f"The report at {path} cannot be used: {error}"
