"""From events to the lines that tell a person how a task goes."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from rich.console import Console
from rich.status import Status
from rich.text import Text

from cli.screen import show
from core.events import Event
from core.ports import EventLog
from core.visible import one_line, visible

LOOK_EVERY_S = 0.1
BATCH = 500
SUSPECTS_SHOWN = 5
TESTS_SHOWN = 3

_STYLE = {"✓": "green", "✗": "red", "?": "yellow", "·": ""}


@dataclass(frozen=True)
class Told:
    """One line of progress."""

    mark: str
    """`✓` done, `✗` went wrong, `?` a person is asked, `·` a fact."""
    label: str
    text: str

    def __str__(self) -> str:
        return f"{self.mark} {self.label:<11} {self.text}".rstrip()


class Teller(Protocol):
    """Shows progress to somebody."""

    def tell(self, event: Event) -> None:
        """Show what an event says."""
        ...

    def close(self) -> None:
        """Leave the terminal to others."""
        ...


class PlainTeller:
    """Progress for a log file: one line each, nothing moves."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def tell(self, event: Event) -> None:
        for line in told(event):
            show(self._console, str(line))

    def close(self) -> None:
        """Nothing is held."""


class LiveTeller:
    """Progress for a terminal: what is done above, what is at work in a moving last line."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._status = Status("", console=console)
        self._at_work: dict[str, str] = {}

    def tell(self, event: Event) -> None:
        for line in told(event):
            show(self._console, str(line), _STYLE[line.mark])
        self._follow(event)
        self._status.update(Text(", ".join(self._at_work.values())))
        self._status.start()

    def close(self) -> None:
        self._at_work.clear()
        self._status.stop()

    def _follow(self, event: Event) -> None:
        node = str(event.data.get("node", ""))
        if event.type == "node" and event.data.get("state") == "started":
            self._at_work[node] = one_line(node)
        elif event.type == "node":
            self._at_work.pop(node, None)
        elif event.type == "search":
            self._at_work["fix"] = f"fix: {_search(event.data)}"
        elif event.type == "end" or event.data.get("status") == "waiting_for_input":
            self._at_work.clear()


def teller_on(console: Console) -> Teller:
    """The teller that suits the console."""
    return LiveTeller(console) if console.is_terminal else PlainTeller(console)


async def follow(
    log: EventLog, task_id: str, teller: Teller, over: Callable[[], Awaitable[bool]], since: int = 0
) -> int:
    """Tell a task's events until it is over; the number of the last one.

    The log is read anew every tenth of a second, so that it does not matter which process works.
    """
    while True:
        last_look = await over()
        while batch := await log.after(since, task_id=task_id, limit=BATCH):
            for event in batch:
                teller.tell(event)
            since = batch[-1].seq
        if last_look:
            return since
        await asyncio.sleep(LOOK_EVERY_S)


def told(event: Event) -> Iterator[Told]:
    """The lines that an event is worth; most are worth none."""
    lines = _LINES.get(event.type)
    if lines:
        for line in lines(event.data):
            yield Told(line.mark, line.label, visible(line.text))


def _node(data: Mapping[str, Any]) -> Iterator[Told]:
    node, state = one_line(str(data.get("node", "")), 20), data.get("state")
    if state == "finished":
        seconds = f"{float(data.get('ms') or 0) / 1000:.1f} s"
        summary = one_line(str(data.get("summary") or ""))
        yield Told("✓", node, f"{summary}  ({seconds})" if summary else f"({seconds})")
    elif state == "failed":
        yield Told("✗", node, one_line(str(data.get("reason") or data.get("summary") or "")))


def _diagnosis(data: Mapping[str, Any]) -> Iterator[Told]:
    yield Told("·", "cause", one_line(str(data.get("root_cause", ""))))
    if method := data.get("method"):
        yield Told("·", "found by", one_line(str(method)))
    yield from _suspects(data)


def _suspects(data: Mapping[str, Any]) -> Iterator[Told]:
    for number, suspect in enumerate(data.get("suspects", ())[:SUSPECTS_SHOWN]):
        place = f"{suspect['path']}:{suspect['line']}"
        within = f" in {suspect['function']}" if suspect.get("function") else ""
        text = f"{suspect['score']:.2f}  {place}{within}"
        yield Told("·", "" if number else "suspects", one_line(text))


def _searched(data: Mapping[str, Any]) -> Iterator[Told]:
    if data.get("done"):
        yield Told("·", "candidates", _search(data))
        yield from _suspects(data)


def _search(data: Mapping[str, Any]) -> str:
    words = f"{data.get('tried', 0)} candidates tried, {data.get('plausible', 0)} plausible"
    if data.get("seconds"):
        words += f", {float(data['seconds']):.1f} s"
    return words


def _evidence(data: Mapping[str, Any]) -> Iterator[Told]:
    if before := data.get("before"):
        yield Told("·", "on base", _run(before))
    if after := data.get("after"):
        yield Told("·", "on the fix", _run(after))
    verdict = str(data.get("verdict", ""))
    note = one_line(str(data.get("note") or ""))
    yield Told(
        "✓" if verdict == "fixed" else "✗", "proof", ": ".join(filter(None, (verdict, note)))
    )


COLOURS = {"passed": "green", "failed": "red", "disagreement": "red"}
"""How a run is told that came to its end."""


def _run(run: Mapping[str, Any]) -> str:
    failed = run.get("failed", ())
    end = one_line(str(run.get("verdict", "")))
    colour = COLOURS.get(end) or f"neither red nor green, {end}"
    names = ", ".join(one_line(str(test), 120) for test in failed[:TESTS_SHOWN])
    more = f" and {len(failed) - TESTS_SHOWN} more" if len(failed) > TESTS_SHOWN else ""
    counts = f"{len(failed)} failed, {run.get('passed', 0)} passed"
    return f"{colour}: {counts}" + (f" ({names}{more})" if names else "")


def _review(data: Mapping[str, Any]) -> Iterator[Told]:
    verdict, by = str(data.get("verdict", "")), str(data.get("reviewer", ""))
    mark = "✓" if verdict == "APPROVE" else "✗"
    yield Told(mark, "verdict", one_line(f"{verdict} by {by}" if by else verdict))
    for issue in data.get("issues", ()):
        yield Told("·", "", one_line(f"{issue.get('severity', '')}: {issue.get('message', '')}"))


def _patch(data: Mapping[str, Any]) -> Iterator[Told]:
    words = (
        str(data.get("patch_hash", ""))[:12],
        ", ".join(data.get("files", ())),
        f"+{data.get('added', 0)} -{data.get('removed', 0)}",
        f"risk {data.get('risk', 'not recorded')}",
    )
    yield Told("·", "patch", one_line(" ".join(words)))


def _approval(data: Mapping[str, Any]) -> Iterator[Told]:
    state = str(data.get("state", ""))
    if state == "pending":
        yield Told("?", "asked", one_line(str(data.get("question") or data.get("kind") or "")))
        return
    by = data.get("decided_by") or {}
    who = f" by {by.get('person_id', '')} on {by.get('channel', '')}" if by else ""
    yield Told("·", "answer", one_line(f"{state.replace('_', ' ')}{who}"))


def _budget(data: Mapping[str, Any]) -> Iterator[Told]:
    whose = f"the budget of this {data.get('scope', 'task')}"
    limit = data.get("limit_usd")
    if notice := data.get("notice"):
        used = f"${data.get('cost_usd') or 0:.4f} of ${limit or 0:.4f}"
        if limit is None:
            used = f"{data.get('tokens', 0):,} of {data.get('limit_tokens', 0):,} tokens"
        yield Told("·", "budget", f"{notice} % of {whose}: {used} are used or reserved")
    elif limit is not None:
        yield Told("·", "budget", f"{whose} is ${limit:.2f} from now on")


def _status(data: Mapping[str, Any]) -> Iterator[Told]:
    if data.get("status") == "running" and (reason := data.get("reason")):
        yield Told("·", "waits", one_line(str(reason)))


def _end(data: Mapping[str, Any]) -> Iterator[Told]:
    outcome = str(data.get("outcome", ""))
    mark = "✓" if outcome in ("fixed", "already_fixed") else "·"
    yield Told(mark, "end", one_line(outcome))


_LINES: Mapping[str, Callable[[Mapping[str, Any]], Iterator[Told]]] = {
    "node": _node,
    "diagnosis": _diagnosis,
    "search": _searched,
    "evidence": _evidence,
    "review": _review,
    "patch": _patch,
    "approval": _approval,
    "budget": _budget,
    "status": _status,
    "end": _end,
}
