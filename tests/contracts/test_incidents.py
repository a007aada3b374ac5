"""What every kind of store owes to the port IncidentStore."""

import asyncio
import importlib
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core import care
from core.errors import Conflict, NotFound
from core.incidents import Dismissal, Incident, IncidentEntry, IncidentState
from core.ports import IncidentFilter, TaskFilter
from core.reports import Reported
from core.tasks import Outcome, Task, TaskRequest, TaskStatus
from graph.repair.repeats import mark_of
from memory.stores import STORES
from observability.redaction import Redactor
from tests.fakes.clock import FakeClock

MARK = "ab" * 32


class Desk:
    """A store, and reports written into it."""

    def __init__(self, stores: Any, clock: FakeClock, folder: Path) -> None:
        self.stores, self.clock, self._folder = stores, clock, folder
        self.store = stores.incidents

    async def restart(self) -> None:
        await self.stores.close()
        self.stores = await type(self.stores).open(
            self._folder, clock=self.clock, redactor=Redactor(), exclusive=True
        )
        self.store = self.stores.incidents

    async def report(
        self, mark: str = MARK, *, joins: bool = True, key: str = "", **request: Any
    ) -> Reported:
        self.clock.advance(1)
        now = self.clock.now()
        asked = TaskRequest(**{"repository": "/srv/shop", "text": "It breaks.", **request})
        task = Task(task_id=str(uuid.uuid4()), request=asked, created_at=now, updated_at=now)
        reported: Reported = await self.store.report(task, mark, joins=joins, idempotency_key=key)
        return reported

    async def end(self, reported: Reported, to: IncidentState, **fields: Any) -> Incident:
        """End the task of a report, and leave its incident in a state."""
        assert reported.task and reported.incident
        await self.stores.tasks.update(
            reported.task.task_id, status=TaskStatus.COMPLETED, outcome=Outcome.FAILED
        )

        def how(incident: Incident) -> list[care.Change]:
            entry = IncidentEntry(kind="state", at=self.clock.now(), state=to)
            return [(incident.but(state=to, task_id="", **fields), entry)]

        after: Incident = await self.store.change(reported.incident.incident_id, how)
        return after

    async def tasks(self, incident: Incident | None) -> int:
        assert incident
        page = await self.stores.tasks.list(TaskFilter(incident=incident.incident_id))
        return len(page.tasks)


@pytest.fixture(params=STORES)
async def desk(request: Any, tmp_path: Path) -> AsyncIterator[Desk]:
    module, _, name = STORES[request.param].partition(":")
    kind, clock = getattr(importlib.import_module(module), name), FakeClock()
    opened = await kind.open(tmp_path, clock=clock, redactor=Redactor(), exclusive=True)
    desk = Desk(opened, clock, tmp_path)
    yield desk
    await desk.stores.close()


def ids(reported: Reported) -> tuple[str, str, str]:
    task, incident = reported.task, reported.incident
    return reported.how, task.task_id if task else "", incident.incident_id if incident else ""


async def test_a_report_opens_an_incident_with_its_task(desk: Desk) -> None:
    first = await desk.report(ticket="BUG-7", title="Totals are off", source="slack")
    assert first.how == "started" and first.task and first.incident
    kept = await desk.store.get(first.incident.incident_id)
    assert kept == first.incident
    assert (kept.state, kept.count, kept.task_id) == ("open", 1, first.task.task_id)
    assert (kept.title, kept.ticket, kept.source) == ("Totals are off", "BUG-7", "slack")
    stored = await desk.stores.tasks.get(first.task.task_id)
    assert stored.incident_id == kept.incident_id
    (entry,) = await desk.store.history(kept.incident_id)
    assert (entry.kind, entry.began, entry.task_id) == ("reported", True, first.task.task_id)
    assert not entry.request, "its words stand in the task"


async def test_a_second_report_joins_the_task_at_work_and_its_words_are_kept(desk: Desk) -> None:
    first = await desk.report()
    second = await desk.report(text="It breaks.\nStill, and with order 7.")
    assert ids(second) == ("joined", *ids(first)[1:])
    assert second.incident and second.incident.count == 2
    assert second.incident.last_seen_at > second.incident.opened_at
    latest, _ = await desk.store.history(second.incident.incident_id)
    assert not latest.began and latest.request["text"].endswith("with order 7.")
    assert await desk.tasks(second.incident) == 1


