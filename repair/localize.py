"""Rank lines by suspicion: which tests ran them, what crashed there, what the report names."""

import ast
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

from core.evidence import TestCase, TestRun
from core.patches import Suspect
from core.trees import Tree
from repair.holding import is_source
from repair.outline import Functions
from repair.traces import Frame, frames_of, located
from repair.words import COMMON_WORDS, Words
from sandbox.surveys import Survey

Lines = Mapping[str, Mapping[str, Sequence[int]]]
"""Test id to path to the lines that the test ran."""

TRACE_BOOST = 0.5
"""What the innermost frame of a stack trace adds; each further frame adds half of the one below."""
CRASH_BOOST = 0.6
"""What the line adds at which a failing test crashed."""
WORD_BOOST = 0.25
"""What a function adds whose name the report uses, at most."""
PLAIN_SHARE = 0.55
"""How much of that where the name is an ordinary word, which the report may mean otherwise."""
WRITTEN = "named in the report"
PLAIN = "its name is a word of the report"
IN_PART = "words of the report are in its name"
DEFINITION_SHARE = 0.7
"""How suspicious an assignment outside of functions is, of the lines that use its name."""
IMPORT_SHARE = 0.3
"""How suspicious a line of a function is that ran while the tests were imported, and not since."""
HEAD_SHARE = 0.8
"""How suspicious the head of a function or class is, of the lines in it."""
MOST_SUSPECTS = 400


@dataclass(frozen=True)
class Localisation:
    """Where a fault may lie."""

    suspects: tuple[Suspect, ...]
    """Most suspicious first; ties in order of path and line."""
    functions: tuple[str, ...]
    """The functions of the first suspects, as `path:function`, at most five."""
    method: str
    """How it was found, in words."""


def ochiai(failed_here: int, passed_here: int, failed_total: int) -> float:
    """How strongly running a line goes with failure, from 0.0 to 1.0."""
    ran = failed_here + passed_here
    return failed_here / sqrt(failed_total * ran) if failed_total and ran else 0.0


def localize(
    tree: Tree,
    survey: Survey | None,
    red_tests: Collection[str],
    *,
    report: str = "",
    frames: Iterable[Frame] = (),
) -> Localisation:
    """Rank the lines of the sources; without coverage by stack traces and words of the report.

    `survey` is that of the base with the red tests in it; `red_tests` are those whose failure is
    to be explained.
    """
    run, lines = (survey.run, survey.lines) if survey else (None, {})
    sources = [p for p in tree if is_source(p) and tree[p].is_regular]
    functions = {path: Functions(tree.text(path), path) for path in sources}
    spectrum = _spectrum(run, lines, red_tests)
    traced = _traced([*frames_of(report), *frames], functions)
    crashed = _crashed(run, red_tests, functions)
    words = Words.of(report)
    method = _method(spectrum, traced, crashed, lines)
    scores = _with_definitions(spectrum, tree) or _everything(traced, crashed, functions, words)
    scores = {**(_on_import(lines, functions) if spectrum else {}), **scores}
    found = []
    for (path, line), base in scores.items():
        if path not in functions:
            continue
        name = functions[path].at(line)
        named, how = _named(words, path, name)
        parts = [
            ("coverage", base if spectrum else 0.0),
            ("stack trace", traced.get((path, line), 0.0)),
            ("crashed here", crashed.get((path, line), 0.0)),
            (how, WORD_BOOST * named),
        ]
        score = (base + sum(value for _, value in parts[1:])) / (
            1 + TRACE_BOOST + CRASH_BOOST + WORD_BOOST
        )
        why = ", ".join(f"{what} {value:.2f}" for what, value in parts if value)
        found.append(Suspect(path=path, line=line, function=name, score=min(score, 1.0), why=why))
    found.sort(key=lambda suspect: (-suspect.score, suspect.path, suspect.line))
    top = found[:MOST_SUSPECTS]
    return Localisation(tuple(top), _functions_of(top), method)


def _spectrum(
    run: TestRun | None, lines: Lines, red_tests: Collection[str]
) -> dict[tuple[str, int], float]:
    """Ochiai for each line that a red test ran; tests that fail for other reasons do not count."""
    passed = set(run.passed) if run else set()
    red = [test for test in red_tests if test in lines]
    failed_here: dict[tuple[str, int], int] = {}
    passed_here: dict[tuple[str, int], int] = {}
    for test, by_path in lines.items():
        counts = failed_here if test in red else passed_here if test in passed else None
        if counts is not None:
            for path, numbers in by_path.items():
                for line in numbers:
                    counts[path, line] = counts.get((path, line), 0) + 1
    return {
        place: ochiai(count, passed_here.get(place, 0), len(red))
        for place, count in failed_here.items()
    }


def _on_import(lines: Lines, functions: Mapping[str, Functions]) -> dict[tuple[str, int], float]:
    """Lines within functions that ran outside of every test: what they made, the tests may use."""
    return {
        (path, line): IMPORT_SHARE
        for path, numbers in lines.get("", {}).items()
        for line in numbers
        if path in functions and line in functions[path].inner
    }


