"""Requests are read strictly; a task is shown with every fact, and unknown ones as null."""

import json
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from api.schemas import CreateTask, Decide
from api.views import TaskFacts, TaskView, approval_facts, task_facts
from core.approvals import Approval, Decision, Person, Question, QuestionKind
from core.tasks import Outcome, Task, TaskRequest, TaskStatus, Usage

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
API_4 = [
    *("task_id", "workflow", "ticket", "component", "status", "outcome", "current_agent"),
    *("pipeline", "iteration", "artifacts", "agent_stats", "agent_timeline", "pr_url", "branch"),
    *("demo_url", "needs_human_input", "human_input_prompt", "total_cost_usd", "cost_known"),
    *("confidence", "size", "tests", "output_path", "severity", "risk", "approved"),
    *("tests_passing", "evidence", "reason", "as_of_seq"),
]


def task(**changes: object) -> Task:
    return Task.model_validate(
        {
            "task_id": "5f0c0d62-8f9e-4a39-9f4e-3d9a1f6d7a11",
            "request": TaskRequest(repository="/srv/todo", text="complete() toggles"),
            "created_at": NOW,
            "updated_at": NOW,
            **changes,
        }
    )


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"task_description": ""},
        {"task_description": " \n\t"},
        {"task_description": 7},
        {"task_description": "x", "surprise": 1},
        {"task_description": "x", "workflow": "deploy"},
        {"task_description": "x", "max_iterations": 0},
        {"task_description": "x", "max_iterations": 11},
        {"task_description": "x", "max_iterations": "3"},
        {"task_description": "x", "max_iterations": True},
        {"task_description": "x", "queue": "yes"},
        {"task_description": "x", "budget_usd": -0.01},
        {"task_description": "x", "base": "-rf"},
        {"task_description": "x", "base": "a b"},
        {"task_description": "x", "base": ""},
        {"task_description": "x", "ticket": "$(id)"},
        {"task_description": "x", "test": []} | {"test": [""]},
        {"task_description": "x", "output_directory": "/etc"},
        {"task_description": "x", "output_directory": "../up"},
        {"task_description": "x", "output_directory": "a/../../up"},
        {"task_description": "x", "output_directory": "~"},
        {"task_description": "x", "output_directory": "a\\b"},
        {"task_description": "x", "output_directory": ""},
    ],
)
def test_bad_fields_are_refused(body: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        CreateTask.model_validate(body)


def test_one_test_or_many() -> None:
    assert CreateTask(task_description="x", test="a::b").tests == ("a::b",)
    assert CreateTask(task_description="x", test=["a::b", "c::d"]).tests == ("a::b", "c::d")
    assert CreateTask(task_description="x").tests == ()


def test_folders_below_are_taken() -> None:
    body = CreateTask(task_description="x", output_directory="reports/BUG-42")
    assert body.output_directory == "reports/BUG-42"


def test_comments_on_lines_join_the_words() -> None:
    body = Decide.model_validate(
        {
            "decision": "request_changes",
            "text": "Almost.",
            "line_comments": [{"path": "todo.py", "line": 2, "text": "why?"}],
        }
    )
    assert body.words == "Almost.\ntodo.py:2: why?"


@pytest.mark.parametrize(
    "body",
    [
        {"decision": "merge"},
        {"decision": "approve", "patch_hash": "A" * 64},
        {"decision": "approve", "patch_hash": "a" * 63},
        {"decision": "approve", "revision": 0},
        {"decision": "raise_budget", "amount_usd": 0},
        {"decision": "raise_budget", "amount_usd": 10_001},
    ],
)
def test_odd_decisions_are_refused(body: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Decide.model_validate(body)


def test_a_task_that_has_not_begun_shows_every_fact_and_invents_none() -> None:
    shown = TaskFacts.model_validate(task_facts(task())).model_dump()
    assert set(API_4) <= TaskView.model_fields.keys()
    unknown = ("pr_url", "branch", "confidence", "size", "tests", "approved", "evidence", "outcome")
    assert {name: shown[name] for name in unknown} == dict.fromkeys(unknown)
    assert shown["artifacts"] == []
    assert shown["needs_human_input"] is False


def test_a_task_that_waits_says_for_what() -> None:
    waiting = task(status=TaskStatus.WAITING, reason="A person must decide.")
    assert task_facts(waiting)["human_input_prompt"] == "A person must decide."
    assert task_facts(waiting, "Release this?")["human_input_prompt"] == "Release this?"
    assert task_facts(task(), "Release this?")["human_input_prompt"] is None


def test_a_cost_that_nobody_knows_is_null() -> None:
    facts = task_facts(task(usage=Usage(cost_usd=None)))
    assert (facts["total_cost_usd"], facts["cost_known"]) == (None, False)


def test_where_an_artifact_lies_is_not_shown() -> None:
    entry = {"id": "a1", "name": "patch.json", "ref": "sha256:00", "media_type": "application/json"}
    ended = task(
        status=TaskStatus.COMPLETED,
        outcome=Outcome.FIXED,
        result={"artifacts": [entry], "pr_url": "https://example.invalid/1", "unheard_of": 1},
    )
    shown = TaskFacts.model_validate(task_facts(ended)).model_dump(mode="json")
    assert shown["artifacts"] == [
        {"id": "a1", "name": "patch.json", "media_type": "application/json"}
    ]
    assert shown["pr_url"] == "https://example.invalid/1"
    assert "unheard_of" not in shown


def approval(**changes: object) -> Approval:
    question = Question(
        kind=QuestionKind.RELEASE,
        task_id="t",
        title="Release?",
        options=("approve", "reject"),
        patch_hash="a" * 64,
    )
    return Approval.model_validate(
        {
            "approval_id": "a1",
            "interrupt_id": "i1",
            "question": question,
            "nonce": "n0nce",
            "created_at": NOW,
            "expires_at": NOW,
            **changes,
        }
    )


def test_a_question_never_shows_what_buttons_carry() -> None:
    shown = json.dumps(approval_facts(approval(), may_decide=True), default=str)
    assert "n0nce" not in shown


def test_only_a_question_that_waits_may_be_decided() -> None:
    by = Person(channel="rest", person_id="ci")
    decided = approval(state="approved", decision=Decision(choice="approve", by=by))
    assert approval_facts(approval(), may_decide=True)["may_decide"] is True
    assert approval_facts(approval(), may_decide=False)["may_decide"] is False
    shown = approval_facts(decided, may_decide=True)
    assert shown["may_decide"] is False
    assert (shown["decision"]["by"], shown["decision"]["channel"]) == ("ci", "rest")


def test_a_briefing_kept_elsewhere_fills_the_body() -> None:
    assert approval_facts(approval(), may_decide=True, body="# Briefing")["body"] == "# Briefing"
