"""What killed servers left behind, for people."""

from collections.abc import Sequence

from evals.kills.suite import GONE_S, Kill, Killed


def line(name: str, kill: Kill) -> str:
    """One kill as it comes in."""
    late = f", {kill.left} LEFT" if kill.left else ""
    return f"{name:<14} {kill.processes:>3} processes gone in {kill.gone_s:.2f} s{late}"


def table(found: Sequence[Killed]) -> str:
    """The figures for each kind of sandbox."""
    return "\n".join(text for one in found for text in _lines(one))


def holds(found: Sequence[Killed]) -> bool:
    """Whether servers were killed and nothing is left of any."""
    return bool(found) and all(one.ok for one in found)


def _lines(found: Killed) -> list[str]:
    times = sorted(kill.gone_s for kill in found.kills) or [0.0]
    busy = sum(kill.processes > 0 for kill in found.kills)
    left = ", ".join(f"{count} {kind}" for kind, count in found.left.items())
    late = sum(kill.left for kill in found.kills)
    return [
        f"{found.name:<14} {len(found.kills)} kills, {busy} of them amid processes; "
        f"{found.runs} runs begun",
        f"{'':<14} processes gone after {times[len(times) // 2]:.2f} s (median), "
        f"{times[-1]:.2f} s at most; {late} left after {GONE_S:g} s",
        f"{'':<14} {found.reaped} sandboxes cleared away by the next start",
        f"{'':<14} left at the end: {left}",
        *(f"{'':<14}   {name}" for name in found.named[:10]),
    ]
