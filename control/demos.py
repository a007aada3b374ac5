"""Demos: what waits for consent is shown live meanwhile; nobody is kept waiting by it.

A view of the tables, as channels are: the pending questions of release are compared with what is
shown, and what differs is started or ended. A row says what people are told; the apps themselves
live in the process that drives tasks, and end with it.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from control.chronicle import Records
from core.approvals import Approval, ApprovalState, Person, QuestionKind
from core.demos import Demo, DemoState
from core.errors import AntonError, Conflict, DemoUnavailable, NothingToShow, StoreError
from core.events import AuditEntry, Notice
from core.patches import Patch
from core.ports import AuditLog, LiveDemo
from core.trees import Tree

log = logging.getLogger(__name__)

LOOK_S = 2.0
"""How often it is looked whether a demo is due; a request is heard at once."""
PENDING_MAX = 1_000
RESTARTED = "the server was restarted"
STOPPED = "the server stopped"
DECIDED = "the question is settled"
OVER = "it was shown for {:g} minutes"
OFF = "LIVE_DEMO=off: nothing is shown live."


@dataclass(frozen=True)
class Showing:
    """What shows the tree that a question asks to release.

    Both raise NothingToShow, or another AntonError that tells why it cannot be shown.
    """

    find: Callable[[Approval], Awaitable[object]]
    """Looks whether there is an app, and starts nothing."""
    start: Callable[[Approval], Awaitable[LiveDemo]]
    """Starts it, and waits until it answers."""


@dataclass(frozen=True)
class Habits:
    """When demos begin, and for how long."""

    mode: Literal["off", "auto", "on"] = "auto"
    """`auto` begins by itself what only this machine reaches, and `on` all."""
    lasts: timedelta = timedelta(minutes=30)
    at_once: int = 3
    is_public: bool = False
    """Whether anybody who knows the address reaches what is shown."""


class Demos:
    """Shows the candidates of pending releases."""

    def __init__(
        self,
        records: Records,
        audit: AuditLog,
        habits: Habits,
        showing: Showing | None = None,
        masked: Callable[[str], str] = str,
    ) -> None:
        """Without `showing` requests are written down for the process that has it.

        `masked` takes our own secrets out of what an app says.
        """
        self._records = records
        self._audit = audit
        self._habits = habits
        self._showing = showing
        self._masked = masked
        self._shows: dict[str, asyncio.Task[None]] = {}
        self._wake = asyncio.Event()
        self._met: set[str] = set()
        """Questions that have a row."""

    async def ask(self, task_id: str, by: Person) -> Demo:
        """Have the candidate of a task shown, anew if it is live; what is coming already stays.

        Raises Conflict when no release of the task waits, DemoUnavailable where nothing is shown.
        """
        if self._habits.mode == "off":
            raise DemoUnavailable(OFF)
        approval = await self._asking(task_id)
        known = await self._records.demos.of(approval.approval_id)
        if known and known.is_coming:
            return known
        detail = {"approval_id": approval.approval_id, "patch_hash": approval.question.patch_hash}
        entry = AuditEntry(action="demo", task_id=task_id, actor=by.account, detail=detail)
        await self._audit.record(entry)
        demo = await self._note(approval, "wanted", asked_by=by.account)
        self._wake.set()
        return demo

    async def of(self, task_id: str) -> Demo | None:
        """The demo beside the release of a task that waits; None where there is none."""
        with contextlib.suppress(Conflict):
            approval = await self._asking(task_id)
            return await self._records.demos.of(approval.approval_id)
        return None

    async def beside(self, approval_id: str) -> Demo | None:
        """The demo beside a question, also one that is settled; None where there never was one."""
        return await self._records.demos.of(approval_id)

    async def urls(self) -> Mapping[str, str]:
        """Where tasks are shown live, by their ids."""
        shown = await self._records.demos.under_way()
        return {demo.task_id: demo.url for demo in shown if demo.url}

    async def run(self) -> None:
        """Look again and again, until it is cancelled; a store that fails is asked again."""
        await self._told_after_a_restart()
        while self._showing is not None:
            self._wake.clear()
            try:
                await self.look()
            except StoreError as error:
                log.error("demos cannot be looked for: %s", error)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._wake.wait()

    async def look(self) -> None:
        """Begin what is due, and end what is over."""
        pending = {one.approval_id: one for one in await self._releases()}
        self._met &= pending.keys()
        for approval_id in pending.keys() - self._met:
            if await self._records.demos.of(approval_id) is None:
                await self._first(pending[approval_id])
            self._met.add(approval_id)
        for demo in await self._records.demos.under_way():
            asked = pending.get(demo.approval_id)
            if asked is None:
                await self._end(demo.approval_id)
                await self._keep(demo, "ended", reason=DECIDED)
            elif demo.state == "wanted":
                await self._end(demo.approval_id)
                await self._begin(asked, demo)

    async def close(self) -> None:
        """End all that is shown here."""
        for approval_id in list(self._shows):
            await self._end(approval_id)
            with contextlib.suppress(StoreError):
                demo = await self._records.demos.of(approval_id)
                if demo and demo.state in ("starting", "live"):
                    await self._keep(demo, "ended", reason=STOPPED)

    async def _first(self, approval: Approval) -> None:
        """What happens by itself where a release begins to wait."""
        if self._habits.mode == "off":
            return
        if self._habits.mode == "on" or not self._habits.is_public:
            await self._note(approval, "wanted")
            return
        try:
            if self._showing is not None:
                await self._showing.find(approval)
        except NothingToShow as nothing:
            await self._note(approval, "absent", reason=nothing.message)
        except AntonError as error:
            await self._note(approval, "unavailable", reason=self._masked(error.message))
        else:
            await self._note(approval, "offered")

    async def _begin(self, approval: Approval, demo: Demo) -> None:
        if len(self._shows) >= self._habits.at_once:
            reason = f"{len(self._shows)} others are shown, and no more may be at once"
            await self._keep(demo, "unavailable", reason=reason)
            return
        starting = await self._keep(demo, "starting")
        show = asyncio.create_task(self._attend(approval, starting))
        self._shows[demo.approval_id] = show
        show.add_done_callback(lambda _: self._forget(demo.approval_id, show))

    def _forget(self, approval_id: str, show: "asyncio.Task[None]") -> None:
        if self._shows.get(approval_id) is show:
            del self._shows[approval_id]
        if not show.cancelled() and (error := show.exception()):
            log.error("what a demo came to was not written down: %s", error)

    async def _end(self, approval_id: str) -> None:
        """End what is shown beside a question, with its sandbox."""
        show = self._shows.pop(approval_id, None)
        if show is not None:
            show.cancel()
            await asyncio.gather(show, return_exceptions=True)

    async def _attend(self, approval: Approval, demo: Demo) -> None:
        """Start it, and stay with it until it ends or its time is over."""
        try:
            live = await self._started(approval)  # cancelled before, it has nothing to close
        except NothingToShow as nothing:
            silent = self._habits.mode == "auto" and not demo.asked_by
            state: DemoState = "absent" if silent else "unavailable"
            await self._keep(demo, state, reason=nothing.message)
            return
        except AntonError as error:
            await self._keep(demo, "unavailable", reason=self._masked(error.message))
            return
        except Exception as error:  # a demo must never hold up or end anything else
            log.exception("a demo broke", extra={"task_id": demo.task_id})
            fault = f"a fault of Anton's own: {type(error).__name__}"
            await self._keep(demo, "unavailable", reason=fault)
            return
        try:
            ends_at = self._records.clock.now() + self._habits.lasts
            await self._keep(demo, "live", url=live.url, ends_at=ends_at)
            reason = await self._lasting(live)
            await self._keep(demo, "ended", unless="wanted", reason=self._masked(reason))
        finally:
            await live.close()

    async def _started(self, approval: Approval) -> LiveDemo:
        if self._showing is None:
            raise DemoUnavailable
        return await self._showing.start(approval)

    async def _lasting(self, live: LiveDemo) -> str:
        """Wait for its end; why it came."""
        try:
            async with asyncio.timeout(self._habits.lasts.total_seconds()):
                return await live.ended()
        except TimeoutError:
            return OVER.format(self._habits.lasts.total_seconds() / 60)

    async def _told_after_a_restart(self) -> None:
        """What an earlier process showed is shown no more; what it was asked for still is."""
        try:
            for demo in await self._records.demos.under_way():
                if demo.approval_id in self._shows:  # this chore began anew, in the same process
                    continue
                if demo.state != "wanted" or self._showing is None:
                    await self._keep(demo, "ended", reason=RESTARTED)
        except StoreError as error:
            log.error("demos of an earlier process are not marked as ended: %s", error)

    async def _asking(self, task_id: str) -> Approval:
        """The release of a task that waits; raises Conflict when none does."""
        for approval in await self._releases(task_id):
            return approval
        raise Conflict("No release of this task waits: there is nothing to show.")

    async def _releases(self, task_id: str = "") -> Sequence[Approval]:
        pending = await self._records.approvals.list(
            task_id=task_id, state=ApprovalState.PENDING, limit=PENDING_MAX
        )
        return [
            one
            for one in pending
            if one.question.kind is QuestionKind.RELEASE and one.question.patch_ref
        ]

    async def _note(self, approval: Approval, state: DemoState, **facts: Any) -> Demo:
        """Begin the row of a demo."""
        demo = Demo(
            approval_id=approval.approval_id,
            task_id=approval.task_id,
            patch_hash=approval.question.patch_hash,
            state=state,
            changed_at=self._records.clock.now(),
        )
        return await self._keep(demo, state, **facts)

    async def _keep(
        self, demo: Demo, state: DemoState, *, unless: DemoState | None = None, **facts: Any
    ) -> Demo:
        """Write down where it stands, and tell of it; the address is told by the row alone.

        `unless` is where it may stand meanwhile, and then stays.
        """
        blank = {"url": "", "reason": "", "ends_at": None}
        now = self._records.clock.now()
        kept = demo.but(**{**blank, **facts}, state=state, changed_at=now)
        if not await self._records.demos.keep(kept, unless=unless):
            return demo
        data = {"approval_id": kept.approval_id, "state": state, "reason": kept.reason}
        await self._records.events.append(Notice(type="demo", task_id=kept.task_id, data=data))
        return kept


def candidate_of(approval: Approval, base: Tree, patch: Patch) -> Tree:
    """The tree that was proven, from its base; raises DemoUnavailable where it is another."""
    tree = patch.apply(base)
    if patch.sha256 != approval.question.patch_hash or tree.id != approval.question.tree_hash:
        raise DemoUnavailable("the files of the base are not those any more that it was made for")
    return tree
