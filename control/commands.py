"""What people can ask for by name in a chat: the same commands in every channel."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from control.anton import Anton
from control.cards import ended
from control.desk import Desk
from control.repositories import Repositories
from control.words import said_back
from core.approvals import Approval, ApprovalState, Choice, Decision
from core.care import CARED
from core.channels import Heard, Said
from core.errors import Conflict, LimitExceeded, NotFound, PayloadInvalid
from core.incidents import Incident
from core.ports import IncidentFilter, TaskFilter
from core.reports import Reported
from core.tasks import Task, TaskRequest
from core.visible import one_line, visible

LISTED = 10
OPEN_MAX = 1_000
TASK_REF = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f-]{27})?")

OWN = re.compile(r"^own:\s*", re.IGNORECASE)
FOR_ITS_OWN = "For a task of its own: /fix own: TEXT"
UNDER_CARE = tuple(sorted(CARED))

BUILD_NEEDS = (
    "A build needs the build workflow, which this release of Anton does not have yet. "
    "/fix repairs a repository that is there."
)


@dataclass(frozen=True)
class Command:
    """A command as people see it."""

    name: str
    takes: str
    """What follows it, in capitals; empty for nothing."""
    about: str
    """What it does, in a few words."""


COMMANDS = (
    Command("fix", "TEXT", "repair what TEXT reports; a listed repository may come first"),
    Command("tasks", "", "the latest tasks"),
    Command("task", "ID", "how one task stands"),
    Command("incidents", "", "the faults under care, most urgent first"),
    Command("approve", "[ID]", "approve the diff that waits, after a yes"),
    Command("reject", "[ID]", "reject the diff that waits, after a yes"),
    Command("budget", "AMOUNT", "give the task that waits for money so much more"),
    Command("cancel", "ID", "end a task"),
    Command("build", "TEXT", "says what a build needs"),
    Command("status", "", "how Anton is"),
    Command("help", "", "this list"),
)


class Commands:
    """Does what somebody asked for by name."""

    def __init__(
        self, anton: Anton, desk: Desk, repositories: Repositories, *, description_max: int
    ) -> None:
        self._anton = anton
        self._desk = desk
        self._repositories = repositories
        self._description_max = description_max
        self._known: Mapping[str, Callable[[str, Said], Awaitable[Heard]]] = {
            "fix": self._fix,
            "tasks": self._tasks,
            "task": self._task,
            "incidents": self._incidents,
            "approve": self._approve,
            "reject": self._reject,
            "budget": self._budget,
            "cancel": self._cancel,
            "build": self._build,
            "status": self._status,
            "help": self._help,
        }

    def knows(self, name: str) -> bool:
        """Whether there is such a command."""
        return name in self._known

    async def run(self, name: str, rest: str, said: Said) -> Heard:
        """Do it; never raises for what a person may do wrong."""
        if not self.knows(name):
            return Heard(state="told", text=f"I do not know /{one_line(name, 30)}.\n{_listed()}")
        try:
            return await self._known[name](rest.strip(), said)
        except (PayloadInvalid, Conflict, NotFound, LimitExceeded) as refusal:
            return Heard(state="refused", text=visible(str(refusal)))

    async def _fix(self, rest: str, said: Said) -> Heard:
        """Begin a task, or join the one at work on the same fault.

        `own:` asks for a task all the same; a listed repository may be named before the report.
        """
        alone, rest = OWN.match(rest) is not None, OWN.sub("", rest, count=1)
        first, _, report = rest.partition(" ")
        repository = ""
        if "/" in first and report.strip():
            try:
                repository, rest = self._repositories.resolve(first, anywhere=False), report
            except PayloadInvalid:
                repository = ""
        if not rest.strip():
            raise PayloadInvalid("The report is empty.", remedy="Say what happens: /fix TEXT")
        if len(rest) > self._description_max:
            raise PayloadInvalid(f"A report has at most {self._description_max} characters.")
        request = TaskRequest(
            repository=repository or self._repositories.resolve("", anywhere=False),
            text=rest.strip(),
            requested_by=f"{said.by.channel}:{said.by.person_id}",
            source=said.by.channel,
        )
        reported = await self._anton.report(
            request, joins=not alone, idempotency_key=f"chat:{said.key}"
        )
        return _taken(reported)

    async def _tasks(self, rest: str, said: Said) -> Heard:
        page = await self._anton.tasks(TaskFilter(), limit=LISTED)
        lines = [_line(task) for task in page.tasks]
        return Heard(state="told", text="\n".join(lines) or "There are no tasks yet.")

    async def _incidents(self, rest: str, said: Said) -> Heard:
        """The faults that are not settled, most urgent first."""
        desk, only = self._anton.incidents, IncidentFilter(states=UNDER_CARE)
        page = await desk.list(only, limit=OPEN_MAX)
        found = sorted(page.incidents, key=lambda one: one.severity or "unrated")
        lines = [_incident_line(one) for one in found[:LISTED]]
        if page.cursor or len(found) > LISTED:
            counts = await desk.counts()
            lines.append(f"and {sum(counts[state] for state in UNDER_CARE) - LISTED} more")
        return Heard(state="told", text="\n".join(lines) or "No fault is under care.")

    async def _task(self, rest: str, said: Said) -> Heard:
        task = await self._named(rest, said)
        lines = [_line(task), f"Reported in {task.request.source}, {_when(task)}."]
        if task.status.ended:
            lines.append(ended(task))
        elif task.reason:
            lines.append(one_line(task.reason, 300))
        for approval in await self._pending(task):
            lines.append(f"Waits: {one_line(approval.question.title, 200)}")
        return Heard(state="told", text="\n".join(lines), task_id=task.task_id)

    async def _approve(self, rest: str, said: Said) -> Heard:
        return await self._propose(rest, said, "approve")

    async def _reject(self, rest: str, said: Said) -> Heard:
        return await self._propose(rest, said, "reject")

    async def _propose(self, rest: str, said: Said, choice: Choice) -> Heard:
        """Name the diff that is meant, and wait for a yes: a command alone saw no diff.

        In reply to a question that is settled, it is not about the one that took its place.
        """
        replied = await self._desk.question_of(said) if not rest else None
        if replied and replied.state is not ApprovalState.PENDING:
            return await self._desk.late(replied)
        approval = await self._the_question(rest, said, choice)
        question = await self._anton.current(approval.question)
        decision = Decision(
            choice=choice,
            patch_hash=question.patch_hash,
            by=said.by,
            place=said.place,
            key=said.key,
        )
        named = f"{one_line(question.title, 120)}, patch {question.patch_hash[:12]}."
        understood = f"{named} {said_back(choice, '', None, question)}"
        if choice == "approve" and not await self._desk.was_shown(approval, said):
            understood = (
                f"{named} It was not shown here yet: look at it before you say yes. Approve it."
            )
        return await self._desk.propose(approval, decision, understood)

    async def _budget(self, rest: str, said: Said) -> Heard:
        """The words after it are read as an answer to the question about money that waits."""
        if not rest:
            raise PayloadInvalid("No amount is named.", remedy="Say /budget another 50 cents")
        approval = await self._the_question("", said, "raise_budget")
        return await self._desk.hear_about(
            f"approval:{approval.approval_id}", approval.task_id, said.but(text=rest, about="")
        )

    async def _cancel(self, rest: str, said: Said) -> Heard:
        task = await self._named(rest, said)
        if not self._anton.may_decide(said.by, said.place):
            await self._anton.refuse(said.by, "may not cancel", task.task_id)
            return Heard(state="refused", text="You are not among those who may decide here.")
        task = await self._anton.cancel(task.task_id, said.by)
        return Heard(state="done", text=f"{task.task8} is cancelled.", task_id=task.task_id)

    async def _build(self, rest: str, said: Said) -> Heard:
        return Heard(state="told", text=BUILD_NEEDS)

    async def _status(self, rest: str, said: Said) -> Heard:
        health = await self._anton.health()
        lines = [
            f"Anton {health['version']}: {health['status']}.",
            f"{health['active_tasks']} at work, {health['queue']} queued, "
            f"{health['waiting']} waiting for an answer.",
        ]
        lines += [f"{name}: {one_line(str(why), 200)}" for name, why in health["trouble"].items()]
        return Heard(state="told", text=visible("\n".join(lines)))

    async def _help(self, rest: str, said: Said) -> Heard:
        return Heard(state="told", text=_listed())

    async def _named(self, ref: str, said: Said) -> Task:
        """The task of this id, or of the message that was replied to."""
        if not ref and said.about:
            if task_id := await self._desk.task_of(said):
                return await self._anton.task(task_id)
        if not TASK_REF.fullmatch(ref.lower()):
            raise PayloadInvalid(
                "No task is named.", remedy="Name its first eight digits, as /tasks lists them."
            )
        return await self._anton.task(ref.lower())

    async def _the_question(self, ref: str, said: Said, choice: Choice) -> Approval:
        """The one question that waits for such an answer."""
        if ref or said.about:
            waiting = await self._pending(await self._named(ref, said))
        else:
            waiting = list(await self._anton.approvals(state=ApprovalState.PENDING, limit=1_000))
        fitting = [approval for approval in waiting if choice in approval.question.options]
        if not fitting:
            raise Conflict(f"Nothing waits for {choice.replace('_', ' ')}.")
        if len(fitting) > 1:
            raise Conflict(
                f"{len(fitting)} questions wait for that.",
                remedy="Reply to the message of the one that is meant, or name its task.",
            )
        return fitting[0]

    async def _pending(self, task: Task) -> list[Approval]:
        return list(await self._anton.approvals(task_id=task.task_id, state=ApprovalState.PENDING))


def _listed() -> str:
    return "\n".join(
        f"/{command.name}{' ' if command.takes else ''}{command.takes}: {command.about}"
        for command in COMMANDS
    )


def _line(task: Task) -> str:
    status = (task.outcome or task.status).replace("_", " ")
    return f"{task.task8} {status}: {one_line(task.title, 80)}"


def _incident_line(incident: Incident) -> str:
    """As `P1 1a2b3c4d diagnosing, seen 41 times, task 5e6f7a8b: the total is off`."""
    state = incident.state.value.replace("_", " ")
    seen = f", seen {incident.count} times" if incident.count > 1 else ""
    task = f", task {incident.task_id[:8]}" if incident.task_id else ""
    about = f"{incident.severity or 'unrated'} {incident.id8} {state}"
    return f"{about}{seen}{task}: {one_line(incident.title, 80)}"


def _taken(reported: Reported) -> Heard:
    """What became of a report, in words."""
    task, incident = reported.task, reported.incident
    if task is None:
        reason = incident.dismissal.reason if incident and incident.dismissal else ""
        counted = f"This fault is dismissed ({one_line(reason, 200)}); your report was counted."
        return Heard(state="told", text=f"{counted} {FOR_ITS_OWN}")
    text = f"{task.task8} begun: {one_line(task.title, 120)}"
    if reported.how == "joined" and incident:
        text = f"{task.task8} is about this already, seen {incident.count} times. {FOR_ITS_OWN}"
        if incident.pr_url and task.status.ended:
            text = f"A fix waits for its merge: {incident.pr_url}. {FOR_ITS_OWN}"
    return Heard(state="started", text=visible(text), task_id=task.task_id)


def _when(task: Task) -> str:
    return f"{task.created_at:%Y-%m-%d at %H:%M} UTC"
