"""What a role is shown of a repository: code in question, its tests, what is written of it."""

import re
from collections.abc import Sequence

from agents.role import words_of
from core.findings import Diagnosis
from core.patches import Suspect
from core.ports import Case
from core.trees import Tree
from repair.holding import is_source, is_test_path
from repair.localize import IN_PART, PLAIN, WRITTEN
from repair.mentions import passages_about, uses_in_tests
from repair.traces import frames_of, located
from repair.units import Excerpt, excerpts, function_around, functions_in, functions_named
from repair.uses import USES_MAX, Use, in_words, uses_of
from repair.words import COMMON_WORDS, names_in_report
from sandbox.node_detection import is_script

TESTS_MAX_CHARS = 6_000
PASSAGES_MAX_CHARS = 2_000
WORDS_ALONE = (WRITTEN, PLAIN, IN_PART)
QUOTED = "quoted by the diagnosis"
NAMED = "named by the diagnosis"
EDGE_CASES = "Edge cases that the report raises; open where it does not say the outcome:"
GUESS = 0.3
"""Confidence at most in what was not checked against the tree."""
SMALL = 8_000
"""Characters of all sources up to which a repository is shown whole, whatever is suspected."""
WRITTEN_MAX = 8
"""Functions that a report names, which are looked up."""
SUSPECTS_SHOWN = 10
USED_MAX = 12
"""Shown functions whose users are looked for."""
USERS_FOUND_MAX = 100
EMPTY_BYTES = 200
"""Files up to this size, such as a package's `__init__.py`, hide no code worth a word."""
NOBODY = "(No other code than what is shown names it; tests were not searched.)"
_FIGURE = re.compile(r" \d\.\d\d(?=,|$)")
"""How much one reason counts, which tells readers nothing that the order does not."""


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
    written = _written_of(case, names, [one.path for one in hinted])
    return tuple([*traced, *solid, *written, *hinted]) or tuple(measured)


def _written_of(case: Case, names: frozenset[str], hinted: Sequence[str]) -> list[Suspect]:
    """The functions that a report names: by any word in files at hand, as code elsewhere."""
    words = frozenset(re.findall(r"[A-Za-z_]\w{3,}", words_of(case))) - COMMON_WORDS
    found = [
        *_defined(case, names, hinted),
        *_defined(case, words - names, hinted, PLAIN),
    ] or _defined(case, names, sorted(case.tree))
    return found[:WRITTEN_MAX]


def _defined(
    case: Case, names: frozenset[str], paths: Sequence[str], why: str = "its name is in the report"
) -> list[Suspect]:
    return [
        Suspect(path=path, line=line, function=found, score=0.2, why=why)
        for path in paths
        if is_source(path) and case.tree[path].is_regular
        for name in sorted(names)
        if is_script(path) or f"def {name}(" in case.tree.text(path)
        for found, line in functions_named(case.tree, path, name)
    ]


def defined_in_report(case: Case) -> frozenset[str]:
    """Names that a report writes as code and that some source defines."""
    sources = [p for p in case.tree if is_source(p)]
    texts = [case.tree.text(path) for path in sources if case.tree[path].is_regular]
    in_scripts = {
        name.rpartition(".")[2]
        for path in sources
        if is_script(path)
        for name in functions_in(path, case.tree.text(path))
    }
    return frozenset(
        name
        for name in names_in_report(words_of(case))
        if name in in_scripts
        or any(f"def {name}(" in text or f"class {name}" in text for text in texts)
    )


def named_by(diagnosis: Diagnosis | None) -> tuple[Suspect, ...]:
    """The places that a diagnosis names itself; none where it is no more than a guess."""
    if diagnosis is None or diagnosis.confidence <= GUESS:
        return ()
    return tuple(one for one in diagnosis.suspects if one.why in (QUOTED, NAMED))


def is_small(tree: Tree) -> bool:
    """Whether all sources of a repository can be shown without drowning what matters."""
    sources = [p for p in tree if is_source(p)]
    return sum(len(tree[path].data) for path in sources) <= SMALL


def is_all(tree: Tree, code: Sequence[Excerpt]) -> bool:
    """Whether the excerpts are all the code that the repository has, tests left out."""
    shown = {one.path for one in code if one.whole}
    sources = {path for path in tree if is_source(path)}
    return shown >= {path for path in sources if len(tree[path].data) > EMPTY_BYTES}


def places_in_words(suspects: Sequence[Suspect]) -> str:
    """The functions of the suspects, each once with its most suspicious line, and why."""
    first: dict[tuple[str, str], Suspect] = {}
    for one in suspects:
        first.setdefault((one.path, one.function or str(one.line)), one)
    return "\n".join(
        f"{one.path}, {one.function or 'outside of functions'}, line {one.line}"
        + (f" ({_FIGURE.sub('', one.why)})" if one.why else "")
        for one in list(first.values())[:SUSPECTS_SHOWN]
    )


