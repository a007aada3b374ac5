"""The edit gate before a proof: which candidate of an attempt may go on, and what was refused."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from core.findings import Candidate, FixAttempt, RefusedEdit, Reproduction
from core.patches import Patch
from core.recipes import Recipe
from core.trees import Tree
from repair.gate import refusals
from repair.holding import Holding
from repair.refused import REFUSALS_MAX, refused_edit
from repair.validate import with_files


@dataclass(frozen=True)
class Admission:
    """What the gate says of one answer of the engine."""

    chosen: Candidate | None = None
    """The first candidate that may go on."""
    patch: Patch | None = None
    """That candidate as it would ship: sources alone, with the new tests."""
    refused: tuple[RefusedEdit, ...] = ()
    turned_down: tuple[str, ...] = ()
    """Hashes of the candidates that were refused, or would ship what was turned down before."""

    def followed_by(self, other: "Admission") -> "Admission":
        """Both as one: what the later one chose, and all that was refused."""
        return replace(
            other,
            refused=(*self.refused, *other.refused),
            turned_down=(*self.turned_down, *other.turned_down),
        )

    @property
    def edits_refused(self) -> int:
        """How many candidates the gate refused; one of them may break several rules."""
        return len({edit.proposal for edit in self.refused})


def admit(
    attempt: FixAttempt,
    base: Tree,
    reproduction: Reproduction | None,
    rejected: Collection[str],
    unwanted: Collection[str] = (),
    left: int = REFUSALS_MAX,
    recipe: Recipe | None = None,
) -> Admission:
    """The first candidate that is new and that the gate lets pass.

    A proposal may not be among `rejected`, nor what would ship of it among `unwanted`. When as
    many as `left` are turned down here, those behind are not looked at. `recipe` is the operator's.
    """
    files = reproduction.files if reproduction else ()
    refused: list[RefusedEdit] = []
    turned_down: list[str] = []
    for candidate in attempt.candidates:
        proposal = candidate.patch.sha256
        if proposal in rejected or proposal in turned_down:
            continue
        whole = candidate.patch.with_changes(base, files).apply(base)
        red = reproduction.run if reproduction else None
        held = refusals(base, whole, red_on_base=red, recipe=recipe)
        patch = source_only(candidate.patch, base).with_changes(base, files)
        if not held and patch.sha256 not in unwanted:
            return Admission(candidate, patch, tuple(refused), tuple(turned_down))
        refused += [refused_edit(refusal, candidate.patch) for refusal in held]
        turned_down.append(proposal)
        if len(turned_down) >= left:
            break
    return Admission(refused=tuple(refused), turned_down=tuple(turned_down))


def source_only(patch: Patch, base: Tree) -> Patch:
    """The patch without its changes of tests: those that were there stay as they are on base."""
    holding = Holding.of(base)
    kept = [change for change in patch.changes if not holding.holds_tests(change.path)]
    return Patch.between(patch.base_sha, base, with_files(base, kept))


def about(attempt: FixAttempt, chosen: Candidate) -> FixAttempt:
    """The attempt with words for this candidate: the given ones are of the first."""
    if chosen is attempt.candidates[0]:
        return attempt
    where = ", ".join(chosen.patch.paths)
    kind = f" ({chosen.operator})" if chosen.operator else ""
    return attempt.but(
        candidates=(chosen, *(c for c in attempt.candidates if c is not chosen)),
        explanation=f"Change {where}{kind}; a change that ranks higher was turned down.",
        root_cause="",
    )
