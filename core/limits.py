"""How many turns and seconds each role may take."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, replace

from core.errors import ConfigError

OLLAMA = ("ollama/", "ollama_chat/")
SLOWNESS_OF_OLLAMA = 5.0


@dataclass(frozen=True)
class RoleLimits:
    """What one run of a role may take; one that was cut off is never a success."""

    turns: int
    seconds: float

    def on(self, model: str) -> "RoleLimits":
        """The same for a model by its configured name; one on Ollama gets five times the time."""
        if model.startswith(OLLAMA):
            return replace(self, seconds=self.seconds * SLOWNESS_OF_OLLAMA)
        return self


_BUILDS = RoleLimits(turns=20, seconds=600.0)
DEFAULTS: Mapping[str, RoleLimits] = {
    "triage": RoleLimits(turns=5, seconds=60.0),
    "diagnosis": RoleLimits(turns=8, seconds=180.0),
    "qa": RoleLimits(turns=20, seconds=300.0),
    "fix": RoleLimits(turns=15, seconds=180.0),
    "reviewer": RoleLimits(turns=5, seconds=120.0),
    "scribe": RoleLimits(turns=5, seconds=60.0),
    "orchestrator": _BUILDS,
    "planner": _BUILDS,
    "backend": _BUILDS,
    "database": _BUILDS,
    "frontend": _BUILDS,
    "git": _BUILDS,
    "devops": _BUILDS,
}


def role_limits(changes: Mapping[str, Mapping[str, float]]) -> Mapping[str, RoleLimits]:
    """The limits of every role, some `turns` or `seconds` changed; ConfigError for no such role."""
    for name in changes:
        if name not in DEFAULTS:
            close = difflib.get_close_matches(name, DEFAULTS, n=1)
            raise ConfigError(
                f"ROLE_LIMITS: there is no role {name}.",
                remedy=f"name {' or '.join(close)}" if close else f"use {', '.join(DEFAULTS)}",
            )
    return {
        name: RoleLimits(
            turns=int(changes.get(name, {}).get("turns", limits.turns)),
            seconds=float(changes.get(name, {}).get("seconds", limits.seconds)),
        )
        for name, limits in DEFAULTS.items()
    }
