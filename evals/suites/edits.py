"""Measure the applier of edits: malformed replies written by hand, and correct edits deformed."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from evals import answers, drift, replies
from evals.faults import Fault
from evals.replies import Outcome

Judged = Callable[[], Outcome]


def sets(faults: Sequence[Fault], *, seed: int, only: str = "") -> dict[str, list[Judged]]:
    """Every reply of the suite by its set, ready to be judged; `only` are ids that begin so."""
    by_hand = replies.load_cases()
    edits = {"by hand": by_hand, "deformed": list(drift.cases(faults, seed))}
    found: dict[str, list[Judged]] = {
        name: [partial(replies.judge, case) for case in cases if case.id.startswith(only)]
        for name, cases in edits.items()
    }
    read = [case for case in answers.load_answers() if case.id.startswith(only)]
    return {**found, "typed answers": [partial(answers.judge, case) for case in read]}


def report(found: Mapping[str, Sequence[Outcome]]) -> str:
    """All rates, and each reply that did not go as it should."""
    every = [outcome for outcomes in found.values() for outcome in outcomes]
    odd = [line(outcome) for outcome in every if not outcome.as_expected]
    wrong = sum(outcome.wrong for outcome in every)
    share = f"{'wrong-apply rate':<22}{wrong / max(len(every), 1):.2%} (bar 0)"
    tables = [table(name, outcomes) for name, outcomes in found.items()]
    return "\n\n".join(["\n".join(odd), *tables, share]).lstrip()


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
