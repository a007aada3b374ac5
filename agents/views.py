"""What a role is shown of a repository: code in question, its tests, what is written of it."""

from collections.abc import Sequence

from agents.role import words_of
from core.patches import Suspect
from core.ports import Case
from repair.gate import is_test_path
from repair.mentions import names_in_report, passages_about, uses_in_tests
from repair.traces import frames_of, located
from repair.units import Excerpt, excerpts, functions_in

TESTS_MAX_CHARS = 6_000
PASSAGES_MAX_CHARS = 2_000
WORDS_ALONE = "named in the report"


def places_of(case: Case, measured: Sequence[Suspect]) -> tuple[Suspect, ...]:
    """Where to look: what was measured, then stack traces, names in code, and files at hand.

    A function that the report only seems to name, since its name is a plain word, counts in files
    that the report seems to speak of, else only where nothing better is known.
    """
    names = names_in_report(words_of(case))
    hints = case.triage.affected_files_hint if case.triage else ()
    solid = [one for one in measured if one.path in hints or _is_solid(one, names)]
    traced = [
        Suspect(path=frame.path, line=frame.line, score=1.0, why="in a stack trace of the report")
        for frame in located(frames_of(case.report), case.tree)
    ]
    hinted = [
        Suspect(path=path, line=1, score=0.1, why="a file that the report seems to speak of")
        for path in hints
        if path in case.tree and not is_test_path(path)
    ]
    return tuple([*traced, *solid, *hinted]) or tuple(measured)


def _is_solid(suspect: Suspect, names: frozenset[str]) -> bool:
    words_alone = suspect.why.startswith(WORDS_ALONE)
    return not words_alone or suspect.function.rpartition(".")[2] in names


def names_of(case: Case, code: Sequence[Excerpt]) -> frozenset[str]:
    """The names in question, all of them defined in the files that are shown.

    Those that the report writes as code; without one, the functions that were singled out; without
    any, all of these files.
    """
    defined = {
        name.rpartition(".")[2]
        for one in code
        if one.path.endswith(".py")
        for name in functions_in(case.tree.text(one.path))
    }
    named = names_in_report(words_of(case)) & defined
    single = {name.rpartition(".")[2] for one in code for name in one.functions}
    return frozenset(named or single or defined)


def wanted_of(case: Case) -> str:
    """What the reporter wants to hold, and what triage thought of besides."""
    triage = case.triage
    if triage is None:
        return ""
    lines = [f"- {one}" for one in triage.acceptance_criteria]
    if triage.edge_cases:
        lines.append("Edge cases, which the report may leave open; decide nothing it does not say:")
        lines += [f"- {one}" for one in triage.edge_cases]
    return "\n".join(lines)


def tests_of(case: Case, names: frozenset[str]) -> str:
    """What the repository's own tests say of these names."""
    return uses_in_tests(case.tree, names, max_chars=TESTS_MAX_CHARS)


def passages_of(case: Case, names: frozenset[str]) -> str:
    """What its documentation says of the matter."""
    return passages_about(case.tree, words_of(case), names, max_chars=PASSAGES_MAX_CHARS)


def code_of(case: Case, places: Sequence[Suspect], max_chars: int) -> tuple[Excerpt, ...]:
    """The code around some places."""
    return excerpts(case.tree, places, max_chars=max_chars)
