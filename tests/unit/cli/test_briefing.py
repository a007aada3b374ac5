"""The question is shown whole: body, diff, hash; nothing in it hides."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from cli.briefing import Briefing, show_diff
from cli.screen import Screen
from core.approvals import Approval, ApprovalState, Question, QuestionKind, Risk
from core.errors import Expired
from memory.artifacts import FileArtifactStore
from tests.fakes.clock import START


def console(*, terminal: bool = False) -> tuple[Console, io.StringIO]:
    out = io.StringIO()
    return Console(file=out, force_terminal=terminal, width=60, color_system=None), out


def shown(diff: str, *, terminal: bool = False) -> str:
    where, out = console(terminal=terminal)
    show_diff(where, diff)
    return out.getvalue()


def test_a_diff_is_shown_line_by_line() -> None:
    diff = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-[red]old[/red]\n+new\n"
    assert shown(diff) == diff


def test_a_diff_cannot_hide_anything() -> None:
    text = shown("+a\u202eb\n+c\rd\n+e\x1b[8m\n+f\tg\n+h  \n-i \n j\tk \n")
    assert text.splitlines() == [
        "+a<U+202E>b",
        "+c<U+000D>d",
        "+e<U+001B>[8m",
        "+f→     g",
        "+h··",
        "-i·",
        " j      k ",
    ]


def test_a_long_line_is_whole_on_a_terminal_and_in_a_file() -> None:
    long = "+" + "x" * 2000 + "evil"
    assert shown(long + "\n") == long + "\n"
    first, *rest = shown(long + "\n", terminal=True).splitlines()
    assert rest
    assert all(part.startswith("↪ ") for part in rest)
    assert first + "".join(part.removeprefix("↪ ") for part in rest) == long


def test_a_folded_line_cannot_be_taken_for_lines_of_the_diff() -> None:
    padded = " context" + " " * 50 + "+evil = True"
    text = shown(padded + "\n", terminal=True)
    assert not any(line.startswith("+") for line in text.splitlines())


async def test_nobody_decides_on_what_is_not_kept_any_more(tmp_path: Path) -> None:
    empty, gone = FileArtifactStore(tmp_path), f"sha256:{'0' * 64}"
    question = Question(
        kind=QuestionKind.RELEASE, task_id="t", title="x", options=("approve",), patch_ref=gone
    )
    asked = Approval(
        approval_id="a",
        interrupt_id="i",
        question=question,
        revision=1,
        nonce="n",
        created_at=START,
        expires_at=START,
    )
    void = asked.but(state=ApprovalState.VOID)
    assert "not kept any more" in (await Briefing.of(void, empty)).body
    with pytest.raises(Expired):
        await Briefing.of(asked, empty)


def test_a_briefing_shows_body_hash_and_protected_paths_as_written() -> None:
    out_console, out = console()
    question = Question(
        kind=QuestionKind.RELEASE,
        task_id="t",
        title="Release: [link=http://evil]x[/link]",
        options=("approve",),
        patch_hash="ab" * 32,
        risk=Risk.CRITICAL,
        details={"protected": "auth/login.py"},
    )
    body = "# Head\n<!-- hidden -->\n[text](http://evil)"
    Briefing(question, body, "+x\n").show(Screen(out_console, out_console, io.StringIO()))
    text = out.getvalue()
    for part in ("[link=http://evil]", "<!-- hidden -->", "[text](http://evil)", "+x", "ab" * 32):
        assert part in text
    assert "protected   auth/login.py" in text
