"""The best work so far that does not hold: kept with every step, so that no stop loses it."""

from collections.abc import Collection, Sequence
from typing import Literal

from core.evidence import Evidence, Verdict
from core.patches import Patch
from graph.deps import Deps
from graph.repair.state import RepairState
from graph.state import Facts

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
) -> Facts:
    """The update that keeps this patch as `partial`, unless what is kept comes nearer to a fix.

    `red` are the tests that show the fault, `mended` those of them that pass with the patch, and
    `broken` tests that passed before and do not pass with it, as far as they were seen.
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
    )
    return {"partial": facts} if _comes_nearer(facts, state.get("partial") or {}) else {}


async def salvaged_proof(state: RepairState, deps: Deps, patch: Patch, evidence: Evidence) -> Facts:
    """The same, for a patch that was put to the proof."""
    red = evidence.regression_tests
    mended: Collection[str] = evidence.fixed.passed if evidence.fixed else ()
    if evidence.base and evidence.verdict in MENDS_ALL:
        mended = red
    return await salvaged(
        state, deps, patch, "proof", red=red, mended=mended, broken=evidence.regressions
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


def _comes_nearer(new: Facts, kept: Facts) -> bool:
    """Whether a patch is at least as good as the kept one; one on another base says nothing."""
    if not kept or kept["base_sha"] != new["base_sha"]:
        return True
    return _rank(new) >= _rank(kept)


def _rank(facts: Facts) -> tuple[float, int]:
    share = facts["mended"] / facts["red"] if facts["red"] else 0.0
    return share, -int(facts["broken"])
