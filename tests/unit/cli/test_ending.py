"""The end of a task, for people and for programs."""

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from cli.ending import conclude, report_of, writable, write_patch
from cli.screen import Screen
from core.errors import ConfigError
from core.tasks import Outcome, Task, TaskRequest, TaskStatus, Usage

FIELDS = {
    *("task_id", "outcome", "severity", "risk", "confidence", "diagnosis", "patch", "evidence"),
    *("review", "branch", "commit", "seconds", "model_calls", "tokens", "cost_usd", "candidates"),
    "stopped",
}


def task(*, repository: str = "/srv/shop", **fields: Any) -> Task:
    now = datetime.now(UTC)
    request = TaskRequest(repository=repository, text="It toggles")
    defaults: dict[str, Any] = {"task_id": "1f3a9c02-aaaa", "created_at": now, "updated_at": now}
    return Task(request=request, **{**defaults, **fields})


FIXED: dict[str, Any] = {
    "base_sha": "0123456789abcdef",
    "report": {
        "branch": "anton/bug-42-1f3a9c02",
        "commit": "c" * 40,
        "patch": {"hash": "ab" * 32, "files": ["a.py"], "diff": "-old\udc80\n+new\n"},
        "seconds": {"total": 3.14, "model": 0.0, "sandbox": 2.0, "human": 0.5},
        "candidates": {"tried": 12, "plausible": 1},
    },
}


def concluded(ended: Task) -> str:
    out = io.StringIO()
    console = Console(file=out, width=60)
    conclude(Screen(console, console, io.StringIO()), ended)
    return out.getvalue()


@pytest.mark.parametrize("result", [{}, {"report": None}, FIXED])
def test_every_field_is_there_whatever_was_recorded(result: dict[str, Any]) -> None:
    report = report_of(task(result=result))
    assert set(report) >= FIELDS
    assert {"total", "model", "sandbox", "human"} == set(report["seconds"])
    assert {"hash", "files", "diff"} == set(report["patch"])


def test_a_task_that_waits_has_no_outcome_and_says_how_to_answer() -> None:
    waiting = task(status=TaskStatus.WAITING)
    assert report_of(waiting)["outcome"] is None
    assert "python main.py approve 1f3a9c02" in concluded(waiting)


def test_a_fix_says_branch_hash_and_how_to_look() -> None:
    text = concluded(
        task(
            repository="/srv/my shop",
            status=TaskStatus.COMPLETED,
            outcome=Outcome.FIXED,
            reason="Red, then green.",
            result=FIXED,
        )
    )
    for part in (
        "outcome     fixed",
        "anton/bug-42-1f3a9c02",
        "ab" * 32,
        "12 candidates tried, 1 plausible",
        "git -C '/srv/my shop' diff 0123456789ab..anton/bug-42-1f3a9c02",
    ):
        assert part in text


STOPPED: dict[str, Any] = {
    "stopped": {
        "at": "qa",
        "evidence": ["proof: still_red"],
        "hypothesis": "One too many.",
        "partial_patch": {"hash": "cd" * 32, "words": "it turns 1 of 2 red tests green"},
        "next_step": "Start there.",
    }
}


@pytest.mark.parametrize("result", [STOPPED, {**STOPPED, "report": {**FIXED["report"], **STOPPED}}])
def test_a_stop_says_where_why_and_what_is_left(result: dict[str, Any]) -> None:
    ended = task(status=TaskStatus.FAILED, outcome=Outcome.FAILED, result=result)
    assert report_of(ended)["stopped"] == STOPPED["stopped"]
    text = concluded(ended)
    for part in (
        "stopped at  qa",
        "hypothesis  One too many.",
        f"best patch  {'cd' * 6}: it turns 1 of 2 red",
        "next step   Start there.",
    ):
        assert part in text


def test_no_branch_no_advice() -> None:
    assert "git -C" not in concluded(task(status=TaskStatus.FAILED, outcome=Outcome.FAILED))


def test_hostile_reasons_cannot_act() -> None:
    text = concluded(task(status=TaskStatus.FAILED, outcome=Outcome.FAILED, reason="\x1b[2J"))
    assert "\x1b" not in text


def test_the_diff_is_written_byte_for_byte(tmp_path: Path) -> None:
    file = writable(str(tmp_path / "p.diff"))
    assert file is not None
    assert write_patch(file, task(result=FIXED))
    assert file.read_bytes() == b"-old\x80\n+new\n"
    assert not write_patch(tmp_path / "none.diff", task())
    assert not (tmp_path / "none.diff").exists()


def test_a_place_that_cannot_be_written_is_refused_before_the_work(tmp_path: Path) -> None:
    assert writable(None) is None
    for wrong in (tmp_path / "missing" / "p.diff", tmp_path):
        with pytest.raises(ConfigError, match="cannot be written"):
            writable(str(wrong))


def test_the_cost_is_told_where_models_were_called_and_an_unknown_price_is_no_zero() -> None:
    usage = Usage(model_calls=4, tokens_in=12_000, tokens_out=345, cost_usd=0.0123)
    assert "$0.0123; 4 calls, 12,345 tokens" in concluded(task(usage=usage))
    assert "cost" not in concluded(task())
    unknown = task(status=TaskStatus.WAITING, usage=usage.but(cost_usd=None, model_calls=1))
    assert "price unknown; 1 call, 12,345 tokens" in concluded(unknown)
    report = report_of(unknown)
    assert (report["cost_usd"], report["tokens"], report["model_calls"]) == (None, 12_345, 1)


def test_what_models_tried_is_told_apart() -> None:
    report = {**FIXED["report"], "candidates": {"tried": 12, "by_models": 1, "plausible": 1}}
    ended = task(outcome=Outcome.FIXED, result={**FIXED, "report": report})
    words = " ".join(concluded(ended).split())
    assert "12 candidates tried, 1 of them made by models, 1 plausible" in words
