"""From what is to be logged to a row of a table: secrets out, long texts cut, JSON in columns."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import takewhile
from typing import Any

from core.interactions import Entry, Interaction, MemoryDiff, RoleResult
from core.models import Tokens
from observability.redaction import Redactor

TEXT_MAX = 200_000
"""Characters of one text; a window of the greatest models is a few of them."""
PROMPT_MAX = 1_000_000
"""Characters of all messages of a prompt: BigQuery takes 10 MB a row, each up to 6 bytes there."""
CUT = "\n[… {} characters left out …]\n"


@dataclass(frozen=True)
class Row:
    """What is written: plain JSON values by column."""

    table: str
    columns: dict[str, Any]

    @property
    def row_id(self) -> str:
        """By which a row is known again."""
        return str(self.columns["id"])


def row_of(entry: Entry, redactor: Redactor) -> Row:
    """The row of an entry; raises what the redactor raises."""
    if isinstance(entry, Interaction):
        return Row("agent_interactions", _interaction(entry, redactor))
    if isinstance(entry, RoleResult):
        return Row("agent_metrics", redactor.value(_result(entry)))
    return Row("memory_diffs", _diff(entry, redactor))


def instant(moment: datetime) -> str:
    """An instant as text of fixed width, in UTC: text order is time order."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _interaction(call: Interaction, redactor: Redactor) -> dict[str, Any]:
    system = list(takewhile(lambda message: message.author == "system", call.messages))
    said = redactor.value([message.dump() for message in call.messages[len(system) :]])
    room = max(1, min(TEXT_MAX, PROMPT_MAX // (len(said) or 1)))
    for message in said:
        message["text"] = cut(message["text"], room)
    plain = {
        "id": call.interaction_id,
        "task_id": call.task_id,
        "agent": call.agent,
        "role": call.role,
        "node": call.node,
        "model": call.model,
        "system": "\n\n".join(message.text for message in system),
        "response": call.response,
        "error": call.error,
    }
    return {
        **{name: cut(redactor.text(text)) for name, text in plain.items()},
        "ts": instant(call.ended_at),
        "attempt": call.attempt,
        "messages": _json(said),
        "tools": _json(call.tools),
        "calls": _json(redactor.value([wish.dump() for wish in call.calls])),
        **_tokens(call.tokens),
        "tokens_estimated": call.tokens.estimated,
        "cost_usd": call.cost_usd,
        "latency_ms": round(call.seconds * 1000, 3),
        "success": call.success,
    }


def _result(result: RoleResult) -> dict[str, Any]:
    return {
        "id": f"{result.task_id}:{result.role}",
        "ts": instant(result.ended_at),
        "day": instant(result.ended_at)[:10],
        "task_id": result.task_id,
        "role": result.role,
        "outcome": result.outcome,
        "success": result.success,
        "calls": result.calls,
        **_tokens(result.tokens),
        "cost_usd": result.cost_usd,
        "seconds": result.seconds,
    }


def _diff(diff: MemoryDiff, redactor: Redactor) -> dict[str, Any]:
    return {
        "id": f"{diff.role}:{diff.version}:{instant(diff.changed_at)}",
        "ts": instant(diff.changed_at),
        "role": diff.role,
        "version": diff.version,
        "added": _json(redactor.value(diff.added)),
        "removed": _json(redactor.value(diff.removed)),
        "reason": redactor.text(diff.reason),
    }


def _tokens(tokens: Tokens) -> dict[str, int]:
    return {
        "tokens_in": tokens.sent,
        "tokens_out": tokens.received,
        "tokens_cached": tokens.cached,
    }


def cut(text: str, room: int = TEXT_MAX) -> str:
    """The text, or its two ends with word of what was between."""
    if len(text) <= room:
        return text
    head, tail = room - room // 2, room // 2
    return f"{text[:head]}{CUT.format(len(text) - room)}{text[len(text) - tail :]}"


def _json(value: Iterable[Any]) -> str:
    return json.dumps(list(value), ensure_ascii=False)
