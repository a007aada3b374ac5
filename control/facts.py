"""Answers to questions about what waits, in the words of its briefing and in no others."""

import re
from collections.abc import Mapping, Sequence

from core.approvals import Question
from core.intents import Topic

ROWS: Mapping[Topic, tuple[str, ...]] = {
    "change": ("Fix", "Files", "Protected paths"),
    "cause": ("Root cause",),
    "proof": ("Tests", "Regression test", "CI", "Missing proof"),
    "sureness": ("Confidence", "Tests", "Review", "Missing proof"),
    "risk": ("Risk", "Severity", "Protected paths"),
    "cost": ("Cost",),
    "review": ("Review", "Found by"),
    "report": ("Ticket", "Component", "Severity"),
    "next": ("On Approve",),
}
"""Rows of a briefing that tell of a topic."""
SHOWN_MAX = 1_500
OPEN = "Nothing was decided; the question stays open."
_ROW = re.compile(r"^(?:- )?(?P<name>[A-Z][A-Za-z ]{1,20}): (?P<said>.+)$", re.MULTILINE)


def told(topics: Sequence[Topic], question: Question) -> str:
    """The rows of the briefing that tell of these topics, as they stand; all of it without any."""
    rows: dict[str, str] = {}
    for row in _ROW.finditer(question.body):
        rows.setdefault(row["name"], row[0].removeprefix("- "))
    wanted = dict.fromkeys(name for topic in topics for name in ROWS[topic])
    found = [f"- {rows[name]}" for name in wanted if name in rows]
    if not found:
        whole = "\n\n".join(filter(None, (question.title, question.body)))
        found = [whole if len(whole) <= SHOWN_MAX else f"{whole[:SHOWN_MAX]}…"]
    return "\n".join([*found, "", OPEN])