def users_of(tree: Tree, places: Sequence[Suspect], code: Sequence[Excerpt] = ()) -> str:
    """Who uses the functions at some places, in a few lines each, or that nobody does.

    Users within the code shown are left out. Empty where the places lie outside of functions.
    """
    named = {
        (one.path, name)
        for one in places
        if one.path in tree and (name := function_around(tree, one.path, one.line))
    }
    uses = _beside(uses_of(tree, sorted(named), most=USERS_FOUND_MAX), code)
    return (users_in_words(uses) or NOBODY) if named else ""


def uses_beside(case: Case, code: Sequence[Excerpt]) -> list[Use]:
    """Who uses the functions of the code shown without being shown there.

    Those that the report names come first: there its author sees the fault.
    """
    single = {(one.path, name) for one in code for name in one.functions}
    used = [one for one in _shown_in(case.tree, code) if one in single or "." not in one[1]]
    uses = _beside(uses_of(case.tree, used[:USED_MAX], most=USERS_FOUND_MAX), code)
    words = frozenset(re.findall(r"[a-z_]\w+", words_of(case).lower()))
    return sorted(uses, key=lambda one: one.function.rpartition(".")[2].lower() not in words)


def as_code(uses: Sequence[Use]) -> tuple[Excerpt, ...]:
    """Those of the uses that are shown, as the functions that they stand in."""
    return tuple(
        Excerpt(one.path, one.text, (one.function,), whole=False)
        for one in uses[:USES_MAX]
        if one.function
    )


def _beside(uses: Sequence[Use], code: Sequence[Excerpt]) -> list[Use]:
    """The uses that do not stand in the code shown."""
    whole = {one.path for one in code if one.whole}
    single = {(one.path, name) for one in code for name in one.functions}
    return [one for one in uses if one.path not in whole and (one.path, one.function) not in single]


def users_in_words(uses: Sequence[Use]) -> str:
    """The first of the uses in a few lines each, and how many more there are."""
    more = len(uses) - USES_MAX
    left = f"\n\n[{more} more places that use it are not shown]" if more > 0 else ""
    return in_words(uses[:USES_MAX]) + left


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
        for name in functions_in(one.path, case.tree.text(one.path))
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
        lines.append(EDGE_CASES)
        lines += [f"- {one}" for one in triage.edge_cases]
    return "\n".join(lines)


def understood(case: Case) -> dict[str, str]:
    """What diagnosis and triage made of a report, as prompts are given it."""
    found = case.diagnosis
    parts = (
        ("Cause", found.root_cause if found else ""),
        ("Should be", found.intended_behaviour if found else ""),
        ("Advice", found.approach if found else ""),
    )
    said = [f"{name}: {text}" for name, text in parts if text]
    return {"diagnosis": "\n".join(said), "criteria": wanted_of(case)}


def tests_of(case: Case, names: frozenset[str], code: Sequence[Excerpt]) -> str:
    """What the repository's own tests say of these names, then of the other functions shown."""
    beside = {name.rpartition(".")[2] for _, name in _shown_in(case.tree, code)}
    return uses_in_tests(case.tree, names, max_chars=TESTS_MAX_CHARS, beside=beside)


def _shown_in(tree: Tree, code: Sequence[Excerpt]) -> list[tuple[str, str]]:
    """Path and name of each function that is shown, those singled out first."""
    single = [(one.path, name) for one in code for name in one.functions]
    whole = [
        (one.path, name)
        for one in code
        if one.whole
        for name in functions_in(one.path, tree.text(one.path))
    ]
    return list(dict.fromkeys([*single, *whole]))


def passages_of(case: Case, names: frozenset[str]) -> str:
    """What its documentation says of the matter."""
    return passages_about(case.tree, words_of(case), names, max_chars=PASSAGES_MAX_CHARS)


def code_of(case: Case, places: Sequence[Suspect], max_chars: int) -> tuple[Excerpt, ...]:
    """The code around some places."""
    return excerpts(case.tree, places, max_chars=max_chars)


def filled(tree: Tree, code: Sequence[Excerpt]) -> tuple[Excerpt, ...]:
    """The code in question, and after it all other code of a repository that is small."""
    if not is_small(tree):
        return tuple(code)
    known = {one.path for one in code}
    others = [path for path in sorted(tree) if is_source(path) and path not in known]
    return *code, *(
        Excerpt(path, tree.text(path), (), whole=True)
        for path in others
        if tree[path].is_regular and tree.text(path).strip()
    )
