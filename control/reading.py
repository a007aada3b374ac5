"""One reader for what people say: a model where one serves, and the grammar where none answers."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from control.words import Grammar
from core.approvals import Question
from core.errors import AnswerInvalid, AntonError, ConfigError, LimitExceeded, ModelError
from core.intents import Intent
from core.ports import Reader

log = logging.getLogger(__name__)

READING_S = 20.0
"""How long a model may take: somebody waits in a chat."""
Opened = Callable[[], Awaitable[Reader | None]]
"""The model that reads, opened when it is first needed; None where no model serves the role."""


class Reading:
    """Serves the port Reader, and never fails for want of a model."""

    def __init__(self, model: Opened, seconds: float = READING_S) -> None:
        self._model = model
        self._seconds = seconds
        self._grammar = Grammar()

    async def read(self, words: str, question: Question) -> Intent:
        """Serves the port; where the grammar has to stand in for a model, the intent says so."""
        notice = ""
        try:
            async with asyncio.timeout(self._seconds):
                model = await self._model()
                if model is not None:
                    return await model.read(words, question)
        except (ModelError, LimitExceeded, ConfigError, TimeoutError) as error:
            log.warning("no model reads: %s", str(error) or "the time was up")
            notice = f"{self._why(error)}, so a small grammar has read your words."
        return (await self._grammar.read(words, question)).but(notice=notice)

    def _why(self, error: AntonError | TimeoutError) -> str:
        if isinstance(error, TimeoutError):
            return f"The model took longer than {self._seconds:g} s"
        if isinstance(error, LimitExceeded):
            return "The budget of models is spent for now"
        if isinstance(error, AnswerInvalid):
            return "The model gave no usable answer"
        return "No model answers"
