"""What was found in a task, whole: the proof, the files of the change, what a revision changed."""

from typing import Literal

from api.task_views import Part
from api.views import Answer
from core.evidence import Evidence


class ProofView(Answer):
    """The whole proof of a patch; names and output of tests are untrusted."""

    task_id: str
    proof: Evidence


class ChangedFile(Part):
    """A file that the patch touches."""

    path: str
    change: Literal["added", "modified", "deleted"]
    mode: str | None
    """Of git, as `100644`; null for a deleted file."""
    added: int
    """Lines."""
    deleted: int
    """Lines."""
    bytes: int | None
    """Size afterwards; null for a deleted file."""
    text: str | None
    """The file afterwards; null where it is deleted, no text, or too long."""


class FilesView(Answer):
    """What a patch does to the tree; all of it is untrusted."""

    task_id: str
    base_sha: str
    """Commit that the patch is made against."""
    tree_hash: str
    """Git tree of the result."""
    partial: bool
    """Whether this is the best that was found, and does not hold."""
    files: list[ChangedFile]


class ConfidenceView(Answer):
    """What a confidence is worth: how people took the fixes that were rated like this one."""

    task_id: str
    confidence: float | None
    at_least: float
    """The class of ratings that this one belongs to."""
    below: float | None
    """Where that class ends; null where it does not."""
    fixes: int
    """Of this class, those that people decided."""
    accepted: int
    enough: bool
    """Whether there are so many that their share says something."""


class ChangesView(Answer):
    """What changed from an earlier revision of a patch to this one."""

    revision: int
    since: int
    same_base: bool
    """Without the same base the two cannot be compared, and there is no diff."""
    diff: str | None
