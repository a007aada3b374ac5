"""Answers to questions about what waits, in the words of its briefing and in no others."""

from collections.abc import Mapping, Sequence

from core.approvals import Question
from core.briefing import Briefing
from core.intents import Topic
from core.visible import one_line, visible

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


def told(topics: Sequence[Topic], question: Question, briefing: Briefing | None) -> str:
    """The recorded facts on these topics, as plain text.

    Without a briefing, or where it tells nothing of them, the question itself is told again.
    """
    rows = _rows(briefing) if briefing else {}
    wanted = dict.fromkeys(name for topic in topics for name in ROWS[topic])
    found = [one_line(f"{name}: {rows[name]}", SHOWN_MAX) for name in wanted if rows.get(name)]
    if not found:
        whole = visible("\n\n".join(filter(None, (question.title, question.body))))
        found = [whole if len(whole) <= SHOWN_MAX else f"{whole[:SHOWN_MAX]}…"]
    return "\n".join([*found, "", OPEN])


def _rows(briefing: Briefing) -> Mapping[str, str]:
    return {
        **dict(briefing.rows()),
        "Protected paths": ", ".join(briefing.protected),
        "Missing proof": briefing.unproven,
        "On Approve": briefing.on_approve,
    }
