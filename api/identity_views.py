"""Identities as they go over the wire."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from api.views import Answer
from control.differences import Difference
from core.figures import LoggedDiff, SuccessRate
from core.identities import Identity, IdentityHealth, IdentityVersion, RuleStats
from core.learning import RuleRecord
from core.shares import wilson
from core.visible import visible
from memory.reflection import weak

OFFLINE = "offline"
"""What stands in place of a model where a role works by rules."""


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
    success_low: float
    """The lower end of Wilson's 95 % interval of the share; 0 while nothing is known."""
    success_high: float
    """Its upper end; 1 while nothing is known."""
    weak: bool
    """Used often enough, and too rarely with success: it goes at the next reflection."""
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


class Known(Answer):
    """An answer about identities, and whether it is what stands."""

    away_since: datetime | None
    """Since when their store is away and this is the last copy; null when it is what stands."""
    changes_waiting: int
    """Changes that were made here and go to the store as soon as it answers."""


class IdentityCard(IdentityFacts):
    """A role with what it has learned, and how its tasks end."""

    model: str | None
    """Null where no model plays it: it works by rules alone."""
    fallbacks: list[str]
    """Asked in order when the model does not answer."""
    tasks: int
    """Tasks that have ended in which it asked a model."""
    success_rate: float | None
    """Of them; null where there are none, or their log is away."""
    cost_usd: float | None
    """Of those whose prices are known."""


class IdentityView(IdentityCard, Known):
    """The identity of one role."""


class IdentityList(Known):
    """The identities of all roles."""

    identities: list[IdentityCard]


class IdentityVersionFacts(IdentityFacts):
    """An identity as it was saved."""

    saved_at: datetime
    saved_by: str
    reason: str


class IdentityVersions(Known):
    """The versions that are kept, newest first."""

    role: str
    versions: list[IdentityVersionFacts]


class RuleStanding(BaseModel):
    """How a rule stood in a version."""

    use_count: int
    success_count: int
    pinned: bool


class RuleAdded(BaseModel):
    """A rule that the other version did not have."""

    text: str
    after: RuleStanding


class RuleChanged(BaseModel):
    """A rule of both versions whose counts or pin differ."""

    text: str
    before: RuleStanding
    after: RuleStanding


class RuleRemoved(BaseModel):
    """A rule that only the other version had."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    text: str
    before: RuleStanding
    reason: str
    """Why it went, as it was written down then; empty where it was not."""


class IdentityDifference(Answer):
    """What is other in a version than in another one."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    role: str
    version: int
    against: int
    added: list[RuleAdded]
    changed: list[RuleChanged]
    removed: list[RuleRemoved]
    beside: list[str]
    """Names of the other fields that differ."""


class MemoryChange(BaseModel):
    """How the memory of a role changed from one version to the next."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    role: str
    version: int
    """The new one."""
    ts: datetime
    added: list[str]
    removed: list[str]
    reason: str


class MemoryChanges(Answer):
    """Changes of memories, newest first."""

    changes: list[MemoryChange]


def card_facts(
    identity: Identity,
    records: Mapping[str, RuleRecord],
    standing: SuccessRate | None,
    models: tuple[Mapping[str, str], Sequence[str]],
) -> dict[str, Any]:
    """A role with its model and how its tasks ended."""
    model = models[0].get(identity.role)
    playing = model not in (None, OFFLINE)
    return {
        **identity_facts(identity, records),
        "model": model if playing else None,
        "fallbacks": [one for one in models[1] if one != model] if playing else [],
        "tasks": standing.tasks if standing else 0,
        "success_rate": round(standing.rate, 4) if standing else None,
        "cost_usd": round(standing.cost_usd, 6) if standing else None,
    }


def difference_facts(found: Difference) -> dict[str, Any]:
    """A difference as it goes over the wire."""
    new, old = found.version, found.against
    return {
        "role": new.role,
        "version": new.version,
        "against": old.version,
        "added": [{"text": visible(rule), "after": _stood(new, rule)} for rule in found.added],
        "changed": [
            {"text": visible(rule), "before": _stood(old, rule), "after": _stood(new, rule)}
            for rule in found.changed
        ],
        "removed": [
            {"text": visible(rule), "before": _stood(old, rule), "reason": visible(why)}
            for rule, why in found.removed.items()
        ],
        "beside": list(found.beside),
    }


def change_facts(diff: LoggedDiff) -> dict[str, Any]:
    """A logged change as it goes over the wire."""
    return {
        **diff.model_dump(include={"role", "version", "ts"}),
        "added": [visible(rule) for rule in diff.added],
        "removed": [visible(rule) for rule in diff.removed],
        "reason": visible(diff.reason),
    }


def _stood(identity: Identity, rule: str) -> dict[str, Any]:
    stats = identity.rule_stats.get(rule, RuleStats())
    return {
        "use_count": stats.use_count,
        "success_count": stats.success_count,
        "pinned": rule in identity.pinned,
    }


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


def known_facts(health: IdentityHealth) -> dict[str, Any]:
    """Whether what is told is what stands, as it goes over the wire."""
    return {"away_since": health.away_since, "changes_waiting": health.waiting}


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
    low, high = wilson(stats.success_count, stats.use_count)
    return {
        "text": visible(rule),
        "pinned": rule in identity.pinned,
        "correction": rule in identity.correction_rules,
        "use_count": stats.use_count,
        "success_count": stats.success_count,
        "confidence": round(stats.confidence, 4),
        "withheld_count": record.withheld,
        "withheld_success_count": record.withheld_well,
        "success_low": round(low, 4),
        "success_high": round(high, 4),
        "weak": rule not in identity.pinned and weak(record, identity.rule_stats.get(rule)),
        "effect": None if record.effect is None else round(record.effect, 4),
        "learned_at": origin.learned_at if origin else None,
        "learned_by": origin.model if origin else "",
        "learned_from": list(origin.tasks) if origin else [],
    }
