"""One model at its endpoint: asked with patience, under its breaker, within the budgets."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from agents.allowance import standing_still, was_away
from agents.models.attempts import Answer, AttemptFailed, Attempts, Request
from agents.models.breaker import Breaker, Trial
from agents.models.counting import count_call, with_margin
from agents.models.failures import TOO_LONG
from agents.models.logged import interaction
from agents.models.parameters import merged
from agents.models.patience import Patience
from agents.models.prices import Prices
from agents.models.providers import Endpoint
from agents.models.telling import Telling, estimate
from agents.models.waiting import Note, Waits
from core.errors import ModelUnavailable, PromptTooLong
from core.models import ModelCall, Reply, Tokens
from core.ports import Budgets, Clock, EventLog, InteractionLog, Reservation
from observability.live import LiveTexts
from observability.tracing import Span, span

log = logging.getLogger(__name__)

REPLY_LEAST = 256
"""A window that leaves less for the reply is too small for the prompt."""


@dataclass(frozen=True)
class Desk:
    """What all models share."""

    clock: Clock
    events: EventLog
    interactions: InteractionLog
    live: LiveTexts
    prices: Prices
    patience: Patience
    waits: Waits
    by_model: Mapping[str, Mapping[str, Any]]
    by_role: Mapping[str, Mapping[str, Any]]
    masked: Callable[[str], str]
    """A text without the secrets in it, as it may go to a model."""


@dataclass
class Journey:
    """One call on its way through retries and fallbacks."""

    call: ModelCall
    telling: Telling
    budgets: Budgets
    attempts: int = 0
    failing_since: datetime | None = None


class Line:
    """A model that can be asked."""

    def __init__(
        self, endpoint: Endpoint, attempts: Attempts, window: int, breaker: Breaker, desk: Desk
    ) -> None:
        self.endpoint = endpoint
        self.window = window
        self.breaker = breaker
        self._attempts = attempts
        self._desk = desk

    @property
    def name(self) -> str:
        """As it is configured."""
        return self.endpoint.model

    async def close(self) -> None:
        """Let go of connections."""
        await self._attempts.close()

    async def ask(self, journey: Journey, *, spare: bool) -> Reply:
        """The answer; `spare` says that another model stands by, so that nobody waits in vain.

        Raises AttemptFailed with what came last, PromptTooLong, BudgetExceeded.
        """
        request = await self.prepare(journey.call)
        async with self._desk.waits.noted(journey.call, self.name) as note:
            return await self._patiently(request, journey, note, spare)

    async def _patiently(
        self, request: Request, journey: Journey, note: Note, spare: bool
    ) -> Reply:
        failures = 0
        while True:
            await self._admittance(journey, note, spare)
            began = self._desk.clock.monotonic()
            try:
                return await self._once(request, journey)
            except AttemptFailed as error:
                failures += 1
                was_away(self._desk.clock.monotonic() - began)
                pause = self._desk.patience.pause(failures, error.retry_after_s)
                if error.trouble != "transient" or pause is None:
                    raise
                journey.failing_since = journey.failing_since or self._desk.clock.now()
                reason = error.message
            if not (spare and self.breaker.wait_s):
                await self._wait(journey, note, pause, reason)

    async def prepare(self, call: ModelCall) -> Request:
        """The call with its parameters and sizes, and no secret in what is said.

        Raises PromptTooLong before anything is sent.
        """
        call = await asyncio.to_thread(_without_secrets, call, self._desk.masked)
        counted = await asyncio.to_thread(count_call, call)
        parameters = merged(call, self.name, self._desk.by_model, self._desk.by_role)
        wanted = int(parameters.pop("max_tokens", None) or call.max_tokens)
        room = self.window - with_margin(counted, self.endpoint.provider.name)
        if room < min(wanted, REPLY_LEAST):
            raise PromptTooLong(
                f"The prompt has about {self.window - room:,} tokens, and {self.name} takes "
                f"{self.window:,} for prompt and reply together.",
                remedy=TOO_LONG,
            )
        return Request(call, counted, min(wanted, room), parameters)

    def cost_usd(self, tokens: Tokens, written: int = 0) -> float | None:
        """What so many tokens cost; None when the price is unknown."""
        return self._desk.prices.cost_usd(
            self.name, tokens.sent, tokens.received, cached=tokens.cached, written=written
        )

    def most(self, request: Request) -> Tokens:
        """What a request can take at most."""
        sent = with_margin(request.prompt_tokens, self.endpoint.provider.name)
        return Tokens(sent=sent, received=request.max_tokens, estimated=True)

    async def _admittance(self, journey: Journey, note: Note, spare: bool) -> None:
        while wait_s := self.breaker.wait_s:
            about = self.breaker.about()
            if spare and self.breaker.state == "open":
                raise AttemptFailed(
                    f"{self.endpoint.label} is left alone since {about.get('since')}: "
                    f"{about.get('reason')}",
                    "exhausted",
                )
            await self._wait(journey, note, wait_s, str(about.get("reason", "")))

    async def _wait(self, journey: Journey, note: Note, seconds: float, reason: str) -> None:
        await note.waits(reason, journey.failing_since or self.breaker.since)
        with standing_still():
            await self._desk.clock.sleep(seconds)

    async def _once(self, request: Request, journey: Journey) -> Reply:
        most = self.most(request)
        reservation = await journey.budgets.reserve(
            request.call.task_id if request.call.charged else "",
            request.call.role,
            tokens=most.sent + most.received,
            cost_usd=self.cost_usd(most),
        )
        journey.attempts += 1
        with self.breaker.trial() as trial, self._span(request, journey) as begun:
            await journey.telling.start(self.name, journey.attempts, request.call.messages)
            began = self._desk.clock.monotonic()
            try:
                with self._desk.live.of_call(journey.telling.call_id, request.call) as live:
                    sent = await self._attempts.send(replace(request, hear=live.hear))
                answer = await asyncio.to_thread(_discreet, sent, self._desk.masked)
            except BaseException as error:
                _judge(error, trial)
                used = _used(error, request)
                await self._settle(request, journey, reservation, began, used, error=error)
                raise
            trial.answered()
            begun.set(
                gen_ai__usage__input_tokens=answer.tokens.sent,
                gen_ai__usage__output_tokens=answer.tokens.received,
                gen_ai__response__finish_reason=answer.finish,
                anton__cost_usd=self.cost_usd(answer.tokens, answer.written),
            )
        return await self._settle(
            request, journey, reservation, began, answer.tokens, answer=answer
        )

    def _span(self, request: Request, journey: Journey) -> AbstractContextManager[Span]:
        provider = self.endpoint.provider.name
        log.debug("%s asks %s, attempt %d", request.call.role, self.name, journey.attempts)
        return span(
            f"chat {self.name}",
            kind="client",
            gen_ai__operation__name="chat",
            gen_ai__provider__name="gcp.gemini" if provider == "gemini" else provider,
            gen_ai__request__model=self.name,
            gen_ai__request__max_tokens=request.max_tokens,
            gen_ai__agent__name=request.call.role,
            anton__attempt=journey.attempts,
        )

    async def _settle(
        self,
        request: Request,
        journey: Journey,
        reservation: Reservation,
        began: float,
        tokens: Tokens,
        *,
        answer: Answer | None = None,
        error: BaseException | None = None,
    ) -> Reply:
        seconds = self._desk.clock.monotonic() - began
        cost = self.cost_usd(tokens, answer.written if answer else 0)
        self._desk.interactions.record(
            interaction(
                request.call,
                self.name,
                journey.attempts,
                call_id=journey.telling.call_id,
                ended_at=self._desk.clock.now(),
                seconds=seconds,
                tokens=tokens,
                cost_usd=cost,
                answer=answer,
                error=error,
            )
        )
        await journey.budgets.settle(
            reservation.reservation_id, tokens, cost_usd=cost, seconds=seconds
        )
        await journey.telling.end(
            self.name,
            journey.attempts,
            seconds=seconds,
            tokens=tokens,
            cost_usd=cost,
            answer=answer,
            error=error,
        )
        given = answer or Answer()
        return Reply(
            text=given.text,
            calls=given.calls,
            finish=given.finish,
            model=self.name,
            tokens=tokens,
            cost_usd=cost,
            seconds=seconds,
            attempts=journey.attempts,
        )


def _without_secrets(call: ModelCall, masked: Callable[[str], str]) -> ModelCall:
    messages = [
        message.but(
            text=masked(message.text),
            calls=tuple(one.but(arguments=masked(one.arguments)) for one in message.calls),
        )
        for message in call.messages
    ]
    return call.but(messages=tuple(messages))


def _discreet(answer: Answer, masked: Callable[[str], str]) -> Answer:
    """The answer without secrets: a model that got hold of one does not bring it in."""
    calls = tuple(one.but(arguments=masked(one.arguments)) for one in answer.calls)
    return replace(answer, text=masked(answer.text), calls=calls)


def _judge(error: BaseException, trial: Trial) -> None:
    """What a failure says of the server: a refusal shows that it is well, a limit shows nothing."""
    if isinstance(error, AttemptFailed):
        if error.trouble != "transient":
            trial.answered()
        elif not error.limited:
            trial.failed(error.message)
    elif isinstance(error, PromptTooLong):
        trial.answered()


def _used(error: BaseException, request: Request) -> Tokens:
    known = getattr(error, "tokens", None)
    if isinstance(error, ModelUnavailable | PromptTooLong):
        return known or Tokens()
    return known or estimate(request)
