"""What attacks came to, for people: kinds of sandbox beside each other, reasons below."""

from collections.abc import Mapping, Sequence

from evals.attacks.weakening import Weakened
from evals.sandbox import AttackResult

WORDS = {True: "held", False: "BREACH", None: "n/a"}
NAME = 46
"""Columns for the name of an attack."""

Found = Mapping[str, Sequence[AttackResult]]


def line(ground: str, result: AttackResult) -> str:
    """One attack as it comes in."""
    return (
        f"{ground:<14} {result.attack_id:<5} {WORDS[result.held]:<7} "
        f"{'green' if result.next_green else 'RED':<6} {result.seconds:5.1f} s  "
        f"{result.name}: {result.detail[:100]}"
    )


def table(found: Found, absent: Mapping[str, str]) -> str:
    """A row for each attack, a column for each kind; then reasons, breaches and counts."""
    by_id = {r.attack_id: r.name for results in found.values() for r in results}
    cells = {
        (name, r.attack_id): WORDS[r.held] if r.next_green else f"{WORDS[r.held]}, RED"
        for name, results in found.items()
        for r in results
    }
    rows = [_row("attack", list(found))]
    rows += [
        _row(f"{attack_id:<5}{name}", [cells.get((ground, attack_id), "") for ground in found])
        for attack_id, name in by_id.items()
    ]
    return "\n".join([*rows, "", *_notes(found), *_counts(found), *_absent(absent)])


def holds(found: Found) -> bool:
    """Whether something was attacked, and all that was tried was held."""
    results = [result for some in found.values() for result in some]
    return bool(results) and all(r.ok for r in results if r.held is not None)


def shows(found: Sequence[Weakened]) -> bool:
    """Whether each guard that was taken away let its attacks through."""
    return bool(found) and all(one.result.held is False for one in found)


def weakened_table(found: Sequence[Weakened], absent: Mapping[str, str]) -> str:
    """Each guard that was taken away, and what then got through."""
    rows = [
        f"{one.ground:<14} without {one.guard:<26} {one.result.attack_id:<5}"
        f"{'gets through' if one.result.held is False else 'STILL HELD':<14}"
        f"{one.result.detail[:80]}"
        for one in found
    ]
    through = sum(one.result.held is False for one in found)
    said = f"{through} of {len(found)} attacks get through where a guard is missing"
    return "\n".join([*rows, "", said, *_absent(absent)])


def _row(first: str, cells: Sequence[str]) -> str:
    return (f"{first[:NAME]:<{NAME}}" + "".join(f"  {cell:<14}" for cell in cells)).rstrip()


def _notes(found: Found) -> list[str]:
    notes = [
        f"{name} {r.attack_id} {WORDS[r.held]}: {r.detail}"
        for name, results in found.items()
        for r in results
        if not r.held
    ]
    return [*notes, ""] if notes else []


def _counts(found: Found) -> list[str]:
    lines = []
    for name, results in found.items():
        tried = [result for result in results if result.held is not None]
        lines.append(
            f"{name:<14} {sum(r.held is True for r in tried)} of {len(tried)} attacks held, "
            f"{len(results) - len(tried)} not applicable; the next task was green after "
            f"{sum(r.next_green for r in tried)}; {sum(r.seconds for r in results):.0f} s"
        )
    return lines


def _absent(absent: Mapping[str, str]) -> list[str]:
    return [f"{name:<14} not here: {why}" for name, why in absent.items()]
