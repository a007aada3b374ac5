"""The corpus of phrases, what the grammar makes of it, and how it is counted."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from control.words import Grammar
from core.approvals import Question, QuestionKind
from core.errors import AnswerInvalid, ConfigError, ModelUnavailable
from core.intents import Intent
from evals.phrases import MalformedPhrase, Phrase, load_phrases
from evals.suites.intents import report, run_suite

PHRASES = load_phrases()


class Played:
    """Serves the port Reader from a script; what is no intent is raised."""

    def __init__(self, script: Iterable[Intent | Exception]) -> None:
        self._script = iter(script)

    async def read(self, words: str, question: Question) -> Intent:
        played = next(self._script)
        if isinstance(played, Exception):
            raise played
        return played


def phrases(*expected: str) -> Sequence[Phrase]:
    return [
        Phrase(
            id=f"release/{number}",
            split="test",
            question=QuestionKind.RELEASE,
            words="words",
            expected=(kind,),  # type: ignore[arg-type]
            amount_usd=None,
            tags=("plain",),
        )
        for number, kind in enumerate(expected)
    ]


def test_the_corpus_is_large_and_says_each_thing_once() -> None:
    assert len(PHRASES) >= 240
    assert len({(phrase.question, phrase.words) for phrase in PHRASES}) == len(PHRASES)
    assert sum("amount" in phrase.tags for phrase in PHRASES) >= 40
    splits = [phrase.split for phrase in PHRASES]
    assert abs(splits.count("tune") - splits.count("test")) <= len(OPEN_KINDS)


OPEN_KINDS = {phrase.question for phrase in PHRASES}


async def test_the_grammar_reads_no_consent_and_nothing_else_that_acts_into_other_words() -> None:
    found = await run_suite(PHRASES, Grammar())
    assert [one for one in found if one.wrong_act] == []
    assert sum(one.right for one in found) / len(found) > 0.75


async def test_what_was_read_is_counted_apart_by_what_it_could_do() -> None:
    script: list[Intent | Exception] = [
        Intent(kind="approve"),
        Intent(kind="approve"),
        Intent(kind="reject"),
        Intent(kind="unclear"),
        AnswerInvalid("no JSON"),
    ]
    asked = phrases("approve", "unclear", "request_changes", "approve", "reject")
    told = report("model", await run_suite(asked, Played(script)))
    (all_row,) = [line for line in told.split("\n") if line.startswith("  all")]
    assert all_row.split() == ["all", "5", "1", "20.0%", "2", "2"]
    assert "WRONG APPROVALS          1 of 3" in told
    assert "wrong acts of any kind   2 of 5" in told
    assert "no usable answer         1 of 5" in told
    assert "APPROVED  release/1" in told


async def test_a_model_that_does_not_answer_is_missing() -> None:
    away = ModelUnavailable("No model answers.")
    with pytest.raises(ConfigError, match="does not answer"):
        await run_suite(phrases(*["approve"] * 3), Played([away] * 3))


@pytest.mark.parametrize(
    "line",
    [
        "{}",
        "[]",
        '{"id": "x", "split": "test", "question": "budget", "words": "w", "expected": "approve", '
        '"tags": []}',
        '{"id": "x", "split": "test", "question": "budget", "words": "w", "tags": [], '
        '"expected": "raise_budget"}',
    ],
)
def test_a_line_that_breaks_the_format_is_named(line: str, tmp_path: Path) -> None:
    path = tmp_path / "phrases.jsonl"
    path.write_text(line)
    with pytest.raises(MalformedPhrase):
        load_phrases(path)
