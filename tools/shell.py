"""The shell: one command in a fresh process of the sandbox, ended with all that it started."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, Field

from core.errors import ToolError
from core.evidence import RunEnd
from core.ports import Run
from tools.commands import judged
from tools.tool import Risk, tool
from tools.workplace import Workplace

SHOWN_CHARACTERS = 100_000
"""Of the output: 50,000 from its head, 50,000 from its tail."""
TIMEOUT_S = 120
TIMEOUT_MAX_S = 600


@dataclass(frozen=True)
class Output:
    """What a command printed, and how it ended."""

    text: str
    failed: bool

    def __str__(self) -> str:
        return self.text


def risk_of(arguments: BaseModel) -> Risk:
    """The class of the command that these arguments carry."""
    return judged(str(arguments.model_dump()["command"])).risk


@tool(risk=risk_of, characters=SHOWN_CHARACTERS)
async def shell(
    place: Workplace,
    command: str,
    timeout_s: Annotated[int, Field(ge=1, le=TIMEOUT_MAX_S)] = TIMEOUT_S,
) -> Output:
    """Run a command with bash, from the root of the workspace; there is no network.

    Each command is a process of its own: folder and variables do not last until the next. There
    is no git repository; use git_status to see what you changed.

    Args:
        command: As one would type it.
        timeout_s: Seconds after which it is ended.
    """
    seconds = min(float(timeout_s), place.seconds_left())
    if seconds <= 0:
        raise ToolError("No time is left to run a command.")
    if "\0" in command:
        raise ToolError("A command cannot hold a zero byte.")
    run = await place.sandbox.run(
        ["bash", "--noprofile", "--norc", "-c", "--", command], timeout_s=seconds
    )
    return Output(_told(run, seconds), run.end is not RunEnd.PASSED)


def _told(run: Run, seconds: float) -> str:
    parts = [part.decode("utf-8", "replace").rstrip() for part in (run.stdout, run.stderr)]
    text = "\n".join(part for part in parts if part)
    return "\n".join(part for part in (_ending(run, seconds), text) if part)


def _ending(run: Run, seconds: float) -> str:
    match run.end:
        case RunEnd.PASSED:
            return "" if run.stdout or run.stderr else "(exit code 0, no output)"
        case RunEnd.FAILED:
            return f"(exit code {run.exit_code})"
        case RunEnd.TIMEOUT:
            return f"(ended after {seconds:g} s: timeout; what it printed until then follows)"
    return f"(ended at a limit: {run.end})"
