"""A server that is killed in the middle of a call to Slack, and what people find afterwards."""

import asyncio
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from evals.scripted import MENDED
from tests.e2e.crash_house import GitHubProcess, ServerProcess
from tests.e2e.crash_server import Plan
from tests.e2e.slack_house import AGAIN, options
from tests.fakes.slack_person import SlackPerson, Slow
from tests.fakes.slack_server import SlackDouble
from tests.fakes.slack_store import Shown

PATIENCE_S = 60.0
PROGRESS = 1
"""The message that tells of progress is posted before the first question."""
CALLS: dict[str, dict[str, Any]] = {
    "the question": {"path": "chat.postMessage", "skip": PROGRESS},
    "an edit": {"path": "chat.update"},
    "the form": {"path": "views.open"},
    "the answer to a tap": {"path": "/actions/.*"},
}
SAMPLE = {("the question", "effect"), ("the answer to a tap", "receipt")}
CELLS = [
    pytest.param(call, when, marks=() if (call, when) in SAMPLE else pytest.mark.slow)
    for call in CALLS
    for when in ("receipt", "effect", "answer")
]


@pytest.fixture(scope="module")
def github(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitHubProcess]:
    with GitHubProcess(tmp_path_factory.mktemp("github")) as process:
        yield process


@dataclass
class Lives:
    """A server in Slack that is started again whenever it was killed."""

    plan: Plan
    slack: SlackDouble
    served: list[ServerProcess] = field(default_factory=list)

    def alice(self) -> SlackPerson:
        """Alice, whose Slack speaks to the server that lives now."""
        if not self.served or self.served[-1].exit_code is not None:
            assert all(life.exit_code == -signal.SIGKILL for life in self.served)
            self.served.append(ServerProcess(self.plan))
            self.served[-1].wait_ready()
        return SlackPerson(self.slack, f"http://127.0.0.1:{self.served[-1].port}")

    async def seen(self, wanted: Callable[[Shown], object]) -> Shown:
        """The newest message that is as wanted, however many lives it takes."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            self.alice()
            if found := [m for m in self.slack.store.messages if wanted(m)]:
                return found[-1]
            await asyncio.sleep(0.02)
        raise AssertionError([m.seen for m in self.slack.store.messages])

    async def tap(self, message: Shown, button: dict[str, Any]) -> None:
        """Tap until somebody answers; people do."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            try:
                await self.alice().press(message, button)
                return
            except (httpx.TransportError, Slow):
                await asyncio.sleep(0.02)
        raise AssertionError("nobody answers a tap")


@pytest.mark.parametrize(("call", "when"), CELLS)
async def test_a_kill_within_a_call_loses_and_doubles_nothing(
    tmp_path: Path, github: GitHubProcess, call: str, when: str
) -> None:
    with SlackDouble() as slack:
        plan = Plan(
            tmp_path, github.url, github.token, options=options(slack), fixes=(MENDED, AGAIN)
        )
        lives = Lives(plan, slack)
        try:
            await _repaired(lives, call, when)
        finally:
            for life in lives.served:
                life.close()
        assert slack.violations == [] and slack.faults.struck
    assert len(lives.served) == 2
    task8 = next(m for m in slack.store.messages if "Release:" in m.seen).seen[:8]
    branches = [ref for ref in github.effects()["refs"] if ref.endswith(task8)]
    pulls = [pull for pull in github.effects()["pulls"] if pull["head"].endswith(task8)]
    assert (len(branches), len(pulls)) == (1, 1)
    ends = [m for m in slack.store.messages if "Ended: fixed" in m.seen and "Release:" in m.seen]
    assert [m.buttons for m in ends] == [{}]


async def _repaired(lives: Lives, call: str, when: str) -> None:
    """Ask for a repair, for changes, and for the release, with one kill on the way."""
    slack = lives.slack
    alice = lives.alice()
    slack.faults.plan(**CALLS[call], when=when, kill=lives.served[-1].pid)
    await alice.command("total() is off by one")
    first = await lives.seen(lambda m: "Request Changes" in m.buttons)
    twins = [m for m in slack.store.messages if "Release:" in m.seen]
    assert ["Repeated" in m.seen for m in twins] in ([False], [True], [False, True])
    approve = first.buttons["Approve & Open PR"]
    await lives.tap(first, first.buttons["Request Changes"])
    if call == "the form" and not slack.store.views:
        await lives.tap(first, first.buttons["Request Changes"])
    await lives.alice().submit(slack.store.views[-1], "give it another name")
    second = await lives.seen(lambda m: "Approve & Open PR" in m.buttons and "revision 2" in m.seen)
    await lives.tap(first, approve)
    await lives.seen(lambda m: "The patch has changed" in m.seen)
    await lives.tap(second, second.buttons["Approve & Open PR"])
    await lives.seen(lambda m: "revision 2" in m.seen and "Ended: fixed" in m.seen)
    for twin in twins:
        await lives.tap(twin, approve)
