"""What a measurement prints: figures, and all that is needed to repeat it."""

import os
import platform
import subprocess
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from core.shares import wilson
from evals.suites.repair import Figures, Result, figures
from observability import host_programs

ROOT = Path(__file__).resolve().parent.parent
BARS: Mapping[str, str] = {"plausible": "80 %", "correct": "70 %", "median": "3 s"}
"""What the corpus of seeded faults is asked to reach."""


def heading(command: str, *, seed: int, count: int) -> str:
    """Command, date, commit, seed, N and cores, one a line."""
    facts = {
        "command": command,
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "commit": commit(),
        "seed": seed,
        "N": count,
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
    }
    return "\n".join(f"{name:<22}{value}" for name, value in facts.items())


def commit() -> str:
    """The commit that is measured, and whether files differ from it."""
    head = _git("rev-parse", "HEAD")
    if not head:
        return "not recorded"
    return f"{head} with changes" if _git("status", "--porcelain") else head


def share_of(hits: int, count: int) -> str:
    """Hits, count, share and its interval, in one line."""
    if not count:
        return "none was tried"
    low, high = wilson(hits, count)
    return f"{hits:>4} of {count:<5}{hits / count:7.1%}  95 % interval {low:.1%} to {high:.1%}"


def result_line(result: Result) -> str:
    """One fault as it comes."""
    verdict = "correct" if result.correct else "plausible" if result.plausible else "-"
    bound = f"  stopped by {result.bound}" if result.bound else ""
    return (
        f"{result.fault:<44} {verdict:<11}rank {result.rank or '-':<5}"
        f"{result.tried:>6} tried {result.seconds:7.2f} s{bound}"
    )


def repair_table(results: Sequence[Result]) -> str:
    """The figures of all faults, of each half of the corpus, and of each kind of fault."""
    splits = sorted({result.split for result in results})
    parts = [("all", list(results))]
    parts += [(split, [r for r in results if r.split == split]) for split in splits]
    return "\n\n".join([*(_block(name, figures(some)) for name, some in parts), _kinds(results)])


def _block(name: str, found: Figures) -> str:
    rows = {
        "faults": str(found.faults),
        "plausible": f"{found.plausible:.1%} (bar {BARS['plausible']})",
        "correct by hidden tests": f"{found.correct:.1%} (bar {BARS['correct']})",
        "one of the first five": f"{found.correct_in_five:.1%}",
        "hit@1 / @3 / @5": " / ".join(
            f"{hit:.1%}" for hit in (found.hit_at_1, found.hit_at_3, found.hit_at_5)
        ),
        "candidates per second": f"{found.candidates_per_second:.0f}",
        "median time per fix": f"{found.median_seconds:.2f} s (bar {BARS['median']})",
    }
    return "\n".join([f"{name}:", *(f"  {row:<24}{value}" for row, value in rows.items())])


def _kinds(results: Sequence[Result]) -> str:
    by_kind: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        by_kind[result.kind].append(result)
    lines = [
        f"  {kind:<32}{sum(r.correct for r in some):>3} correct "
        f"{sum(r.plausible for r in some):>3} plausible of {len(some)}"
        for kind, some in sorted(by_kind.items())
    ]
    return "\n".join(["by kind of fault:", *lines])


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            env=host_programs.plain(),
        )
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
