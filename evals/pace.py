"""Time from report to pull request, over the tasks that were really worked on."""

import json
from datetime import datetime

from control.pace import WHOSE, Pace, Percentiles

NOTHING = "no data: no task has ended in that time"


def as_json(found: Pace, since: datetime) -> str:
    """One JSON object; without data its figures are null."""
    return json.dumps({"v": 1, "since": since.isoformat(), **found.dump()})


def table(found: Pace) -> str:
    """The figures, one a line."""
    if not found.tasks:
        return NOTHING
    outcomes = ", ".join(f"{name} {count}" for name, count in found.outcomes.items())
    rows = {
        "tasks that ended": f"{found.tasks}: {outcomes}",
        "reached a pull request": f"{found.reached} of {found.tasks} ({found.share:.0%})",
        "time to pull request": _said(found.time_to_pr),
        **{f"  {whose}": _said(found.split[whose]) for whose in WHOSE},
    }
    return "\n".join(f"{name:<24}{value}" for name, value in rows.items())


def _said(times: Percentiles) -> str:
    if times.p50_s is None or times.p95_s is None:
        return "none reached one"
    return f"p50 {_span(times.p50_s)}, p95 {_span(times.p95_s)}"


def _span(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
