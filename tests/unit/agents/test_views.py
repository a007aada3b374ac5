"""What roles are shown: the functions in question, and nothing that drowns them."""

from dataclasses import replace

import pytest

from agents.views import (
    EDGE_CASES,
    SMALL,
    filled,
    is_all,
    is_small,
    named_by,
    places_in_words,
    places_of,
    users_in_words,
    users_of,
    uses_beside,
    wanted_of,
)
from core.findings import Diagnosis, Triage
from core.patches import Suspect
from core.ports import Case
from core.trees import Tree
from repair.units import excerpts

TREE = Tree().with_texts(
    {
        "shop.py": "import os\n\n\ndef price(x):\n    return x\n\n\ndef total(xs):\n    return 1\n",
        "other.py": "def ship(x):\n    return x\n",
        "tests/test_shop.py": "def ship(x):\n    return x\n",
    }
)
CASE = Case("t", "Wrong sum", "The price is right, the total is not.", "/r", "0" * 40, TREE)


def named(case: Case) -> list[tuple[str, str]]:
    return [(one.path, one.function) for one in places_of(case, ()) if one.function]


def test_plain_words_name_functions_in_files_at_hand_alone() -> None:
    assert named(CASE) == []
    hinted = replace(CASE, triage=Triage(affected_files_hint=("shop.py",)))
    assert named(hinted) == [("shop.py", "price"), ("shop.py", "total")]


def test_name_written_as_code_is_looked_up_everywhere_but_in_tests() -> None:
    assert named(replace(CASE, report="`ship` is wrong.")) == [("other.py", "ship")]


def test_diagnosis_names_places_unless_it_guesses() -> None:
    own = Suspect(path="shop.py", line=4, function="price", score=1, why="named by the diagnosis")
    measured = Suspect(path="other.py", line=1, function="ship", score=1, why="coverage 0.90")
    found = Diagnosis(root_cause="?", suspects=(measured, own), confidence=0.9)
    assert named_by(found) == (own,)
    assert named_by(found.but(confidence=0.3)) == ()
    assert named_by(None) == ()


def test_small_repository_is_one_whose_sources_are_short() -> None:
    assert is_small(TREE.with_texts({"tests/test_long.py": "#" * SMALL}))
    assert not is_small(TREE.with_texts({"long.py": "#" * SMALL}))


def test_users_are_told_for_functions_alone() -> None:
    outside = Suspect(path="shop.py", line=1, score=1)
    assert users_of(TREE, [outside]) == ""
    assert "No other code" in users_of(TREE, [outside, Suspect(path="shop.py", line=5, score=1)])


def test_edge_cases_are_open_only_where_the_report_does_not_say() -> None:
    triage = Triage(acceptance_criteria=("2 gives 4.",), edge_cases=("Nothing at all",))
    assert wanted_of(replace(CASE, triage=triage)) == (
        f"- 2 gives 4.\n{EDGE_CASES}\n- Nothing at all"
    )


def test_all_code_of_a_small_repository_is_shown_what_is_in_question_first() -> None:
    place = Suspect(path="shop.py", line=5, score=1)
    found = excerpts(TREE, [place], max_chars=SMALL)
    small = filled(TREE, found)
    assert [(one.path, one.functions, one.whole) for one in small] == [
        ("shop.py", ("price",), True),
        ("other.py", (), True),
    ]
    assert is_all(TREE, small)
    assert [one.path for one in filled(TREE, ())] == ["other.py", "shop.py"]
    assert filled(TREE.with_texts({"long.py": "#" * SMALL}), found) == found


@pytest.mark.parametrize(
    ("ending", "home", "use"),
    [
        (
            "py",
            "def overlap(x):\n    return x\n",
            "from days import overlap\n\n\ndef {}(x):\n    return overlap(x)\n",
        ),
        (
            "ts",
            "export function overlap(x) {\n  return x;\n}\n",
            'import {{ overlap }} from "./days";\n'
            "export function {}(x) {{\n  return overlap(x);\n}}\n",
        ),
    ],
)
def test_where_a_fault_is_seen_is_looked_for_among_users_first_those_that_the_report_names(
    ending: str, home: str, use: str
) -> None:
    users = {
        f"{name}.{ending}": use.format(name) for name in ("abacus", "bill", "chart", "invoice")
    }
    case = replace(CASE, report="The invoice is too low.", tree=Tree().with_texts(users))
    tree = case.tree.with_texts({f"days.{ending}": home})
    code = excerpts(tree, [Suspect(path=f"days.{ending}", line=1, score=1)], max_chars=SMALL)
    uses = uses_beside(replace(case, tree=tree), code)
    assert [one.function for one in uses] == ["invoice", "abacus", "bill", "chart"]


def test_reasons_are_told_without_figures() -> None:
    why = "coverage 0.50, its name is a word of the report 0.14"
    told = places_in_words([Suspect(path="a.py", line=3, function="f", score=1, why=why)])
    assert told == "a.py, f, line 3 (coverage, its name is a word of the report)"


@pytest.mark.parametrize(
    ("home", "away", "code", "use"),
    [
        (
            "days.py",
            "bill.py",
            "def days(x):\n    return x\n\n\ndef overlap(x):\n    return x\n",
            "from days import overlap\n\n\ndef bill(x):\n    return overlap(x)\n",
        ),
        (
            "src/days.ts",
            "src/bill.ts",
            "export function days(x) {\n  return x;\n}\n"
            "export function overlap(x) {\n  return x;\n}\n",
            'import { overlap } from "./days";\n'
            "export function bill(x) {\n  return overlap(x);\n}\n",
        ),
    ],
)
def test_who_uses_the_code_shown_is_told_where_it_is_not_shown(
    home: str, away: str, code: str, use: str
) -> None:
    tree = Tree().with_texts({home: code, away: use})
    shown = excerpts(tree, [Suspect(path=home, line=1, function="days", score=1)], max_chars=900)
    assert [one.path for one in shown] == [home]
    case = replace(CASE, tree=tree)
    told = users_in_words(uses_beside(case, shown))
    assert f"{away}, line" in told
    assert "return overlap(x)" in told
    both = excerpts(tree, [Suspect(path=p, line=1, score=1) for p in (home, away)], max_chars=900)
    assert uses_beside(case, both) == []
    many = tree.with_texts({f"{n}{away.rpartition('/')[2]}": use for n in range(9)})
    told = users_in_words(uses_beside(replace(case, tree=many), shown))
    assert told.endswith("[4 more places that use it are not shown]")
