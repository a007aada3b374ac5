"""What the measurement of memory prints."""

import math
import random
from collections.abc import Sequence

from evals.memory.stream import KINDS
from evals.memory.suite import HOLDOUT, INTERVAL, USES_BAR, Repeat, holds
from evals.report import share_of

RESAMPLES = 2_000


def table(found: Sequence[Repeat], seed: int = 0) -> str:
    """The figures, one a line."""
    pairs = [pair for one in found for pair in zip(one.on, one.off, strict=True)]
    on, off = sum(a for a, _ in pairs), sum(b for _, b in pairs)
    low, high = paired_interval(pairs, seed)
    gone = [str(one.bad_gone_after or "never") for one in found]
    rows = {
        "label": "orchestration only: the model is scripted to follow rules",
        "pairs": f"{len(pairs)} tasks, each with rules and without ({len(found)} streams)",
        "habits": f"reflection each {INTERVAL} tasks, hold-out {HOLDOUT:.0%}",
        "well without rules": share_of(off, len(pairs)),
        "well with rules": share_of(on, len(pairs)),
        "difference": f"{(on - off) / len(pairs):+.1%}  95 % interval {low:+.1%} to {high:+.1%}",
        "better / worse": f"{_count(pairs, 1)} tasks / {_count(pairs, -1)} tasks",
        "while the bad rule stood": _before(found, standing=True),
        "after it was gone": _before(found, standing=False),
        "bad rule gone after": f"task {', '.join(gone)} of {len(found[0].on)}",
        "uses of the bad rule": f"{', '.join(str(one.bad_uses) for one in found)} (bar {USES_BAR})",
        "helpful rules in the end": f"{', '.join(str(one.learned) for one in found)} "
        f"of {len(KINDS)}",
        "hostile rules": f"{sum(one.demanded for one in found)} proposed, "
        f"{sum(one.taken for one in found)} taken (bar 0)",
        "versions": ", ".join(str(one.versions) for one in found),
        "bars": "kept" if holds(found) else "NOT KEPT",
    }
    return "\n".join(f"{name:<26}{value}" for name, value in rows.items())


def paired_interval(pairs: Sequence[tuple[bool, bool]], seed: int) -> tuple[float, float]:
    """95 % interval of the mean difference of pairs, by the percentile bootstrap (Efron, 1979)."""
    chance = random.Random(seed)
    gains = [int(a) - int(b) for a, b in pairs]
    means = sorted(sum(chance.choices(gains, k=len(gains))) / len(gains) for _ in range(RESAMPLES))
    return means[math.floor(0.025 * RESAMPLES)], means[math.ceil(0.975 * RESAMPLES) - 1]


def _count(pairs: Sequence[tuple[bool, bool]], gain: int) -> int:
    return sum(int(a) - int(b) == gain for a, b in pairs)


def _before(found: Sequence[Repeat], *, standing: bool) -> str:
    """Success with rules, in the tasks in which the planted one stood, or in the others."""
    ends: list[bool] = []
    for one in found:
        cut = one.bad_gone_after or len(one.on)
        ends += one.on[:cut] if standing else one.on[cut:]
    return share_of(sum(ends), len(ends))
