"""The measurement: many questions wait, people answer in four channels, and something goes wrong.

Models are a script, so this says nothing of repairs; questions, channels, consent and publishing
are real, behind doubles of Telegram and Slack at the wire.
"""

import asyncio
import hashlib
import secrets
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from control.anton import Anton
from core.approvals import Approval, ApprovalState, Decision, Person
from core.errors import ConfigError
from core.tasks import TaskRequest
from evals.approvals.doors import (
    LISTED,
    Door,
    RestDoor,
    SlackDoor,
    TelegramDoor,
    TerminalDoor,
    eventually,
)
from evals.approvals.faults import FAULTS, NOT_AT, OPEN, PUBLISHED, Act, Happened
from evals.scripted import REPOSITORY, Script, ScriptedThinking
from observability import host_programs

AT_ONCE = 8
"""Tasks at work at the same time."""
TAPS_AT_ONCE = 4
THINKS_S = 1.0
"""So many people tap side by side, each with a pause before the next question."""
CHANNELS = ("telegram", "slack", "rest", "terminal")
FIRST = "def total(items):\n    result = sum(items)\n    return result\n"
SECOND = "def total(items):\n    return sum(items)\n"
TELEGRAM_PEOPLE = {"ann": 71, "bob": 72, "eve": 73}
SLACK_PEOPLE = {"ann": "U0ALICE0001", "bob": "U0BOB000001", "eve": "U0EVE000001"}
SLACK_CHANNEL = "C0INCIDENTS"
RESUMED_BAR_S = 2.0

Opening = Callable[..., AbstractAsyncContextManager[tuple[Anton, str]]]
"""Opens a house at work behind all its faces, by settings; Anton, and the address of his API."""


@dataclass(frozen=True)
class Found:
    """What one cell showed."""

    channel: str
    fault: str
    questions: int
    wrong: int
    """Releases that nobody who may decide had tapped Approve on."""
    doubled: int
    """Tasks that published more than once."""
    unanswered: int
    """Taps that were not answered, or too late."""
    stuck: int
    """Tasks that did not come to what they had to."""
    resumed_s: tuple[float, ...]
    """From the decision to the step behind it."""
    notes: tuple[str, ...]
    seconds: float


@dataclass
class Grounds:
    """A house with doubles around it, for one cell."""

    folder: Path
    opening: Opening
    settings: Mapping[str, Any]
    thinking: ScriptedThinking
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    anton: Anton | None = None
    url: str = ""
    _done: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    @property
    def house(self) -> Anton:
        """Anton, as he is open now."""
        assert self.anton is not None  # noqa: S101 - opened before the first task
        return self.anton

    async def open(self) -> None:
        """Open the house on its data."""
        opened = self.opening(self.folder / "data", self.thinking, **self.settings)
        self.anton, self.url = await self.stack.enter_async_context(opened)

    async def restart(self) -> None:
        await self._only_once("restart", self._restarted)

    async def move_base(self) -> None:
        await self._only_once("move", self._moved)

    async def send_back(self, approval: Approval) -> Approval:
        decision = Decision(
            choice="request_changes",
            text="Without the variable, please.",
            patch_hash=approval.question.patch_hash,
            by=Person(channel="terminal", person_id="local"),
        )
        await self.house.decide(approval.approval_id, decision)
        return await self.asked_anew(approval)

    async def asked_anew(self, approval: Approval) -> Approval:
        async def newer() -> Approval | None:
            waiting = await self.waiting(approval.task_id)
            others = [one for one in waiting if one.approval_id != approval.approval_id]
            return others[0] if others else None

        found: Approval = await eventually(newer, "a question with the new diff")
        return found

    async def waiting(self, task_id: str = "") -> list[Approval]:
        """Questions that wait."""
        pending = ApprovalState.PENDING
        return list(await self.house.approvals(task_id=task_id, state=pending, limit=10_000))

    async def _only_once(self, name: str, act: Callable[[], Awaitable[None]]) -> None:
        if name not in self._done:
            self._done[name] = asyncio.ensure_future(act())
        await self._done[name]

    async def _restarted(self) -> None:
        await self.stack.aclose()
        await self.open()

    async def _moved(self) -> None:
        text = REPOSITORY["app.py"] + "\n\nLIMIT = 10\n"
        (self.folder / "repository" / "app.py").write_text(text)
        _git(self.folder / "repository", "commit", "-qam", "a limit")


