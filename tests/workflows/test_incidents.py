"""Incidents follow their tasks, across restarts too, and people dismiss, reopen and merge them."""

import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core.errors import Conflict, NotFound, PayloadInvalid
from core.findings import Triage
from core.incidents import Incident, IncidentState
from core.tasks import Outcome, Task, TaskRequest, TaskStatus
from evals.scripted import MENDED, Script
from tests.workflows.house import ME, House, house

S = IncidentState


async def of(here: House, task: Task) -> Incident:
    return await here.anton.incidents.one((await here.anton.task(task.task_id)).incident_id)


async def passed(here: House, incident: Incident) -> list[str]:
    """The states that the event log tells of, one after the other."""
    events = [e for e in await here.anton.events.after(0) if e.incident_id == incident.incident_id]
    assert all(event.type == "incident" for event in events)
    states = [str(event.data["state"]) for event in events]
    return [state for at, state in enumerate(states) if states[:at][-1:] != [state]]


async def report(here: House, **more: Any) -> Any:
    request = {"repository": str(here.repository), "text": "total() is one too many", **more}
    return await here.anton.report(TaskRequest(**request))


async def test_an_incident_goes_where_its_task_goes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    async with house(tmp_path) as here:
        task = await here.run()
        waiting = await of(here, task)
        assert (waiting.state, waiting.task_id) == (S.AWAITING_FIX_APPROVAL, task.task_id)
        task = await here.answer(task, "approve")
        assert task.outcome is Outcome.FIXED
        incident = await of(here, task)
        assert (incident.state, incident.task_id) == (S.RESOLVED, "")
        assert incident.severity is task.severity
        assert await passed(here, incident) == [
            *("open", "triaging", "diagnosing", "fixing", "reviewing"),
            *("awaiting_fix_approval", "resolved"),
        ]
        kinds = [entry.kind for entry in await here.anton.incidents.history(incident.incident_id)]
        assert kinds == ["state"] * 6 + ["reported"]
    assert not caplog.records


async def test_an_incident_goes_on_with_its_task_after_a_restart(tmp_path: Path) -> None:
    async with house(tmp_path, Script(fixes=(MENDED,))) as here:
        task = await here.run()
    async with house(tmp_path, Script(fixes=(MENDED + "\n",))) as here:
        assert (await of(here, task)).state is S.AWAITING_FIX_APPROVAL
        again = await here.answer(task, "request_changes", "name it otherwise")
        incident = await of(here, again)
        assert incident.state is S.AWAITING_FIX_APPROVAL
        assert (await passed(here, incident))[-4:] == [
            *("awaiting_fix_approval", "fixing", "reviewing", "awaiting_fix_approval")
        ]
    async with house(tmp_path) as here:
        await here.answer(task, "reject", "not so")
        assert (await of(here, task)).state is S.REJECTED


async def test_a_crash_between_the_end_and_its_telling_loses_no_state(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        task = await here.run()
        records = here.anton._records
        await here.decide(await here.pending(task), "reject", "no")
        lease = await records.tasks.take("a worker that dies", limit_running=9, ttl_s=0.001)
        assert lease
        await records.tasks.update(
            task.task_id, status=TaskStatus.COMPLETED, outcome=Outcome.REJECTED, reason="no"
        )
        assert (await of(here, task)).state is S.AWAITING_FIX_APPROVAL
    async with house(tmp_path) as here:
        await here.anton.work_once()
        incident = await of(here, task)
        assert (incident.state, incident.task_id) == (S.REJECTED, "")


async def test_a_cancelled_task_opens_its_incident_again(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        task = await here.run()
        await here.anton.cancel(task.task_id, ME)
        await here.anton.work_once()
        incident = await of(here, task)
        assert (incident.state, incident.task_id) == (S.OPEN, "")
        assert "Cancelled" in incident.reason


async def test_what_triage_calls_noise_is_noise_and_not_silent(tmp_path: Path) -> None:
    noise = Script(triage=Triage(verdict="noise", reasoning='"total() is one too many" is a joke'))
    async with house(tmp_path, noise) as here:
        task = await here.run()
        assert task.outcome is Outcome.NOISE
        assert (await of(here, task)).state is S.NOISE
        assert (await report(here)).how == "started"


async def test_an_escalation_after_attempts_waits_for_another_fix(tmp_path: Path) -> None:
    async with house(tmp_path, Script(fixes=(None,))) as here:
        task = await here.run(max_iterations=1)
        assert (await of(here, task)).state is S.AWAITING_REFIX_APPROVAL
        task = await here.answer(task, "stop")
        assert (await of(here, task)).state in (S.OPEN, S.REJECTED)


async def test_a_second_report_joins_and_a_person_may_insist(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        task = await here.run()
        joined = await report(here)
        assert (joined.how, joined.task.task_id) == ("joined", task.task_id)
        assert (await of(here, task)).count == 2
        own = await here.submit()
        assert own.task_id != task.task_id
        assert (await of(here, own)).apart_from == (await of(here, task)).incident_id


async def test_a_dismissed_fault_is_silent_until_it_is_reopened(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        task = await here.run()
        desk, incident = here.anton.incidents, await of(here, task)
        with pytest.raises(Conflict, match="works on it"):
            await desk.dismiss(incident.incident_id, ME, reason="known")
        await here.answer(task, "reject", "no")
        with pytest.raises(PayloadInvalid):
            await desk.dismiss(incident.id8, ME, reason=" ")
        end = here.anton.clock.now() + timedelta(days=1)
        gone = await desk.dismiss(incident.id8, ME, reason="known since March", until=end)
        assert (gone.state, gone.dismissal and gone.dismissal.until) == (S.NOISE, end)
        silenced = await report(here)
        assert (silenced.how, silenced.task, silenced.incident.count) == ("silenced", None, 2)
        with pytest.raises(Conflict, match="noise, not open"):
            await here.anton.fix(incident.id8, ME)
        assert (await desk.reopen(incident.id8, ME)).state is S.OPEN
        begun = await here.anton.fix(incident.id8, ME)
        assert begun.request.text == task.request.text
        assert (await of(here, begun)).task_id == begun.task_id
        assert await here.anton.audited() == "ok"


async def test_a_duplicate_hands_its_reports_to_the_fault_that_it_repeats(tmp_path: Path) -> None:
    script = Script(triage=Triage(verdict="duplicate", reasoning="It tells the same."))
    async with house(tmp_path, script) as here:
        first, second = await here.run(), await here.run()
        assert second.outcome is Outcome.DUPLICATE
        gone, stays = await of(here, second), await of(here, first)
        assert (gone.state, gone.merged_into) == (S.DUPLICATE, stays.incident_id)
        assert (stays.count, stays.task_id) == (2, first.task_id)


async def test_merge_and_resolve_by_hand(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        one, two = await here.run(text="total() is off"), await here.run(text="sum() is off")
        desk = here.anton.incidents
        await here.answer(one, "reject", "no")
        source, target = await of(here, one), await of(here, two)
        gone = await desk.merge(source.id8, target.id8, ME)
        assert gone.merged_into == target.incident_id
        assert (await of(here, two)).count == 2
        assert (await report(here, text="total() is off")).task.task_id == two.task_id
        await here.answer(two, "reject", "no")
        settled = await desk.resolve(target.id8, ME, "The supplier has mended it.")
        assert settled.state is S.RESOLVED
        back = await report(here, text="total() is off")
        assert back.incident.regression_of == target.incident_id
        with pytest.raises(NotFound):
            await desk.one("00000000")
