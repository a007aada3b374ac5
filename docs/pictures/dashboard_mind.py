"""The hand-made answers of the model `scripted`, role by role, for pictures of the dashboard."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.fakes.model_server import Act

NAME = "openai/scripted"
STORE = "todo/store.py"
REPORT_OF_EMPTY_TITLES = """\
# BUG-40: A to-do can be renamed to nothing

Severity: P3. Component: todo service, `todo/store.py`.

Adding a to-do without a title is refused, but renaming one to blanks is not: the app then shows an
empty line that nobody can tap.

Expected: renaming to an empty title raises `ValueError`, as adding does.
"""
REPORT_OF_NOTHING = """\
# OPS-7: All clear: latency of the todo service

The latency of the todo service is back to normal. This alarm has closed itself.
"""
REPORT_OF_ORDER = """\
# BUG-43: To-dos are listed in another order after a restart

Severity: P3. Component: todo service.

After a restart of the service, the list shows the to-dos in another order than before.
"""


@dataclass(frozen=True)
class Repair:
    """What is said of one fault."""

    sign: str
    """Words of the report that tell it from the others."""
    severity: str
    summary: str
    criterion: str
    cause: str
    intended: str
    approach: str
    function: str
    old: str
    new: str
    test: str
    narrative: str


COMPLETING = Repair(
    sign="the second\ncall opens the to-do again",
    severity="P2",
    summary="Completing a to-do twice opens it again; the app repeats requests on slow networks.",
    criterion="Completing a to-do that is done leaves it done.",
    cause="`TodoStore.complete` flips the flag: it writes `done=not todo.done`, so a repeated call "
    "turns a finished to-do back into an open one.",
    intended="Completing sets the flag, whatever it was before.",
    approach="Write `True` in place of the negation; nothing else has to change.",
    function="TodoStore.complete",
    old="        self._todos[todo_id] = replace(todo, done=not todo.done)",
    new="        self._todos[todo_id] = replace(todo, done=True)",
    test='''\
"""Completing is safe to repeat."""

from todo.store import TodoStore


def test_completing_twice_leaves_it_done():
    store = TodoStore()
    todo = store.add("buy milk")
    store.complete(todo.id)
    assert store.complete(todo.id).done is True
''',
    narrative="To-dos that were ticked off came back when the app repeated its request. Completing "
    "flipped the flag in place of setting it, so the second call undid the first. The change sets "
    "the flag. A test that completes a to-do twice failed before the change and passes with it.",
)
RENAMING = Repair(
    sign="renamed to nothing",
    severity="P3",
    summary="Renaming accepts an empty title, which adding refuses.",
    criterion="Renaming to blanks raises ValueError.",
    cause="`TodoStore.rename` strips the new title and keeps it without asking whether anything "
    "is left of it.",
    intended="Renaming refuses an empty title, as adding does.",
    approach="Strip first, and raise ValueError where nothing is left.",
    function="TodoStore.rename",
    old="        todo = replace(self.get(todo_id), title=title.strip())",
    new="        if not title.strip():\n"
    '            raise ValueError("A to-do needs a title.")\n'
    "        todo = replace(self.get(todo_id), title=title.strip())",
    test='''\
"""Renaming asks for a title, as adding does."""

import pytest

from todo.store import TodoStore


def test_renaming_to_blanks_is_refused():
    store = TodoStore()
    todo = store.add("buy milk")
    with pytest.raises(ValueError, match="title"):
        store.rename(todo.id, "   ")
''',
    narrative="A to-do could be renamed to nothing, and then stood as an empty line in the app. "
    "Renaming stripped the title and never asked whether anything was left. It now refuses an "
    "empty title. A test of that failed before the change and passes with it.",
)
LESSON = "When a call may be repeated, check what its second run does to what the first one left."


def answer(body: Any) -> Act:
    """The answer to one request, by what its prompt says."""
    said = "\n".join(_text(message) for message in body["messages"])
    role = next(role for opening, role in ROLES.items() if opening in said)
    if "All clear" in said:
        return _json(_noise())
    if "in another order" in said:
        return _json(_unordered()) if role == "triage" else Act(wait_s=3600.0)
    repair = COMPLETING if COMPLETING.sign in said else RENAMING
    if body.get("tools"):
        turn = sum(message["role"] == "assistant" for message in body["messages"])
        return _with_tools(repair, role, turn)
    return ANSWERS[role](repair, said)


def _text(message: Mapping[str, Any]) -> str:
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "\n".join(part.get("text", "") for part in content)


def _json(value: Mapping[str, Any]) -> Act:
    return Act(text=json.dumps(value, indent=2), wait_s=0.4)


def _noise() -> dict[str, Any]:
    return {
        "reasoning": "The alarm says itself that it is over, and asks for nothing.",
        "verdict": "noise",
        "noise_quote": "This alarm has closed itself.",
        "severity": "P4",
    }


def _unordered() -> dict[str, Any]:
    return {
        "reasoning": "The order should not depend on a restart.",
        "verdict": "real",
        "severity": "P3",
        "component": "todo",
        "affected_files": [STORE],
        "acceptance_criteria": ["The order is the same after a restart."],
        "context_summary": "The order of to-dos changes with a restart.",
    }


def _triage(repair: Repair, said: str) -> Act:
    return _json(
        {
            "reasoning": "It is wrong behaviour, and the report says how to see it.",
            "verdict": "real",
            "severity": repair.severity,
            "component": "todo",
            "affected_files": [STORE],
            "acceptance_criteria": [repair.criterion],
            "context_summary": repair.summary,
        }
    )


def _diagnosis(repair: Repair, said: str) -> Act:
    if "Put that conclusion into one JSON object" not in said:
        return Act(text=f"{repair.cause} {repair.intended}", wait_s=0.8)
    return _json(
        {
            "root_cause": repair.cause,
            "intended_behaviour": repair.intended,
            "evidence": [{"path": STORE, "quote": repair.old.strip()}],
            "suspects": [{"path": STORE, "function": repair.function}],
            "category": "code",
            "confidence": 0.9,
            "approach": repair.approach,
        }
    )


def _qa(repair: Repair, said: str) -> Act:
    path = re.findall(r"The new file has to be `([^`]+)`", said)[-1]
    words = f"The test follows the report: {repair.criterion}"
    return Act(text=f"{words}\n\nFILE: {path}\n```python\n{repair.test}```\n", wait_s=0.9)


def _fix(repair: Repair, said: str) -> Act:
    block = f"<<<<<<< SEARCH\n{repair.old}\n=======\n{repair.new}\n>>>>>>> REPLACE"
    return Act(text=f"{repair.approach}\n\nFILE: {STORE}\n```\n{block}\n```\n", wait_s=1.0)


def _review(repair: Repair, said: str) -> Act:
    return _json(
        {
            "reasoning": f"{repair.intended} The change does that and nothing else.",
            "verdict": "APPROVE",
            "scores": {"correctness": 9, "security": 10, "performance": 10},
            "issues": [],
        }
    )


def _scribe(repair: Repair, said: str) -> Act:
    return _json({"narrative": repair.narrative})


def _reflect(repair: Repair, said: str) -> Act:
    wise = "The role is `fix`" in said and LESSON not in said
    why = "The fault showed with a second call alone."
    added = [{"rule": LESSON, "why": why}] if wise else []
    return _json({"reasoning": "It ended well.", "add": added, "keep": [], "drop": []})


def _with_tools(repair: Repair, role: str, turn: int) -> Act:
    """Read, and for a fix edit, test and hand in."""
    edit = {"path": STORE, "old": repair.old, "new": repair.new}
    steps: list[tuple[str, str, Mapping[str, Any]]] = [
        (f"I read what `{repair.function}` does first.", "read_file", {"path": STORE})
    ]
    if role == "fix":
        explanation = {"explanation": f"{repair.approach} {repair.intended}"}
        steps += [
            (repair.approach, "edit_file", edit),
            ("Now all tests, on the workspace as it stands.", "run_tests", {}),
            ("", "submit_changes", explanation),
        ]
    if turn >= len(steps):
        return Act(text=f"{repair.cause} {repair.intended}", wait_s=0.6)
    words, name, given = steps[turn]
    return Act(text=words, calls=((name, json.dumps(given)),), wait_s=0.6)


ROLES = {
    "You are the triage engineer": "triage",
    "You are the diagnosis engineer": "diagnosis",
    "You are the test engineer": "qa",
    "You repair one fault": "fix",
    "You are the reviewer": "reviewer",
    "You are the scribe": "scribe",
    "You look back on the work": "reflector",
}
ANSWERS: Mapping[str, Callable[[Repair, str], Act]] = {
    "triage": _triage,
    "diagnosis": _diagnosis,
    "qa": _qa,
    "fix": _fix,
    "reviewer": _review,
    "scribe": _scribe,
    "reflector": _reflect,
}
