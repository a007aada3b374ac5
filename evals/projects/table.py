"""The report of the real projects: one row each, then what did not work and what Anton said."""

from collections.abc import Sequence

from evals.projects.suite import Row

HEAD = (
    f"{'project':<38}{'runner':<10}{'tests':<34}{'agreement':<16}"
    f"{'cold':>8}{'warm':>8}{'run':>9}{'outside':>9}"
)
SHOWN = 5
"""Differing tests, and remarks, that are shown of one project."""


def line(row: Row) -> str:
    """One project as it comes."""
    name = f"{row.project.id} {row.project.version}"
    counts = ", ".join(f"{count} {kind}" for kind, count in row.counts) or row.end or "-"
    seconds = (row.cold_s, row.warm_s, row.run_s, row.plain_s)
    return f"{name:<38}{row.runner or '-':<10}{counts:<34}{_agreement(row):<16}" + "".join(
        f"{value:>{width}.2f}s" for value, width in zip(seconds, (7, 7, 8, 8), strict=True)
    )


def remarks(row: Row) -> str:
    """What did not work, and what Anton said of it."""
    lines = [f"{row.project.id}: {row.project.why}"]
    if row.end not in ("", "passed"):
        lines.append(f"  ended as {row.end}, known by {row.known_by}")
    lines += [f"  said: {said}" for said in row.said[: 2 * SHOWN] if said]
    lines += [f"  differs: {test}" for test in row.differing[:SHOWN]]
    if more := len(row.differing) - SHOWN:
        lines += [f"  and {more} more"] if more > 0 else []
    if row.plain:
        lines.append(f"  outside: {row.plain}")
    return "\n".join(lines)


def table(rows: Sequence[Row]) -> str:
    """All rows with their remarks, and how many agree fully."""
    agree = sum(bool(row.alike) and not row.differing for row in rows)
    both = sum(bool(row.alike or row.differing) for row in rows)
    slow = [row for row in rows if row.warm_s >= 1]
    return "\n".join(
        [
            *(remarks(row) for row in rows),
            "",
            f"projects              {len(rows)}",
            f"agree in every test   {agree} of {both} that were compared",
            f"warm below a second   {len(rows) - len(slow)} of {len(rows)}",
        ]
    )


def _agreement(row: Row) -> str:
    total = row.alike + len(row.differing)
    return f"{row.alike} of {total}" if total else "-"
