"""Read the corpus of typed answers, and see what is understood of them."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field

from agents.answers import parsed
from core.models import Reply
from evals.replies import CORPUS, Outcome


class Place(BaseModel):
    """A part of the answer that the corpus asks for."""

    path: str
    why: str = ""


class Judgement(BaseModel):
    """The answer that the corpus asks for."""

    reason: str
    verdict: Literal["real", "noise"]
    blast_radius: Literal["single_service", "multi_service", "unknown"] = "unknown"
    confidence: float = Field(default=0.5, ge=0, le=1)
    files: list[str] = Field(default_factory=list)
    places: list[Place] = Field(default_factory=list)
    urgent: bool = False
    service: str = ""


@dataclass(frozen=True)
class AnswerCase:
    """A model's text, and the answer that is in it."""

    id: str
    reply: Reply
    expected: Judgement | None
    """None when nothing may be taken from it."""


def load_answers(path: Path = CORPUS / "answers.toml") -> list[AnswerCase]:
    """Every case, as written."""
    return [_case(entry) for entry in tomllib.loads(path.read_text())["case"]]


def judge(case: AnswerCase) -> Outcome:
    """What was understood: `applied` when it is the answer, `wrong` when it is another."""
    found, _ = parsed(case.reply, Judgement)
    wrong = found is not None and found != case.expected
    return Outcome(case.id, case.expected is not None, found is not None and not wrong, wrong)


def _case(entry: dict[str, Any]) -> AnswerCase:
    reply = Reply(text=entry["reply"], finish=entry.get("finish", "stop"), model="corpus")
    expected = None if entry.get("invalid") else Judgement.model_validate(entry["fits"])
    return AnswerCase(entry["id"], reply, expected)
