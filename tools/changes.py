"""What was changed, told without git: the workspace beside the base that it was opened with."""

from dataclasses import dataclass

from core.errors import ToolError
from core.patches import file_diff
from core.trees import Tree
from tools.tool import tool
from tools.workplace import Workplace, changes

DIFF_CHARACTERS = 20_000
LETTERS = {"added": "A", "changed": "M", "deleted": "D"}


@dataclass(frozen=True)
class Submission:
    """A change that its author takes for done; role and gate had nothing against it."""

    explanation: str
    tree: Tree
    """The workspace with the change."""


@dataclass(frozen=True)
class Abstention:
    """Advice to change nothing."""

    reason: str


@tool(risk="read", parallel=True, characters=DIFF_CHARACTERS)
async def git_status(place: Workplace) -> str:
    """Show which files differ from the base, and the diff."""
    tree = await place.current()
    found = changes(place.base, tree)
    if not found:
        return "Nothing differs from the base."
    lines = [f"{LETTERS[kind]} {path}" for path, kind in found.items()]
    diffs = (file_diff(path, place.base.get(path), tree.get(path)) for path in found)
    return "\n".join([*lines, "", "".join(diffs)])


@tool(risk="read", ends=True)
async def submit_changes(place: Workplace, explanation: str) -> Submission:
    """Hand in the workspace as the finished change; this ends your work.

    Args:
        explanation: In one sentence, what was wrong and what the change does about it.
    """
    tree = await place.current()
    found = changes(place.base, tree)
    if not found:
        raise ToolError("Nothing differs from the base, so there is nothing to submit.")
    place.insist_on_role(list(found))
    place.insist_on_gate(tree)
    return Submission(explanation, tree)


@tool(risk="read", ends=True)
async def leave_unchanged(place: Workplace, reason: str) -> Abstention:
    """Hand in that no change of this code would be right; this ends your work.

    Args:
        reason: In one sentence, why nothing should be changed.
    """
    return Abstention(reason)
