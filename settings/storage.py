"""What is kept, where, and for how long."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from settings.kinds import Group


class Storage(Group):
    """Files: what is kept, and where."""

    anton_home: Path = Field(default_factory=lambda: Path(__file__).resolve().parent.parent)
    """Folder that holds `.env` and that relative paths start from; empty is where Anton lies."""
    data_dir: Path = Path("data")
    """Folder of databases, artifacts, environments and reports."""
    local_output_dir: Path = Path("data/output")
    """Folder below which a task may be told to put its files."""
    checkpoints: Literal["sqlite", "memory"] = "sqlite"
    """Where a task's steps are kept; `memory` forgets them with the process."""


class Retained(Group):
    """Retention: what is forgotten each night, never of open tasks; the audit log is for ever."""

    retention_interactions_days: int = Field(default=90, ge=1, le=36_500)
    """Days after which prompts and replies are forgotten; figures stay."""
    retention_payload_days: int = Field(default=90, ge=1, le=36_500)
    """Days after which patches, proofs, briefings and joined reports are forgotten; hashes stay."""
    retention_incident_days: int = Field(default=365, ge=1, le=36_500)
    """Days after which the course of incidents that need no care is forgotten; decisions stay."""
    retention_event_days: int = Field(default=365, ge=1, le=36_500)
    """Days after which events are forgotten."""
    retention_precedent_days: int = Field(default=90, ge=1, le=36_500)
    """Days for which a task that ended may be a hint for one that is like it."""
