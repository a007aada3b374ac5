"""Runs the tests in the repository's own compose service, where the operator says so."""

from datetime import UTC, datetime

from core.errors import SandboxUnavailable
from core.evidence import Proof, RunEnd, TestRun
from core.ports import Environment, Sandbox
from sandbox import junit
from sandbox.command_runner import judged, report_path
from sandbox.compose import Compose, ComposeRefused
from sandbox.compose_file import plan
from sandbox.output import shown
from sandbox.surveys import Asked, Survey, nothing_run

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
    end, cases, proof, why = judged(composed.run, read, " ".join(argv), asked.tree)
    record = TestRun(
        tree_hash=asked.tree.id,
        argv=argv,
        environment=environment.environment_id,
        backend=BACKEND,
        end=end if end is not RunEnd.NO_TEST_RUNNER else RunEnd.FAILED,
        proof=proof if proof is not Proof.NOTHING else Proof.EXIT_CODE,
        exit_code=composed.run.exit_code,
        collected=tuple(case.test_id for case in cases),
        cases=cases,
        output=(f"{why}\n\n" if why else "") + shown(composed.run),
        started_at=started_at,
        ended_at=datetime.now(UTC),
    )
    return Survey(record, note=NO_LINES)


def _report(data: bytes, path: str) -> junit.Report | str | None:
    if not path:
        return None
    try:
        return junit.parse(data) if data else f"There is no report at {path}."
    except junit.ReportInvalid as error:
        return f"The report at {path} cannot be used: {error}"
