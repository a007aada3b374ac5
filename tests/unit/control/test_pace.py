"""Time to a pull request, over all tasks that ended, by who had the time."""

from datetime import timedelta

from control.pace import pace, way_of
from core.tasks import Outcome, Task, TaskRequest, TaskStatus, Usage
from tests.fakes.clock import START

REQUEST = TaskRequest(repository="/r", text="it breaks")
USAGE = Usage(seconds_model=100, seconds_sandbox=40, seconds_human=300)


def ended(outcome: Outcome = Outcome.FIXED, **more: object) -> Task:
    fields: dict[str, object] = {
        "task_id": "t",
        "request": REQUEST,
        "status": TaskStatus.COMPLETED,
        "outcome": outcome,
        "usage": USAGE,
        "created_at": START,
        "updated_at": START + timedelta(seconds=900),
        "started_at": START + timedelta(seconds=30),
        "ended_at": START + timedelta(seconds=700),
        **more,
    }
    return Task.model_validate(fields)


def test_a_way_is_split_by_who_had_the_time() -> None:
    way = way_of(ended(), START + timedelta(seconds=600))
    assert way.pr_s == 600
    assert (way.model_s, way.tool_s, way.queue_s, way.human_s) == (100, 40, 30, 300)
    assert way.other_s == 130


def test_work_side_by_side_leaves_no_rest_below_nothing() -> None:
    assert way_of(ended(), START + timedelta(seconds=60)).other_s == 0.0


def test_what_failed_counts_and_has_no_time_to_a_pull_request() -> None:
    ways = [way_of(ended(), START + timedelta(seconds=60 * n)) for n in range(1, 20)]
    ways.append(way_of(ended(Outcome.FAILED), None))
    found = pace(ways)
    assert (found.tasks, found.reached, found.share) == (20, 19, 0.95)
    assert (found.time_to_pr.p50_s, found.time_to_pr.p95_s) == (600.0, 1140.0)
    assert found.split["human"].p50_s == 300
    assert found.outcomes == {"failed": 1, "fixed": 19}


def test_of_nothing_nothing_is_said() -> None:
    found = pace([])
    assert (found.share, found.time_to_pr.p50_s, found.split["model"].p95_s) == (None, None, None)