@pytest.mark.parametrize(
    "more", [{"base": "next"}, {"tests": ("t::a",)}, {"reproduction": "make x"}, {"revision": "v1"}]
)
async def test_a_report_that_asks_for_something_else_gets_its_own_task(
    desk: Desk, more: dict[str, Any]
) -> None:
    first, other = await desk.report(), await desk.report(**more)
    assert other.how == "started" and first.incident and other.incident
    assert other.incident.apart_from == first.incident.incident_id
    assert (await desk.report()).incident == first.incident.but(
        count=2, last_seen_at=desk.clock.now(), updated_at=desk.clock.now()
    )


async def test_reports_that_ask_for_the_same_other_thing_are_one(desk: Desk) -> None:
    first = await desk.report()
    others = [await desk.report(base="next") for _ in range(3)]
    assert [other.how for other in others] == ["started", "joined", "joined"]
    assert len({ids(other)[1:] for other in others}) == 1
    assert first.incident and others[-1].incident
    assert others[-1].incident.apart_from == first.incident.incident_id
    assert (await desk.report(base="other")).how == "started"
    await desk.end(others[0], IncidentState.RESOLVED)
    back = await desk.report(base="next")
    assert back.incident and back.incident.regression_of == ids(others[0])[2]


async def test_a_report_that_does_not_join_gets_its_own_task_and_incident(desk: Desk) -> None:
    reports = [await desk.report(joins=False) for _ in range(3)]
    assert {report.how for report in reports} == {"started"}
    assert len({ids(report)[1:] for report in reports}) == 3
    joined = await desk.report()
    assert ids(joined) == ("joined", *ids(reports[0])[1:]), "the first one is the fault's"


async def test_nobody_at_work_a_report_starts_a_task_of_the_same_incident(desk: Desk) -> None:
    first = await desk.report()
    for state in (IncidentState.OPEN, IncidentState.REJECTED, IncidentState.NOISE):
        await desk.end(first, state)
        second = await desk.report()
        assert second.how == "started" and second.incident and first.incident
        assert second.incident.incident_id == first.incident.incident_id
        assert second.incident.state is IncidentState.OPEN
        first = second
    assert first.incident and first.incident.count == 4
    assert await desk.tasks(first.incident) == 4


async def test_a_resolved_fault_that_comes_back_is_a_regression(desk: Desk) -> None:
    first = await desk.report()
    gone = await desk.end(first, IncidentState.RESOLVED)
    second = await desk.report()
    assert second.how == "started" and second.incident
    assert second.incident.regression_of == gone.incident_id
    assert second.incident.fingerprint == MARK and second.incident.count == 1
    with pytest.raises(Conflict, match="newer incident"):
        await desk.store.change(
            gone.incident_id, lambda one: [care.reopened(one, desk.clock.now(), by="rest:ann")]
        )
    assert await desk.store.get(gone.incident_id) == gone, "state unchanged"


async def test_a_pull_request_that_waits_answers_further_reports(desk: Desk) -> None:
    first = await desk.report()
    await desk.end(first, IncidentState.AWAITING_MERGE, pr_url="https://host/pr/1")
    second = await desk.report()
    assert ids(second) == ("joined", *ids(first)[1:])
    assert second.incident and second.incident.pr_url == "https://host/pr/1"


async def test_a_report_between_a_pull_request_and_the_end_of_its_task_joins(desk: Desk) -> None:
    first = await desk.report()
    assert first.task
    await desk.stores.tasks.update(
        first.task.task_id,
        status=TaskStatus.COMPLETED,
        outcome=Outcome.FIXED,
        result={"pr_url": "https://host/pr/1"},
    )
    second = await desk.report()
    assert ids(second) == ("joined", *ids(first)[1:])
    after = await desk.store.get(ids(first)[2])
    assert (after.count, after.task_id) == (2, first.task.task_id), "its end is still to be told"


