"""What `/health` and `doctor` show of models; no key is in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from agents.models.prices import MILLION
from agents.models.providers import OFFLINE
from agents.models.roster import Roster
from core.models import Capabilities


@dataclass(frozen=True)
class Row:
    """A role and its model, for people."""

    role: str
    model: str
    reason: str
    ability: str
    price: str


def table(roster: Roster) -> Sequence[Row]:
    """The models of all roles, for `doctor`."""
    return [
        Row(
            choice.role,
            choice.model,
            choice.reason,
            "" if choice.model == OFFLINE else ability(roster.shown(choice.model)),
            _price(roster, choice.model),
        )
        for choice in roster.choices.values()
    ]


def about(roster: Roster) -> dict[str, Any]:
    """The models by role, the fallbacks, the breakers and who waits, for `/health`."""
    return {
        "by_role": {
            row.role: {
                "model": row.model,
                "reason": row.reason,
                "ability": row.ability,
                "price": row.price,
            }
            for row in table(roster)
        },
        "fallback": list(roster.fallback),
        "breakers": {label: breaker.about() for label, breaker in roster.breakers.items()},
        "waiting": [wait.about() for wait in roster.desk.waits.all()],
        "price_table": _price_table(),
    }


def degraded(roster: Roster) -> dict[str, str]:
    """What is not well, by server, and who waits, by model, in words; empty when all is well."""
    servers = {
        label: f"{_models_at(roster, label)} "
        f"{'left alone' if breaker.state == 'open' else 'failing'} "
        f"since {breaker.since:%H:%M:%S} UTC"
        for label, breaker in roster.breakers.items()
        if breaker.since
    }
    waits = sorted(roster.desk.waits.all(), key=lambda wait: wait.since, reverse=True)
    return servers | {wait.model: wait.words for wait in waits}


def _models_at(roster: Roster, label: str) -> str:
    return ", ".join(name for name, line in roster.lines.items() if line.endpoint.label == label)


def ability(shown: Capabilities) -> str:
    """What a model has shown, in words."""
    if not shown.probed:
        return "not probed: it counts as weak"
    missing = [
        name for name in ("edits", "answers", "tools", "context") if not getattr(shown, name)
    ]
    return "strong" if not missing else f"weak: {', '.join(missing)} failed"


def _price(roster: Roster, model: str) -> str:
    price = roster.desk.prices.price(model)
    if price is None:
        return "price unknown"
    if not price.sent and not price.received:
        return "free"
    return f"${price.sent * MILLION:.2f} in, ${price.received * MILLION:.2f} out, a million tokens"


def _price_table() -> str:
    try:
        return f"LiteLLM {version('litellm')}"
    except PackageNotFoundError:
        return "missing"
