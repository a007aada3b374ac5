"""The fix by models: who works with which engine, and who is next when no answers come."""

import logging
from collections.abc import Iterator

from agents import toolwork, workflow
from agents.contest import Contest, OfflineSearch, Stint
from agents.toolwork import Crew
from core.errors import ModelUnavailable
from core.findings import FixAttempt
from core.ports import Case, Model
from repair.bench import Bench

log = logging.getLogger(__name__)


async def fix(
    case: Case,
    bench: Bench,
    model: Model,
    search: OfflineSearch,
    crew: Crew,
    *,
    kind: str,
    attempts: int,
) -> FixAttempt:
    """One attempt: candidates of models and search, best first.

    A model whose replies are no answers is left: first for the engine that asks less of it, then
    for the next model. When none is left a person is due, as another attempt would go the same way.
    One that goes away while it works with tools is left to a fallback in text, if there is one.
    """
    stints: list[Stint] = []
    async with Contest.opened(case, bench, search) as contest:
        for one, engine in turns(model, kind):
            if engine == "tools":
                stints.append(await _with_tools(contest, one, crew, attempts))
            else:
                timed = crew.timed("fix", one)
                stints.append(await workflow.fix(contest, timed, attempts, refused=crew.refused))
            if not stints[-1].speechless or contest.won:
                break
            log.warning("%s", stints[-1].why_not, extra={"task_id": case.task_id})
        last = stints[-1]
        attempt = await contest.attempt(
            ", then ".join(stint.name for stint in stints),
            saved_calls=last.saved_calls if contest.found_by_search else 0,
            why_not=" ".join(stint.why_not for stint in stints),
        )
    refused = tuple(edit for stint in stints for edit in stint.refused)
    speechless = last.why_not if last.speechless and not attempt.candidates else ""
    return contest.abstained(attempt.but(refused=refused, speechless=speechless), last.abstains)


async def _with_tools(contest: Contest, model: Model, crew: Crew, attempts: int) -> Stint:
    try:
        return await toolwork.fix(contest, model, crew, attempts)
    except ModelUnavailable as away:
        if model.other is None:
            raise
        return Stint(f"tools ({model.name})", away.message, speechless=True)


def turns(model: Model, kind: str) -> Iterator[tuple[Model, str]]:
    """Who works and how, in order; from text there is no way back to tools."""
    left: Model | None = model
    while left:
        if with_tools(left, kind):
            yield left, "tools"
        yield left, "workflow"
        left = left.other


def with_tools(model: Model, kind: str) -> bool:
    """Whether a model works with tools: where that is wanted, or it has shown that it can."""
    return kind == "tools" or (kind == "auto" and model.capabilities.strong)
