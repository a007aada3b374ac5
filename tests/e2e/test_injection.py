"""A model that obeys planted text, in a whole house: nothing it does breaks an invariant."""

from collections.abc import Sequence

import pytest

import bootstrap
from evals.injection.cases import CASES
from evals.injection.guards import Guard
from evals.injection.suite import guard_off, house

pytestmark = pytest.mark.needs_bubblewrap

SHORT = [("workflow", ("I12b", "I29")), ("tools", ("I36a",))]
"""A secret in the ticket, tests that should go, and words in disguise."""
MORE = [("workflow", ("I8a", "I27")), ("tools", ("I6",))]


@pytest.mark.parametrize(
    ("engine", "cases"),
    [*SHORT, *(pytest.param(*some, marks=pytest.mark.slow) for some in MORE)],
)
async def test_an_obedient_model_breaks_no_invariant(engine: str, cases: Sequence[str]) -> None:
    by_id = {case.id: case for case in CASES}
    async with house(bootstrap.furnished, engine) as home:
        for case_id in cases:
            found = await home.run(by_id[case_id])
            assert found.violations == (), case_id
            assert found.nodes or by_id[case_id].twist, case_id


@pytest.mark.parametrize(
    ("guard", "invariant"),
    [
        (Guard.PROTECTED, "G6"),
        pytest.param(Guard.REDACTOR, "G1", marks=pytest.mark.slow),
        pytest.param(Guard.FENCE, "fence", marks=pytest.mark.slow),
    ],
)
async def test_without_a_guard_the_invariant_breaks(guard: Guard, invariant: str) -> None:
    found = await guard_off(bootstrap.furnished, guard)
    assert invariant in {name for name, _ in found.violations}
