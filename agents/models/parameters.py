"""What a model is asked with, in layers: of the model, of the role, of the call."""

from collections.abc import Mapping
from typing import Any, TypeVar

from agents.models.providers import canonical
from core.models import ModelCall

T = TypeVar("T")
FORBIDDEN = frozenset(
    {
        "model", "messages", "tools", "stream", "stream_options", "api_key", "api_base", "base_url",
        "api_version", "max_retries", "num_retries", "timeout", "n", "fallbacks", "mock_response",
        "custom_llm_provider", "client", "functions", "callbacks",
    }
)  # fmt: skip
"""What the adapter decides alone: addresses, keys, patience, and what is said."""
OURS = frozenset({"window"})
"""What is meant for us and goes to no provider."""


def merged(
    call: ModelCall,
    model: str,
    by_model: Mapping[str, Mapping[str, Any]],
    by_role: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """The parameters of a call, later layers over earlier ones; None takes a parameter out."""
    layers = {**(best_match(by_model, model) or {}), **(of_role(by_role, call.role) or {})}
    site = {"temperature": call.temperature, "seed": call.seed}
    given = {name: value for name, value in site.items() if value is not None}
    if "max_tokens" in call.model_fields_set or "max_tokens" not in layers:
        given["max_tokens"] = call.max_tokens
    # A parameter that was taken out stays out, whatever a call wants: the model cannot take it.
    given = {name: value for name, value in given.items() if layers.get(name, value) is not None}
    return {name: value for name, value in {**layers, **given}.items() if name not in OURS}


def forbidden(variable: str, table: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What a table may not hold, in words."""
    return [
        f"{variable}: {name!r} of {owner!r} is set by Anton alone"
        for owner, layer in table.items()
        for name in sorted(FORBIDDEN & set(layer))
    ]


def best_match(table: Mapping[str, T], model: str) -> T | None:
    """The entry of a model: its name, or else the longest that its name begins with."""
    name = canonical(model)
    keys = [key for key in table if name.startswith(canonical(key))]
    best = max(keys, key=lambda key: len(canonical(key)), default=None)
    return None if best is None else table[best]


def of_role(table: Mapping[str, T], role: str) -> T | None:
    """The entry of a role, also under the names `x_agent` and `code_reviewer`."""
    aliases = (role, f"{role}_agent", *(("code_reviewer",) if role == "reviewer" else ()))
    return next((table[name] for name in aliases if name in table), None)
