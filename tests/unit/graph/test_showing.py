"""What was found is told by its figures, and claims with the code that they are about."""

from typing import Any

from core.findings import Citation, Diagnosis
from core.trees import Tree
from graph.repair.showing import CODE_CHARS, diagnosis_facts

CODE = "def total(items):\n    found = 0\n    return sum(items) + 1\n"


def told(*claims: Citation, code: str = CODE) -> list[dict[str, Any]]:
    answer = Diagnosis(root_cause="One too many.", evidence=claims)
    base = Tree().with_texts({"app.py": code})
    return list(diagnosis_facts(answer, "abc", base)["claims"])


def test_a_claim_stands_beside_the_lines_around_it() -> None:
    (claim,) = told(Citation(path="app.py", line=3, quote="return sum(items) + 1"))
    assert (claim["verified"], claim["code_from"], claim["base_sha"]) == (True, 1, "abc")
    assert claim["code"] == CODE.splitlines()


def test_a_quote_that_is_not_there_is_not_verified() -> None:
    elsewhere, gone, empty = told(
        Citation(path="app.py", line=3, quote="return max(items)"),
        Citation(path="gone.py", line=1, quote="x"),
        Citation(path="app.py", line=3, quote=""),
    )
    assert [one["verified"] for one in (elsewhere, gone, empty)] == [False, False, False]
    assert "code" not in gone


def test_long_code_stays_out_of_the_event() -> None:
    long = "\n".join(f"a{n} = {'x' * 500}" for n in range(60))
    claims = [Citation(path="app.py", line=n + 4, quote=f"a{n + 3} =") for n in range(10)]
    shown = told(*claims, code=long)
    assert all(one["verified"] for one in shown)
    assert 0 < sum(len(line) for one in shown for line in one.get("code", [])) <= CODE_CHARS
