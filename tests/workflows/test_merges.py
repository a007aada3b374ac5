"""What becomes of a pull request on its host decides what becomes of its incident."""

from pathlib import Path
from typing import Any

import pytest

from control.merges import Merges
from core.care import Change
from core.effects import PullState
from core.incidents import Incident, IncidentEntry, IncidentState
from core.tasks import Task, TaskRequest
from integrations import host_for
from tests.fakes.github import TOKEN, GitHubDouble
from tests.workflows.house import House
from tests.workflows.test_kills import NAME, on, soon


async def of(here: House, task: Task) -> Incident:
    return await here.anton.incidents.one((await here.anton.task(task.task_id)).incident_id)


async def report(here: House) -> Any:
    return await here.anton.report(TaskRequest(repository=NAME, text="total() is one too many"))


async def with_pull_request(here: House) -> Task:
    task = await here.answer(await here.run(repository=NAME), "approve")
    incident = await of(here, task)
    assert incident.state is IncidentState.AWAITING_MERGE and incident.pr_url.endswith("/pull/1")
    return task


async def test_a_merge_settles_the_incident_and_what_comes_back_is_a_regression(
    github: GitHubDouble, tmp_path: Path
) -> None:
    async with on(github, tmp_path) as here:
        task = await with_pull_request(here)
        assert (await report(here)).how == "joined"
    github.merge(1)
    async with on(github, tmp_path) as here:
        await here.anton.start()

        async def told() -> bool:
            events = [e for e in await here.anton.events.after(0) if e.type == "incident"]
            return bool(events[-1].data["state"] == "resolved")

        await soon(told)
        incident = await of(here, task)
        assert incident.state is IncidentState.RESOLVED
        assert incident.reason == "The pull request was merged."
        back = await report(here)
        assert (back.how, back.incident.regression_of) == ("started", incident.incident_id)


async def test_an_incident_waits_while_its_pull_request_is_open_or_cannot_be_seen(
    github: GitHubDouble, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with on(github, tmp_path) as here:
        task = await with_pull_request(here)
        options = {"token": TOKEN, "api_url": github.url}

        async def state_of(repository: str, url: str) -> PullState:
            host = host_for(repository, {"github": options})
            try:
                return await host.pull_state(url)
            finally:
                await host.close()

        merges = Merges(here.anton._records, state_of)
        await merges.look()
        assert (await of(here, task)).state is IncidentState.AWAITING_MERGE and not caplog.records
        github.merge(1)
        options["token"] = "another-token-of-nobody"
        await merges.look()
        assert (await of(here, task)).state is IncidentState.AWAITING_MERGE
        assert "/pull/1 is not known to be merged or not" in caplog.text
        options["token"] = TOKEN
        await merges.look()
        assert (await of(here, task)).state is IncidentState.RESOLVED


async def test_a_pull_request_that_is_refused_lets_reports_begin_again(
    github: GitHubDouble, tmp_path: Path
) -> None:
    async with on(github, tmp_path) as here:
        task = await with_pull_request(here)
    github.pulls[0]["state"] = "closed"
    async with on(github, tmp_path) as here:
        await here.anton.start()

        async def settled() -> bool:
            return (await of(here, task)).state is IncidentState.REJECTED

        await soon(settled)
        assert (await report(here)).how == "started"


async def test_a_pull_request_is_looked_for_where_its_task_worked(
    github: GitHubDouble, tmp_path: Path
) -> None:
    async with on(github, tmp_path) as here:
        task = await with_pull_request(here)
        incident, records = await of(here, task), here.anton._records

        def merged_from_elsewhere(one: Incident) -> list[Change]:
            entry = IncidentEntry(kind="merged", at=here.anton.clock.now(), state=one.state)
            return [(one.but(repository="acme/other"), entry)]

        await records.incidents.change(incident.incident_id, merged_from_elsewhere)
        asked = list[str]()

        async def state_of(repository: str, url: str) -> PullState:
            asked.append(repository)
            return PullState.OPEN

        await Merges(records, state_of).look()
        assert asked == [NAME]
