"""The command `demo`: one real bug of a small service, from its ticket to a branch."""

import argparse
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cli import exits
from cli.fixing import Consent, repair
from cli.screen import Screen, person
from cli.tickets import Ticket, ticket_from
from control.anton import Anton
from core.errors import RepositoryInvalid
from core.tasks import TaskRequest

DEMO = Path(__file__).resolve().parent.parent / "demo"
TICKET = DEMO / "tickets" / "BUG-42.md"


@dataclass(frozen=True)
class Stage:
    """A temporary folder with a repository of the service, and room for Anton's own data."""

    folder: Path

    @property
    def repository(self) -> Path:
        """A git repository with one commit: the service, its tests green."""
        return self.folder / "todo-service"

    @property
    def data(self) -> Path:
        """Where this run keeps what Anton writes down."""
        return self.folder / "data"

    @classmethod
    def set_up(cls) -> "Stage":
        """Copy the service and commit it."""
        stage = cls(Path(tempfile.mkdtemp(prefix="anton-demo-")))
        shutil.copytree(
            DEMO / "service",
            stage.repository,
            ignore=shutil.ignore_patterns("__pycache__", ".pytest_cache"),
        )
        stage._git("init", "--quiet", "--initial-branch=main")
        stage._git("add", "--all")
        stage._git("commit", "--quiet", "--message=Todo service 1.4")
        return stage

    def _git(self, *arguments: str) -> None:
        program = shutil.which("git", path="/usr/local/bin:/usr/bin:/bin")
        if program is None:
            raise RepositoryInvalid("The git program is missing.", remedy="Install git.")
        subprocess.run(
            [program, "-c", "user.name=todo", "-c", "user.email=todo@example.invalid", *arguments],
            cwd=self.repository,
            env={"PATH": "/usr/local/bin:/usr/bin:/bin", "GIT_CONFIG_GLOBAL": "/dev/null"},
            check=True,
        )


async def play(anton: Anton, stage: Stage, options: argparse.Namespace) -> int:
    """Show the ticket, repair the service before your eyes, say where to look."""
    screen = Screen.here()
    screen = Screen(screen.out, screen.out, screen.stdin)
    ticket = ticket_from(options.ticket or str(TICKET), sys.stdin.buffer)
    screen.say(f"A to-do service as a git repository: {stage.repository}", "bold")
    screen.say("Its own tests are green. This ticket came in:")
    screen.say()
    for line in ticket.text.rstrip().splitlines():
        screen.say(f"  │ {line}")
    screen.say()
    screen.say("Anton works on it offline, with no model and no key:", "bold")
    consent = Consent(screen, anton.read, yes=options.fast, local=True)
    task = await repair(anton, screen, _request(stage, ticket), consent)
    screen.say()
    screen.say(f"All of this lies in {stage.folder}; remove it when you have seen enough.", "dim")
    return exits.of_task(task)


def _request(stage: Stage, ticket: Ticket) -> TaskRequest:
    return TaskRequest(
        repository=str(stage.repository),
        text=ticket.text,
        title=ticket.title,
        ticket=ticket.key,
        requested_by=f"terminal:{person().person_id}",
        source="terminal",
    )
