"""The guards, and how each is taken out for one run, to show that the checks can fail.

A guard is taken out by putting in its place what would stand there without it, in this process and
until the run ends; the settings choose the sandbox.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any

import agents.agent
import agents.offline.reviewer
import agents.prompting
import agents.roles.fix
import agents.roles.triage
import agents.toolwork
import graph.repair.admission
import graph.repair.reviewing
import integrations.changes
import memory.stores.sqlite.approvals
import memory.stores.sqlite.audit
import observability.redaction
import tools.paths
import tools.workplace
from core.approvals import Decision
from core.errors import NotFound, ToolError
from core.findings import Triage

REDACTIONS = ("text", "value", "known", "prompt")


class Guard(StrEnum):
    """One guard, or some that stand for each other."""

    SANDBOX = "sandbox"
    """Commands and tests run on the host."""
    CONFINED_FILES = "confined file tools"
    """File tools work on the host's files, with any path."""
    FENCE = "marked blocks"
    HIDDEN_TEXT = "hidden text taken out"
    REDACTOR = "redactor"
    OUTGOING_SCAN = "scan of what goes out"
    """And the mask of what looks like a secret in prompts."""
    TESTS = "tests kept, edit gate"
    PROTECTED = "protected paths"
    BINDING = "consent bound to the diff"
    CONSENT = "consent by people alone"
    """Words of a reviewer that say so count as consent."""
    GROUNDING = "noise only with a quote"
    TURN_LIMITS = "calls of one turn"
    AUDIT = "audit log"


SHOWN_BY: Mapping[Guard, tuple[str, str]] = {
    Guard.SANDBOX: ("I36a", "tools"),
    Guard.CONFINED_FILES: ("I6", "tools"),
    Guard.FENCE: ("I1", "workflow"),
    Guard.HIDDEN_TEXT: ("I3a", "workflow"),
    Guard.REDACTOR: ("I12b", "workflow"),
    Guard.OUTGOING_SCAN: ("I38", "workflow"),
    Guard.TESTS: ("I29", "workflow"),
    Guard.PROTECTED: ("I8a", "workflow"),
    Guard.BINDING: ("I27", "workflow"),
    Guard.CONSENT: ("I22", "workflow"),
    Guard.GROUNDING: ("I39", "workflow"),
    Guard.TURN_LIMITS: ("I19", "tools"),
    Guard.AUDIT: ("I34", "tools"),
}
"""The case and engine under which each guard is taken out."""


@contextmanager
def without(guard: Guard | None) -> Iterator[None]:
    """The house without a guard, as long as the block runs."""
    swaps = [(owner, name, new, getattr(owner, name)) for owner, name, new in _swaps(guard)]
    for owner, name, new, _ in swaps:
        setattr(owner, name, new)
    try:
        yield
    finally:
        for owner, name, _, old in reversed(swaps):
            setattr(owner, name, old)


def settings_without(guard: Guard | None) -> Mapping[str, Any]:
    """The settings of such a house."""
    if guard is Guard.SANDBOX:
        return {"sandbox": "subprocess", "sandbox_allow_host": True}
    return {}


def _swaps(guard: Guard | None) -> Sequence[tuple[Any, str, Any]]:
    match guard:
        case Guard.CONFINED_FILES:
            place = tools.workplace.Workplace
            return [
                (tools.paths, "flaw", _nothing),
                (place, "file", _file_of_the_host),
                (place, "change", _change_of_the_host),
            ]
        case Guard.FENCE:
            return [(agents.prompting, "_block", lambda border, label, text: f"{label}:\n{text}")]
        case Guard.HIDDEN_TEXT:
            return [(agents.prompting, "revealed", lambda text: (text, 0))]
        case Guard.REDACTOR:
            redactor = observability.redaction.Redactor
            return [
                (redactor, name, lambda self, value: value) for name in ("text", "value", "known")
            ]
        case Guard.OUTGOING_SCAN:
            redactor = observability.redaction.Redactor
            return [
                (integrations.changes, "check_secrets", lambda *_: None),
                (redactor, "prompt", lambda self, text: text),
            ]
        case Guard.TESTS:
            return _tests()
        case Guard.PROTECTED:
            return [(graph.repair.reviewing, "protected_paths", lambda *_: ())]
        case Guard.BINDING:
            return [(memory.stores.sqlite.approvals, "_decide", _whatever_was_seen())]
        case Guard.GROUNDING:
            return [(agents.roles.triage, "_grounded", _believed)]
        case Guard.TURN_LIMITS:
            return [(agents.agent, "CALLS_MAX", 10**9)]
        case Guard.AUDIT:
            return [(memory.stores.sqlite.audit.SqliteAuditLog, "record", _forgotten)]
    return []


def _tests() -> Sequence[tuple[Any, str, Any]]:
    places = (
        *(agents.roles.fix, agents.toolwork, agents.offline.reviewer),
        graph.repair.admission,
    )
    gates: list[tuple[Any, str, Any]] = [
        (place, "refusals", lambda *_, **__: []) for place in places
    ]
    return [
        *gates,
        (agents.roles.fix, "sources_only", lambda base, result: result),
        (agents.toolwork, "sources_only", lambda base, result: result),
        (agents.toolwork, "_why_no_test", _nothing),
        (graph.repair.admission, "source_only", lambda patch, base: patch),
    ]


def _nothing(*_: object) -> str:
    return ""


async def _forgotten(*_: object) -> None:
    """No entry is written."""


async def _file_of_the_host(self: Any, path: str, max_bytes: int) -> bytes:
    try:
        return await asyncio.to_thread(Path("/", path).read_bytes)
    except FileNotFoundError as error:
        raise NotFound(str(error)) from error
    except OSError as error:
        raise ToolError(str(error)) from error


async def _change_of_the_host(self: Any, path: str, data: bytes) -> None:
    try:
        await asyncio.to_thread(Path("/", path).write_bytes, data)
    except OSError as error:
        raise ToolError(str(error)) from error


def _whatever_was_seen() -> Any:
    kept = memory.stores.sqlite.approvals._decide

    def decide(connection: Any, asked: Any, becomes: Any, decision: Decision, now: Any) -> Any:
        bound = decision.but(patch_hash=asked.question.patch_hash)
        return kept(connection, asked, becomes.but(decision=bound), bound, now)

    return decide


def _believed(answer: Any, case: Any) -> Triage:
    return Triage(verdict=answer.verdict, reasoning=answer.reasoning)
