"""Integrations: what Anton can work with outside of himself, and how each of them stands."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

State = Literal["live", "embedded", "off", "failing"]
"""`embedded` is a stand-in on this machine, from which nothing leaves."""


@dataclass(frozen=True)
class Offer:
    """One of them, as it is configured."""

    name: str
    variable: str
    """The option that switches it on."""
    live: str = ""
    """What it is, in words; empty where it is not configured."""
    instead: str = ""
    """What stands in for it then; empty where nothing does, and it is off."""
    part: str = ""
    """Under which name `/health` tells of its trouble, if not its own."""


@dataclass(frozen=True)
class Integration:
    """One of them, as it stands."""

    name: str
    state: State
    detail: str
    variable: str
    since: str = ""
    """Since when it fails, ISO 8601; empty where that is not known."""
    channel: bool = False
    """Whether a test message can be sent there."""


def standing(offers: Iterable[Offer], health: Mapping[str, Any]) -> Iterator[Integration]:
    """How each stands, by what `/health` tells those who show a key."""
    yield _models(health)
    yield _sandbox(health)
    for offer in offers:
        seen = health["channels"].get(offer.name, {})
        if offer.live and (trouble := _trouble(offer, health)):
            since = str(seen.get("since", ""))
            yield Integration(offer.name, "failing", trouble, offer.variable, since, bool(seen))
        elif offer.live:
            yield Integration(
                offer.name,
                "live",
                offer.live,
                offer.variable,
                channel=offer.name in health["channels"],
            )
        elif offer.instead:
            yield Integration(offer.name, "embedded", offer.instead, offer.variable)
        else:
            yield Integration(offer.name, "off", "Not configured.", offer.variable)


def _trouble(offer: Offer, health: Mapping[str, Any]) -> str:
    part = offer.part or offer.name
    told = health["trouble"]
    traced = health.get("traces", {}).get(part, {}).get("trouble", "")
    return str(told.get(part) or told.get(f"{part} (hearing)") or traced)


def _sandbox(health: Mapping[str, Any]) -> Integration:
    kind, trouble = str(health.get("sandbox", "")), health["trouble"].get("sandbox")
    if trouble:
        return Integration("sandbox", "failing", trouble, "SANDBOX")
    if kind == "e2b":
        return Integration("sandbox", "live", "Machines of E2B.", "SANDBOX")
    return Integration("sandbox", "embedded", f"{kind} on this machine.", "SANDBOX")


def _models(health: Mapping[str, Any]) -> Integration:
    """Who thinks; the roster tells more of it than any option."""
    told = health.get("models", {})
    breakers = told.get("breakers")
    variable = "MODEL"
    if breakers is None:
        words = "The offline engine, which repairs Python bugs that a test shows."
        return Integration("models", "embedded", words, variable)
    failing = [health["trouble"][label] for label in breakers if label in health["trouble"]]
    if failing:
        return Integration("models", "failing", "; ".join(failing), variable)
    served = sorted({str(row["model"]) for row in told["by_role"].values()})
    return Integration("models", "live", ", ".join(served), variable)