async def run_suite(
    opening: Opening, *, count: int, only: str = "", told: Callable[[Found], None] = lambda _: None
) -> list[Found]:
    """Every fault in every channel, with so many questions that wait at once.

    Raises ConfigError where the doubles of Telegram and Slack are not at hand.
    """
    found = []
    for channel in CHANNELS:
        for fault, act in FAULTS.items():
            cell = f"{channel} {fault}"
            if (channel, fault) in NOT_AT or not cell.startswith(only):
                continue
            found.append(await _cell(opening, channel, fault, act, count))
            told(found[-1])
    return found


async def _cell(opening: Opening, channel: str, fault: str, act: Act, count: int) -> Found:
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="anton-approvals-") as folder:
        async with _grounds(opening, Path(folder), channel) as (grounds, door):
            asked = await _ask(grounds, door, count)
            gate = asyncio.Semaphore(TAPS_AT_ONCE)

            async def happen(approval: Approval) -> Happened:
                async with gate:
                    done = await act(grounds, door, approval)
                    await asyncio.sleep(THINKS_S)
                    return done

            happened = await asyncio.gather(*(happen(approval) for approval in asked))
            door.lose(False)
            stuck = [note for note in [await _settled(grounds, one) for one in happened] if note]
            return Found(
                channel=channel,
                fault=fault,
                questions=count,
                wrong=await _wrong(grounds, happened),
                doubled=await _doubled(grounds, happened),
                unanswered=sum(not answer.came for one in happened for answer in one.answers),
                stuck=len(stuck),
                resumed_s=await _resumed(grounds, happened),
                notes=(*stuck, *(one.doubtful for one in happened if one.doubtful)),
                seconds=time.monotonic() - begun,
            )


@asynccontextmanager
async def _grounds(
    opening: Opening, folder: Path, channel: str
) -> AsyncIterator[tuple[Grounds, Door]]:
    """A repository, doubles of the vendors, the house, and the door of one channel."""
    try:
        from tests.fakes.slack_person import SIGNING_SECRET
        from tests.fakes.slack_server import BOT_TOKEN, SlackDouble
        from tests.fakes.telegram_server import TelegramDouble
    except ImportError as error:
        raise ConfigError(
            f"The doubles of Telegram and Slack are not at hand: {error.name} is missing.",
            remedy="run this from a clone, with requirements-dev.txt installed",
        ) from error

    _repository(folder / "repository")
    keys = {name: secrets.token_urlsafe(24) for name in (*LISTED, "eve")}
    _write_keys(folder / "keys", keys)
    with TelegramDouble() as telegram, SlackDouble() as slack:
        for name, number in TELEGRAM_PEOPLE.items():
            telegram.person(number, name)
        chat_id = TELEGRAM_PEOPLE["ann"]
        slack.store.users["U0EVE000001"] = "eve"
        chosen: dict[str, Any] = {"api_keys_file": folder / "keys"}
        if channel == "telegram":
            chosen |= {
                "telegram_bot_token": telegram.token,
                "telegram_chat_id": str(chat_id),
                "telegram_api_url": telegram.url,
                "telegram_approver_ids": tuple(str(TELEGRAM_PEOPLE[who]) for who in LISTED),
            }
        if channel == "slack":
            chosen |= {
                "slack_bot_token": BOT_TOKEN,
                "slack_signing_secret": SIGNING_SECRET,
                "slack_channel": SLACK_CHANNEL,
                "slack_api_url": slack.api_url,
                "slack_approver_ids": tuple(SLACK_PEOPLE[who] for who in LISTED),
            }
        script = Script(fixes=(FIRST, SECOND))
        grounds = Grounds(folder, opening, chosen, ScriptedThinking(script))
        await grounds.open()
        doors: Mapping[str, Callable[[], Door]] = {
            "telegram": lambda: TelegramDoor(telegram, chat_id, TELEGRAM_PEOPLE),
            "slack": lambda: SlackDoor(slack, lambda: grounds.url, SLACK_CHANNEL, SLACK_PEOPLE),
            "rest": lambda: RestDoor(lambda: grounds.url, keys),
            "terminal": lambda: TerminalDoor(folder / "data", folder),
        }
        try:
            yield grounds, doors[channel]()
        finally:
            await grounds.stack.aclose()


