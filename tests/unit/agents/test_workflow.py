"""The engine in text: a scripted model proves how it is asked and judged, never how good it is."""

from dataclasses import replace

import pytest

from agents import fixing
from agents.agent import unwatched
from agents.contest import ALONE, DISAGREED, OfflineSearch
from agents.offline.fixing import Search
from agents.offline.fixing import fix as offline
from agents.replies import IN_A_ROW
from agents.toolwork import Crew
from agents.views import NAMED
from agents.workflow import CANDIDATES
from core.errors import BudgetExceeded, SandboxGone
from core.findings import (
    Candidate,
    Diagnosis,
    FixAttempt,
    PartialFix,
    Reading,
    Reproduction,
    SearchFigures,
)
from core.limits import role_limits
from core.patches import Patch, Suspect
from core.ports import Case, Model
from core.tasks import Outcome
from core.trees import Tree
from observability.clock import SystemClock
from repair.bench import Bench
from repair.refused import REFUSALS_MAX
from tests.fakes.model import ScriptedModel
from tools.policy import Policy
from tools.toolbox import Refusal, Refused, unheard

pytestmark = pytest.mark.needs_bubblewrap

FILES = {
    "shop.py": "def total(prices):\n    return sum(prices) + 1\n\n\ndef count(prices):\n"
    "    return len(prices)\n",
    "test_shop.py": "from shop import count, total\n\n\ndef test_total():\n"
    "    assert total([1, 2]) == 3\n\n\ndef test_count():\n    assert count([1, 2]) == 2\n",
}
TREE = Tree().with_texts(FILES)
RIGHT = """The sum is one too many.

FILE: shop.py
```python
def total(prices):
    return sum(prices)
```
"""
BREAKS = RIGHT + "\nFILE: shop.py\n```python\ndef count(prices):\n    return 0\n```\n"
WRONG = RIGHT.replace("sum(prices)", "sum(prices) + 2")


def case(*, red: bool = True) -> Case:
    shown = Reproduction(
        reading=Reading.REPRODUCED if red else Reading.NOTHING_TO_RUN,
        tests=("test_shop.py::test_total",) if red else (),
    )
    return Case(
        "t", "total is wrong", "total() is one too many", "/r", "0" * 40, TREE, reproduction=shown
    )


async def nothing() -> FixAttempt:
    """A search that finds nothing: what remains is the model's."""
    return FixAttempt(explanation="nothing was searched")


async def fix(
    case: Case, bench: Bench, model: Model, search: OfflineSearch, refused: Refused = unheard
) -> FixAttempt:
    crew = Crew(SystemClock(), role_limits({}), Policy.AUTO, refused, unwatched)
    return await fixing.fix(case, bench, model, search, crew, kind="workflow", attempts=3)


async def test_first_answer_that_holds_ends_the_sampling(bench: Bench) -> None:
    model = ScriptedModel([RIGHT])
    attempt = await fix(case(), bench, model, nothing)
    assert len(model.calls) == 1
    assert model.calls[0].temperature == 0.0
    assert [c.found_by for c in attempt.candidates] == ["scripted"]
    assert "-    return sum(prices) + 1" in attempt.candidates[0].patch.diff
    assert attempt.explanation == "The sum is one too many."
    assert attempt.engine == "workflow (scripted)"


async def test_each_further_answer_is_told_what_became_of_the_last(bench: Bench) -> None:
    model = ScriptedModel(["Here you are!", WRONG, BREAKS, RIGHT])
    attempt = await fix(case(), bench, model, nothing)
    assert len(attempt.candidates) == 1
    assert "could not be used" in model.prompt(1)
    assert "assert 5 == 3" in model.prompt(2)
    assert "test_shop.py::test_count" in model.prompt(3)
    assert [call.temperature for call in model.calls] == [0.0, 0.8, 0.8, 0.8]


async def test_plan_is_kept_and_nothing_is_made_up(bench: Bench) -> None:
    model = ScriptedModel([WRONG] * 10)
    attempt = await fix(case(), bench, model, nothing)
    assert len(model.calls) == CANDIDATES
    assert attempt.candidates == ()
    assert "4 answers gave no change that holds" in attempt.explanation
    assert attempt.final is None
    assert attempt.partial is None or attempt.partial.mended == ()


async def test_the_nearest_miss_of_model_and_search_is_salvaged(bench: Bench) -> None:
    model = ScriptedModel([WRONG, BREAKS, WRONG, WRONG])
    attempt = await fix(case(), bench, model, nothing)
    assert attempt.candidates == ()
    assert attempt.partial is not None
    assert attempt.partial.mended == ("test_shop.py::test_total",)
    assert attempt.partial.broken == ("test_shop.py::test_count",)


