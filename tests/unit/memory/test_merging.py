"""A change is carried over to what others made meanwhile, or said to contradict it."""

import pytest

from core.errors import Conflict
from core.identities import Identity, Origin, RuleStats
from memory.identities.merging import merged
from tests.fakes.clock import START

BASE = Identity(
    role="fix",
    version=3,
    learned_rules=("a", "b"),
    code_style="short",
    beliefs={"tests": "slow"},
    rule_stats={"a": RuleStats(use_count=4, success_count=2)},
)


def test_on_what_it_was_made_from_a_change_is_itself() -> None:
    wanted = BASE.but(version=4, learned_rules=("b", "c"), code_style="", beliefs={})
    assert merged(BASE, wanted, BASE) == wanted.but(version=3)


def test_what_both_sides_added_is_there_and_what_one_took_out_is_gone() -> None:
    mine = BASE.but(version=4, learned_rules=("b", "mine", "both"), pinned=("b",))
    theirs = BASE.but(version=7, learned_rules=("a", "b", "theirs", "both"), expertise=("Go",))
    assert merged(BASE, mine, theirs) == theirs.but(
        learned_rules=("b", "theirs", "both", "mine"), pinned=("b",)
    )


def test_a_change_that_stands_already_changes_nothing() -> None:
    wanted = BASE.but(version=4, learned_rules=("c",), code_style="long")
    stands = wanted.but(version=9, expertise=("Go",))
    assert merged(BASE, wanted, stands) == stands


def test_of_counts_the_greater_holds_and_of_origins_what_stands() -> None:
    mine = BASE.but(
        rule_stats={"a": RuleStats(use_count=6, success_count=3)},
        origins={"n": Origin(learned_at=START, model="mine")},
    )
    theirs = BASE.but(
        rule_stats={"a": RuleStats(use_count=5, success_count=4)},
        origins={"n": Origin(learned_at=START, model="theirs")},
    )
    after = merged(BASE, mine, theirs)
    assert after.rule_stats["a"] == RuleStats(use_count=6, success_count=4)
    assert after.origins["n"].model == "theirs"


def test_a_rule_that_one_side_took_out_goes_though_the_other_counted_it() -> None:
    without = BASE.but(learned_rules=("b",), rule_stats={})
    counted = BASE.but(rule_stats={"a": RuleStats(use_count=5, success_count=2)})
    for mine, theirs in ((without, counted), (counted, without)):
        assert merged(BASE, mine, theirs) == without


def test_fields_of_another_release_are_carried_over_too() -> None:
    odd = Identity.load({**BASE.dump(), "mood": {"now": "calm"}, "old": 1})
    mine = Identity.load({**odd.dump(), "mood": {"now": "calm", "mine": [1]}})
    theirs = Identity.load({**BASE.dump(), "mood": {"now": "glad"}})
    found = merged(odd, mine, theirs).dump()
    assert (found["mood"], "old" in found) == ({"now": "glad", "mine": [1]}, False)


@pytest.mark.parametrize(
    ("mine", "theirs", "field"),
    [
        ({"code_style": "a"}, {"code_style": "b"}, "code_style"),
        ({"beliefs": {"tests": "a"}}, {"beliefs": {"tests": "b"}}, "beliefs.tests"),
        ({"beliefs": {"tests": "a"}}, {"beliefs": {}}, "beliefs.tests"),
    ],
)
def test_two_who_say_different_things_of_one_field_contradict_each_other(
    mine: dict[str, object], theirs: dict[str, object], field: str
) -> None:
    with pytest.raises(Conflict, match=field):
        merged(BASE, BASE.but(**mine), BASE.but(**theirs))
