"""The search over a real sandbox: what it finds, what it costs, and how it ends."""

from collections.abc import Mapping
from typing import Any

import pytest

from core.findings import Candidate
from core.trees import Tree
from repair.bench import Bench, import_paths, pytest_arguments
from repair.edits import Edit, Splice
from repair.judge import Says, Setup, Trial
from repair.localize import localize
from repair.search import Bounds, Found, search

pytestmark = pytest.mark.needs_bubblewrap
FEW = Bounds(max_candidates=200, max_seconds=90.0, workers=2)
SHORT = Bounds(max_candidates=60, max_seconds=90.0, workers=2)


async def searched(
    bench: Bench, files: Mapping[str, str], bounds: Bounds = FEW, **options: Any
) -> Found:
    """What a search finds for the tests that are red in these files."""
    tree = Tree({}).with_texts(files)
    survey = await bench.survey(tree)
    red = survey.run.failed
    assert red, "there is something to repair"
    suspects = localize(tree, survey, red).suspects
    return await search(tree, suspects, red, bench, bounds, survey=survey, **options)


def text_of(candidate: Candidate, files: Mapping[str, str], path: str) -> str:
    return candidate.patch.apply(Tree({}).with_texts(files)).text(path)


GRADES = {
    "grades.py": "def passed(points, limit):\n    return points > limit  # enough\n",
    "test_grades.py": (
        "from grades import passed\n\n\n"
        "def test_limit():\n    assert passed(5, 5)\n\n\n"
        "def test_below():\n    assert not passed(4, 5)\n\n\n"
        "def test_above():\n    assert passed(6, 5)\n\n\n"
        "def test_far():\n    assert passed(60, 5) and not passed(-5, 5)\n"
    ),
}


async def test_a_fault_of_one_line_is_found_and_again_the_same(bench: Bench) -> None:
    first = await searched(bench, GRADES, SHORT, seed=7)
    assert first.candidates
    text = text_of(first.candidates[0], GRADES, "grades.py")
    assert text == GRADES["grades.py"].replace(">", ">=")
    assert first.figures.plausible >= len(first.candidates)
    again = await searched(bench, GRADES, SHORT, seed=7)
    assert [c.patch.sha256 for c in again.candidates] == [c.patch.sha256 for c in first.candidates]
    assert again.figures.tried == first.figures.tried
    other = await searched(bench, GRADES, SHORT, rejected=[first.candidates[0].patch.sha256])
    assert first.candidates[0].patch.sha256 not in {c.patch.sha256 for c in other.candidates}


COUNT = {
    "count.py": (
        "def digits(number):\n"
        "    found = 1\n"
        "    while number > 10:\n"
        "        number //= 10\n"
        "        found += 1\n"
        "    return found\n"
    ),
    "test_count.py": (
        "from count import digits\n\n\n"
        "def test_ten():\n    assert digits(10) == 2\n\n\n"
        "def test_one():\n    assert digits(3) == 1\n\n\n"
        "def test_three():\n    assert digits(123) == 3\n\n\n"
        "def test_hundred():\n    assert digits(111) == 3\n"
    ),
}


async def test_candidates_that_never_end_cost_little(bench: Bench) -> None:
    found = await searched(bench, COUNT)
    assert found.candidates
    assert ">= 10" in text_of(found.candidates[0], COUNT, "count.py")
    assert found.figures.bound != "seconds", "loops among the candidates did not use up the time"


async def test_an_endless_loop_is_told_from_a_wrong_and_a_right_candidate(bench: Bench) -> None:
    text, path = COUNT["count.py"], "count.py"
    tree = Tree({}).with_texts(COUNT)
    setup = Setup(
        sources={path: text},
        red=["test_count.py::test_ten"],
        orders={path: ["test_count.py::test_one", "test_count.py::test_three"]},
        files=["test_count.py"],
        default_limit=0.3,
        workers=1,
        paths=import_paths(tree),
        args=pytest_arguments(tree),
    )

    def trial(before: str, after: str) -> Trial:
        at = text.index(before)
        return Trial((Edit(path, (Splice(at, at + len(before), after),), "made", 1.0, 3),))

    endless = trial("number > 10", "True")
    right, wrong = trial("number > 10", "number >= 10"), trial("number > 10", "number > 11")
    broken, spoilt = trial("number > 10", "number >"), trial("found = 1", "found = 2")
    judge = await bench.judge(tree, setup)
    said = {t: j async for t, j in judge.judge([endless, broken, wrong, spoilt, right])}
    await bench.dismiss(judge)
    assert said[endless].says is Says.HANG
    assert said[broken].says is Says.INVALID
    assert said[wrong].says is Says.RED
    assert said[spoilt].says is Says.REGRESSION
    assert said[right].says is Says.GREEN


