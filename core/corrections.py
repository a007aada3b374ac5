"""Corrections: where a person judged a report otherwise than triage did, and what follows."""

from datetime import datetime
from typing import Literal

from core.incidents import Severity
from core.values import Value

TriageVerdict = Literal["real", "noise", "duplicate"]
CorrectionKind = Literal["noise", "rejected_as_noise", "reopened", "stated"]
"""By the answer `noise`, by a refusal in words that say so, by taking up an incident again that was
noise, or told apart from any of these.
"""


class Correction(Value):
    """What a person says of a report that triage has judged."""

    task_id: str
    kind: CorrectionKind
    verdict: TriageVerdict | None = None
    """None where it was right."""
    severity: Severity | None = None
    """None where it was right, or nothing is said of it."""
    words: str = ""
    """In the words of the person, without secrets."""
    by: str
    """Channel and person, as `rest:operator`."""
    corrected_at: datetime


class Judgement(Value):
    """What is made of a report: whether there is a fault, and how urgent it is."""

    verdict: TriageVerdict
    severity: Severity | None = None


class GoldenCase(Value):
    """A report with what triage made of it and what is right, without secrets and names."""

    case_id: str
    """That of the task."""
    title: str
    report: str
    source: str
    said: Judgement
    expected: Judgement
    kind: CorrectionKind
    words: str = ""
    corrected_at: datetime
