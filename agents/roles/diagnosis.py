"""Diagnosis: why it happens. Gather with read-only tools, conclude without any, then format."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Literal

from pydantic import BaseModel, Field

from agents.answers import ask, reply_of
from agents.grounding import Claim, checked
from agents.offline.diagnosis import diagnose as by_rules
from agents.prompting import render
from agents.role import Role, precedent_of, words_of
from agents.views import (
    GUESS,
    NAMED,
    QUOTED,
    code_of,
    filled,
    is_all,
    names_of,
    passages_of,
    places_in_words,
    places_of,
    tests_of,
    users_in_words,
    uses_beside,
    wanted_of,
)
from core.errors import AnswerInvalid, TimeUp
from core.findings import Citation, Diagnosis
from core.models import Message
from core.patches import Suspect
from core.ports import Case, Model
from repair.bench import Bench
from repair.units import function_around, functions_named, shown

DIAGNOSIS = Role("diagnosis", node="diagnose", max_tokens=2000)
CODE_MAX_CHARS = 24_000
SUSPECTS_MAX = 20
CONCLUSION_MIN = 100
"""Characters of a last turn that says more than that the looking around is done."""
CLAIMS_MAX = 10
"""Quotes, and named functions, of an answer that are looked up; what is behind them is left out."""

Gather = Callable[[Sequence[Message]], Awaitable[tuple[Message, ...]]]
"""Looks around with read-only tools; the conversation that it led to."""


class Evidence(BaseModel):
    """A line that shows the cause."""

    path: str
    quote: str


class Place(BaseModel):
    """A function to change."""

    path: str
    function: str = ""


class Answer(BaseModel):
    """What the model is asked for."""

    root_cause: str
    intended_behaviour: str = ""
    evidence: list[Evidence] = Field(default_factory=list)
    suspects: list[Place] = Field(default_factory=list)
    category: Literal["code", "config", "infra", "dependency", "data", "not_a_fault"] = "code"
    confidence: float = 0.0
    approach: str = ""


async def diagnose(
    case: Case,
    bench: Bench,
    model: Model,
    gather: Gather | None,
    *,
    turns: int = 0,
    measured: Diagnosis | None = None,
) -> Diagnosis:
    """The model's conclusion, every name of it checked against the tree.

    The ranking of lines by tests is measured first and handed over as a fact. An answer that names
    what does not exist is refused once, with the nearest real names; what is still wrong then
    counts for nothing, and lowers the confidence to that of a guess. `turns` is how many `gather`
    may take, `measured` is what the tests point at, where that is known.
    """
    measured = measured or await by_rules(case, bench)
    facts = _facts(case, measured)
    messages = render("diagnosis", **facts, gathering=gather is not None, turns=turns)
    if gather:
        messages = await gather(messages)
    words = _concluded(messages)
    try:
        if words:
            messages = messages[:-1]
        else:
            if gather:
                messages = (*messages, *render("diagnosis-conclude"))
            said = await reply_of(model, DIAGNOSIS.call(case, messages))
            words, model = said.reply.text, said.model
        concluded = Message(author="assistant", text=words)
        talk = DIAGNOSIS.call(case, [*messages, concluded, *render("diagnosis-format")])
        answer, by = await ask(model, talk, Answer, check=_checker(case))
    except (AnswerInvalid, TimeUp) as error:
        why = f"{measured.method}; {model.name} gave no checked conclusion: {error.message}"
        return measured.but(
            root_cause=words.strip()[:1000] or measured.root_cause,
            confidence=min(measured.confidence, GUESS),
            method=why[:500],
        )
    return _diagnosis(answer, case, measured, by)


def _concluded(messages: Sequence[Message]) -> str:
    """The conclusion that looking around ended with; empty where one has yet to be asked for."""
    last = messages[-1]
    if last.author != "assistant" or last.calls or len(last.text) < CONCLUSION_MIN:
        return ""
    return last.text


def _checker(case: Case) -> Callable[[Answer], list[str]]:
    """What the tree holds against an answer; empty when every name in it is real."""

    def problems(answer: Answer) -> list[str]:
        if not answer.root_cause.strip():
            return ["root_cause is empty."]
        said = [Claim(path=one.path, quote=one.quote) for one in answer.evidence[:CLAIMS_MAX]]
        said += [Claim(path=one.path, symbol=one.function) for one in answer.suspects[:CLAIMS_MAX]]
        if answer.category == "code" and not answer.evidence:
            return ["evidence is empty: quote at least one line that shows the cause."]
        return [refusal for claim in said if (refusal := checked(claim, case.tree).refusal)]

    return problems


def _diagnosis(answer: Answer, case: Case, measured: Diagnosis, by: str) -> Diagnosis:
    cited = tuple(
        Citation(path=found.path, line=found.line, quote=found.quote)
        for one in answer.evidence[:CLAIMS_MAX]
        if not (found := checked(Claim(path=one.path, quote=one.quote), case.tree)).refusal
    )
    confidence = max(0.0, min(1.0, answer.confidence))
    meant = answer.category == "not_a_fault"
    category = "code" if answer.category == "not_a_fault" else answer.category
    return Diagnosis(
        root_cause=answer.root_cause.strip()[:2000],
        intended_behaviour=answer.intended_behaviour.strip()[:1000],
        evidence=cited[:5],
        suspects=_suspects(answer, case, cited, measured),
        category=category,
        works_as_meant=meant,
        confidence=confidence if cited or category != "code" else min(confidence, GUESS),
        approach=answer.approach.strip()[:1000],
        method=f"{by}, with {measured.method}"[:300],
    )


def _suspects(
    answer: Answer, case: Case, cited: Sequence[Citation], measured: Diagnosis
) -> tuple[Suspect, ...]:
    """The quoted lines, then the named functions, then what was measured."""
    found = [
        Suspect(
            path=one.path,
            line=one.line,
            function=function_around(case.tree, one.path, one.line),
            score=1.0,
            why=QUOTED,
        )
        for one in cited
    ]
    for place in answer.suspects[:CLAIMS_MAX]:
        for name, line in functions_named(case.tree, place.path, place.function):
            found.append(Suspect(path=place.path, line=line, function=name, score=0.9, why=NAMED))
    return tuple([*found, *measured.suspects])[:SUSPECTS_MAX]


def _facts(case: Case, measured: Diagnosis) -> dict[str, object]:
    places = places_of(case, measured.suspects)
    found = code_of(case, places, CODE_MAX_CHARS)
    names = names_of(case, found)
    code = filled(case.tree, found)
    return {
        "report": words_of(case),
        "earlier": case.reported is not None,
        "precedent": precedent_of(case),
        "triage_summary": _triage_in_words(case),
        "suspects": places_in_words([one for one in places if one.function]),
        "measured": any("coverage" in one.why for one in places),
        "failures": measured.method if "failing" in measured.method else "",
        "ci": case.ci,
        "tests": tests_of(case, names, found or code),
        "passages": passages_of(case, names),
        "guidance": "\n".join(case.findings),
        "code": shown(code),
        "users": users_in_words(uses_beside(case, code)),
        "complete": is_all(case.tree, code),
    }


def _triage_in_words(case: Case) -> str:
    triage = case.triage
    if triage is None or triage.defaulted:
        return ""
    wanted = wanted_of(case)
    parts = [triage.context_summary, f"It should hold:\n{wanted}" if wanted else ""]
    return "\n".join(part for part in parts if part)
