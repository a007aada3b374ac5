"""One reader: a model while it answers in time, else the grammar, which says that it stands in."""

import asyncio

from control.reading import Reading
from core.approvals import Question, QuestionKind
from core.errors import ConfigError
from core.intents import Intent

RELEASE = Question(
    kind=QuestionKind.RELEASE,
    task_id="t",
    title="Release?",
    options=("approve", "request_changes", "reject"),
)


class Slow:
    """Serves the port Reader after a long time."""

    async def read(self, words: str, question: Question) -> Intent:
        await asyncio.sleep(60)
        raise AssertionError("nobody waits so long")


async def test_a_model_that_takes_too_long_is_not_waited_for() -> None:
    async def slow() -> Slow:
        return Slow()

    intent = await Reading(slow, seconds=0.01).read("ship it", RELEASE)
    assert (intent.kind, intent.read_by) == ("approve", "grammar")
    assert intent.notice.startswith("The model took longer than 0.01 s")


async def test_where_no_model_is_meant_to_read_nothing_is_said_of_one() -> None:
    async def nobody() -> None:
        return None

    intent = await Reading(nobody).read("ship it", RELEASE)
    assert (intent.kind, intent.notice) == ("approve", "")


async def test_a_model_that_cannot_be_set_up_keeps_nobody_from_speaking() -> None:
    async def broken() -> None:
        raise ConfigError("MODEL_ORCHESTRATOR: it needs a key")

    intent = await Reading(broken).read("no", RELEASE)
    assert (intent.kind, intent.notice[:17]) == ("reject", "No model answers,")
