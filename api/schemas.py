"""What comes over the wire: requests, read strictly."""

from datetime import datetime
from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from core.approvals import Choice
from core.corrections import TriageVerdict
from core.identities import RULE_MAX, RULES_MAX

Text = Annotated[str, Field(max_length=20_000)]
Confirmation = Annotated[str, Field(max_length=100)]
TestId = Annotated[str, Field(min_length=1, max_length=1_000)]
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Revision = Annotated[
    str, Field(max_length=250, pattern=r"^[^\s\x00-\x20\x7f-][^\s\x00-\x20\x7f]*$")
]


INCIDENT = r"^[0-9a-fA-F]{8}[0-9a-fA-F-]{0,28}$"


class Asked(BaseModel):
    """The base of every request body: unknown fields and near types are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, use_attribute_docstrings=True)


class CreateTask(Asked):
    """A report, and how it is to be worked on."""

    workflow: Literal["repair", "build"] | None = None
    """Absent: `repair` where a repository, a ticket or an incident is named, else `build`."""
    task_description: str = Field(min_length=1, max_length=500_000)
    """The report in plain words, up to MAX_TASK_DESCRIPTION_LENGTH characters."""
    repo: str | None = Field(default=None, max_length=1_000)
    """A configured repository, or its path; absent for the default one."""
    base: Revision | None = None
    """Branch, tag or commit to start from; absent for the repository's default."""
    revision: Revision | None = None
    """The revision in which the fault was seen, where it is not the base."""
    incident: str | None = Field(default=None, pattern=INCIDENT)
    """The incident that this is about, by id or its first eight digits; absent for the one that
    the report itself tells."""
    ticket: str | None = Field(default=None, pattern=r"^[A-Za-z0-9][A-Za-z0-9._#/-]{0,99}$")
    """Key of the ticket, such as BUG-42."""
    test: TestId | Annotated[list[TestId], Field(max_length=100)] | None = None
    """Ids of tests that show the fault."""
    repro: str | None = Field(default=None, min_length=1, max_length=10_000)
    """A command that exits non-zero while the fault is there; it runs in the sandbox."""
    max_iterations: int | None = Field(default=None, ge=1, le=10)
    """Attempts at a fix; absent for MAX_ITERATIONS."""
    use_sandbox: bool = True
    """False runs nothing; the outcome is then at best `fixed_unverified`."""
    output_directory: str | None = Field(default=None, max_length=500)
    """Folder below LOCAL_OUTPUT_DIR that gets the files."""
    budget_usd: float | None = Field(default=None, ge=0, le=10_000)
    seed: int = Field(default=0, ge=0, lt=2**63)
    """The same repository, report and seed give the same patch."""
    join: bool = False
    """True begins no task where one works on the same fault, or a pull request for it waits:
    the answer is then 200 and names that task. False always begins one."""
    queue: bool = False
    """True lets the task wait for its turn; else it gets 429 while all places are taken."""

    @field_validator("task_description")
    @classmethod
    def _says_something(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("says nothing")
        return value

    @field_validator("output_directory")
    @classmethod
    def _stays_below(cls, value: str | None) -> str | None:
        if value is not None:
            parts = PurePosixPath(value).parts
            odd = any(not part.isprintable() or part in ("..", "~") for part in parts)
            if not parts or odd or value.startswith("/") or "\\" in value:
                raise ValueError("is no folder below LOCAL_OUTPUT_DIR")
        return value

    @property
    def tests(self) -> tuple[str, ...]:
        """The test ids, however they were written."""
        return (self.test,) if isinstance(self.test, str) else tuple(self.test or ())


class ReplyTask(Asked):
    """Plain words to a task that waits."""

    text: Text = Field(min_length=1)
    approval_id: str | None = Field(default=None, max_length=100)
    """Which question is answered, where several wait."""

    @field_validator("text")
    @classmethod
    def _says_something(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("says nothing")
        return value


class ApproveTask(Asked):
    """Consent to a release."""

    patch_hash: Hash | None = None
    """The diff that was seen; absent takes the one that waits now."""
    confirmation: Confirmation = ""
    """The end of its patch hash, typed; required where the risk is critical."""


class CorrectTask(Asked):
    """What a person says of a report that triage has judged."""

    verdict: TriageVerdict | None = None
    """Absent where it was right."""
    severity: Literal["P0", "P1", "P2", "P3", "P4"] | None = None
    """Absent where it was right."""
    text: str = Field(default="", max_length=2_000)
    """Why, in plain words."""

    @model_validator(mode="after")
    def _says_something(self) -> "CorrectTask":
        if self.verdict is None and self.severity is None:
            raise ValueError("name `verdict`, `severity` or both")
        return self


class LineComment(Asked):
    """Words on one line of the diff."""

    path: str = Field(min_length=1, max_length=1_000)
    line: int = Field(ge=1, le=10_000_000)
    text: str = Field(min_length=1, max_length=5_000)


class Decide(Asked):
    """An answer to a question."""

    decision: Choice
    patch_hash: Hash | None = None
    """The diff that was seen; required to answer a release."""
    revision: int | None = Field(default=None, ge=1, lt=2**31)
    """The revision that was seen; an older one is refused."""
    text: Text | None = None
    """Words that go with it; required for request_changes, guidance and answer."""
    amount_usd: float | None = Field(default=None, gt=0, le=10_000)
    """By how much; required for raise_budget."""
    line_comments: list[LineComment] = Field(default_factory=list, max_length=200)
    key: str = Field(default="", max_length=200)
    """Makes a repeated tap harmless."""
    confirmation: Confirmation = ""
    """The end of the patch hash, typed; required to approve where the risk is critical."""

    @property
    def words(self) -> str:
        """The text, followed by the comments on lines."""
        comments = (f"{c.path}:{c.line}: {c.text}" for c in self.line_comments)
        return "\n".join(part for part in (self.text or "", *comments) if part.strip())


class RuleText(Asked):
    """A rule as a person wants it."""

    text: str = Field(min_length=1, max_length=RULE_MAX)
    pinned: bool = False
    """Kept at the top, and taken out by nobody but a person."""
    correction: bool = False
    """Taught by people, and not learned by the role itself."""


class SetRules(Asked):
    """All rules that a role shall have; those that are not named are taken out."""

    version: int = Field(ge=0, lt=2**31)
    """The version that was seen; an older one than stands is refused."""
    rules: list[RuleText] = Field(max_length=RULES_MAX)


class RollBack(Asked):
    """Which content shall stand again."""

    version: int = Field(ge=1, lt=2**31)
    seen: int | None = Field(default=None, ge=0, lt=2**31)
    """The version that stood when this was decided; refused where a newer one stands by now."""


class DismissIncident(Asked):
    """Why the reports of a fault shall only be counted, and for how long."""

    reason: str = Field(min_length=1, max_length=1_000)
    until: datetime | None = Field(default=None, strict=False)
    """An instant with its zone; absent for ever."""


class ReopenIncident(Asked):
    """Why a fault is taken care of again."""

    reason: str = Field(default="", max_length=1_000)


class ResolveIncident(Asked):
    """Why a fault is settled."""

    reason: str = Field(min_length=1, max_length=1_000)


class MergeIncident(Asked):
    """Which incident takes the reports over."""

    into: str = Field(pattern=INCIDENT)
