"""What a message shows: cards made by code from the tables, the same for every channel."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from pydantic import ValidationError

from core.approvals import POLICY, Approval, ApprovalState, Choice, QuestionKind
from core.briefing import Briefing
from core.channels import Button, Card
from core.demos import Demo
from core.errors import Expired, StoreUnusable
from core.patches import Patch
from core.ports import ArtifactStore, Standing
from core.tasks import Outcome, Task, TaskStatus
from core.values import Value
from core.visible import one_line, visible

Kept = TypeVar("Kept", bound=Value)
MATERIAL_KEPT = 256
"""Briefings and diffs of so many questions are kept at hand."""
BODY_MAX = 2_000
"""Characters of a question's text; what is longer is to be read elsewhere, and says so."""
DEMO = "demo"
"""The action of the button that starts a demo."""
CLOSES: tuple[Choice, ...] = ("approve", "reject", "stop", "take_over", "noise")
"""Answers that a task ends with: the message that asked then tells the end, and no other does."""

_LABELS: dict[str, str] = {
    "approve": "Approve",
    "request_changes": "Give feedback",
    "reject": "Reject",
    "guidance": "Give guidance",
    "more_attempts": "Go on",
    "take_over": "Take over",
    "answer": "Answer",
    "noise": "It is noise",
    "stop": "Stop",
}
_DONE: dict[str, str] = {
    "approve": "Approved",
    "request_changes": "Changes requested",
    "reject": "Rejected",
    "raise_budget": "Budget raised",
    "guidance": "Guidance given",
    "more_attempts": "Sent on",
    "take_over": "Taken over",
    "answer": "Answered",
    "noise": "Called noise",
    "stop": "Stopped",
}
_STEPS: dict[str, str] = {
    "intake": "reads the report",
    "triage": "weighs the report",
    "diagnose": "looks for the cause",
    "reproduce": "writes a test that shows it",
    "join": "weighs what was found",
    "fix": "tries fixes",
    "qa": "proves the fix",
    "review": "reads the diff",
    "publish": "publishes the branch",
    "report": "writes the report",
}


@dataclass(frozen=True)
class Material:
    """What a question refers to, fetched once."""

    briefing: Briefing | None
    diff: str


