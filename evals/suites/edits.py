"""Measure the applier of edits: malformed replies written by hand, and correct edits deformed."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from evals.replies import Case, Outcome, run

Told = Callable[[Outcome], None]


def run_cases(cases: Iterable[Case], told: Told = lambda _: None) -> list[Outcome]:
    """Apply every reply and tell of those that did not go as they should."""
    outcomes = []
    for case in cases:
        outcome, _ = run(case)
        outcomes.append(outcome)
        if not outcome.as_expected:
            told(outcome)
    return outcomes


def line(outcome: Outcome) -> str:
    """One reply that was applied wrongly, or refused though it is clear."""
    what = "WRONG" if outcome.wrong else "refused" if outcome.should_apply else "APPLIED"
    return f"{what:<9}{outcome.id:<56}{', '.join(outcome.refusals)}"


def table(name: str, outcomes: Sequence[Outcome]) -> str:
    """Rates of one set of replies, and of each kind within."""
    kinds: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        kinds[outcome.id.partition("/")[0]].append(outcome)
    rows = [_row("all", outcomes), *(_row(kind, some) for kind, some in kinds.items())]
    head = f"{name + ':':<22}{'N':>6}{'clear':>8}{'applied':>9}{'rate':>9}{'refused':>9}{'wrong':>7}"
    return "\n".join([head, *rows])


def _row(name: str, outcomes: Sequence[Outcome]) -> str:
    clear = [outcome for outcome in outcomes if outcome.should_apply]
    applied = sum(outcome.applied for outcome in clear)
    refused = sum(not outcome.applied and not outcome.wrong for outcome in outcomes)
    wrong = sum(outcome.wrong for outcome in outcomes)
    rate = f"{applied / len(clear):.1%}" if clear else "-"
    return (
        f"  {name:<20}{len(outcomes):>6}{len(clear):>8}{applied:>9}{rate:>9}{refused:>9}{wrong:>7}"
    )
