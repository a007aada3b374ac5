"""What the settings say about models, in the words of this room."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from agents.models.locality import is_local
from agents.models.patience import Patience
from agents.models.providers import OLLAMA_ADDRESS, Endpoint, Provider, provider_of
from agents.models.streams import Deadlines

ROLES = (
    "triage",
    "diagnosis",
    "qa",
    "fix",
    "reviewer",
    "scribe",
    "orchestrator",
    "reflector",
)
LIGHT_ROLES = frozenset({"triage", "git", "devops"})
"""Roles that a vendor's small model serves, where nobody chose."""


@dataclass(frozen=True)
class Vendor:
    """What a vendor's key alone leads to."""

    name: str
    model: str
    light: str


@dataclass(frozen=True)
class ModelOptions:
    """All that is configured about models."""

    model: str = ""
    by_role: Mapping[str, str] = field(default_factory=dict)
    fallback: tuple[str, ...] = ()
    keys: Mapping[str, str] = field(default_factory=dict)
    """Keys that are set, by the names of their variables."""
    bases: Mapping[str, str] = field(default_factory=dict)
    """Addresses of one's own, by provider."""
    vendors: tuple[Vendor, ...] = ()
    """In the order in which their keys are looked for."""
    model_parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    role_parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    prices: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    patience: Patience = field(default_factory=Patience)
    deadlines: Deadlines = field(default_factory=Deadlines)
    local_only: bool = False
    private_hosts: tuple[str, ...] = ()

    def endpoint(self, model: str) -> Endpoint:
        """Where a model is reached; raises ConfigError for a name of no known form."""
        provider = provider_of(model)
        base = self.base_of(provider)
        return Endpoint(
            model,
            provider,
            base=base,
            key=self.keys.get(provider.key, ""),
            local=not provider.route or bool(base and is_local(base, self.private_hosts)),
        )

    def base_of(self, provider: Provider) -> str:
        """The address of a provider's server; empty for the provider's own."""
        base = self.bases.get(provider.name, "")
        return base or (OLLAMA_ADDRESS if provider.name == "ollama" else "")

    @property
    def vendors_with_keys(self) -> tuple[Vendor, ...]:
        """Vendors whose keys are set, first the preferred one."""
        return tuple(v for v in self.vendors if self.keys.get(provider_of(v.model).key))