class Cards:
    """Makes the cards of questions and tasks."""

    def __init__(self, artifacts: ArtifactStore, public_url: str = "", *, banner: str = "") -> None:
        """`public_url` is where people reach the dashboard from elsewhere; empty for nowhere.

        The `banner` stands above all that people are told.
        """
        self._artifacts = artifacts
        self._banner = f"{banner} " if banner else ""
        self._public_url = public_url
        self._kept: OrderedDict[str, Material] = OrderedDict()

    async def material(self, approval: Approval) -> Material:
        """Briefing and diff of a question."""
        known = self._kept.get(approval.approval_id)
        if known is None:
            known = self._kept[approval.approval_id] = await self._fetched(approval)
            if len(self._kept) > MATERIAL_KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(approval.approval_id)
        return known

    async def _fetched(self, approval: Approval) -> Material:
        """What a question refers to; nothing where that is not kept any more and nobody decides."""
        question, briefing, diff = approval.question, None, ""
        try:
            if question.brief_ref:
                briefing = _read(Briefing, await self._artifacts.get(question.brief_ref))
            if question.patch_ref:
                diff = _read(Patch, await self._artifacts.get(question.patch_ref)).diff
        except Expired:
            if approval.state is ApprovalState.PENDING:
                raise
        return Material(briefing, diff)

    async def question(
        self, approval: Approval, task: Task, *, waits: str = "", demo: Demo | None = None
    ) -> Card:
        """The message that asks; once it is answered, the one that tells what came of it.

        `demo` is what is shown live beside it.
        """
        question, pending = approval.question, approval.state is ApprovalState.PENDING
        material = await self.material(approval)
        return self._card(
            subject=f"approval:{approval.approval_id}",
            kind="question",
            task_id=task.task_id,
            approval_id=approval.approval_id,
            title=_title(approval, task),
            briefing=_shown_live(material.briefing, demo),
            body="" if material.briefing else _body(question.body),
            diff=material.diff,
            buttons=(*buttons(approval), *_restart(approval, demo)) if pending else (),
            footer=_waiting(approval, waits) if pending else decided(approval, task),
            link=self._page(task) if pending else self._link(task),
            settled=not pending and (task.status.ended or not _closes(approval)),
        )

    def reminder(self, approval: Approval, task: Task, since: str, *, alarm: bool) -> Card:
        """The message that says that a question still waits, below the one that asked."""
        pending = approval.state is ApprovalState.PENDING
        kind = "alert" if alarm else "remind"
        return self._card(
            subject=f"{kind}:{approval.approval_id}",
            kind="reminder",
            task_id=task.task_id,
            approval_id=approval.approval_id,
            title=f"Still waiting for {since}: {_title(approval, task)}",
            buttons=buttons(approval) if pending else (),
            footer="" if pending else decided(approval, task),
            settled=not pending,
            reply_to=f"approval:{approval.approval_id}",
        )

    def progress(self, task: Task) -> Card:
        """The one message that tells how far a task is."""
        return self._card(
            subject=f"task:{task.task_id}",
            kind="progress",
            task_id=task.task_id,
            title=f"{task.task8} {one_line(task.title, 120)}",
            body=_progress(task),
            link=self._link(task) if task.status.ended else self._page(task),
            settled=task.status.ended,
            silent=True,
        )

    def closing(self, task: Task) -> Card:
        """The one message that tells how a task ended."""
        return self._card(
            subject=f"end:{task.task_id}",
            kind="closing",
            task_id=task.task_id,
            title=f"{task.task8} {one_line(task.title, 120)}",
            body=ended(task),
            link=self._link(task),
            settled=True,
            reply_to=f"task:{task.task_id}",
        )

    def _page(self, task: Task) -> str:
        """The page of a task; empty where it cannot be reached from elsewhere."""
        return f"{self._public_url}/ui/tasks/{task.task_id}" if self._public_url else ""

    def _link(self, task: Task) -> str:
        """The pull request of a task that ended, else its page."""
        url = str(task.result.get("pr_url") or "")
        return url if url.startswith(("https://", "http://")) else self._page(task)

    def spent(self, task: Task, stands: Standing) -> Card:
        """The notice that most of a task's budget is spent; there is one for each limit."""
        limit = (
            f"${stands.limit_usd:.2f}" if stands.price_known else f"{stands.limit_tokens:,} tokens"
        )
        spent = f"${stands.spent_usd:.4f}" if stands.price_known else f"{stands.spent_tokens:,}"
        return self._card(
            subject=f"budget:{task.task_id}:{limit}",
            kind="notice",
            task_id=task.task_id,
            title=f"{task.task8} {stands.share:.0%} of the budget is spent",
            body=f"{spent} of {limit}. At the limit I ask before I go on.",
            settled=True,
            silent=True,
            reply_to=f"task:{task.task_id}",
        )

    def notice(self, subject: str, title: str, body: str, task_id: str = "") -> Card:
        """A message that only tells."""
        return self._card(
            subject=subject, kind="notice", task_id=task_id, title=title, body=body, settled=True
        )

    def _card(self, *, title: str, **facts: Any) -> Card:
        return Card(title=f"{self._banner}{title}", **facts)


def _read(kind: type[Kept], kept: bytes) -> Kept:
    """What was kept as an artifact; raises StoreUnusable for what another release wrote."""
    try:
        return kind.model_validate_json(kept)
    except ValidationError as error:
        raise StoreUnusable(
            f"A stored {kind.__name__} cannot be read: it is of another release.",
            remedy="decide on the terminal, or take the release that wrote it",
        ) from error


def buttons(approval: Approval) -> tuple[Button, ...]:
    """What can be tapped under a question; taking a budget up comes with amounts.

    Beside consent to a diff stands no button for noise: few reports prove to be none once they are
    mended, and words say it as well.
    """
    release = approval.question.kind is QuestionKind.RELEASE
    made: list[Button] = []
    for option in approval.question.options:
        if option == "raise_budget":
            raises = approval.question.details.get("raises_usd", "").split()
            made += [_button(approval, f"raise_{usd}", f"+${usd}") for usd in raises]
        elif not (release and option == "noise"):
            made.append(_button(approval, option, _LABELS[option]))
    return tuple(made)


def _shown_live(briefing: Briefing | None, demo: Demo | None) -> Briefing | None:
    if briefing is None or demo is None:
        return briefing
    return briefing.but(demo=demo.said, demo_url=demo.url)


