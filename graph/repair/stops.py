"""What is told of a repair that stops without a fix: where, what is known, and what to do next.

Made from the facts in the state alone, so that it can be told of any stop, also of one that comes
from outside of the graph.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from core.tasks import Outcome
from graph.repair.salvage import contested_in_words, in_words
from graph.repair.state import RepairState
from graph.state import Facts

FIXES = (Outcome.FIXED, Outcome.FIXED_UNVERIFIED)
FINDINGS_TOLD = 3
TESTS_TOLD = 5
NEXT_STEPS = {
    "fixed": "Review and merge the branch.",
    "fixed_unverified": "Write a test that shows the fault before merging the branch.",
    "cannot_reproduce": "Add a test, a command or an example that fails on this base.",
    "already_fixed": "Release the base, or close the ticket.",
    "not_a_code_fault": "Look into the named cause outside of the code.",
    "duplicate": "Follow the incident that this one repeats.",
    "noise": "None.",
    "needs_information": "Give what is asked for above, and submit it again.",
    "out_of_budget": "Start at the suspects, or raise the bounds of the search.",
    "blocked": "Remove the obstacle named above, and submit it again.",
    "rejected": "None; the patch is kept as an artifact.",
    "cancelled": "Submit it again when it is wanted.",
    "failed": "Start at the best hypothesis.",
}
"""What a person does next, by outcome."""
WORTH_A_START = ("out_of_budget", "failed", "blocked", "cancelled")
"""Outcomes after which the best partial patch is where a person begins."""


def stopped(state: RepairState, at: str, outcome: str) -> Facts | None:
    """The account of a stop, as plain JSON; None when the repair ended with a fix.

    `at` is the step at which it stopped.
    """
    if outcome in FIXES:
        return None
    attempt, diagnosis = state.get("attempt") or {}, state.get("diagnosis") or {}
    return {
        "at": at or None,
        "evidence": list(_evidence(state)),
        "hypothesis": attempt.get("root_cause") or diagnosis.get("root_cause") or None,
        "partial_patch": partial_patch(state),
        "next_step": next_step(state, outcome),
    }


def partial_patch(state: RepairState) -> Facts | None:
    """The best patch that does not hold, by hash and artifact; None when nothing was changed."""
    partial = state.get("partial")
    if not partial:
        return None
    shown = ("hash", "ref", "base_sha", "files", "added", "deleted", "by", "red", "mended")
    named = {
        "mended_tests": partial["mended_tests"],
        "broken_tests": partial["broken_tests"],
        "contested": partial.get("contested", []),
    }
    return (
        {name: partial[name] for name in (*shown, "broken")} | named | {"words": in_words(partial)}
    )


def next_step(state: RepairState, outcome: str) -> str:
    """What a person does next, in the light of what is known."""
    partial = state.get("partial") or {}
    known = (state.get("evidence") or {}).get("contested") or partial.get("contested")
    if known:
        return (
            f"Say which is right, the report or {known[0]['test_id']}: "
            "change the test on the base and submit it again, or close the report."
        )
    step = NEXT_STEPS.get(outcome, "")
    if partial and outcome in WORTH_A_START:
        step += f" The best partial patch is artifact {partial['ref']}: {in_words(partial)}."
    return step.strip()


def lines(stop: Mapping[str, Any]) -> Iterator[str]:
    """The account of a stop as rows of a document; the next step has its own place there."""
    partial = stop["partial_patch"]
    yield f"- Stopped at: {stop['at'] or 'not recorded'}"
    yield from (f"- Evidence: {entry}" for entry in stop["evidence"])
    yield f"- Best hypothesis: {stop['hypothesis'] or 'not recorded'}"
    if partial is None:
        yield "- Best partial patch: none, nothing was changed"
        return
    yield (
        f"- Best partial patch: `{partial['hash']}` ({', '.join(partial['files'])}), "
        f"artifact `{partial['ref']}`: {partial['words']}"
    )
    yield from (f"- Contradicted: {row}" for row in contested_in_words(partial["contested"]))


def _evidence(state: RepairState) -> Iterator[str]:
    """What is known so far, from the records."""
    if triage := state.get("triage"):
        yield f"triage: {triage['verdict']}, {triage['severity']}"
    if diagnosis := state.get("diagnosis"):
        yield f"diagnosis: {diagnosis['category']}, confidence {diagnosis['confidence']:.0%}"
    if reproduction := state.get("reproduction"):
        origin = f" ({reproduction['origin']})" if reproduction["origin"] else ""
        yield f"reproduction: {reproduction['reading']}{origin}{_named(reproduction['tests'])}"
    if attempt := state.get("attempt"):
        figures, refused = attempt["figures"], attempt.get("refused", 0)
        yield (
            f"fix: attempt {state.get('attempts', 0)} of {state.get('max_attempts', 0)}, "
            f"{figures['tried']} candidates tried, {figures['plausible']} plausible"
            + (f", {refused} refused by the edit gate" if refused else "")
        )
    if evidence := state.get("evidence"):
        yield f"proof: {evidence['verdict']} {evidence.get('note', '')[:300]}".strip()
        for test in evidence.get("contested", ()):
            where = f"{test['path']}:{test['line']}"
            yield f"contradicted: {test['test_id']} at {where} asserts {test['asserts']}"
    if review := state.get("review"):
        yield f"review: {review['verdict']}"
    yield from (f"lacking: {words}" for words in state.get("unmet") or ())
    yield from (f"said: {words[:300]}" for words in (state.get("findings") or [])[-FINDINGS_TOLD:])


def _named(tests: Sequence[str]) -> str:
    return f": {', '.join(tests[:TESTS_TOLD])}" if tests else ""
