"""What a role learns from a proposal, and what it loses, decided by code and counts."""

from datetime import timedelta
from typing import Any

import pytest

from core.identities import Identity, Origin, RuleStats
from core.learning import ENOUGH, Revision, RuleProposal, RuleRecord
from memory.likeness import cosine, keywords
from memory.reflection import ADDED_MAX, ALIKE, Bounds, held_out, revise, weak, withheld
from memory.rule_gate import Passages
from tests.fakes.clock import START

OLD = "Look at every caller before you change what a function gives back."
TAUGHT = "Keep changes of money in whole cents."
FIXED = "Prefer small steps over a great rewrite."
NEW = "A boundary that is off by one is usually wrong at both ends."
ORIGIN = Origin(learned_at=START, model="large", tasks=("t1", "t2"))
LEARNED = Identity(
    role="fix", version=4, learned_rules=(OLD, FIXED), correction_rules=(TAUGHT,), pinned=(FIXED,)
)


def revised(
    identity: Identity = LEARNED, bounds: Bounds | None = None, **given: Any
) -> tuple[Identity, Revision]:
    records = given.pop("records", {})
    proposal = RuleProposal(**given)
    return revise(
        identity,
        proposal,
        records=records,
        passages=Passages(),
        origin=ORIGIN,
        bounds=bounds or Bounds(),
    )


def counted(shown: int, well: int, **more: Any) -> RuleRecord:
    return RuleRecord(shown=shown, shown_well=well, **more)


def test_a_new_rule_is_added_with_where_it_comes_from() -> None:
    after, revision = revised(add=(f"  {NEW}\n",))
    assert after.learned_rules == (OLD, FIXED, NEW)
    assert after.origins == {NEW: ORIGIN}
    assert (after.version, revision.added, revision.removed) == (4, (NEW,), {})


@pytest.mark.parametrize("double", [OLD, OLD.upper(), TAUGHT])
def test_what_is_there_already_is_not_added(double: str) -> None:
    after, revision = revised(add=(double,))
    assert after == LEARNED
    assert "the same as" in revision.refused[0][1]


