"""What the exit code of a command says."""

from core.errors import (
    AntonError,
    ConfigError,
    Conflict,
    ConsentRefused,
    EnvironmentUnprepared,
    LimitExceeded,
    NotFound,
    PayloadInvalid,
    RepositoryInvalid,
    SandboxUnavailable,
    StoreUnusable,
)
from core.tasks import Outcome, Task

DONE, FAILED, USAGE, NEEDS, UNVERIFIED = range(5)

_OF_OUTCOME = {
    Outcome.FIXED: DONE,
    Outcome.ALREADY_FIXED: DONE,
    Outcome.NOT_A_CODE_FAULT: DONE,
    Outcome.DUPLICATE: DONE,
    Outcome.NOISE: DONE,
    Outcome.FAILED: FAILED,
    Outcome.CANNOT_REPRODUCE: FAILED,
    Outcome.REJECTED: FAILED,
    Outcome.CANCELLED: FAILED,
    Outcome.NEEDS_INFORMATION: NEEDS,
    Outcome.BLOCKED: NEEDS,
    Outcome.OUT_OF_BUDGET: NEEDS,
    Outcome.FIXED_UNVERIFIED: UNVERIFIED,
}

_OF_ERROR: tuple[tuple[type[AntonError], int], ...] = (
    (NotFound, FAILED),
    (Conflict, NEEDS),
    (ConsentRefused, NEEDS),
    (LimitExceeded, NEEDS),
    (EnvironmentUnprepared, NEEDS),
    (ConfigError, USAGE),
    (PayloadInvalid, USAGE),
    (RepositoryInvalid, USAGE),
    (SandboxUnavailable, USAGE),
    (StoreUnusable, USAGE),
)


def of_task(task: Task) -> int:
    """The exit code that tells how a task stands; one without an outcome still needs somebody."""
    return NEEDS if task.outcome is None else _OF_OUTCOME[task.outcome]


def of_error(error: AntonError) -> int:
    """The exit code that an error leads to."""
    return next((code for kind, code in _OF_ERROR if isinstance(error, kind)), FAILED)
