"""What the measurement of consent prints."""

from collections.abc import Sequence

from evals.approvals.suite import RESUMED_BAR_S, Found
from evals.overhead import Spread

COLUMNS = ("wrong", "doubled", "unanswered", "stuck")


def line(found: Found) -> str:
    """One cell."""
    counts = "  ".join(f"{name} {getattr(found, name):>2}" for name in COLUMNS)
    return (
        f"{found.channel:<10}{found.fault:<17}{found.questions:>4} questions  {counts}  "
        f"{found.seconds:6.1f} s"
        + "".join(f"\n    {note}" for note in sorted(set(found.notes))[:3])
    )


def table(found: Sequence[Found]) -> str:
    """The sums over all cells, each beside its bar."""
    times = Spread([seconds for cell in found for seconds in cell.resumed_s])
    questions = sum(cell.questions for cell in found)
    return "\n".join(
        (
            f"cells                 {len(found)}, {questions} questions",
            f"wrong approvals       {_sum(found, 'wrong')} (bar 0)",
            f"double publishes      {_sum(found, 'doubled')} (bar 0)",
            f"unanswered clicks     {_sum(found, 'unanswered')} (bar 0)",
            f"stuck tasks           {_sum(found, 'stuck')} (bar 0)",
            f"decision to resumed   {times} (bar: p95 {RESUMED_BAR_S:g} s)",
            "models                scripted: orchestration only",
        )
    )


def holds(found: Sequence[Found]) -> bool:
    """Whether every bar is met."""
    times = Spread([seconds for cell in found for seconds in cell.resumed_s])
    kept = not any(_sum(found, name) for name in COLUMNS)
    return bool(found) and kept and times.at(0.95) <= RESUMED_BAR_S


def _sum(found: Sequence[Found], name: str) -> int:
    return sum(getattr(cell, name) for cell in found)
