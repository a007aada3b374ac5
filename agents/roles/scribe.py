"""The scribe: tells people in plain sentences what was recorded of a repair; decides nothing."""

import logging

from pydantic import BaseModel

from agents.answers import ask
from agents.prompting import render
from agents.role import Role, words_of
from core.errors import LimitExceeded, ModelError
from core.findings import Narrative
from core.ports import Case, Model

SCRIBE = Role("scribe", node="review", max_tokens=1024)
WORDS_KEPT = 2_000

log = logging.getLogger(__name__)


class Answer(BaseModel):
    """What the model is asked for."""

    narrative: str


async def narrate(case: Case, facts: str, model: Model) -> Narrative:
    """What the model makes of the facts, in two turns at most.

    Empty when no model answers in time, the answer cannot be used, or the budget is spent: the
    facts stand without it.
    """
    messages = render("scribe", report=words_of(case), facts=facts)
    try:
        answer, by = await ask(model, SCRIBE.call(case, messages), Answer)
    except (ModelError, LimitExceeded) as error:
        log.info("no narrative: %s", error, extra={"task_id": case.task_id})
        return Narrative()
    return Narrative(text=answer.narrative.strip()[:WORDS_KEPT], author=by)
