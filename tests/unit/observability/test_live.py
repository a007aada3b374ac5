"""What models say is seen while they say it, and no secret with it, however it is cut to pieces."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from core.models import ModelCall
from observability.live import LIVE_EVERY_S, LIVE_MAX, PART_MAX, LiveTexts, Viewer
from observability.redaction import Redactor
from tests.fakes.clock import FakeClock

CALL = ModelCall(task_id="t1", role="fix", node="fix", messages=(), max_tokens=10)
SECRET = "hunter2-and-more"
PHRASE = "correct horse battery staple"


class Stage:
    """One call that speaks, one viewer that watches."""

    def __init__(self, *task_ids: str) -> None:
        self.clock = FakeClock()
        self.texts = LiveTexts(Redactor([SECRET, PHRASE]), self.clock)
        self.viewer = Viewer(self.texts, task_ids or ("t1",))
        self.seen = ""

    def look(self) -> list[dict[str, Any]]:
        """What the viewer gets after a while; put together as a client does."""
        self.clock.advance(LIVE_EVERY_S)
        parts = self.viewer.news()
        for part in parts:
            if part["type"] == "llm_snapshot":
                self.seen = ""
            assert part["offset"] == len(self.seen)
            self.seen += part["text"]
        return parts


def test_who_joins_gets_a_snapshot_and_then_what_is_added() -> None:
    stage = Stage()
    with stage.texts.of_call("c1", CALL) as call:
        call.hear("text", "The fault is " + "x " * 30)
        (first,) = stage.look()
        assert (first["type"], first["channel"], first["call_id"]) == ("llm_snapshot", "text", "c1")
        assert (first["task_id"], first["role"], first["node"]) == ("t1", "fix", "fix")
        assert stage.look() == []
        call.hear("text", "y " * 30)
        (second,) = stage.look()
        assert second["type"] == "llm_delta"
        assert second["offset"] == len(first["text"])
        assert stage.viewer.busy
    assert not stage.viewer.busy
    assert stage.look() == []


def test_words_and_thoughts_are_told_apart() -> None:
    stage = Stage()
    with stage.texts.of_call("c1", CALL) as call:
        call.hear("reasoning", "so it must be " + "z " * 20)
        call.hear("text", "Here: " + "z " * 20)
        assert {part["channel"] for part in stage.viewer.news()} == {"reasoning", "text"}


def test_nobody_hears_a_task_that_he_does_not_watch() -> None:
    stage = Stage("t2")
    with stage.texts.of_call("c1", CALL) as call:
        call.hear("text", "words " * 20)
        assert stage.look() == []
        assert not stage.viewer.busy


def test_it_is_read_again_only_now_and_then() -> None:
    stage = Stage()
    with stage.texts.of_call("c1", CALL) as call:
        call.hear("text", "word " * 20)
        assert stage.look()
        call.hear("text", "word " * 20)
        assert stage.viewer.news() == []
        assert stage.look()


def test_a_long_text_comes_in_parts_and_ends_at_the_limit() -> None:
    stage = Stage()
    with stage.texts.of_call("c1", CALL) as call:
        for _ in range(LIVE_MAX // 5):
            call.hear("text", "\x00\x01\x02 word ")
        parts = stage.look()
        assert max(len(part["text"]) for part in parts) == PART_MAX
        assert LIVE_MAX - 100 < len(stage.seen) <= LIVE_MAX


def test_an_attempt_that_begins_anew_takes_back_what_the_last_one_said() -> None:
    stage = Stage()
    with stage.texts.of_call("c1", CALL) as call:
        call.hear("text", "once " * 20)
        stage.look()
    with stage.texts.of_call("c1", CALL) as call:
        call.hear("text", "again " * 20)
        (part,) = stage.look()
    assert part["type"] == "llm_snapshot"
    assert stage.seen.startswith("again")


@pytest.mark.parametrize(
    "secret",
    [SECRET, PHRASE, "ghp_" + "a1B2" * 9, "sk-proj-0123456789abcdef", "Bearer abcdef0123456789"],
)
@given(cuts=some.lists(some.integers(0, 200), max_size=8))
def test_a_secret_is_never_seen_wherever_it_is_cut(secret: str, cuts: list[int]) -> None:
    stage = Stage()
    said = f"I found it, it is {secret} and nobody may know; {'so ' * 40}"
    places = sorted({0, len(said), *(cut for cut in cuts if cut < len(said))})
    hidden = secret.removeprefix("Bearer ")
    with stage.texts.of_call("c1", CALL) as call:
        for begin, end in pairwise(places):
            call.hear("text", said[begin:end])
            told = "".join(part["text"] for part in stage.look())
            assert hidden[:6] not in told
            assert hidden[-6:] not in told
    assert "[secret]" in stage.seen
