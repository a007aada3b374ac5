"""Events become lines that a person can follow, harmless whatever is in them."""

import io
from datetime import UTC, datetime
from typing import Any

import pytest
from rich.console import Console

from cli.progress import LiveTeller, PlainTeller, follow, told
from core.events import Event, EventType


def event(type_: EventType, seq: int = 1, **data: Any) -> Event:
    return Event(type=type_, task_id="t", seq=seq, ts=datetime.now(UTC), data=data)


def lines(type_: EventType, **data: Any) -> list[str]:
    return [str(line) for line in told(event(type_, **data))]


RUN = {"verdict": "failed", "failed": ["tests/t.py::a"], "passed": 0}


@pytest.mark.parametrize(
    ("type_", "data", "expected"),
    [
        (
            "node",
            {"node": "triage", "state": "finished", "summary": "real, P2", "ms": 1500},
            ["✓ triage      real, P2  (1.5 s)"],
        ),
        ("node", {"node": "fix", "state": "failed", "reason": "gone"}, ["✗ fix         gone"]),
        ("node", {"node": "fix", "state": "started"}, []),
        (
            "status",
            {"status": "running", "reason": "waiting for model m since 12:00:00 UTC"},
            ["· waits       waiting for model m since 12:00:00 UTC"],
        ),
        ("status", {"status": "running", "reason": ""}, []),
        ("status", {"status": "failed", "reason": "It ended."}, []),
        (
            "diagnosis",
            {
                "root_cause": "it toggles",
                "suspects": [{"path": "a.py", "line": 3, "function": "f", "score": 0.5}],
            },
            ["· cause       it toggles", "· suspects    0.50 a.py:3 in f"],
        ),
        (
            "evidence",
            {
                "verdict": "fixed",
                "before": RUN,
                "after": {"verdict": "passed", "failed": [], "passed": 9},
            },
            [
                "· on base     red: 1 failed, 0 passed (tests/t.py::a)",
                "· on the fix  green: 0 failed, 9 passed",
                "✓ proof       fixed",
            ],
        ),
        (
            "evidence",
            {"verdict": "still_red", "note": "as before", "after": RUN},
            [
                "· on the fix  red: 1 failed, 0 passed (tests/t.py::a)",
                "✗ proof       still_red: as before",
            ],
        ),
        (
            "evidence",
            {"verdict": "x", "after": {"verdict": "no_test_runner", "failed": [], "passed": 0}},
            [
                "· on the fix  neither red nor green, no_test_runner: 0 failed, 0 passed",
                "✗ proof       x",
            ],
        ),
        (
            "patch",
            {"patch_hash": "f" * 64, "files": ["a.py"], "added": 1, "removed": 2, "risk": "low"},
            ["· patch       ffffffffffff a.py +1 -2 risk low"],
        ),
        ("approval", {"state": "pending", "kind": "release"}, ["? asked       release"]),
        (
            "approval",
            {"state": "approved", "decided_by": {"person_id": "p", "channel": "rest"}},
            ["· answer      approved by p on rest"],
        ),
        ("search", {"tried": 3, "plausible": 1}, []),
        ("end", {"outcome": "fixed"}, ["✓ end         fixed"]),
        ("budget", {"cost_usd": 1}, []),
        (
            "budget",
            {"scope": "task", "notice": 80, "cost_usd": 0.4, "limit_usd": 0.5},
            [
                "· budget      80 % of the budget of this task: "
                "$0.4000 of $0.5000 are used or reserved"
            ],
        ),
        (
            "budget",
            {"scope": "hour", "notice": 100, "tokens": 9000, "limit_tokens": 10_000},
            [
                "· budget      100 % of the budget of this hour: "
                "9,000 of 10,000 tokens are used or reserved"
            ],
        ),
        (
            "budget",
            {"scope": "task", "limit_usd": 1.5},
            ["· budget      the budget of this task is $1.50 from now on"],
        ),
    ],
)
def test_an_event_is_told_in_lines(
    type_: EventType, data: dict[str, Any], expected: list[str]
) -> None:
    assert lines(type_, **data) == expected


@pytest.mark.parametrize("type_", ["node", "diagnosis", "evidence", "review", "patch", "approval"])
def test_an_event_without_its_facts_is_no_surprise(type_: EventType) -> None:
    assert all(isinstance(line, str) for line in lines(type_))


def test_hostile_events_cannot_act() -> None:
    hostile = "\x1b[2J\u202e[red]\r"
    written = "".join(
        lines("node", node=hostile, state="finished", summary=hostile)
        + lines("diagnosis", root_cause=hostile, suspects=[])
        + lines("evidence", verdict="fixed", before={"failed": [hostile], "passed": 1})
        + lines("review", verdict=hostile, issues=[{"severity": hostile, "message": hostile}])
        + lines("patch", files=[hostile], patch_hash=hostile)
    )
    assert not {"\x1b", "\u202e", "\r"} & set(written)
    assert "[red]" in written


def test_plain_lines_are_never_cut() -> None:
    out = io.StringIO()
    PlainTeller(Console(file=out, width=40)).tell(
        event("diagnosis", root_cause="word " * 30, suspects=[])
    )
    assert out.getvalue().count("word") == 30
    assert out.getvalue().count("\n") == 1


def test_a_terminal_shows_the_search_moving() -> None:
    out = io.StringIO()
    teller = LiveTeller(Console(file=out, force_terminal=True, width=80))
    teller.tell(event("node", node="fix", state="started"))
    teller.tell(event("search", tried=120, plausible=1))
    teller.tell(event("node", node="fix", state="finished", summary="done", ms=10))
    teller.close()
    assert "120 candidates tried, 1 plausible" in out.getvalue()
    assert "✓ fix" in out.getvalue()


class Log:
    """An event log that grows by one event at each look."""

    def __init__(self, events: list[Event]) -> None:
        self.events, self.visible = events, 0

    async def after(self, seq: int, *, task_id: str = "", limit: int = 500) -> list[Event]:
        self.visible += 1
        return [e for e in self.events[: self.visible] if e.seq > seq][:limit]


async def test_following_tells_every_event_once_and_the_last_ones_too() -> None:
    heard: list[int] = []

    class Ear:
        def tell(self, event: Event) -> None:
            heard.append(event.seq)

        def close(self) -> None:
            """Nothing is held."""

    log = Log([event("end", seq=n) for n in range(1, 6)])

    async def over() -> bool:
        return len(heard) >= 2

    last = await follow(log, "t", Ear(), over)  # type: ignore[arg-type]
    assert heard == [1, 2, 3, 4, 5]
    assert last == 5
