"""Every outcome and every error has its exit code."""

from datetime import UTC, datetime

import pytest

from cli import exits
from core import errors
from core.tasks import Outcome, Task, TaskRequest

EXPECTED = {
    0: "fixed already_fixed not_a_code_fault duplicate noise",
    1: "failed cannot_reproduce rejected cancelled",
    3: "needs_information blocked out_of_budget",
    4: "fixed_unverified",
}


def task(outcome: Outcome | None) -> Task:
    now = datetime.now(UTC)
    return Task(
        task_id="t",
        request=TaskRequest(repository="r", text="x"),
        outcome=outcome,
        created_at=now,
        updated_at=now,
    )


def test_every_outcome_has_the_exit_code_of_the_table() -> None:
    told = {outcome.value: exits.of_task(task(outcome)) for outcome in Outcome}
    assert told == {name: code for code, names in EXPECTED.items() for name in names.split()}


def test_a_task_that_waits_needs_a_person() -> None:
    assert exits.of_task(task(None)) == 3


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.ConfigError(), 2),
        (errors.PayloadInvalid(), 2),
        (errors.RepositoryInvalid(), 2),
        (errors.SandboxUnavailable(), 2),
        (errors.StoreUnusable(), 2),
        (errors.NotFound(), 1),
        (errors.SandboxGone(), 1),
        (errors.Conflict(), 3),
        (errors.EnvironmentUnprepared(), 3),
        (errors.BudgetExceeded(), 3),
    ],
)
def test_errors_say_whose_turn_it_is(error: errors.AntonError, code: int) -> None:
    assert exits.of_error(error) == code