def words(count: int, first: int) -> str:
    """So many keywords, which begin at a place of an endless row."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    return " ".join(f"{letters[n // 26]}{letters[n % 26]}q" for n in range(first, first + count))


@pytest.mark.parametrize(("shared", "of", "double"), [(13, 20, True), (16, 25, False)])
def test_a_rule_of_the_same_words_is_a_double(shared: int, of: int, double: bool) -> None:
    there, proposed = words(of, 0), words(of, of - shared)
    assert cosine(keywords(there), keywords(proposed)) == shared / of
    assert (shared / of >= ALIKE) is double
    after, _ = revised(Identity(role="fix", learned_rules=(there,)), add=(proposed,))
    assert (proposed not in after.learned_rules) is double


def test_doubles_within_one_proposal_are_one() -> None:
    after, _ = revised(add=(NEW, f"{NEW} Usually!", NEW.lower()))
    assert after.learned_rules == (OLD, FIXED, NEW)


def test_few_rules_are_added_at_once() -> None:
    proposed = tuple(
        f"Nothing in common has rule {words(4, 10 * n)}." for n in range(ADDED_MAX + 2)
    )
    proposed = tuple(rule.replace("rule ", "") for rule in proposed)
    _, revision = revised(add=proposed)
    assert len(revision.added) == ADDED_MAX
    assert {why for _, why in revision.refused} == {"too many were proposed at once, or are there"}


@pytest.mark.parametrize(
    ("used", "well", "is_weak"),
    [(9, 0, False), (10, 5, True), (10, 6, False), (1000, 549, True), (100, 55, False)],
)
def test_weak_is_what_was_used_ten_times_and_held_too_rarely(
    used: int, well: int, is_weak: bool
) -> None:
    assert weak(counted(used, well)) is is_weak
    after, revision = revised(records={OLD: counted(used, well)})
    assert (OLD not in after.learned_rules) is is_weak
    assert (OLD in revision.removed) is is_weak
    if is_weak:
        assert f"{well} of {used}" in revision.removed[OLD]


def test_what_a_weak_rule_did_is_not_held_against_those_beside_it() -> None:
    identity = LEARNED.but(learned_rules=(OLD, NEW))
    after, _ = revised(identity, records={OLD: counted(10, 3), NEW: counted(9, 3)})
    assert after.learned_rules == (NEW,)
    later, _ = revised(after, records={NEW: counted(18, 4)})
    assert later.learned_rules == (NEW,), "nine uses since then"
    later, revision = revised(after, records={NEW: counted(19, 5)})
    assert later.learned_rules == ()
    assert "5 of 19" in revision.removed[NEW]
    later, _ = revised(after, records={NEW: counted(19, 9)})
    assert later.learned_rules == (NEW,), "six of ten since then"


def test_a_weak_rule_stays_where_nothing_is_pruned_or_a_person_wants_it() -> None:
    records = {rule: counted(20, 1) for rule in (OLD, FIXED, TAUGHT)}
    after, _ = revised(records=records, bounds=Bounds(prune=False))
    assert after.rules == (FIXED, *[r for r in after.rules if r != FIXED])
    assert {OLD, FIXED, TAUGHT} == set(after.rules)
    after, _ = revised(records=records)
    assert set(after.rules) == {FIXED, TAUGHT}


def test_what_failed_is_not_taken_again() -> None:
    after, revision = revised(records={NEW: counted(12, 3)}, add=(NEW,))
    assert after == LEARNED
    assert revision.refused == ((NEW, "it was tried, and its tasks did not end well"),)


def test_a_model_drops_no_rule_that_held_and_none_of_people() -> None:
    records = {OLD: counted(10, 6)}
    after, revision = revised(records=records, drop=(OLD, FIXED, TAUGHT, "Unknown."))
    assert set(after.rules) == {OLD, FIXED, TAUGHT}
    assert dict(revision.refused) == {
        OLD: "it held: 6 of 10 tasks ended well",
        FIXED: "a person fixed it",
        TAUGHT: "it is none of the rules that the role learned itself",
        "Unknown.": "it is none of the rules that the role learned itself",
    }


def test_a_rule_without_a_record_is_dropped_and_what_is_kept_of_it_goes() -> None:
    identity = LEARNED.but(
        rule_stats={OLD: RuleStats(use_count=3, success_count=1)}, origins={OLD: ORIGIN}
    )
    after, revision = revised(identity, drop=(OLD,), reasons={OLD: "It did harm."})
    assert after.learned_rules == (FIXED,)
    assert (after.rule_stats, after.origins) == ({}, {})
    assert revision.removed == {OLD: "It did harm."}


@pytest.mark.parametrize(("days", "gone"), [(89, False), (90, True)])
def test_a_rule_that_nobody_used_for_ninety_days_goes(days: int, gone: bool) -> None:
    then = START - timedelta(days=days)
    used = {OLD: counted(3, 3, last_used_at=then)}
    unused = LEARNED.but(origins={OLD: ORIGIN.but(learned_at=then)})
    for after, _ in (revised(records=used), revised(unused)):
        assert (OLD not in after.learned_rules) is gone
    assert OLD in revised()[0].learned_rules, "nothing is known of when it was learned"


def test_counts_reach_the_identity_and_order_its_rules() -> None:
    identity = LEARNED.but(rule_stats={OLD: RuleStats(use_count=2, success_count=2)})
    after, _ = revised(identity, records={TAUGHT: counted(9, 9), OLD: counted(1, 0)})
    assert after.rules == (FIXED, TAUGHT, OLD)
    assert after.rule_stats[OLD].use_count == 2, "counted elsewhere, before"


def test_each_rule_is_left_out_of_a_tenth_of_the_tasks() -> None:
    tasks = [f"task-{n}" for n in range(2000)]
    for rule in (OLD, NEW):
        out = [task for task in tasks if withheld(task, rule, 0.1)]
        assert 0.08 < len(out) / len(tasks) < 0.12
        assert out == [task for task in tasks if withheld(task, rule, 0.1)]
    assert not any(withheld(task, OLD, 0.0) for task in tasks)
    both = sum(held_out(LEARNED, task, 0.1) >= {OLD, TAUGHT} for task in tasks)
    assert 2 < both < 60, "one by one"
    assert all(FIXED not in held_out(LEARNED, task, 1.0) for task in tasks)


@pytest.mark.parametrize(
    ("record", "effect"),
    [
        (RuleRecord(shown=20, shown_well=15, withheld=10, withheld_well=5), 0.25),
        (RuleRecord(shown=20, shown_well=15, withheld=ENOUGH - 1, withheld_well=5), None),
        (RuleRecord(shown=ENOUGH - 1, shown_well=2, withheld=50, withheld_well=5), None),
    ],
)
def test_what_a_rule_does_is_told_from_enough_tasks_only(
    record: RuleRecord, effect: float | None
) -> None:
    assert record.effect == effect
