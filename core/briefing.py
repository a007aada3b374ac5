"""The briefing: what a person has to know before a decision, as each channel renders it."""

from datetime import datetime

from core.approvals import Risk
from core.incidents import Severity
from core.values import Value

MISSING = "not recorded"
"""What stands in the place of a fact that nobody wrote down."""


class ChangedFile(Value):
    """One file of a patch, in lines."""

    path: str
    added: int
    deleted: int


class Briefing(Value):
    """What broke, how sure that is, what changes, what proves it, what it costs.

    Made by code from what was recorded; every text in it is visible and inert, in one language
    with the documents. A fact that was not recorded reads so.
    """

    title: str
    """The report in one line."""
    ticket: str = ""
    severity: Severity | None = None
    risk: Risk | None = None
    component: str = MISSING
    reported_at: datetime | None = None
    """When the report came."""
    told: str = ""
    """A model's words on it, marked as such; no figure is taken from them."""
    root_cause: str = MISSING
    """The cause in one sentence."""
    fix: str = MISSING
    """The change in one sentence."""
    files: tuple[ChangedFile, ...] = ()
    tests: str = MISSING
    """Red on the base, green on the fix, in counts."""
    regression_test: str = MISSING
    ci: str = MISSING
    review: str = MISSING
    """Verdict, reviewer and scores."""
    confidence: str = MISSING
    found_by: str = MISSING
    cost: str = MISSING
    """Dollars to four decimals, calls and tokens."""
    demo: str = ""
    """Where the change is shown live, or why not; empty where there is nothing to show."""
    demo_url: str = ""
    base: str
    """First digits of the base commit."""
    patch_hash: str
    """First digits of the hash of the diff; of critical risk, its last ones too."""
    protected: tuple[str, ...] = ()
    """Protected paths in the patch."""
    unproven: str = ""
    """The proof that it lacks."""
    notes: tuple[str, ...] = ()
    on_approve: str
    """What happens on Approve."""

    @property
    def size(self) -> tuple[int, int, int]:
        """Files, lines added, lines deleted."""
        return (
            len(self.files),
            sum(file.added for file in self.files),
            sum(file.deleted for file in self.files),
        )

    def rows(self) -> tuple[tuple[str, str], ...]:
        """All facts by name, in the order in which documents list them."""
        files = ", ".join(f"{file.path} (+{file.added} -{file.deleted})" for file in self.files)
        return (
            ("Ticket", self.ticket or "none"),
            ("Severity", str(self.severity or MISSING)),
            ("Risk", str(self.risk or MISSING)),
            ("Component", self.component),
            ("Root cause", self.root_cause),
            ("Fix", self.fix),
            ("Files", files or MISSING),
            ("Tests", self.tests),
            ("Regression test", self.regression_test),
            ("CI", self.ci),
            ("Review", self.review),
            ("Confidence", self.confidence),
            ("Found by", self.found_by),
            ("Cost", self.cost),
            ("Base", self.base),
            ("Patch hash", self.patch_hash),
        )