def _with_definitions(
    spectrum: dict[tuple[str, int], float], tree: Tree
) -> dict[tuple[str, int], float]:
    """The spectrum, and what ran on import: a definition is as suspicious as what uses it."""
    scores = dict(spectrum)
    for path in {path for path, _ in spectrum}:
        text = tree.text(path)
        try:
            module = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        used: dict[str, float] = {}
        rows = text.split("\n")
        for (where, line), score in spectrum.items():
            if where == path and line <= len(rows):
                for name in re.findall(r"[A-Za-z_]\w*", rows[line - 1]):
                    used[name] = max(used.get(name, 0.0), score)
        for statement in _definitions(module.body):
            score = _definition_score(statement, used, path, spectrum)
            if score and (path, statement.lineno) not in scores:
                scores[path, statement.lineno] = score
    return scores


def _definitions(body: Iterable[ast.stmt]) -> Iterable[ast.stmt]:
    """Statements that run on import: assignments and heads of functions and classes."""
    for statement in body:
        if isinstance(statement, ast.ClassDef):
            yield statement
            yield from _definitions(statement.body)
        elif isinstance(statement, ast.If | ast.Try):
            yield from _definitions(statement.body)
        elif not isinstance(statement, ast.Import | ast.ImportFrom | ast.Expr):
            yield statement


def _definition_score(
    statement: ast.stmt,
    used: Mapping[str, float],
    path: str,
    spectrum: Mapping[tuple[str, int], float],
) -> float:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        end = statement.end_lineno or statement.lineno
        inside = (spectrum.get((path, n), 0.0) for n in range(statement.lineno, end + 1))
        return HEAD_SHARE * max(inside, default=0.0)
    targets = [
        node.id
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]
    return DEFINITION_SHARE * max((used.get(name, 0.0) for name in targets), default=0.0)


def _traced(
    frames: Iterable[Frame], functions: Mapping[str, Functions]
) -> dict[tuple[str, int], float]:
    """Frames in our sources; the innermost counts most, and a line only as far as it fits."""
    found: dict[tuple[str, int], float] = {}
    boost = TRACE_BOOST
    for frame in reversed(list(located(frames, functions))):
        for line, share in functions[frame.path].near(frame):
            place = (frame.path, line)
            found[place] = max(found.get(place, 0.0), boost * share)
        boost = max(boost / 2, 0.05)
    return found


def _crashed(
    run: TestRun | None, red_tests: Collection[str], functions: Mapping[str, Functions]
) -> dict[tuple[str, int], float]:
    """Lines at which red tests crashed; where code raised by itself, the condition as well."""
    cases: list[TestCase] = [c for c in run.cases if c.test_id in red_tests] if run else []
    places = [(c.path, c.line) for c in cases if c.line and c.path in functions]
    decided = [(p, functions[p].conditions[n]) for p, n in places if n in functions[p].conditions]
    return dict.fromkeys([*places, *decided], CRASH_BOOST)


def _everything(
    traced: Mapping[tuple[str, int], float],
    crashed: Mapping[tuple[str, int], float],
    functions: Mapping[str, Functions],
    words: Words,
) -> dict[tuple[str, int], float]:
    """Without coverage: lines of functions that a trace or the report names, else all lines."""
    places = {*traced, *crashed}
    named: dict[tuple[str, int], float] = dict.fromkeys(places, 0.3)
    for path, index in functions.items():
        for line in index.lines:
            name = index.at(line)
            same = any(p == path and index.at(at) == name for p, at in places)
            if (name and same) or _named(words, path, name)[0] > 0.5:
                named.setdefault((path, line), 0.2)
    if named:
        return named
    return {(path, line): 0.1 for path, index in functions.items() for line in index.lines}


def _named(report: Words, path: str, function: str) -> tuple[float, str]:
    """How much of a function's name, or less so of its file's, the report uses, and in what way."""
    last = function.rpartition(".")[2]
    if last and last.lower() in report.written:
        return 1.0, WRITTEN
    if last and last.lower() in report.plain:
        return PLAIN_SHARE, PLAIN
    spaced = re.sub(r"([a-z])([A-Z])", r"\1_\2", last).lower()
    parts = {part for part in spaced.split("_") if len(part) > 2} - COMMON_WORDS
    share = len(parts & report.plain) / len(parts) if parts else 0.0
    module = path.rpartition("/")[2].rpartition(".")[0].lower()
    return max(0.7 * share, 0.3 if module in report.plain else 0.0), IN_PART


def _method(
    spectrum: Mapping[tuple[str, int], float],
    traced: Mapping[tuple[str, int], float],
    crashed: Mapping[tuple[str, int], float],
    lines: Lines,
) -> str:
    if spectrum:
        return f"coverage of {len([test for test in lines if test])} tests"
    if traced or crashed:
        return "stack trace alone, without coverage"
    return "words of the report alone, without coverage"


def _functions_of(suspects: Iterable[Suspect]) -> tuple[str, ...]:
    named = (f"{s.path}:{s.function or '<module>'}" for s in suspects)
    return tuple(dict.fromkeys(named))[:5]
