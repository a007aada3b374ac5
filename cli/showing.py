"""The commands `tasks` and `approve`: what there is, and what waits."""

import argparse
from importlib import import_module

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli import exits
from cli.briefing import Briefing
from cli.consent import asked, decide
from cli.driving import Drive, nobody, open_question, settled
from cli.ending import conclude
from cli.screen import Screen, person
from control.anton import Anton
from core.approvals import Approval, ApprovalState, Decision, Question, Risk
from core.errors import Conflict, NotFound
from core.ports import TaskFilter
from core.tasks import Task
from core.visible import one_line
from graph import WORKFLOWS

HASH_MIN_DIGITS = 12
DEMO_S = 90.0
"""So long the server is waited for to show what was asked for."""
LOOK_S = 0.2


async def tasks(anton: Anton, options: argparse.Namespace) -> int:
    """List tasks, or show, watch or cancel one, or see live what waits of it."""
    screen = Screen.here()
    if options.graph:
        workflow = (
            "repair" if options.id is None else (await anton.task(options.id)).request.workflow
        )
        screen.say(mermaid(workflow))
        return exits.DONE
    if options.id is None:
        _table(screen.out, (await anton.tasks(TaskFilter())).tasks)
        return exits.DONE
    task = await anton.task(options.id)
    if options.demo:
        return await _demo(anton, screen, task)
    drive = Drive(anton, screen, nobody)
    if options.cancel:
        await anton.cancel(task.task_id, person())
        task = await drive.to_the_end(task.task_id)
    elif options.watch:
        task = await drive.watched(task.task_id)
    conclude(screen, task)
    return exits.of_task(task) if options.watch else exits.DONE


async def approve(anton: Anton, options: argparse.Namespace) -> int:
    """List what waits, or show one question and decide it."""
    screen = Screen.here()
    if options.id is None:
        pending = await anton.approvals(state=ApprovalState.PENDING)
        for approval in pending:
            screen.say(_summary(approval))
        if not pending:
            screen.say("Nothing waits for consent.")
        return exits.DONE
    approval = await _approval(anton, options.id)
    question = approval.question
    (await Briefing.of(approval, anton.artifacts)).show(screen)
    _same_hash(question, options.hash)
    decision = _given(question, options)

    async def ask(question: Question) -> Decision | None:
        return await asked(question, screen, anton.read) if screen.interactive else None

    since = await anton.events.latest()
    drive = Drive(anton, screen, ask, since)
    answered = None
    if decision is not None:
        answered = await anton.decide(approval.approval_id, decision)
    elif approval.state is ApprovalState.PENDING:
        answered = await settled(drive, approval)
    if answered is None:
        return exits.NEEDS if approval.state is ApprovalState.PENDING else exits.DONE
    if answered.state is ApprovalState.PENDING:
        screen.say(f"approved    {answered.tally}; another person has to approve too", "bold")
        return exits.NEEDS
    screen.say(f"decision    {answered.state.value.replace('_', ' ')}", "bold")
    task = await drive.to_the_end(approval.task_id)
    conclude(screen, task)
    return exits.of_task(task)


async def _demo(anton: Anton, screen: Screen, task: Task) -> int:
    """Have what waits shown live by the server that works on this data, and tell where."""
    demo = await anton.demos.ask(task.task_id, person())
    until = anton.clock.monotonic() + DEMO_S
    while demo.is_coming and anton.clock.monotonic() < until:
        await anton.clock.sleep(LOOK_S)
        demo = await anton.demos.beside(demo.approval_id) or demo
    wanted = demo.state == "wanted"
    screen.say(f"demo        {'waits for a server to start it' if wanted else demo.said}", "bold")
    return exits.DONE if demo.state == "live" else exits.NEEDS


def mermaid(workflow: str) -> str:
    """A workflow as Mermaid draws it, from the compiled graph; without its error handlers."""
    module, _, name = WORKFLOWS[workflow].partition(":")
    drawing = getattr(import_module(module), name)().compile().get_graph().draw_mermaid()
    return "\n".join(line for line in drawing.splitlines() if "__error_handler__" not in line)


async def _approval(anton: Anton, wanted: str) -> Approval:
    """An approval by its id, or the open one of a task."""
    try:
        return await anton.approval(wanted)
    except NotFound:
        task = await anton.task(wanted)
    if found := await open_question(anton, task.task_id):
        return found
    raise NotFound(f"Task {task.task8} waits for nothing.", remedy="python main.py approve")


def _same_hash(question: Question, wanted: str) -> None:
    if not wanted:
        return
    wanted, held = wanted.lower(), question.patch_hash
    if len(wanted) < HASH_MIN_DIGITS or not held.startswith(wanted):
        raise Conflict(
            f"The patch hash differs: the question is about {held or 'no patch'}.",
            remedy=f"Read the diff above, and give {HASH_MIN_DIGITS} digits or more of its hash.",
        )


def _given(question: Question, options: argparse.Namespace) -> Decision | None:
    if options.yes:
        critical, unproven = question.risk is Risk.CRITICAL, question.details.get("unproven")
        if (critical or unproven) and not options.hash:
            what = "This is of critical risk" if critical else "No test proves this"
            raise Conflict(
                f"{what}: --yes alone does not reach it.",
                remedy="Read the diff above, and name it: --yes --hash and its patch hash.",
            )
        whole = options.hash.lower() if len(options.hash) == len(question.patch_hash) else ""
        return decide(question, "approve", confirmation=whole)
    if options.feedback is not None:
        return decide(question, "request_changes", options.feedback)
    return None if options.reject is None else decide(question, "reject", options.reject)


def _summary(approval: Approval) -> str:
    question = approval.question
    patch = f"  patch {question.patch_hash[:12]}" if question.patch_hash else ""
    voices = f"  approved {one_line(approval.tally, 80)}" if approval.tally else ""
    return (
        f"{approval.approval_id}  task {approval.task_id[:8]}  {question.kind.value}  "
        f"risk {question.risk.value}{patch}{voices}  {one_line(question.title, 80)}"
    )


def _table(console: Console, listed: tuple[Task, ...]) -> None:
    table = Table(box=None, pad_edge=False)
    for name in ("task", "status", "outcome", "severity", "node", "made", "report"):
        table.add_column(name, overflow="fold")
    for task in listed:
        cells = (
            task.task8,
            task.status.value,
            task.outcome or "",
            task.severity or "",
            task.node,
            f"{task.created_at:%Y-%m-%d %H:%M}",
            one_line(f"{task.request.ticket} {task.title}".strip(), 60),
        )
        table.add_row(*(Text(one_line(cell)) for cell in cells))
    console.print(table)