async def test_spent_budget_stops_the_sampling_and_hands_out_what_came_nearest(
    bench: Bench,
) -> None:
    spent = BudgetExceeded("The budget of this task is spent.")
    model = ScriptedModel([WRONG, BREAKS, spent])
    with pytest.raises(BudgetExceeded, match="is spent") as stopped:
        await fix(case(), bench, model, nothing)
    nearest = stopped.value.salvage
    assert isinstance(nearest, PartialFix)
    assert nearest.mended == ("test_shop.py::test_total",)
    assert nearest.broken == ("test_shop.py::test_count",)


async def test_spent_budget_is_no_matter_where_the_search_finds_the_fix(bench: Bench) -> None:
    async def search() -> FixAttempt:
        return await offline(case(), bench, Search(max_seconds=60), lambda _: None)

    model = ScriptedModel([BudgetExceeded("The budget of this task is spent.")])
    attempt = await fix(case(), bench, model, search)
    assert [c.found_by for c in attempt.candidates][:1] == ["offline engine"]


async def test_change_of_tests_is_left_out_and_alone_is_no_change(bench: Bench) -> None:
    cheat = "FILE: test_shop.py\n```python\ndef test_total():\n    assert True\n```\n"
    model = ScriptedModel([cheat, RIGHT + "\n" + cheat])
    attempt = await fix(case(), bench, model, nothing)
    assert "changes nothing" in model.prompt(1)
    assert attempt.candidates[0].patch.paths == ("shop.py",)


async def test_search_beside_the_model_counts_as_a_candidate(bench: Bench) -> None:
    async def search() -> FixAttempt:
        return await offline(case(), bench, Search(max_seconds=60), lambda _: None)

    model = ScriptedModel([WRONG] * CANDIDATES)
    attempt = await fix(case(), bench, model, search)
    assert attempt.candidates
    assert attempt.candidates[0].found_by == "offline engine"
    assert attempt.saved_calls == CANDIDATES - len(model.calls)


async def test_advice_against_a_change_is_an_outcome_where_nothing_is_red(bench: Bench) -> None:
    model = ScriptedModel(["NO CHANGE: The total includes the bag on purpose."])
    attempt = await fix(case(red=False), bench, model, nothing)
    assert attempt.final is Outcome.NOT_A_CODE_FAULT
    assert "the bag on purpose" in attempt.explanation


async def test_advice_against_a_change_is_for_people_where_a_test_is_red(bench: Bench) -> None:
    model = ScriptedModel(["NO CHANGE: Two tests contradict each other."])
    attempt = await fix(case(), bench, model, nothing)
    assert len(model.calls) == 1
    assert attempt.final is None
    assert attempt.abstains == "Two tests contradict each other."


async def test_without_a_red_test_what_is_left_unproven_says_so(bench: Bench) -> None:
    model = ScriptedModel([RIGHT])
    attempt = await fix(case(red=False), bench, model, nothing)
    assert attempt.candidates
    assert attempt.confidence == 0.5


async def test_blanks_that_a_model_lost_are_no_change(bench: Bench) -> None:
    tree = TREE.with_texts({"shop.py": FILES["shop.py"].replace("+ 1\n", "+ 1\n    \n")})
    model = ScriptedModel([RIGHT.replace("prices)\n```", "prices)\n\n```")])
    attempt = await fix(replace(case(), tree=tree), bench, model, nothing)
    diff = attempt.candidates[0].patch.diff
    changed = [line for line in diff.split("\n") if line.startswith(("+", "-"))]
    assert [line for line in changed if not line[1:].strip()] == []


def found_by_search(*, contradicted: bool = False) -> FixAttempt:
    """What a search gives that trusts its own find little."""
    text = FILES["shop.py"].replace("sum(prices) + 1", "3")
    patch = Patch.between("0" * 40, TREE, TREE.with_texts({"shop.py": text}))
    partial = PartialFix(patch=patch, mended=("test_shop.py::test_total",), broken=("b",))
    return FixAttempt(
        candidates=(Candidate(patch=patch),),
        explanation="A guess.",
        confidence=0.3,
        partial=partial if contradicted else None,
    )


async def test_what_the_search_alone_found_keeps_its_own_confidence(bench: Bench) -> None:
    async def search() -> FixAttempt:
        return found_by_search()

    attempt = await fix(case(), bench, ScriptedModel([WRONG] * 4), search)
    assert [c.found_by for c in attempt.candidates] == ["offline engine"]
    assert attempt.confidence == 0.3


async def test_contradicted_find_of_the_search_does_not_stop_the_model(bench: Bench) -> None:
    async def search() -> FixAttempt:
        return found_by_search(contradicted=True)

    model = ScriptedModel([WRONG, RIGHT])
    attempt = await fix(case(), bench, model, search)
    assert [c.found_by for c in attempt.candidates] == ["scripted"]
    assert attempt.confidence == 0.9


async def test_search_that_breaks_takes_nothing_from_a_model_that_holds(bench: Bench) -> None:
    async def search() -> FixAttempt:
        raise SandboxGone

    attempt = await fix(case(), bench, ScriptedModel([RIGHT]), search)
    assert [c.found_by for c in attempt.candidates] == ["scripted"]
    with pytest.raises(SandboxGone):
        await fix(case(), bench, ScriptedModel([WRONG] * 4), search)


