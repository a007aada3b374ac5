"""The matrix of policies and what a call may do."""

import pytest

from core.errors import ConfigError
from tools.policy import Permission, Policy, permission, policy_named

RISKS = ("read", "edit", "safe", "unknown", "dangerous", "outside")
R, A, D = Permission.RUN, Permission.ASK, Permission.DENY
MATRIX = {
    "on-request": (R, A, R, A, A, A),
    "on-failure": (R, R, R, R, A, A),
    "auto": (R, R, R, R, A, A),
    "auto-edit": (R, R, R, A, A, A),
    "never": (R, D, D, D, D, D),
    "yolo": (R, R, R, R, R, A),
}


def test_the_matrix_holds_every_policy() -> None:
    assert set(MATRIX) == {policy.value for policy in Policy}


@pytest.mark.parametrize("name", MATRIX)
def test_a_policy_permits_exactly_its_row(name: str) -> None:
    policy = policy_named(name)
    assert tuple(permission(policy, risk) for risk in RISKS) == MATRIX[name]  # type: ignore[arg-type]


def test_after_a_failure_on_failure_lets_only_looking_pass() -> None:
    row = tuple(permission(Policy.ON_FAILURE, risk, failed=True) for risk in RISKS)  # type: ignore[arg-type]
    assert row == (R, A, A, A, A, A)


def test_an_unknown_policy_is_refused_with_those_that_exist() -> None:
    with pytest.raises(ConfigError, match="on-request, on-failure, auto, auto-edit, never, yolo"):
        policy_named("full-auto")
