"""Which rules a role gains and loses: proposals gated, doubles left out, what fails withdrawn.

Words never outweigh counts: what a model wants dropped stays when its tasks ended well, and what
was withdrawn because they did not is not taken again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from core.identities import RULES_MAX, Identity, Origin, RuleStats
from core.learning import Revision, RuleProposal, RuleRecord
from memory import rule_gate
from memory.likeness import cosine, keywords
from memory.rule_gate import Passages

ALIKE = 0.65
"""Cosine of keywords from which on two rules say the same."""
USES_MIN = 10
SUCCESS_MIN = 0.55
EXPIRY = timedelta(days=90)
ADDED_MAX = 5
"""Rules of one proposal that are looked at."""
WEAK = "weak"
"""How the reason begins why such a rule was withdrawn."""
Records = Mapping[str, RuleRecord]


@dataclass(frozen=True)
class Bounds:
    """What is configured about rules."""

    length_max: int = rule_gate.LENGTH_MAX
    prune: bool = True


def withheld(task_id: str, rule: str, share: float) -> bool:
    """Whether a task is done without a rule, to compare; the same for the same task and rule."""
    drawn = int.from_bytes(sha256(f"{task_id}\n{rule}".encode()).digest()[:8])
    return drawn < share * 2**64


def held_out(identity: Identity, task_id: str, share: float) -> frozenset[str]:
    """The rules that a task is done without; never one that a person fixed."""
    rules = (rule for rule in identity.rules if rule not in identity.pinned)
    return frozenset(rule for rule in rules if withheld(task_id, rule, share))


def weak(record: RuleRecord, stats: RuleStats | None = None) -> bool:
    """Whether a rule was used often enough and its tasks ended well too rarely."""
    past = stats or RuleStats()
    uses, well = record.shown - past.past_use_count, record.shown_well - past.past_success_count
    return uses >= USES_MIN and well / uses < SUCCESS_MIN


def revise(
    identity: Identity,
    proposal: RuleProposal,
    *,
    records: Records,
    passages: Passages,
    origin: Origin,
    bounds: Bounds = Bounds(),
) -> tuple[Identity, Revision]:
    """The identity with what is taken of a proposal, and with what has failed or expired gone."""
    removed = _withdrawn(identity, records, origin.learned_at) if bounds.prune else {}
    refused = []
    for rule in dict.fromkeys(_plain(rule) for rule in proposal.drop):
        if why := _kept(identity, rule, records):
            refused.append((rule, why))
        else:
            removed.setdefault(rule, proposal.reasons.get(rule) or "its role wants it dropped")
    stay = [rule for rule in identity.learned_rules if rule not in removed]
    known = [*identity.correction_rules, *stay]
    added: list[str] = []
    for number, rule in enumerate(dict.fromkeys(_plain(rule) for rule in proposal.add)):
        why = _refusal(rule, known, records, passages, bounds)
        if number >= ADDED_MAX or len(known) >= RULES_MAX:
            why = "too many were proposed at once, or are there"
        if why:
            refused.append((rule, why))
        else:
            added.append(rule)
            known.append(rule)
    fresh = any(why.startswith(WEAK) for why in removed.values())
    revised = _with(identity, (*stay, *added), records, dict.fromkeys(added, origin), fresh=fresh)
    return revised, Revision(tuple(added), removed, tuple(refused))


def _plain(rule: str) -> str:
    return " ".join(rule.split())


def _withdrawn(identity: Identity, records: Records, now: datetime) -> dict[str, str]:
    """Learned rules that failed or were not used for long, with the reason."""
    gone = {}
    for rule in identity.learned_rules:
        record = records.get(rule, RuleRecord())
        if rule in identity.pinned:
            continue
        if weak(record, identity.rule_stats.get(rule)):
            gone[rule] = f"{WEAK}: {record.shown_well} of {record.shown} tasks ended well"
        elif (last := _last_use(identity, rule, record)) and now - last >= EXPIRY:
            gone[rule] = f"not used for {EXPIRY.days} days"
    return gone


def _last_use(identity: Identity, rule: str, record: RuleRecord) -> datetime | None:
    """When it was used last, else when it was learned; None where neither is known."""
    born = identity.origins[rule].learned_at if rule in identity.origins else None
    return max(filter(None, (record.last_used_at, born)), default=None)


def _kept(identity: Identity, rule: str, records: Records) -> str:
    """Why a rule is not dropped on a model's word; empty where it is."""
    if rule not in identity.learned_rules:
        return "it is none of the rules that the role learned itself"
    if rule in identity.pinned:
        return "a person fixed it"
    record = records.get(rule, RuleRecord())
    if record.shown >= USES_MIN and not weak(record, identity.rule_stats.get(rule)):
        return f"it held: {record.shown_well} of {record.shown} tasks ended well"
    return ""


def _refusal(
    rule: str, known: Sequence[str], records: Records, passages: Passages, bounds: Bounds
) -> str:
    if why := rule_gate.refusal(rule, passages, length_max=bounds.length_max):
        return why
    if weak(records.get(rule, RuleRecord())):
        return "it was tried, and its tasks did not end well"
    return _double(rule, known)


def _double(rule: str, known: Sequence[str]) -> str:
    """Which rule says the same already; empty for none."""
    words, same = keywords(rule), rule.casefold()
    for other in known:
        if other.casefold() == same or cosine(words, keywords(other)) >= ALIKE:
            return f"it says the same as: {other}"
    return ""


def _with(
    identity: Identity,
    rules: Sequence[str],
    records: Records,
    origins: Mapping[str, Origin],
    *,
    fresh: bool,
) -> Identity:
    """The identity with these rules; a `fresh` start holds none of the past against them."""
    stand = {*rules, *identity.correction_rules}
    stats = dict(identity.rule_stats)
    for rule, record in records.items():
        counted = stats.get(rule, RuleStats())
        if record.shown > counted.use_count:
            counted = counted.but(use_count=record.shown, success_count=record.shown_well)
        if fresh:
            past = {"past_use_count": record.shown, "past_success_count": record.shown_well}
            counted = counted.but(**past)
        stats[rule] = counted
    born = {**identity.origins, **origins}
    return identity.but(
        learned_rules=tuple(rules),
        rule_stats={rule: stats[rule] for rule in stats if rule in stand},
        origins={rule: born[rule] for rule in born if rule in stand},
    )