PAIR = {
    "box.py": "def within(size, low, high):\n    return low < size < high\n",
    "test_box.py": (
        "from box import within\n\n\n"
        "def test_low():\n    assert within(3, 3, 9)\n\n\n"
        "def test_high():\n    assert within(9, 3, 9)\n\n\n"
        "def test_inside():\n    assert within(5, 3, 9)\n\n\n"
        "def test_outside():\n    assert not within(2, 3, 9) and not within(10, 3, 9)\n\n\n"
        "def test_far():\n    assert not within(-50, 3, 9) and not within(90, 3, 9)\n"
    ),
}


async def test_two_edits_at_once_are_found(bench: Bench) -> None:
    found = await searched(bench, PAIR, Bounds(max_candidates=500, max_seconds=60.0, workers=2))
    texts = [text_of(candidate, PAIR, "box.py") for candidate in found.candidates]
    right = PAIR["box.py"].replace("low < size < high", "low <= size <= high")
    assert right in texts
    pair = found.candidates[texts.index(right)]
    assert pair.operator == "comparison + comparison"
    assert len(pair.lines) == 2


HOPELESS = {
    "cipher.py": "def secret(text):\n    return text\n",
    "test_cipher.py": (
        "from cipher import secret\n\n\n"
        "def test_words():\n"
        "    assert secret('alpha') == 'q9#z!'\n"
        "    assert secret('beta') == '0x7f'\n"
    ),
}


async def test_the_bound_that_ended_a_search_is_named(bench: Bench) -> None:
    found = await searched(bench, HOPELESS, Bounds(max_candidates=40, workers=2))
    assert not found.candidates
    assert (found.figures.bound, found.figures.tried) == ("candidates", 40)
    assert not found.figures.exhausted
    found = await searched(bench, HOPELESS, Bounds(max_seconds=0.0, workers=2))
    assert not found.candidates
    assert (found.figures.bound, found.figures.exhausted) == ("seconds", False)


async def test_a_search_that_tried_everything_says_so(bench: Bench) -> None:
    files = {
        "flag.py": "ON = None\n",
        "test_flag.py": "import flag\n\n\ndef test_flag():\n    assert flag.ON == 'q9#z!'\n",
    }
    found = await searched(bench, files, Bounds(max_candidates=2000, max_seconds=90.0, workers=2))
    assert not found.candidates
    assert found.figures.bound == "" and found.figures.exhausted
    assert 0 < found.figures.tried < 2000


HALF = {
    "half.py": "def passed(points, limit):\n    return points > limit\n",
    "test_half.py": (
        "from half import passed\n\n\n"
        "def test_limit():\n    assert passed(5, 5)\n\n\n"
        "def test_words():\n    assert passed('q9#z!', 'x') == '0x7f'\n\n\n"
        "def test_below():\n    assert not passed(4, 5)\n"
    ),
}
CONTRADICTED = {
    **GRADES,
    "test_old.py": "from grades import passed\n\n\ndef test_old():\n    assert not passed(5, 5)\n",
}


async def test_what_mends_some_of_the_red_tests_is_salvaged(bench: Bench) -> None:
    found = await searched(bench, HALF, SHORT)
    assert not found.candidates
    nearest = found.partials[0]
    assert nearest.mended == ("test_half.py::test_limit",)
    text = nearest.patch.apply(Tree({}).with_texts(HALF)).text("half.py")
    assert text != HALF["half.py"]
    rejected = [partial.patch.sha256 for partial in found.partials]
    again = await searched(bench, HALF, SHORT, rejected=rejected)
    assert not {partial.patch.sha256 for partial in again.partials} & set(rejected)


async def test_what_mends_all_and_breaks_another_comes_nearest(bench: Bench) -> None:
    found = await searched(bench, CONTRADICTED, FEW)
    assert not found.candidates
    nearest = found.partials[0]
    assert nearest.mended == ("test_grades.py::test_limit",)
    assert nearest.broken == ("test_old.py::test_old",)


async def test_a_search_that_finds_a_fix_has_nothing_to_salvage(bench: Bench) -> None:
    assert (await searched(bench, GRADES, SHORT)).partials == ()


async def test_a_module_named_as_one_of_pythons_own_does_not_end_the_judge(bench: Bench) -> None:
    harm = "raise SystemExit('this is not the module that was meant')\n"
    planted = dict.fromkeys(("json.py", "sitecustomize.py", "base64.py", "tokenize.py"), harm)
    found = await searched(bench, {**GRADES, **planted}, SHORT)
    assert found.candidates


async def test_a_candidate_is_confirmed_where_a_command_tells_of_no_test(bench: Bench) -> None:
    found = await searched(bench, {**GRADES, ".anton.toml": "test = 'pytest -q'\n"}, SHORT)
    assert found.candidates


async def test_a_backend_beside_a_frontend_is_searched_in_its_folder(bench: Bench) -> None:
    moved = {f"backend/{path}": text for path, text in GRADES.items()}
    files = {**moved, "backend/requirements.txt": "", "web/package.json": "{}"}
    found = await searched(bench, files, SHORT)
    assert found.candidates and found.candidates[0].patch.paths == ("backend/grades.py",)
