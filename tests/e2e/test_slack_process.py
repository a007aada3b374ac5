"""The server process before a Slack at the wire, killed between a click and what it leads to."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.e2e.slack_house import ALICE, LONG_S, demo_service, seen
from tests.e2e.test_rest_process import serving
from tests.fakes.repositories import git
from tests.fakes.slack_person import LIMIT_S, SlackPerson
from tests.fakes.slack_server import SlackDouble
from tests.fakes.slack_store import Shown


@pytest.fixture
def slack() -> Iterator[SlackDouble]:
    with SlackDouble() as double:
        yield double
        assert double.violations == []
        assert [m.pings for m in double.store.messages if m.pings] == []


def question(revision: str) -> Callable[[Shown], object]:
    return lambda m: "Approve & Open PR" in m.buttons and revision in m.seen


@pytest.mark.needs_bubblewrap
@pytest.mark.timeout(300)
async def test_the_ticket_of_the_demo_is_repaired_through_slack_and_a_kill(
    tmp_path: Path, slack: SlackDouble
) -> None:
    """The offline engine, in its sandbox: two diffs, one kill, one branch."""
    repo, options = demo_service(tmp_path, slack)
    with serving(tmp_path, **options) as (process, port):
        alice = SlackPerson(slack, f"http://127.0.0.1:{port}", doubled=True)
        await alice.command("")
        first = await seen(slack, question(""))
        old = first.buttons["Approve & Open PR"]
        for told in ("BUG-42", "Reminder after 30 min", "todo/store.py +1 -1"):
            assert told in first.seen
        await alice.tap(first, "Request Changes")
        await alice.submit(slack.store.views[0], "write it otherwise, please")
        second = await seen(slack, question("revision 2"))
        changed = next(
            line[1:] for line in second.seen.splitlines() if "+        self._todos" in line
        )
        await alice.press(first, old)
        await seen(slack, lambda m: "The patch has changed" in m.seen)

        slack.faults.plan(path="/actions/.*", kill=process.pid)
        alice.doubled = False
        with pytest.raises(httpx.TransportError):
            await alice.tap(second, "Approve & Open PR")
        assert process.wait(LONG_S) < 0
        assert alice.slowest_s < LIMIT_S
    with serving(tmp_path, **options) as (_, port):
        done = await seen(slack, lambda m: m.ref == second.ref and "Ended: fixed" in m.seen)
        assert f"Approved by alice ({ALICE})" in done.seen and not done.buttons
        await seen(slack, lambda m: m.ref == first.ref and "Changes requested" in m.seen)
    (branch,) = git(repo, "branch", "--list", "anton/*", "--format=%(refname:short)").split()
    shown = git(repo, "show", f"{branch}:todo/store.py")
    assert changed in shown
    assert len([m for m in slack.store.messages if "Release:" in m.seen]) == 2
