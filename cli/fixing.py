"""The command `fix`: one repository, one report, from here to a branch."""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

from cli import exits
from cli.consent import Read, asked, unasked
from cli.consent import decide as decided
from cli.driving import Drive
from cli.ending import conclude, report_of, writable, write_patch
from cli.screen import Screen, person
from cli.tickets import Ticket, ticket_from
from control.anton import Anton
from core.approvals import Decision, Question
from core.errors import ConfigError
from core.tasks import Task, TaskRequest


@dataclass(frozen=True)
class Consent:
    """Who answers the questions of one run."""

    screen: Screen
    read: Read
    yes: bool
    local: bool

    async def __call__(self, question: Question) -> Decision | None:
        reason = unasked(
            question, yes=self.yes, interactive=self.screen.interactive, local=self.local
        )
        if reason:
            self.screen.say(f"decision    {reason}", "bold")
            how = "with --yes" if self.yes else "not asked"
            return decided(question, "approve", text=reason, by=person(how))
        if self.screen.interactive:
            return await asked(question, self.screen, self.read)
        self.screen.say("decision    none: a person has to decide, and nobody can be asked here")
        return None


def request_from(options: argparse.Namespace, ticket: Ticket, attempts: int) -> TaskRequest:
    """What was asked for on the command line."""
    return TaskRequest(
        repository=_repository(options.repo),
        text=ticket.text,
        title=ticket.title,
        ticket=ticket.key,
        base=options.base,
        revision=options.revision,
        tests=tuple(options.test),
        reproduction=options.repro,
        max_iterations=attempts,
        budget_usd=options.budget,
        seed=options.seed,
        requested_by=f"terminal:{person().person_id}",
        source="terminal",
        worktree=options.worktree,
    )


async def fix(anton: Anton, options: argparse.Namespace, *, attempts: int) -> int:
    """Repair in so many attempts, ask, publish; the exit code."""
    screen = Screen.here(json_only=options.json)
    patch_file = writable(options.patch_out)
    ticket = ticket_from(options.ticket, sys.stdin.buffer)
    request = request_from(options, ticket, attempts)
    consent = Consent(screen, anton.read, options.yes, local=is_local(request.repository))
    task = await repair(anton, screen, request, consent)
    if options.json:
        screen.give(report_of(task))
    code = exits.of_task(task)
    return (code or exits.FAILED) if patch_file and not _written(patch_file, task, screen) else code


def _written(file: Path, task: Task, screen: Screen) -> bool:
    """Write the diff where there is one; whether that could be done."""
    try:
        wrote = write_patch(file, task)
    except ConfigError as error:
        screen.note(f"anton: {error}", "bold red")
        return False
    screen.note(f"diff written to {file}" if wrote else "no diff to write")
    return True


async def repair(anton: Anton, screen: Screen, request: TaskRequest, consent: Consent) -> Task:
    """Submit a request and drive it here, to its end or to a question nobody answers."""
    task = await anton.submit(request)
    screen.note(f"task {task.task_id}")
    task = await Drive(anton, screen, consent).to_the_end(task.task_id)
    conclude(screen, task)
    return task


def is_local(repository: str) -> bool:
    """Whether a repository lies on this machine, so that a branch in it leaves nothing."""
    return Path(repository).is_dir()


def _repository(argument: str) -> str:
    path = Path(argument).expanduser()
    return str(path.absolute()) if path.exists() else argument