async def test_a_dismissed_fault_is_counted_in_silence_until_its_end(desk: Desk) -> None:
    until = desk.clock.now() + timedelta(hours=1)
    said = Dismissal(reason="known", by="rest:ann", until=until)
    first = await desk.report()
    await desk.end(first, IncidentState.NOISE, dismissal=said)
    for count in (2, 3):
        again = await desk.report()
        assert again.how == "silenced" and again.task is None
        assert again.incident and again.incident.count == count
    assert (await desk.report(joins=False)).how == "started", "a person insists"
    desk.clock.advance(3600)
    heard = await desk.report()
    assert heard.how == "started" and heard.incident and heard.incident.dismissal is None


async def test_a_merged_incident_hands_its_reports_over(desk: Desk) -> None:
    one, two = await desk.report(), await desk.report("cd" * 32)
    await desk.end(one, IncidentState.OPEN)
    assert one.incident and two.incident
    gone = await desk.store.merge(
        one.incident.incident_id,
        two.incident.incident_id,
        lambda a, b: care.merged(a, b, desk.clock.now(), by="rest:ann"),
    )
    assert gone.state is IncidentState.DUPLICATE
    assert (await desk.store.get(two.incident.incident_id)).count == 2
    assert ids(await desk.report()) == ("joined", *ids(two)[1:])
    await desk.end(two, IncidentState.RESOLVED)
    back = await desk.report()
    assert back.incident and back.incident.regression_of == two.incident.incident_id
    assert ids(await desk.report()) == ("joined", *ids(back)[1:])
    assert ids(await desk.report("cd" * 32)) == ("joined", *ids(back)[1:])


async def test_one_of_many_reports_at_once_starts_the_task(desk: Desk) -> None:
    reports = await asyncio.gather(*(desk.report() for _ in range(20)))
    assert sorted(report.how for report in reports) == ["joined"] * 19 + ["started"]
    assert len({ids(report)[1:] for report in reports}) == 1
    assert (await desk.store.get(ids(reports[0])[2])).count == 20


async def test_no_incident_has_two_active_tasks(desk: Desk) -> None:
    first = await desk.report()
    assert first.task and first.incident
    twin = first.task.but(task_id=str(uuid.uuid4()))
    with pytest.raises(Conflict):
        await desk.stores.tasks.add(twin)
    with pytest.raises(Conflict, match="works on it already"):
        await desk.store.start(first.incident.incident_id, twin, "rest:ann")
    await desk.end(first, IncidentState.OPEN)
    begun = await desk.store.start(first.incident.incident_id, twin, "rest:ann")
    assert begun.task == twin and begun.incident.count == 1


async def test_an_open_incident_alone_takes_a_task_without_a_report(desk: Desk) -> None:
    first = await desk.report()
    assert first.task and first.incident
    await desk.end(first, IncidentState.REJECTED)
    twin = first.task.but(task_id=str(uuid.uuid4()))
    with pytest.raises(Conflict, match="rejected, not open"):
        await desk.store.start(first.incident.incident_id, twin, "rest:ann")
    assert await desk.tasks(first.incident) == 1


async def test_the_same_key_is_the_same_report(desk: Desk) -> None:
    first, again = await desk.report(key="k"), await desk.report(key="k")
    assert ids(again) == ids(first)
    assert (first.repeated, again.repeated) == (False, True)
    joined, again = await desk.report(key="j"), await desk.report(key="j")
    assert (joined.how, again.how, again.repeated) == ("joined", "joined", True)
    assert again.incident and again.incident.count == 2
    with pytest.raises(Conflict):
        await desk.report(key="k", text="Something else.")


async def test_a_silenced_report_with_a_key_counts_once_and_hears_the_same_for_a_day(
    desk: Desk,
) -> None:
    first = await desk.report()
    said = Dismissal(reason="known", by="rest:ann")
    await desk.end(first, IncidentState.NOISE, dismissal=said)
    silenced = await desk.report(key="k")
    assert (silenced.how, silenced.task, silenced.repeated) == ("silenced", None, False)
    assert await desk.report(key="k") == replace(silenced, repeated=True)
    with pytest.raises(Conflict):
        await desk.report(key="k", text="Something else.")
    await desk.restart()
    await desk.store.change(
        ids(first)[2], lambda one: [care.reopened(one, desk.clock.now(), by="rest:ann")]
    )
    assert await desk.report(key="k") == replace(silenced, repeated=True), "also once it is heard"
    assert (await desk.store.get(ids(first)[2])).count == 2
    desk.clock.advance(24 * 3600)
    assert (await desk.report(key="k")).how == "started"