def _restart(approval: Approval, demo: Demo | None) -> tuple[Button, ...]:
    """What starts a demo: it answers nothing."""
    if demo is None or not demo.can_start:
        return ()
    label = "Start demo" if demo.state == "offered" else "Restart demo"
    return (_button(approval, DEMO, label),)


def closes(approval: Approval) -> bool:
    """Whether the message that asked this also tells how the task ended."""
    return approval.state is not ApprovalState.PENDING and _closes(approval)


def decided(approval: Approval, task: Task) -> str:
    """Who answered what and when, and what came of it so far."""
    if approval.state is ApprovalState.VOID:
        reason = approval.void_reason.rstrip(".")
        return f"Void: {visible(reason)}." if reason else "Void."
    if approval.decision is None:
        end = f"\n{ended(task)}" if task.status.ended else ""
        return f"Expired unanswered on {_moment(approval.expires_at)}.{end}"
    decision, at = approval.decision, approval.decided_at or approval.created_at
    by = f"{one_line(decision.by.shown, 60)} in {decision.by.channel}"
    if decision.by.channel == POLICY:
        by = f"nobody; it passed by {approval.question.passed_by}"
    said = f"{_DONE[decision.choice]} by {by} on {_moment(at)}."
    if decision.choice == "raise_budget" and decision.amount_usd:
        said = f"Budget raised by ${decision.amount_usd:.2f} by {by} on {_moment(at)}."
    if decision.text:
        said += f"\n“{one_line(decision.text, 300)}”"
    if _closes(approval):
        said += f"\n{ended(task)}" if task.status.ended else "\nUnder way."
    return said


def ended(task: Task) -> str:
    """How a task ended, in a line or two; only what the records say."""
    outcome = task.outcome or Outcome.FAILED
    lines = [f"Ended: {outcome.replace('_', ' ')}."]
    if where := task.result.get("pr_url") or task.result.get("branch"):
        lines.append(visible(str(where)))
    if task.reason:
        lines.append(one_line(task.reason, 500))
    if task.usage.cost:
        lines.append(f"Cost: {task.usage.cost}.")
    return "\n".join(lines)


def state_of(approval: Approval) -> str:
    """How a late answer is told where the question stands, as in core.channels.HeardState."""
    return {
        ApprovalState.APPROVED: "already_approved",
        ApprovalState.EXPIRED: "expired",
        ApprovalState.VOID: "void",
    }.get(approval.state, "already_answered")


def _closes(approval: Approval) -> bool:
    if approval.state is ApprovalState.VOID:
        return False
    return approval.decision is None or approval.decision.choice in CLOSES


def _button(approval: Approval, action: str, label: str) -> Button:
    style = {"approve": "primary", "reject": "danger", "stop": "danger"}.get(action, "plain")
    return Button.model_validate(
        {"action": action, "nonce": approval.nonce, "label": label, "style": style}
    )


def _title(approval: Approval, task: Task) -> str:
    asks = approval.question
    title = one_line(asks.title, 200)
    if asks.kind is QuestionKind.RELEASE:
        revision = f", revision {approval.revision}" if approval.revision > 1 else ""
        return f"{task.task8}{revision} {title}"
    return f"{task.task8} {title}"


def _body(text: str) -> str:
    shown = visible(text)
    if len(shown) <= BODY_MAX:
        return shown
    return f"{shown[: BODY_MAX - 40].rstrip()}\n[… {len(shown) - BODY_MAX + 40} characters more]"


def _waiting(approval: Approval, waits: str) -> str:
    tally = f"Approved {visible(approval.tally)}." if approval.tally else ""
    until = f"Waits until {_moment(approval.expires_at)}."
    return " ".join(filter(None, (tally, waits, until)))


def _progress(task: Task) -> str:
    if task.status.ended:
        return ended(task)
    lines = [
        {
            TaskStatus.QUEUED: "Queued.",
            TaskStatus.WAITING: "Waits for an answer.",
        }.get(task.status, f"At work: {_STEPS.get(task.node, 'begins')}.")
    ]
    if task.reason:
        lines.append(one_line(task.reason, 300))
    if task.severity:
        lines.append(f"Severity {task.severity}.")
    return "\n".join(lines)


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d at %H:%M} UTC"
