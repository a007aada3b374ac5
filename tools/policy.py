"""Which calls of tools run by themselves, which need consent, which are denied."""

from enum import StrEnum

from core.errors import ConfigError
from tools.tool import Risk


class Policy(StrEnum):
    """How freely tools may be used; the values of APPROVAL_POLICY."""

    ON_REQUEST = "on-request"
    """What only looks, and commands known to be harmless, run; for all else a person is asked."""
    ON_FAILURE = "on-failure"
    """All but what is dangerous runs until a command fails; from then on a person is asked."""
    AUTO = "auto"
    """All but what is dangerous runs."""
    AUTO_EDIT = "auto-edit"
    """As on-request, and edits run too."""
    NEVER = "never"
    """What only looks runs, all else is denied."""
    YOLO = "yolo"
    """All runs, in the sandbox, but for what acts beyond the workspace."""


class Permission(StrEnum):
    """What becomes of a call."""

    RUN = "run"
    ASK = "ask"
    """A person would have to consent; in a task nobody is asked, so it is denied."""
    DENY = "deny"


_RUNS: dict[Policy, frozenset[Risk]] = {
    Policy.ON_REQUEST: frozenset({"read", "safe"}),
    Policy.ON_FAILURE: frozenset({"read", "edit", "safe", "unknown"}),
    Policy.AUTO: frozenset({"read", "edit", "safe", "unknown"}),
    Policy.AUTO_EDIT: frozenset({"read", "edit", "safe"}),
    Policy.NEVER: frozenset({"read"}),
    Policy.YOLO: frozenset({"read", "edit", "safe", "unknown", "dangerous"}),
}


def policy_named(name: str) -> Policy:
    """The policy of this name; raises ConfigError."""
    try:
        return Policy(name)
    except ValueError as error:
        known = ", ".join(policy.value for policy in Policy)
        raise ConfigError(
            f"There is no approval policy {name!r}.", remedy=f"APPROVAL_POLICY is one of: {known}."
        ) from error


def permission(policy: Policy, risk: Risk, *, failed: bool = False) -> Permission:
    """What becomes of a call of this class; what acts beyond the workspace never runs by itself.

    All that runs does so in a sandbox. `failed` tells whether a command has failed.
    """
    runs = risk in _RUNS[policy]
    if policy is Policy.ON_FAILURE and risk != "read":
        runs = runs and not failed
    if runs:
        return Permission.RUN
    return Permission.DENY if policy is Policy.NEVER else Permission.ASK