async def test_incidents_are_listed_by_state_and_words_page_by_page(desk: Desk) -> None:
    reports = [
        await desk.report(f"{n:064x}", title=f"Fault {n}", ticket=f"BUG-{n}") for n in range(5)
    ]
    await desk.end(reports[0], IncidentState.RESOLVED)
    store = desk.store
    page = await store.list(IncidentFilter(), limit=3)
    assert [one.title for one in page.incidents] == ["Fault 4", "Fault 3", "Fault 2"]
    rest = await store.list(IncidentFilter(), cursor=page.cursor, limit=3)
    assert [one.title for one in rest.incidents] == ["Fault 1", "Fault 0"] and not rest.cursor
    by_state = await store.list(IncidentFilter(states=(IncidentState.RESOLVED,)))
    assert [one.title for one in by_state.incidents] == ["Fault 0"]
    by_words = await store.list(IncidentFilter(text="bug-3 SHOP"))
    assert [one.title for one in by_words.incidents] == ["Fault 3"]
    assert (await store.list(IncidentFilter(text="%"))).incidents == ()
    counts = await store.counts()
    assert (counts[IncidentState.OPEN], counts[IncidentState.RESOLVED]) == (4, 1)
    assert counts[IncidentState.NOISE] == 0
    (found,) = await store.find(ids(reports[2])[2][:8])
    assert found == reports[2].incident
    with pytest.raises(NotFound):
        await store.list(IncidentFilter(), cursor="no")
    with pytest.raises(NotFound):
        await store.get("nobody")


async def test_a_thousand_variants_of_one_fault_are_one_incident(desk: Desk) -> None:
    def variant(number: int) -> str:
        trace = f'Traceback:\n  File "shop/cart.py", line {number}, in total\nKeyError: {number}'
        at = f"2026-01-{number % 28 + 1:02}T10:{number % 60:02}:00Z"
        return f"Order {number} failed at {at}, trace {uuid.uuid4()}\n{trace}"

    reports = await asyncio.gather(
        *(
            desk.report(mark_of(TaskRequest(repository="/srv/shop", text=text)), text=text)
            for text in map(variant, range(1_000))
        )
    )
    assert len({ids(report)[1:] for report in reports}) == 1
    page = await desk.store.list(IncidentFilter())
    assert [one.count for one in page.incidents] == [1_000]
    kept = await desk.store.history(page.incidents[0].incident_id, limit=2_000)
    assert len({str(entry.request.get("text")) for entry in kept}) == 1_000, "no word is lost"


async def test_the_course_of_settled_incidents_is_forgotten_and_what_people_did_stays(
    desk: Desk,
) -> None:
    said = Dismissal(reason="known", by="rest:ann")
    settled, cared, silent = [await desk.report(mark * 32) for mark in ("ab", "cd", "ef")]
    for mark in ("ab", "cd", "ef"):
        await desk.report(mark * 32)
    await desk.end(settled, IncidentState.RESOLVED)
    await desk.end(cared, IncidentState.REJECTED)
    await desk.end(silent, IncidentState.OPEN)
    await desk.store.change(
        ids(silent)[2], lambda one: [care.dismissed(one, said, desk.clock.now())]
    )
    await desk.report("ef" * 32)

    async def lines(reported: Reported) -> list[tuple[str, bool]]:
        found = await desk.store.history(ids(reported)[2])
        return [(entry.kind, bool(entry.request)) for entry in found]

    whole = [("state", False), ("reported", True), ("reported", False)]
    assert await lines(settled) == await lines(cared) == whole
    desk.clock.advance(1)
    now = desk.clock.now()
    assert await desk.store.forget_words(now - timedelta(days=1)) == 0
    assert await desk.store.forget_words(now) == 3
    assert await lines(settled) == [("state", False), ("reported", False), ("reported", False)]
    assert await lines(cared) == whole, "somebody may still have to look after it"
    assert await desk.store.forget(now - timedelta(days=1)) == 0
    assert await desk.store.forget(now) == 3 + 4
    assert await lines(settled) == []
    assert await lines(silent) == [("dismissed", False)]
    assert await lines(cared) == whole
    assert await desk.store.forget(now) == await desk.store.forget_words(now) == 0
    assert (await desk.store.get(ids(silent)[2])).count == 3
