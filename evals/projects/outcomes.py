"""What a plain run gave, and where a run of ours ended otherwise."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from core.evidence import TestRun
from sandbox import junit

NO_REPORT = "the plain run wrote no report"
NO_TEST = "the plain run found no test"


@dataclass(frozen=True)
class Plain:
    """What a plain run gave."""

    outcomes: Mapping[tuple[str, str], str]
    """By place and name: for pytest as in a JUnit report."""
    seconds: float = 0.0
    note: str = ""
    """What went wrong, in one line."""
    named: Callable[[str], tuple[str, str]] = junit.names
    """Place and name of a test of ours, by its id."""


def compared(run: TestRun, plain: Plain) -> tuple[int, list[str]]:
    """How many tests ended alike, and those that did not, as far as both were told of."""
    ours = {plain.named(case.test_id): str(case.outcome) for case in run.cases}
    theirs = plain.outcomes
    differing = [
        f"{'.'.join(name)}: {ours.get(name, 'absent')} here, {theirs.get(name, 'absent')} outside"
        for name in sorted({*ours, *theirs})
        if ours.get(name) != theirs.get(name)
    ]
    return len({*ours, *theirs}) - len(differing), differing
