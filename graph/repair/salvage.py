"""The best work so far that does not hold: kept with every step, so that no stop loses it."""

from collections.abc import Collection, Sequence
from typing import Literal

from core.evidence import ContestedTest, Evidence, Verdict
from core.findings import PartialFix, Reproduction
from core.patches import Patch
from graph.deps import Deps
from graph.repair.admission import source_only
from graph.repair.state import RepairState
from graph.state import Facts
from repair.contested import contested_tests

NAMED_MAX = 20
"""Tests of each kind that are named; the counts are of all."""
MENDS_ALL = (Verdict.FIXED, Verdict.REGRESSION)

By = Literal["reproduction", "search", "proof"]
"""Who says what the patch does: nobody yet, the judge of a search, or recorded runs."""


async def salvaged(
    state: RepairState,
    deps: Deps,
    patch: Patch,
    by: By,
    *,
    red: Sequence[str] = (),
    mended: Collection[str] = (),
    broken: Sequence[str] = (),
    contested: Sequence[ContestedTest] = (),
) -> Facts:
    """The update that keeps this patch as `partial`, unless what is kept comes nearer to a fix.

    `red` are the tests that show the fault, `mended` those of them that pass with the patch, and
    `broken` tests that passed before and do not pass with it, as far as they were seen; `contested`
    are these tests, when each may assert the reported fault.
    """
    held = [test for test in red if test in mended]
    added, deleted = patch.size
    facts: Facts = await deps.keep(
        patch,
        hash=patch.sha256,
        base_sha=patch.base_sha,
        files=list(patch.paths[:50]),
        added=added,
        deleted=deleted,
        by=by,
        red=len(red),
        mended=len(held),
        broken=len(broken),
        mended_tests=held[:NAMED_MAX],
        broken_tests=list(broken[:NAMED_MAX]),
        contested=[test.dump() for test in contested[:NAMED_MAX]],
    )
    return {"partial": facts} if _comes_nearer(facts, state.get("partial") or {}) else {}


async def salvaged_proof(state: RepairState, deps: Deps, patch: Patch, evidence: Evidence) -> Facts:
    """The same, for a patch that was put to the proof."""
    red = evidence.regression_tests
    mended: Collection[str] = evidence.fixed.passed if evidence.fixed else ()
    if evidence.base and evidence.verdict in MENDS_ALL:
        mended = red
    return await salvaged(
        state,
        deps,
        patch,
        "proof",
        red=red,
        mended=mended,
        broken=evidence.regressions,
        contested=evidence.contested,
    )


async def nearest(state: RepairState, deps: Deps, partial: PartialFix) -> Facts:
    """The same, for the near miss of a search, as it would ship with the new tests."""
    base = await deps.base(state)
    reproduction = await deps.recall(Reproduction, state.get("reproduction"))
    files = reproduction.files if reproduction else ()
    red = reproduction.tests if reproduction else ()
    patch = source_only(partial.patch, base).with_changes(base, files)
    tests = contested_tests(base, patch.apply(base), partial.broken)
    contested = tests if set(red) <= set(partial.mended) else ()
    return await salvaged(
        state,
        deps,
        patch,
        "search",
        red=red,
        mended=partial.mended,
        broken=partial.broken,
        contested=contested if len(tests) == len(partial.broken) else (),
    )


def in_words(partial: Facts) -> str:
    """What the best partial patch does, in one sentence without an end."""
    said = f"it turns {partial['mended']} of {partial['red']} red tests green"
    if not partial["red"]:
        said = "no red test says what it mends"
    elif partial["by"] == "reproduction":
        said = "it holds the test that shows the fault, and no change of the code"
    if names := partial["broken_tests"]:
        more = (
            f" and {partial['broken'] - len(names)} more" if len(names) < partial["broken"] else ""
        )
        said += f" and breaks {', '.join(names)}{more}"
    return said


def contested_in_words(contested: Sequence[Facts]) -> list[str]:
    """What the tests that a patch contradicts assert, one line each."""
    return [
        f"{test['test_id']} at {test['path']}:{test['line']} asserts `{test['asserts']}`, "
        "which may be the reported fault"
        for test in contested
    ]


def _comes_nearer(new: Facts, kept: Facts) -> bool:
    """Whether a patch is at least as good as the kept one; one on another base says nothing."""
    if not kept or kept["base_sha"] != new["base_sha"]:
        return True
    return _rank(new) >= _rank(kept)


def _rank(facts: Facts) -> tuple[float, int]:
    share = facts["mended"] / facts["red"] if facts["red"] else 0.0
    return share, -int(facts["broken"])