def misnamed(name: str) -> str:
    """An answer that the gate refuses, since it calls what does not exist."""
    return RIGHT.replace("sum(prices)", f"{name}(prices)")


async def test_third_refused_edit_ends_the_attempt_and_all_are_shown_to_the_next(
    bench: Bench,
) -> None:
    model = ScriptedModel([misnamed("add_up"), misnamed("add_all"), misnamed("add")])
    attempt = await fix(case(), bench, model, nothing)
    assert len(model.calls) == REFUSALS_MAX
    assert len({edit.proposal for edit in attempt.refused}) == REFUSALS_MAX
    assert "third refused edit" in attempt.explanation

    again = ScriptedModel([RIGHT])
    await fix(replace(case(), refused=attempt.refused), bench, again, nothing)
    assert "Edits that were refused" in again.prompt(0)
    assert "    return add(prices)" in again.prompt(0)


async def test_model_that_gives_no_answers_is_left_after_three(bench: Bench) -> None:
    model = ScriptedModel(["", "I'm sorry, but I can't help with that.", "<think>hm</think>"])
    attempt = await fix(case(), bench, model, nothing)
    assert len(model.calls) == IN_A_ROW
    assert all(message.text for call in model.calls for message in call.messages)
    assert "no answers" in attempt.explanation
    model = ScriptedModel(["", "", "Here you are!", RIGHT])
    assert (await fix(case(), bench, model, nothing)).candidates


async def test_what_nobody_may_write_is_recorded(bench: Bench) -> None:
    heard: list[Refusal] = []

    async def refused(refusal: Refusal) -> None:
        heard.append(refusal)

    outside = RIGHT + "\nFILE: ../../x.py\n```python\nX = 1\n```\n"
    gutted = RIGHT + "\nFILE: test_shop.py\n```python\ndef test_count():\n    pass\n```\n"
    model = ScriptedModel([outside, gutted])
    await fix(case(), bench, model, nothing, refused)
    assert [one.rule for one in heard] == ["path", "role"]
    assert {(one.role, one.tool) for one in heard} == {("fix", "reply")}


def long_case(attempt: int = 1) -> Case:
    """A case in a large repository, whose diagnosis names one function."""
    filler = "\n\n".join(f"def filler_{n}(x):\n    return total(x)" for n in range(400))
    tree = TREE.with_texts(
        {
            "noise.py": f"from shop import total\n\n\n{filler}\n",
            "test_noise.py": "from noise import filler_1\n\n\ndef test_noise():\n"
            "    assert filler_1([1, 2]) == 3\n",
        }
    )
    place = Suspect(path="shop.py", line=1, function="total", score=1, why=NAMED)
    found = Diagnosis(
        root_cause="One is added.", suspects=(place,), approach="Add nothing.", confidence=0.9
    )
    tests = ("test_noise.py::test_noise",)
    shown = Reproduction(reading=Reading.REPRODUCED, tests=tests)
    return replace(case(), tree=tree, diagnosis=found, reproduction=shown, attempt=attempt)


async def test_only_what_a_diagnosis_names_is_shown_of_a_large_repository(bench: Bench) -> None:
    model = ScriptedModel([RIGHT])
    await fix(long_case(), bench, model, nothing)
    assert "return sum(prices) + 1" in model.prompt()
    assert "Add nothing." in model.prompt()
    assert "noise.py, line 5, in filler_0:" in model.prompt(), "who uses it"
    assert "FILE: noise.py (parts)" not in model.prompt()


async def test_another_attempt_sees_what_else_is_suspected(bench: Bench) -> None:
    model = ScriptedModel([RIGHT])
    await fix(long_case(attempt=2), bench, model, nothing)
    assert "FILE: noise.py (parts)" in model.prompt()


async def test_what_the_search_came_to_besides_casts_no_doubt_on_a_proven_change(
    bench: Bench,
) -> None:
    other = RIGHT.replace("sum(prices)", "sum(list(prices))")
    rival = TREE.with_texts({"shop.py": FILES["shop.py"].replace("prices) + 1", "prices) + 0 * 1")})
    patch = Patch.between("0" * 40, TREE, rival)

    async def search() -> FixAttempt:
        return FixAttempt(
            candidates=(Candidate(patch=patch),),
            confidence=0.6,
            figures=SearchFigures(tried=2000, plausible=1),
        )

    attempt = await fix(case(), bench, ScriptedModel([other]), search)
    makers = [one.found_by for one in attempt.candidates]
    assert sorted(makers) == ["offline engine", "scripted"]
    assert attempt.confidence == (ALONE if makers[0] == "scripted" else DISAGREED)
    assert (attempt.figures.tried, attempt.figures.by_models) == (2001, 1)
