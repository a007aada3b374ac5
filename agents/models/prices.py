"""What a call costs, from a table; a price that nobody knows is None, and never 0."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from agents.models.parameters import best_match
from agents.models.providers import bare_name, provider_of

FREE_PROVIDERS = frozenset({"ollama", "scripted", "offline"})
DECIMALS = 4
LEAST_USD = 0.0001
"""What costs anything costs at least this: rounded, it would cost nothing."""
MILLION = 1_000_000
TIERS = (
    (272_000, "_above_272k_tokens"),
    (200_000, "_above_200k_tokens"),
    (128_000, "_above_128k_tokens"),
)


@dataclass(frozen=True)
class Price:
    """US dollars a token."""

    sent: float
    received: float
    cached: float | None = None
    """Of the prompt, what the provider had kept; None as any other."""
    written: float | None = None
    """Of the prompt, what the provider keeps from now on."""

    def of(self, sent: int, received: int, cached: int = 0, written: int = 0) -> float:
        """The cost of a call, to 4 decimals; `cached` and `written` are parts of `sent`."""
        plain = max(0, sent - cached - written)
        cost = (
            plain * self.sent
            + cached * (self.sent if self.cached is None else self.cached)
            + written * (self.sent if self.written is None else self.written)
            + received * self.received
        )
        return max(LEAST_USD, round(cost, DECIMALS)) if cost > 0 else 0.0


class Prices:
    """The prices of all models: what was configured first, then LiteLLM's table."""

    def __init__(
        self,
        configured: Mapping[str, Mapping[str, float]] | None = None,
        *,
        own_servers: frozenset[str] = frozenset(),
    ) -> None:
        """Take dollars a million tokens, by model or prefix: `{"openai/a": {"in": 1, "out": 2}}`.

        Of `own_servers`, providers reached at an address of one's own, the table knows no price.
        """
        self._configured = configured or {}
        self._own_servers = own_servers

    def cost_usd(
        self, model: str, sent: int, received: int, *, cached: int = 0, written: int = 0
    ) -> float | None:
        """The cost of a call in US dollars; None when the price is unknown."""
        price = self.price(model, sent)
        return None if price is None else price.of(sent, received, cached, written)

    def price(self, model: str, sent: int = 0) -> Price | None:
        """The price of a model, for a prompt of so many tokens; None when unknown."""
        if (own := best_match(self._configured, model)) is not None:
            cached = own.get("cached")
            return Price(
                own["in"] / MILLION,
                own["out"] / MILLION,
                None if cached is None else cached / MILLION,
            )
        provider = provider_of(model).name
        if provider in FREE_PROVIDERS or model.endswith(":free"):
            return Price(0.0, 0.0)
        return None if provider in self._own_servers else listed(facts_of(model), sent)


def listed(facts: Mapping[str, Any], sent: int) -> Price | None:
    """A price of LiteLLM's table; it holds 0 for paid models whose price it does not know."""
    tier = next(
        (end for least, end in TIERS if sent > least and f"input_cost_per_token{end}" in facts), ""
    )

    def rate(name: str) -> float | None:
        value = facts.get(f"{name}{tier}", facts.get(name))
        return float(value) if isinstance(value, int | float) else None

    into, out = rate("input_cost_per_token"), rate("output_cost_per_token")
    if not into or not out:
        return None
    return Price(
        into, out, rate("cache_read_input_token_cost"), rate("cache_creation_input_token_cost")
    )


def facts_of(model: str) -> Mapping[str, Any]:
    """What LiteLLM's table says of a model; empty for one that it does not know."""
    provider = provider_of(model)
    bare = bare_name(model, provider)
    for name in (model, f"{provider.name}/{bare}", bare):
        facts = _table().get(name, {})
        if facts.get("litellm_provider") == provider.name:
            return facts
    return {}


@cache
def _table() -> Mapping[str, Mapping[str, Any]]:
    """The table that comes with LiteLLM, read without importing it; empty where it is missing."""
    spec = find_spec("litellm")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        file = Path(folder) / "model_prices_and_context_window_backup.json"
        if file.is_file():
            table: Mapping[str, Mapping[str, Any]] = json.loads(file.read_text("utf-8"))
            return table
    return {}


def shown(cost_usd: float | None) -> str:
    """A cost for people."""
    return "price unknown" if cost_usd is None else f"${cost_usd:.{DECIMALS}f}"
