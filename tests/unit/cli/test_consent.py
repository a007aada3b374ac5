"""Consent on the terminal: asked clearly, taken only when clear, skipped only where allowed."""

import pytest

from cli.consent import answer_from, lettered, unasked
from control.words import Grammar
from core.approvals import Decision, Question, QuestionKind, Risk
from core.intents import Intent

HASH = "ab" * 32


def release(risk: Risk = Risk.LOW) -> Question:
    return Question(
        kind=QuestionKind.RELEASE,
        task_id="t",
        title="Release?",
        options=("approve", "request_changes", "reject", "noise"),
        patch_hash=HASH,
        risk=risk,
    )


ESCALATION = Question(
    kind=QuestionKind.ESCALATION,
    task_id="t",
    title="How on?",
    options=("more_attempts", "guidance", "raise_budget", "take_over", "stop"),
)


async def answer(question: Question, *typed: str) -> tuple[Decision | None, list[str]]:
    """The decision that typed lines lead to, and what was said on the way."""
    lines, said = iter(typed), list[str]()

    async def ask(prompt: str) -> str | None:
        said.append(prompt)
        return next(lines, None)

    return await answer_from(question, ask, said.append, Grammar().read), said


@pytest.mark.parametrize("typed", ["a", "approve", "yes", "ship it", "LGTM", "  A "])
async def test_approval_is_bound_to_the_diff_that_was_shown(typed: str) -> None:
    decision, said = await answer(release(), typed)
    assert decision is not None
    assert (decision.choice, decision.patch_hash) == ("approve", HASH)
    assert decision.by.channel == "terminal"
    assert decision.key
    assert said[-1].startswith("Understood: Approve exactly")


@pytest.mark.parametrize("typed", ["r", "reject", "no", "stop"])
async def test_rejection(typed: str) -> None:
    decision, _ = await answer(release(), typed)
    assert decision is not None
    assert decision.choice == "reject"


@pytest.mark.parametrize("typed", ["i", "noise", "it's a false alarm"])
async def test_a_report_is_called_noise(typed: str) -> None:
    decision, _ = await answer(release(), typed)
    assert decision is not None
    assert decision.choice == "noise"


async def test_n_says_no_and_never_noise() -> None:
    decision, _ = await answer(release(), "n")
    assert decision is None or decision.choice == "reject"


async def test_changes_need_words_and_ask_until_there_are_some() -> None:
    decision, said = await answer(release(), "c", "", "", "use a set")
    assert decision is not None
    assert (decision.choice, decision.text) == ("request_changes", "use a set")
    assert said.count("How?") == 3


async def test_a_sentence_is_a_request_for_changes_and_never_consent() -> None:
    decision, _ = await answer(release(), "yes but rename the variable")
    assert decision is not None
    assert (decision.choice, decision.text) == ("request_changes", "yes but rename the variable")


async def test_unclear_words_are_asked_again() -> None:
    decision, said = await answer(release(), "x", "aprove", "a")
    assert decision is not None
    assert sum("not clear" in line for line in said) == 2


@pytest.mark.parametrize("typed", [("l",), ("later",), ("",), (), ("c",)])
async def test_the_question_can_stay_open(typed: tuple[str, ...]) -> None:
    decision, said = await answer(release(), *typed)
    assert decision is None
    assert said[-1] == "The question stays open."


async def test_critical_risk_takes_the_end_of_the_hash() -> None:
    question = release(Risk.CRITICAL).but(details={"protected": "auth/login.py"})
    decision, said = await answer(question, "a", "")
    assert decision is None
    assert "This changes: auth/login.py" in said
    decision, said = await answer(question, "a", HASH[-6:])
    assert decision is not None
    assert decision.confirms(question)
    assert any(line.startswith("The last 6 characters") for line in said)
    decision, said = await answer(question, "r")
    assert decision is not None
    assert not any(line.startswith("The last 6 characters") for line in said)


async def test_a_budget_needs_an_amount() -> None:
    decision, _ = await answer(ESCALATION, "b", "lots", "-1", "$12.50")
    assert decision is not None
    assert (decision.choice, decision.amount_usd) == ("raise_budget", 12.5)


def test_only_what_is_offered_is_understood() -> None:
    assert lettered("a", ESCALATION) is None
    assert lettered("m", ESCALATION) == "more_attempts"
    assert lettered("m", release()) is None


async def test_a_question_and_consent_among_other_words_decide_nothing() -> None:
    decision, said = await answer(release(), "what does it change?", "l")
    assert decision is None
    assert "What is recorded stands above. One of the letters in brackets decides." in said

    async def half(words: str, question: Question) -> Intent:
        return Intent(kind="approve", text=words, read_by="m", partial=True, notice="Mind.")

    lines = iter(["ship it, some day", "r"])

    async def ask(prompt: str) -> str | None:
        return next(lines, None)

    heard: list[str] = []
    decision = await answer_from(release(), ask, heard.append, half)
    assert decision is not None
    assert decision.choice == "reject"
    assert heard[0] == "Mind."


@pytest.mark.parametrize(
    ("risk", "yes", "interactive", "local", "approved"),
    [
        (Risk.LOW, True, True, True, True),
        (Risk.HIGH, True, False, False, True),
        (Risk.LOW, False, False, True, True),
        (Risk.LOW, False, True, True, False),
        (Risk.LOW, False, False, False, False),
        (Risk.CRITICAL, True, True, True, False),
        (Risk.CRITICAL, False, False, True, False),
    ],
)
def test_asking_is_skipped_only_where_that_is_allowed(
    risk: Risk, yes: bool, interactive: bool, local: bool, approved: bool
) -> None:
    reason = unasked(release(risk), yes=yes, interactive=interactive, local=local)
    assert bool(reason) is approved


def test_patch_that_is_only_handed_out_is_not_released_for_want_of_a_terminal() -> None:
    question = release().but(options=("approve", "request_changes", "take_over", "reject"))
    assert unasked(question, yes=False, interactive=False, local=True) == ""
    assert unasked(question, yes=True, interactive=False, local=True)


@pytest.mark.parametrize("yes", [True, False])
def test_change_that_no_test_proves_is_for_somebody_who_saw_it(yes: bool) -> None:
    question = release().but(details={"unproven": "No test shows the fault."})
    assert unasked(question, yes=yes, interactive=False, local=True) == ""


@pytest.mark.parametrize(
    "kind", [kind for kind in QuestionKind if kind is not QuestionKind.RELEASE]
)
def test_yes_answers_no_other_question(kind: QuestionKind) -> None:
    question = release().but(kind=kind)
    assert unasked(question, yes=True, interactive=False, local=True) == ""
