"""Resolved incidents as cases to measure by: what was reported, and what was right."""

from collections.abc import AsyncIterator, Callable
from typing import Any

from control.chronicle import Records
from core.errors import Expired
from core.incidents import Incident, IncidentState
from core.patches import Patch
from core.plain import each_text
from core.ports import IncidentFilter, TaskFilter
from core.tasks import Outcome, Task, TaskRequest
from core.values import Value

PAGE = 100
SETTLING = (
    *(Outcome.FIXED, Outcome.FIXED_UNVERIFIED),
    *(Outcome.ALREADY_FIXED, Outcome.NOT_A_CODE_FAULT),
)
"""Outcomes of a task that found out what was right."""


class Expected(Value):
    """What was right, as recorded."""

    outcome: Outcome | None = None
    """Of the last task that found it out; None where people settled it themselves."""
    reason: str = ""
    """Why the incident is resolved."""
    root_cause: str = ""
    files: tuple[str, ...] = ()
    """What the fix changed."""
    diff: str = ""
    """The fix with its test, as it was approved; empty where it is not kept any more."""
    tests: tuple[str, ...] = ()
    """Red on the base and green with the fix."""


class IncidentCase(Value):
    """A resolved incident, without secrets and without the names of people."""

    case_id: str
    """That of the incident."""
    title: str
    report: str
    source: str
    repository: str
    base_sha: str = ""
    """Where the fault was there; empty where no task looked."""
    severity: str = ""
    reports: int
    """How often it was reported."""
    given_tests: tuple[str, ...] = ()
    """Tests that the report itself named."""
    reproduction: str = ""
    """A command that the report named."""
    expected: Expected


async def incident_cases(
    records: Records, redacted: Callable[[str], str]
) -> AsyncIterator[IncidentCase]:
    """Every resolved incident, newest first."""
    cursor, resolved = "", IncidentFilter(states=(IncidentState.RESOLVED,))
    while True:
        page = await records.incidents.list(resolved, cursor=cursor, limit=PAGE)
        for incident in page.incidents:
            case = await _case(records, incident)
            yield IncidentCase.load(each_text(case.dump(), redacted))
        cursor = page.cursor
        if not cursor:
            return


async def _case(records: Records, incident: Incident) -> IncidentCase:
    page = await records.tasks.list(TaskFilter(incident=incident.incident_id), limit=PAGE)
    task = next((one for one in page.tasks if one.outcome in SETTLING), None)
    request = task.request if task else TaskRequest.load(incident.request)
    return IncidentCase(
        case_id=incident.incident_id,
        title=incident.title,
        report=request.text,
        source=incident.source,
        repository=incident.repository,
        base_sha=(task and task.result.get("base_sha")) or "",
        severity=incident.severity or "",
        reports=incident.count,
        given_tests=tuple(request.tests),
        reproduction=request.reproduction,
        expected=await _expected(records, incident, task),
    )


async def _expected(records: Records, incident: Incident, task: Task | None) -> Expected:
    if task is None:
        return Expected(reason=incident.reason)
    result = task.result
    evidence: dict[str, Any] = result.get("evidence") or {}
    return Expected(
        outcome=task.outcome,
        reason=incident.reason,
        root_cause=(result.get("diagnosis") or {}).get("root_cause") or "",
        files=tuple((result.get("patch") or {}).get("files") or ()),
        diff=await _diff(records, task),
        tests=tuple(evidence.get("regression_tests") or ()),
    )


async def _diff(records: Records, task: Task) -> str:
    entries = task.result.get("artifacts") or ()
    ref = next((one["ref"] for one in entries if one["name"] == "patch.json"), "")
    if not ref or task.outcome not in (Outcome.FIXED, Outcome.FIXED_UNVERIFIED):
        return ""
    try:
        return Patch.model_validate_json(await records.artifacts.get(ref)).diff
    except Expired:
        return ""
