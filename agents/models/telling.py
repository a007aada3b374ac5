"""What the event log is told of model calls."""

import uuid
from collections.abc import Sequence
from typing import Any

from agents.models.attempts import Answer, AttemptFailed, Request
from agents.models.failures import said
from core.events import Notice
from core.models import Message, ModelCall, Tokens
from core.ports import EventLog

PREVIEW_CHARS = 400
CALL_ID_DIGITS = 16
ORCHESTRATION_ONLY = "orchestration only"
"""The label of what a scripted model answered: it says nothing about a model."""


class Telling:
    """The events of one call; its attempts share the id and differ by number."""

    def __init__(self, events: EventLog, call: ModelCall) -> None:
        self._events = events
        self._call = call
        self.call_id = uuid.uuid4().hex[:CALL_ID_DIGITS]

    async def start(self, model: str, attempt: int, messages: Sequence[Message]) -> None:
        """An attempt is about to be sent, with these messages, in which no secret is left."""
        texts = [message.text for message in messages]
        last = texts[-1] if texts else ""
        await self._tell(
            "llm_start",
            model,
            attempt,
            prompt_preview=last[:PREVIEW_CHARS],
            prompt_chars=sum(map(len, texts)),
        )

    async def end(
        self,
        model: str,
        attempt: int,
        *,
        seconds: float,
        tokens: Tokens,
        cost_usd: float | None,
        answer: Answer | None = None,
        error: BaseException | None = None,
    ) -> None:
        """An attempt is over, well or not."""
        data: dict[str, Any] = {
            "ok": answer is not None,
            "tokens_in": tokens.sent,
            "tokens_out": tokens.received,
            "tokens_cached": tokens.cached,
            "tokens_estimated": tokens.estimated,
            "cost_usd": cost_usd,
            "ms": round(seconds * 1000),
        }
        if answer is not None:
            wishes = "".join(f"\n{call.name}({call.arguments})" for call in answer.calls)
            first = answer.first_token_s
            data |= {
                "first_token_ms": None if first is None else round(first * 1000),
                "stop_reason": answer.finish,
                "response_preview": (answer.text + wishes)[:PREVIEW_CHARS],
            }
        if error is not None:
            data |= {"error": said(error) or type(error).__name__}
        if isinstance(error, AttemptFailed):
            data |= {"trouble": error.trouble}
        await self._tell("llm_end", model, attempt, **data)

    async def _tell(self, kind: Any, model: str, attempt: int, **data: Any) -> None:
        call = self._call
        facts = {
            "call_id": self.call_id,
            "role": call.role,
            "model": model,
            "node": call.node,
            "attempt": attempt,
        }
        if model.startswith("scripted/"):
            facts["label"] = ORCHESTRATION_ONLY
        await self._events.append(
            Notice(type=kind, task_id=call.task_id, role=call.role, data={**facts, **data})
        )


def estimate(request: Request) -> Tokens:
    """What a call took that nobody saw the end of."""
    return Tokens(sent=request.prompt_tokens, estimated=True)
