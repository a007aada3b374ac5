"""What diagnosis and reproduction come to together: proof outranks opinion, words do not."""

from typing import Any

import pytest

from core.tasks import TaskRequest
from graph.deps import Rules
from graph.repair.joining import weighed

SURE = {"root_cause": "the cause", "confidence": 0.9, "category": "code"}
UNSURE = {**SURE, "confidence": 0.69}
MEANT = {**SURE, "works_as_meant": True}
ELSEWHERE = {**SURE, "category": "config"}


def found(reading: str, **more: Any) -> dict[str, Any]:
    return {"reading": reading, "origin": "example", "help_wanted": "a test", **more}


def state(diagnosis: dict[str, Any], reproduction: dict[str, Any], **more: Any) -> Any:
    request = TaskRequest(repository="/r", text="x", **more.pop("request", {})).dump()
    base = {"task_id": "t", "request": request}
    return {**base, "diagnosis": diagnosis, "reproduction": reproduction, **more}


@pytest.mark.parametrize(
    ("diagnosis", "reproduction", "outcome"),
    [
        (UNSURE, found("reproduced"), ""),
        (MEANT, found("reproduced"), ""),
        (ELSEWHERE, found("reproduced"), ""),
        (SURE, found("reproduced", written=True), ""),
        (MEANT, found("reproduced", written=True), "not_a_code_fault"),
        (ELSEWHERE, found("reproduced", written=True), "not_a_code_fault"),
        ({**MEANT, "confidence": 0.69}, found("reproduced", written=True), ""),
        (MEANT, found("passes"), "not_a_code_fault"),
        (MEANT, found("fixed_since", written=True), "already_fixed"),
        (UNSURE, found("fixed_since"), "already_fixed"),
        (ELSEWHERE, found("nothing_to_run"), "not_a_code_fault"),
        (SURE, found("passes"), ""),
        (UNSURE, found("passes"), "cannot_reproduce"),
        (UNSURE, found("nothing_to_run"), "needs_information"),
    ],
)
def test_outcome_of_both(
    diagnosis: dict[str, Any], reproduction: dict[str, Any], outcome: str
) -> None:
    update = weighed(state(diagnosis, reproduction), Rules())
    assert update.get("outcome", "") == outcome
    assert "question" not in update


def test_report_against_a_test_of_the_repository_ends_or_is_asked() -> None:
    against = found("other_error", contradicted="test_a.py:3 demands 5.62")
    ended = weighed(state(MEANT, against), Rules())
    assert (ended["outcome"], ended["reason"]) == (
        "not_a_code_fault",
        "the cause test_a.py:3 demands 5.62",
    )
    assert "test_a.py:3" in weighed(state(SURE, against), Rules())["question"]["body"]


def test_seventy_hundredths_are_enough_and_less_asks() -> None:
    other = found("other_error")
    assert "question" not in weighed(state({**SURE, "confidence": 0.70}, other), Rules())
    assert "question" in weighed(state(UNSURE, other), Rules())


@pytest.mark.parametrize("category", ["config", "infra", "dependency", "data"])
@pytest.mark.parametrize("reading", ["nothing_to_run", "passes", "other_error"])
def test_cause_outside_of_the_code_ends_it_only_when_sure(category: str, reading: str) -> None:
    guess = {**UNSURE, "category": category}
    asked = weighed(state(guess, found(reading)), Rules())
    assert "outcome" not in asked
    assert asked["question"]["options"] == ["guidance", "more_attempts", "noise", "stop"]
    assert f"the cause It may lie outside of the code ({category})." in asked["question"]["body"]
    assert weighed(state(guess, found("reproduced")), Rules()) == {"trouble": ""}
    sure = state({**guess, "confidence": 0.70}, found(reading))
    assert weighed(sure, Rules())["outcome"] == "not_a_code_fault"


def test_named_test_that_passes_ends_the_task_however_sure_the_diagnosis() -> None:
    named = state(SURE, found("passes"), request={"tests": ("t.py::test_a",)})
    assert weighed(named, Rules())["outcome"] == "cannot_reproduce"


def test_broken_branch_is_asked_about_unless_the_other_one_proves_the_fault() -> None:
    broken = {"trouble": "diagnose failed"}
    assert "question" in weighed(state({}, found("passes"), **broken), Rules())
    assert weighed(state({}, found("reproduced"), **broken), Rules()) == {"trouble": ""}
