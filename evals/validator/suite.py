"""The measurement: every attempt through the validator, with all gates and with each taken out."""

import random
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

from evals.faults import Fault
from evals.validator.attempts import Attempt, Kind
from evals.validator.corpus import attempts_at
from evals.validator.deciding import Decision, decide
from evals.validator.gates import Gate
from evals.validator.recordings import MakeBench, Recordings
from evals.validator.written import load_cases, written_attempts

FAULTS = 14
"""How many faults are drawn where `--only` does not say which."""
PER_TEST_S = 5.0


@dataclass(frozen=True)
class Result:
    """What became of one attempt."""

    name: str
    kind: Kind
    accepted: bool
    """With all gates in place."""
    by: str
    """What turned it down."""
    visible_green: bool
    """Whether all visible tests pass on it as they are: only hidden tests tell that it is wrong."""
    flips: dict[Gate, str] = field(default_factory=dict)
    """What becomes of it without a gate, where that differs: `accepted`, or `rejected`."""

    @property
    def false(self) -> bool:
        """Whether the decision is the wrong one."""
        return self.accepted is not self.kind.right


def drawn(faults: Sequence[Fault], only: str, seed: int) -> list[Fault]:
    """The faults to measure; those with a test that never ends are left out."""
    ending = [fault for fault in faults if not fault.hangs]
    if only:
        return [fault for fault in ending if fault.id.startswith(only)]
    return random.Random(seed).sample(ending, min(FAULTS, len(ending)))


async def run_suite(
    faults: Sequence[Fault],
    make_bench: MakeBench,
    *,
    only: str = "",
    seed: int = 0,
    told: Callable[[str, Sequence[Result], float], None] = lambda *_: None,
) -> list[Result]:
    """Measure these faults and the written cases whose id begins with `only`."""
    results: list[Result] = []
    recordings = Recordings(make_bench, PER_TEST_S)
    try:
        async for name, attempts in _grounds(faults, only, recordings, seed):
            begun = time.monotonic()
            found = [await judged(one, recordings) async for one in attempts]
            recordings.forget()
            results += found
            told(name, found, time.monotonic() - begun)
    finally:
        await recordings.close()
    return results


async def _grounds(
    faults: Sequence[Fault], only: str, recordings: Recordings, seed: int
) -> AsyncIterator[tuple[str, AsyncIterator[Attempt]]]:
    for case in load_cases():
        if f"written/{case['id']}".startswith(only):
            yield f"written/{case['id']}", written_attempts(case, recordings)
    for number, fault in enumerate(faults):
        yield fault.id, attempts_at(fault, number, recordings, seed)


async def judged(one: Attempt, recordings: Recordings) -> Result:
    """The decision on an attempt, and the gates without which it would be another."""
    decision = await decide(one, recordings)
    accepted = accepts(one, decision)
    flips = {}
    for gate in Gate:
        other = accepts(one, await decide(one, recordings, gate))
        if other is not accepted:
            flips[gate] = "accepted" if other else "rejected"
    return Result(
        name=one.name,
        kind=one.kind,
        accepted=accepted,
        by=decision.by,
        visible_green=one.kind in (Kind.MUTANT, Kind.OVERFITTED)
        and await _visible_green(one, recordings),
        flips=flips,
    )


def accepts(one: Attempt, decision: Decision) -> bool:
    """Whether the validator lets something ship that it was asked to judge.

    A bent test that does not ship, with a right change that does, is no harm.
    """
    if not decision.accepted or one.kind is not Kind.WEAKENING:
        return decision.accepted
    return decision.shipped is None or decision.shipped.id != one.ground.right.id


async def _visible_green(one: Attempt, recordings: Recordings) -> bool:
    """Whether the visible tests pass that passed on the right program, and all that are red."""
    run = (await recordings.nth(one.result, (), 0)).run
    right = (await recordings.nth(one.ground.right, (), 0)).run
    return set(right.passed) <= set(run.passed)
