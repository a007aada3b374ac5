"""What a person reads before and after deciding: the question, its diff, the end."""

from dataclasses import dataclass

from rich.cells import cell_len, chop_cells
from rich.console import Console
from rich.text import Text

from cli.screen import Screen, put
from core.approvals import Approval, ApprovalState, Question
from core.errors import Expired
from core.patches import Patch
from core.ports import ArtifactStore
from core.visible import visible

CONTINUED = "↪ "
_DIFF_STYLE = (
    (
        (
            "diff --git ",
            "index ",
            "--- ",
            "+++ ",
            "new file",
            "deleted file",
            "old mode",
            "new mode",
        ),
        "bold",
    ),
    (("@@",), "cyan"),
    (("+",), "green"),
    (("-",), "red"),
)


@dataclass(frozen=True)
class Briefing:
    """A question with all that belongs to it."""

    question: Question
    body: str
    diff: str
    tally: str = ""
    """Who approved it already, where two have to."""

    @classmethod
    async def of(cls, approval: Approval, artifacts: ArtifactStore) -> "Briefing":
        """Fetch what the question only refers to; Expired where it is gone and somebody decides."""
        question = approval.question
        body, diff = question.body, ""
        try:
            if question.body_ref:
                body = (await artifacts.get(question.body_ref)).decode("utf-8", "replace")
            if question.patch_ref:
                kept = await artifacts.get(question.patch_ref)
                diff = Patch.model_validate_json(kept).diff
        except Expired:
            if approval.state is ApprovalState.PENDING:
                raise
            body = body or "Its briefing and its diff are not kept any more."
        return cls(question, body, diff, approval.tally)

    def show(self, screen: Screen) -> None:
        """The whole question; its Markdown is shown as written, so that nothing in it can hide."""
        screen.say()
        screen.say(self.question.title, "bold")
        for line in self.body.splitlines():
            screen.say(line, "bold" if line.startswith("#") else "")
        if self.diff:
            screen.say()
            show_diff(screen.out, self.diff)
        if self.question.patch_hash:
            screen.say()
            screen.say(f"patch hash  {self.question.patch_hash}")
        if self.tally:
            screen.say(f"approved    {self.tally}", "bold")
        if protected := self.question.details.get("protected"):
            screen.say(f"protected   {protected}", "bold yellow")
        if unproven := self.question.details.get("unproven"):
            screen.say(f"unproven    {unproven}", "bold yellow")


def show_diff(console: Console, diff: str) -> None:
    """Every line of a diff in full: controls written out, tabs and trailing blanks made visible."""
    for line in diff.removesuffix("\n").split("\n"):
        style = next((style for starts, style in _DIFF_STYLE if line.startswith(starts)), "")
        for part in _folded(_exact(line), console):
            put(console, Text(part, style=style))


def _folded(line: str, console: Console) -> list[str]:
    """The line in parts that fit a terminal; a part that goes on cannot be taken for a line."""
    if not console.is_terminal or cell_len(line) <= console.width:
        return [line]
    first, *rest = chop_cells(line.expandtabs(), console.width - len(CONTINUED))
    return [first, *(CONTINUED + part for part in rest)]


def _exact(line: str) -> str:
    if not line.startswith(("+", "-")):
        return visible(line)
    shown = visible(line).replace("\t", "→\t")
    body = shown.rstrip(" ")
    return body + "·" * (len(shown) - len(body))