async def _ask(grounds: Grounds, door: Door, count: int) -> list[Approval]:
    """So many tasks, each driven until its question waits and can be seen."""
    for number in range(count):
        text = f"total() is one too many, seen {number} times"
        repository = str(grounds.folder / "repository")
        await grounds.house.submit(TaskRequest(repository=repository, text=text))

    async def all_wait() -> list[Approval]:
        waiting = await grounds.waiting()
        return waiting if len(waiting) == count else []

    asked: list[Approval] = await eventually(all_wait, f"{count} questions")
    for approval in asked:
        await door.shown(approval)
    return asked


async def _settled(grounds: Grounds, happened: Happened) -> str:
    """Why a task did not come to what it had to; empty when it did."""
    task_id = happened.approval.task_id
    if happened.ends == OPEN:
        pending = await grounds.waiting(task_id)
        return "" if pending else "a question that should wait does not"

    async def over() -> bool:
        return (await grounds.house.task(task_id)).status.ended

    try:
        await eventually(over, "the end of a task")
    except TimeoutError:
        task = await grounds.house.task(task_id)
        return f"a task stays {task.status} at {task.node}: {task.reason}"
    task = await grounds.house.task(task_id)
    return "" if task.outcome == "fixed" else f"a task ended as {task.outcome}: {task.reason}"


async def _wrong(grounds: Grounds, happened: list[Happened]) -> int:
    """Approvals that stand, of questions which nobody listed had approved."""
    clicked = {approval_id for one in happened for approval_id in one.clicks}
    stands = await grounds.house.approvals(state=ApprovalState.APPROVED, limit=10_000)
    return sum(approval.approval_id not in clicked for approval in stands)


async def _doubled(grounds: Grounds, happened: list[Happened]) -> int:
    """Tasks with more than one branch, or with a branch that nobody approved."""
    listed = _git(grounds.folder / "repository", "for-each-ref", "--format=%(refname)")
    branches = [name for name in listed.split() if "/anton/" in name]
    doubled = 0
    for one in happened:
        own = sum(name.endswith(one.approval.task_id[:8]) for name in branches)
        doubled += own > (1 if one.ends == PUBLISHED else 0)
    return doubled


async def _resumed(grounds: Grounds, happened: list[Happened]) -> tuple[float, ...]:
    """Seconds from each decision that counted to the start of the step behind it."""
    times = []
    for one in happened:
        approval = await grounds.house.approval(one.approval.approval_id)
        if approval.decided_at is None:
            continue
        events = await grounds.house.events.after(0, task_id=approval.task_id, limit=1_000)
        starts = [
            (event.ts - approval.decided_at).total_seconds()
            for event in events
            if event.type == "node" and event.data.get("state") == "started"
        ]
        times += [min(later)] if (later := [start for start in starts if start >= 0]) else []
    return tuple(times)


def _repository(folder: Path) -> None:
    folder.mkdir()
    for name, text in REPOSITORY.items():
        (folder / name).write_text(text)
    _git(folder, "init", "-q", "-b", "main")
    _git(folder, "add", "-A")
    _git(folder, "commit", "-qm", "all there is")


def _git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=measurement", "-c", "user.email=measurement@localhost")
    done = subprocess.run(
        ["git", *who, *arguments],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
        env=host_programs.plain(),
    )
    return done.stdout


def _write_keys(file: Path, keys: Mapping[str, str]) -> None:
    scopes = {"eve": "read"}
    lines = [
        f"{name}:{scopes.get(name, 'approve')}:{hashlib.sha256(key.encode()).hexdigest()}"
        for name, key in keys.items()
    ]
    file.write_text("\n".join(lines) + "\n")
    file.chmod(0o600)
