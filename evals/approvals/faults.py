"""What goes wrong between a question and its answer, each told as: act, then what has to be."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from core.approvals import Approval
from evals.approvals.doors import Answer, Door

PUBLISHED = "published"
OPEN = "open"
"""What a task has to come to: its one approved diff is out, or its question still waits."""


class Stage(Protocol):
    """What a fault may do to the house while people answer."""

    async def restart(self) -> None:
        """End the house, and open it again on the same data."""
        ...

    async def move_base(self) -> None:
        """Commit to the base branch what touches the file of every patch."""
        ...

    async def send_back(self, approval: Approval) -> Approval:
        """Ask for another diff, over the API; the question that comes with it."""
        ...

    async def asked_anew(self, approval: Approval) -> Approval:
        """The next question of the task, once there is one."""
        ...


@dataclass
class Happened:
    """What people did to one question, and heard."""

    approval: Approval
    ends: str
    """PUBLISHED or OPEN."""
    answers: list[Answer] = field(default_factory=list)
    clicks: set[str] = field(default_factory=set)
    """Ids of questions that a person who may decide tapped Approve on."""
    doubtful: str = ""
    """An answer that was not true, in words."""


Act = Callable[[Stage, Door, Approval], Awaitable[Happened]]


async def double_click(stage: Stage, door: Door, approval: Approval) -> Happened:
    """Two taps at the same time."""
    answers = await asyncio.gather(door.tap(approval, "approve"), door.tap(approval, "approve"))
    return Happened(approval, PUBLISHED, list(answers), {approval.approval_id})


async def late_click(stage: Stage, door: Door, approval: Approval) -> Happened:
    """A tap after the task has ended."""
    first = await door.tap(approval, "approve")
    late = await door.tap(approval, "approve")
    happened = Happened(approval, PUBLISHED, [first, late], {approval.approval_id})
    if "approved" not in late.said.lower():
        happened.doubtful = f"a late tap heard: {late.said[:80]}"
    return happened


async def two_approvers(stage: Stage, door: Door, approval: Approval) -> Happened:
    """Two people approve at the same time."""
    answers = await asyncio.gather(
        door.tap(approval, "approve", "ann"), door.tap(approval, "approve", "bob")
    )
    return Happened(approval, PUBLISHED, list(answers), {approval.approval_id})


async def changed_diff(stage: Stage, door: Door, approval: Approval) -> Happened:
    """The old button is tapped when there is a newer diff, then the new one."""
    newer = await stage.send_back(approval)
    await door.shown(newer)
    old = await door.tap(approval, "approve")
    new = await door.tap(newer, "approve")
    return Happened(newer, PUBLISHED, [old, new], {newer.approval_id})


async def moved_base(stage: Stage, door: Door, approval: Approval) -> Happened:
    """The file of the patch has changed on the base since: nothing of the old diff is published."""
    await stage.move_base()
    first = await door.tap(approval, "approve")
    newer = await stage.asked_anew(approval)
    await door.shown(newer)
    old = await door.tap(approval, "approve")
    new = await door.tap(newer, "approve")
    both = {approval.approval_id, newer.approval_id}
    return Happened(newer, PUBLISHED, [first, old, new], both)


async def restart_in_between(stage: Stage, door: Door, approval: Approval) -> Happened:
    """The house is opened again between the question and the tap."""
    await stage.restart()
    answer = await door.tap(approval, "approve")
    return Happened(approval, PUBLISHED, [answer], {approval.approval_id})


async def lost_answer(stage: Stage, door: Door, approval: Approval) -> Happened:
    """The tap arrives, and its answer does not."""
    door.lose(True)
    answer = await door.tap(approval, "approve")
    return Happened(approval, PUBLISHED, [answer], {approval.approval_id})


async def forged_nonce(stage: Stage, door: Door, approval: Approval) -> Happened:
    """A decision on what nobody asked."""
    return Happened(approval, OPEN, [await door.forge(approval)])


async def foreign_place(stage: Stage, door: Door, approval: Approval) -> Happened:
    """A tap from a chat, a workspace, a key or a folder that is not ours."""
    answer = await door.tap(approval, "approve", foreign=True)
    return Happened(approval, OPEN, [answer])


async def unlisted_person(stage: Stage, door: Door, approval: Approval) -> Happened:
    """Somebody taps who may not decide."""
    return Happened(approval, OPEN, [await door.tap(approval, "approve", "eve")])


FAULTS: dict[str, Act] = {
    "double click": double_click,
    "late click": late_click,
    "two approvers": two_approvers,
    "changed diff": changed_diff,
    "moved base": moved_base,
    "restart": restart_in_between,
    "lost answer": lost_answer,
    "forged nonce": forged_nonce,
    "foreign place": foreign_place,
    "unlisted person": unlisted_person,
}
NOT_AT = {("terminal", "unlisted person"), ("terminal", "two approvers")}
"""Who sits at the terminal is this machine's own account: there is no other person there."""
