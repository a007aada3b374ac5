"""The measurement of consent holds where it should, and sees what it is there to see."""

import pytest

import bootstrap
from core.approvals import Approval
from evals.approvals import table
from evals.approvals.doors import Answer, Door
from evals.approvals.faults import FAULTS, OPEN, Happened, Stage
from evals.approvals.suite import Found, _cell, run_suite


async def approved_by_nobody(stage: Stage, door: Door, approval: Approval) -> Happened:
    """A release of which the measurement is told that nobody gave it."""
    await door.tap(approval, "approve")
    await stage.restart()
    return Happened(approval, OPEN, [Answer("", 0.0)])


async def test_what_should_not_be_is_counted() -> None:
    found = await _cell(bootstrap.inhabited, "rest", "planted", approved_by_nobody, 2)
    assert (found.wrong, found.unanswered, found.stuck) == (2, 2, 2)
    assert not table.holds([found])


@pytest.mark.parametrize("cell", ["telegram changed diff", "slack two approvers", "rest late"])
async def test_a_cell_of_each_kind_holds(cell: str) -> None:
    seen: list[Found] = []
    found = await run_suite(bootstrap.inhabited, count=2, only=cell, told=seen.append)
    assert found == seen
    (one,) = found
    assert (one.questions, one.wrong, one.doubled, one.unanswered, one.stuck) == (2, 0, 0, 0, 0)
    assert one.resumed_s
    assert "wrong approvals       0 (bar 0)" in table.table(found)


def test_every_fault_of_the_matrix_is_there() -> None:
    assert len(FAULTS) == 10
