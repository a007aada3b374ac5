"""Outer effects, each written down before it is done."""

import re
import unicodedata
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import Field

from core.values import Value

KEY_MAX = 60


class EffectState(StrEnum):
    """Where an effect stands; `started` after a crash means that nobody knows: look first."""

    STARTED = "started"
    DONE = "done"
    FAILED = "failed"
    """The host refused for good, or nothing came of it; the error tells why."""
    UNKNOWN = "unknown"
    """Nobody could find out what became of it; the error tells why."""


class Effect(Value):
    """One row of the outbox."""

    key: str
    """Names the effect for ever: the same key is the same effect."""
    task_id: str
    step: str
    """The node that asks for it."""
    payload_hash: str
    """SHA-256 of what is to be done, in hex."""
    payload: dict[str, Any] = Field(default_factory=dict)
    """What is to be done, so that it can be looked for without its step; older rows have none."""
    state: EffectState = EffectState.STARTED
    result: dict[str, Any] = Field(default_factory=dict)
    error: str = ""
    attempts: int = 1
    created_at: datetime
    settled_at: datetime | None = None


class Commit(Value):
    """One commit of a change, as a code host should make it."""

    message: str
    tree: tuple[str, ...]
    """Paths of the patch that this commit brings; the last commit completes the approved tree."""


class ChangeRequest(Value):
    """What to publish: everything is fixed, so that a repetition gives the same commit ids."""

    task_id: str
    branch: str
    base_sha: str
    base_branch: str
    patch_hash: str
    tree_hash: str
    """Git tree id that the last commit must have."""
    commits: tuple[Commit, ...]
    authored_at: datetime
    title: str
    body: str
    labels: tuple[str, ...] = ()
    draft: bool = False


class PullState(StrEnum):
    """Where a pull request stands."""

    OPEN = "open"
    MERGED = "merged"
    CLOSED = "closed"
    """Without a merge."""


class Change(Value):
    """What was published."""

    branch: str
    commit: str
    """Id of the last commit."""
    number: int | None = None
    """Number of the pull request, where the host has them."""
    url: str = ""
    location: str = ""
    """Where to find it, in words."""
    behind: int = 0
    """Commits that the base branch is ahead of the approved base."""


def branch_name(prefix: str, key: str, task8: str) -> str:
    """The one branch of a task: prefix, slug of ticket key or title, and eight digits of its id."""
    plain = unicodedata.normalize("NFKD", key).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9_]+", "-", plain).strip("-")[:KEY_MAX].rstrip("-")
    return f"{prefix}{slug}-{task8}" if slug else f"{prefix}{task8}"
