"""Identities as they go over the wire."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from api.views import Answer
from core.identities import Identity, IdentityVersion, RuleStats
from core.learning import RuleRecord
from core.visible import visible


class RuleView(BaseModel):
    """A rule of a role, and how often it held."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    text: str
    pinned: bool
    """Whether a person fixed it."""
    correction: bool
    """Whether people taught it, and not the role itself."""
    use_count: int
    """Tasks that have ended and in which it was in the prompts of the role."""
    success_count: int
    """Those of them that ended well."""
    confidence: float
    """From 0 to 1; a half while nothing is known."""
    withheld_count: int
    """Tasks that were done without it, to compare."""
    withheld_success_count: int
    effect: float | None
    """By how much the share of success is higher with it; null for not enough data."""
    learned_at: datetime | None
    """Null for a rule of a person."""
    learned_by: str
    """The model that proposed it; empty for a rule of a person."""
    learned_from: list[str]
    """Ids of the tasks that it was drawn from."""


class IdentityFacts(BaseModel):
    """What a role has learned."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    role: str
    version: int
    """0 for a role that has learned nothing yet."""
    rules: list[RuleView]
    """Best first, as they stand in prompts."""
    expertise: list[str]
    past_mistakes: list[str]
    code_style: str
    beliefs: dict[str, str]


class IdentityView(IdentityFacts, Answer):
    """The identity of one role."""


class IdentityList(Answer):
    """The identities of all roles."""

    identities: list[IdentityFacts]


class IdentityVersionFacts(IdentityFacts):
    """An identity as it was saved."""

    saved_at: datetime
    saved_by: str
    reason: str


class IdentityVersions(Answer):
    """The versions that are kept, newest first."""

    role: str
    versions: list[IdentityVersionFacts]


def identity_facts(
    identity: Identity, records: Mapping[str, RuleRecord] | None = None
) -> dict[str, Any]:
    """An identity as it goes over the wire; what acts or hides in its words is written out."""
    return {
        "role": identity.role,
        "version": identity.version,
        "rules": [
            _rule_facts(identity, rule, (records or {}).get(rule, RuleRecord()))
            for rule in identity.rules
        ],
        "expertise": [visible(text) for text in identity.expertise],
        "past_mistakes": [visible(text) for text in identity.past_mistakes],
        "code_style": visible(identity.code_style),
        "beliefs": {visible(key): visible(text) for key, text in identity.beliefs.items()},
    }


def identity_version_facts(version: IdentityVersion) -> dict[str, Any]:
    """A version of an identity as it goes over the wire."""
    return {
        **identity_facts(version.identity),
        "saved_at": version.saved_at,
        "saved_by": version.saved_by,
        "reason": version.reason,
    }


def _rule_facts(identity: Identity, rule: str, record: RuleRecord) -> dict[str, Any]:
    stats = identity.rule_stats.get(rule, RuleStats())
    if record.shown > stats.use_count:
        stats = stats.but(use_count=record.shown, success_count=record.shown_well)
    origin = identity.origins.get(rule)
    return {
        "text": visible(rule),
        "pinned": rule in identity.pinned,
        "correction": rule in identity.correction_rules,
        "use_count": stats.use_count,
        "success_count": stats.success_count,
        "confidence": round(stats.confidence, 4),
        "withheld_count": record.withheld,
        "withheld_success_count": record.withheld_well,
        "effect": None if record.effect is None else round(record.effect, 4),
        "learned_at": origin.learned_at if origin else None,
        "learned_by": origin.model if origin else "",
        "learned_from": list(origin.tasks) if origin else [],
    }
