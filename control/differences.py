"""What is other in one version of an identity than in another, and why rules went."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.figures import LoggedDiff
from core.identities import Identity, RuleStats

BESIDE = ("expertise", "past_mistakes", "code_style", "beliefs")


@dataclass(frozen=True)
class Difference:
    """Between two versions, of which either may be the older one."""

    version: Identity
    against: Identity
    added: tuple[str, ...]
    changed: tuple[str, ...]
    """Rules of both whose counts or pin differ."""
    removed: Mapping[str, str]
    """Rules with why they went; an empty reason where nobody wrote one down."""
    beside: tuple[str, ...]
    """Names of the other fields that differ."""


def difference(version: Identity, against: Identity, diffs: Sequence[LoggedDiff]) -> Difference:
    """Compare two versions; `diffs` are the changes of that memory as logged, newest first."""
    there = set(against.rules)
    here = set(version.rules)
    return Difference(
        version=version,
        against=against,
        added=tuple(rule for rule in version.rules if rule not in there),
        changed=tuple(
            rule
            for rule in version.rules
            if rule in there and _standing(version, rule) != _standing(against, rule)
        ),
        removed={
            rule: _why(rule, version, against, diffs) for rule in against.rules if rule not in here
        },
        beside=tuple(name for name in BESIDE if getattr(version, name) != getattr(against, name)),
    )


def _standing(identity: Identity, rule: str) -> tuple[int, int, bool]:
    stats = identity.rule_stats.get(rule, RuleStats())
    return stats.use_count, stats.success_count, rule in identity.pinned


def _why(rule: str, version: Identity, against: Identity, diffs: Sequence[LoggedDiff]) -> str:
    between = range(against.version + 1, version.version + 1)
    for diff in diffs:
        if diff.version in between and rule in diff.removed:
            return diff.reason
    return ""
