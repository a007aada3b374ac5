"""Whoever looks at a question is told beforehand why their approval would be refused."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from control.consent import Consent
from control.decisions import Decisions
from control.people import People
from core.approvals import MISSES_MAX, Approval, Decision, Person, Question, QuestionKind, Risk
from tests.fakes.clock import START

ANN = Person(channel="rest", person_id="ann")
PEOPLE = People({"ann": ("rest:ann", "terminal:ann"), "bob": ("rest:bob",)})


class Tasks:
    """Of a task that nobody in particular asked for."""

    async def get(self, task_id: str) -> Any:
        return SimpleNamespace(request=SimpleNamespace(requested_by=""))


async def barred(people: People = PEOPLE, **facts: Any) -> str:
    question = Question(
        kind=QuestionKind.RELEASE,
        task_id="t",
        title="x",
        options=("approve",),
        patch_hash="ab" * 32,
        risk=Risk.CRITICAL,
        voices_needed=2,
    )
    approval = Approval(
        approval_id="a",
        interrupt_id="i",
        question=question,
        revision=1,
        nonce="n",
        created_at=START,
        expires_at=START,
        **facts,
    )
    records = SimpleNamespace(tasks=Tasks())
    decisions = Decisions(cast(Any, records), cast(Any, None), Consent(people=people))
    return (await decisions.deciders(approval, ANN, (), ())).barred


def voice(account: str) -> tuple[Decision, ...]:
    channel, _, person_id = account.partition(":")
    return (Decision(choice="approve", by=Person(channel=channel, person_id=person_id)),)


@pytest.mark.parametrize(
    ("account", "refused"),
    [
        ("terminal:ann", True),
        ("terminal:cy", True),
        ("rest:bob", False),
        ("rest:ann", False),
        ("telegram:4711", False),
    ],
    ids=["the same", "unknown", "another", "counted already", "may not any more"],
)
async def test_whoever_may_be_the_first_of_two_is_told(account: str, refused: bool) -> None:
    assert ("PEOPLE" in await barred(voices=voice(account))) is refused


async def test_whoever_typed_wrongly_too_often_is_told() -> None:
    assert await barred(misses={"rest:ann": MISSES_MAX - 1}) == ""
    assert "wrong confirmations" in await barred(misses={"rest:ann": MISSES_MAX})
