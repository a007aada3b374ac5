"""The figures of the validator, with intervals, and what each gate catches."""

from collections import Counter
from collections.abc import Sequence

from evals.report import share_of
from evals.validator.attempts import Kind
from evals.validator.gates import Gate
from evals.validator.suite import Result

SHOWN = 3


def line(name: str, results: Sequence[Result], seconds: float) -> str:
    """One fault as it comes."""
    wrong = [r for r in results if r.false]
    said = ", ".join(_short(r) for r in wrong) or "-"
    return f"{name:<44} {len(results):>3} attempts {seconds:6.1f} s  decided wrongly: {said}"


def table(results: Sequence[Result]) -> str:
    """False rejects, false accepts by kind, who turned what down, and each gate taken out."""
    return "\n\n".join(
        [_rejects(results), _accepts(results), _turned_down(results), _gates(results)]
    )


def _rejects(results: Sequence[Result]) -> str:
    lines = ["false rejects (right changes turned down):"]
    for kind in (Kind.REFERENCE, Kind.EQUIVALENT):
        some = [r for r in results if r.kind is kind]
        lines.append(f"  {kind:<20}{share_of(sum(r.false for r in some), len(some))}")
    some = [r for r in results if r.kind.right]
    lines.append(f"  {'all':<20}{share_of(sum(r.false for r in some), len(some))}")
    return "\n".join([*lines, *(f"    {r.name}: {r.by}" for r in some if r.false)])


def _accepts(results: Sequence[Result]) -> str:
    lines = [
        "false accepts (wrong changes let through); those on which every visible test passes are",
        "counted apart: only hidden tests, or a reader, tell them from right ones",
    ]
    wrong = [r for r in results if not r.kind.right]
    for kind in [kind for kind in Kind if not kind.right]:
        some = [r for r in wrong if r.kind is kind]
        told = [r for r in some if not r.visible_green]
        lines.append(f"  {kind:<20}{share_of(sum(r.false for r in told), len(told))}")
        if kind in (Kind.MUTANT, Kind.OVERFITTED):
            hidden = [r for r in some if r.visible_green]
            said = share_of(sum(r.false for r in hidden), len(hidden))
            lines.append(f"  {'  hidden alone tell':<20}{said}")
    told, hidden = ([r for r in wrong if r.visible_green is green] for green in (False, True))
    lines.append(f"  {'all':<20}{share_of(sum(r.false for r in told), len(told))}")
    lines.append(f"  {'all, hidden too':<20}{share_of(sum(r.false for r in wrong), len(wrong))}")
    lines += [f"    {_short(r)}" for r in told if r.false]
    return "\n".join(lines)


def _turned_down(results: Sequence[Result]) -> str:
    said = Counter((r.kind, r.by) for r in results if not r.accepted)
    rows = [f"  {kind:<18}{by:<44}{n:>4}" for (kind, by), n in sorted(said.items())]
    return "\n".join(["turned down by:", *rows])


def _gates(results: Sequence[Result]) -> str:
    lines = ["without one gate: further false accepts, and false rejects that it would spare"]
    for gate in Gate:
        more = [r for r in results if r.flips.get(gate) == "accepted" and not r.kind.right]
        spared = [r for r in results if r.flips.get(gate) == "accepted" and r.kind.right]
        fewer = [r for r in results if r.flips.get(gate) == "rejected"]
        said = f"+{len(more)} -{len(spared)}"
        if not more and not spared:
            said += "  redundant here: what it catches another gate catches too"
        if fewer:
            said += f"  ({len(fewer)} are turned down only without it)"
        kinds = Counter(r.kind for r in more)
        of = ", ".join(f"{n} {kind}" for kind, n in kinds.items())
        lines.append(f"  {gate:<24}{said}  {of}".rstrip())
        lines += [f"      {r.name}" for r in more[:SHOWN]]
    return "\n".join(lines)


def _short(result: Result) -> str:
    mark = " (hidden alone tell)" if result.visible_green else ""
    return f"{result.name}{mark}"
