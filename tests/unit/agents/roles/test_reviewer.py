"""A verdict counts only when it is plain, and an issue only when it lies on a changed line."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from agents.roles.reviewer import PART_MAX_CHARS, changed_line, review
from core.approvals import Risk
from core.evidence import Evidence, RunEnd, TestRun, Verdict
from core.findings import Diagnosis, ReviewVerdict, Triage
from core.patches import Patch
from core.ports import Case
from core.trees import Tree
from tests.fakes.model import ScriptedModel

BASE = Tree().with_texts({"a.py": "".join(f"x{n} = {n}\n" for n in range(1, 40))})
PATCH = Patch.between(
    "0" * 40,
    BASE,
    BASE.with_texts({"a.py": BASE.text("a.py").replace("x20 = 20", "x20 = 21"), "b.py": "y = 1\n"}),
)
CASE = Case("t", "x20 is wrong", "It should be 21.", "/repo", "0" * 40, BASE)
EVIDENCE = Evidence(verdict=Verdict.NOT_RUN, tree_hash=PATCH.tree_hash, base_sha="0" * 40)


def answer(verdict: str, *issues: dict[str, object], **more: object) -> str:
    scores = {"correctness": 9, "security": 11, "speed": 3}
    return json.dumps({"verdict": verdict, "issues": issues, "scores": scores, **more})


def issue(quote: str, severity: str = "error", path: str = "a.py") -> dict[str, object]:
    return {"path": path, "quote": quote, "severity": severity, "message": "wrong"}


async def test_plain_approval_is_of_exactly_this_diff() -> None:
    model = ScriptedModel([answer("APPROVE")])
    found = await review(CASE, PATCH, EVIDENCE, model)
    assert found.verdict is ReviewVerdict.APPROVE
    assert found.patch_hash == PATCH.sha256
    assert found.scores == {"correctness": 9, "security": 10}
    assert "+x20 = 21" in model.prompt()
    assert "+y = 1" in model.prompt(), "new files are part of what is read"
    assert "\nindex " not in model.prompt()


@pytest.mark.parametrize(
    ("said", "risk"),
    [("high", Risk.HIGH), (" Critical", Risk.CRITICAL), ("low", Risk.LOW), ("terrible", None)],
)
async def test_risk_is_told_in_the_words_that_there_are(said: str, risk: Risk | None) -> None:
    found = await review(CASE, PATCH, EVIDENCE, ScriptedModel([answer("APPROVE", risk=said)]))
    assert (found.risk, found.verdict) == (risk, ReviewVerdict.APPROVE)


@pytest.mark.parametrize("text", ["", "APPROVED?", "I would approve.", '{"verdict": "FINE"}'])
async def test_anything_else_is_no_approval(text: str) -> None:
    found = await review(CASE, PATCH, EVIDENCE, ScriptedModel([text] * 3))
    assert found.verdict is ReviewVerdict.REQUEST_CHANGES
    assert found.issues[0].message.startswith("The reviewer gave no usable verdict")


async def test_approval_with_an_error_on_a_changed_line_is_none() -> None:
    said = answer("APPROVE", issue("x20 = 21"))
    found = await review(CASE, PATCH, EVIDENCE, ScriptedModel([said]))
    assert found.verdict is ReviewVerdict.REQUEST_CHANGES
    assert (found.issues[0].path, found.issues[0].line) == ("a.py", 20)


async def test_error_elsewhere_is_a_remark_and_a_refusal_needs_a_reason() -> None:
    said = answer("APPROVE", issue("x3 = 3"))
    found = await review(CASE, PATCH, EVIDENCE, ScriptedModel([said]))
    assert found.verdict is ReviewVerdict.APPROVE
    assert [i.severity for i in found.issues] == ["info"]
    said = answer("REQUEST_CHANGES", reasoning="The test is too narrow.")
    found = await review(CASE, PATCH, EVIDENCE, ScriptedModel([said]))
    assert found.issues[-1].message == "The test is too narrow."


async def test_long_diff_is_read_in_parts_and_the_worst_verdict_counts() -> None:
    long = {f"m{n}.py": f"v = {n}\n" * (PART_MAX_CHARS // 12) for n in range(3)}
    patch = Patch.between("0" * 40, BASE, BASE.with_texts(long))
    model = ScriptedModel([answer("APPROVE"), answer("NEEDS_DISCUSSION"), answer("APPROVE")])
    found = await review(CASE, patch, EVIDENCE, model)
    assert found.verdict is ReviewVerdict.NEEDS_DISCUSSION
    assert len(model.calls) == 3
    assert all(len(call.messages[-1].text) < PART_MAX_CHARS + 2000 for call in model.calls)
    read = "".join(model.prompt(number) for number in range(3))
    assert all(path in read for path in long)


@pytest.mark.parametrize(
    ("path", "quote", "line"),
    [
        ("a.py", "x20 = 21", 20),
        ("a.py", "+x20 = 21", 20),
        ("a.py", "-x20 = 20", 20),
        ("a.py", "x19 = 19", 0),
        ("b.py", "y = 1", 1),
        ("b.py", "", 1),
        ("c.py", "y = 1", 0),
    ],
)
def test_place_of_an_issue_is_found_by_its_words(path: str, quote: str, line: int) -> None:
    assert changed_line(PATCH, path, quote) == line


async def test_reviewer_is_told_who_uses_it_what_is_wanted_and_what_the_author_says() -> None:
    base = Tree().with_texts(
        {
            "shop.py": "def total(xs):\n    return sum(xs) + 1\n",
            "bill.py": "from shop import total\n\n\ndef bill(xs):\n    return total(xs)\n",
        }
    )
    fixed = base.with_texts({"shop.py": "def total(xs):\n    return sum(xs)\n"})
    case = Case("t", "total", "One too many.", "/repo", "0" * 40, base)
    told = replace(
        case,
        triage=Triage(acceptance_criteria=("[1] gives 1.",), edge_cases=("No price at all",)),
        diagnosis=Diagnosis(root_cause="One is added.", approach="Add nothing."),
        explanation="Nothing is added; no price gives 0.",
    )
    model = ScriptedModel([answer("APPROVE")])
    await review(told, Patch.between("0" * 40, base, fixed), EVIDENCE, model)
    assert "bill.py, line 5, in bill:\ndef bill(xs):\n    return total(xs)" in model.prompt()
    assert "Cause: One is added.\nAdvice: Add nothing." in model.prompt()
    for words in ("[1] gives 1.", "No price at all", "no price gives 0."):
        assert words in model.prompt()


async def test_reviewer_is_told_where_nobody_uses_it() -> None:
    base = Tree().with_texts({"shop.py": "def total(xs):\n    return sum(xs) + 1\n"})
    fixed = base.with_texts({"shop.py": "def total(xs):\n    return sum(xs)\n"})
    model = ScriptedModel([answer("APPROVE")])
    await review(replace(CASE, tree=base), Patch.between("0" * 40, base, fixed), EVIDENCE, model)
    assert "No other code than what is shown names it" in model.prompt()


async def test_reviewer_is_told_what_weakens_the_proof() -> None:
    now = datetime.now(UTC)
    run = TestRun(
        tree_hash=PATCH.tree_hash,
        argv=("npm", "test"),
        environment="e",
        backend="bubblewrap",
        end=RunEnd.PASSED,
        exit_code=0,
        notes=("package-lock.json was not followed: npm said EUSAGE",),
        started_at=now,
        ended_at=now,
    )
    model = ScriptedModel([answer("APPROVE")] * 2)
    told = replace(CASE, notes=("No test can be run here.",), risk=Risk.MEDIUM)
    await review(told, PATCH, EVIDENCE.but(base=run), model)
    assert "No test can be run here.\n- Tests: package-lock.json was not followed" in model.prompt()
    assert "No CI has run on the change. Its risk as computed: medium.\n" in model.prompt()
    await review(CASE, PATCH, EVIDENCE, model)
    assert "What was noted" not in model.prompt()
