"""Which other tasks are about the same fault: counted and found by code, for triage to weigh."""

from collections.abc import AsyncIterator
from datetime import timedelta

from core.findings import Triage
from core.incidents import Repeats, fingerprint
from core.ports import TaskFilter, TaskStore
from core.tasks import Task, TaskRequest, TaskStatus
from repair.traces import frames_of, last_exception

DAY = timedelta(hours=24)
PAGE = 200
PAGES_MAX = 10
"""Of a list; what is behind them is not counted."""
OPEN = (TaskStatus.QUEUED, TaskStatus.RUNNING, TaskStatus.WAITING)


async def repeats_of(task_id: str, tasks: TaskStore) -> Repeats:
    """How often this fault was reported in the 24 h before, and the earliest open task about it."""
    task = await tasks.get(task_id)
    mark, since = mark_of(task.request), task.created_at - DAY
    count = 0
    async for one in _listed(tasks, TaskFilter(repository=task.request.repository)):
        if one.created_at <= since:
            break
        count += one.created_at <= task.created_at and mark_of(one.request) == mark
    earliest = await _earliest(task, tasks)
    if earliest is None:
        return Repeats(count_24h=max(1, count))
    return Repeats(
        count_24h=max(1, count), open_task=earliest.task_id, open_report=earliest.request.text
    )


def weighed(answer: Triage, repeats: Repeats) -> Triage:
    """The answer with what code knows; a duplicate of no known task is a fault like any."""
    answer = answer.but(occurrences_24h=repeats.count_24h)
    if answer.verdict != "duplicate":
        return answer
    if not repeats.open_task:
        return answer.but(verdict="real")
    return answer.but(duplicate_of=repeats.open_task)


async def _earliest(task: Task, tasks: TaskStore) -> Task | None:
    """The first task that is open, was there before, and is asked for the same."""
    found = [
        one
        for status in OPEN
        async for one in _listed(tasks, TaskFilter(status, repository=task.request.repository))
        if (one.created_at, one.task_id) < (task.created_at, task.task_id)
        and _asks_the_same(one.request, task.request)
    ]
    return min(found, key=lambda one: (one.created_at, one.task_id), default=None)


async def _listed(tasks: TaskStore, only: TaskFilter) -> AsyncIterator[Task]:
    """Tasks, newest first."""
    cursor = ""
    for _ in range(PAGES_MAX):
        page = await tasks.list(only, cursor=cursor, limit=PAGE)
        for task in page.tasks:
            yield task
        cursor = page.cursor
        if not cursor:
            return


def mark_of(request: TaskRequest) -> str:
    """The fingerprint of a request, as far as its words tell."""
    frames = frames_of(request.text)
    top = f"{frames[-1].path}:{frames[-1].function}" if frames else ""
    error = last_exception(request.text)
    return fingerprint(request.repository, error, request.headline, top, request.ticket)


def _asks_the_same(one: TaskRequest, other: TaskRequest) -> bool:
    """Whether two requests have one ticket or the same words, for the same revision."""
    where = (one.workflow, one.base, one.revision) == (other.workflow, other.base, other.revision)
    same_ticket = bool(one.ticket) and one.ticket == other.ticket
    return where and (same_ticket or _words(one) == _words(other))


def _words(request: TaskRequest) -> list[str]:
    """The report without layout and case."""
    return f"{request.title}\n{request.text}".casefold().split()
