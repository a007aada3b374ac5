"""What a card looks like in Telegram, whatever it holds."""

import re
import textwrap
from datetime import UTC, datetime
from typing import Any

import pytest

from core.approvals import Risk
from core.briefing import Briefing, ChangedFile
from core.channels import Button, Card
from core.incidents import Severity
from telegram_bot.markup import BREAK, TEXT_MAX, cut, units
from telegram_bot.texts import CALLBACK_MAX, render, rows, said, settled, toast
from tests.fakes.telegram_markup import parse
from tests.unit.telegram_bot.hostile import HOSTILE

PHONE_LINES, PHONE_COLUMNS = 30, 42
"""A screen of an ordinary phone, its keyboard of buttons beside."""
HIDES = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200c-\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
)
SAFE = {"/help", "/status", "/tasks", "/incidents"}
DIFF = "--- a/app.py\n+++ b/app.py\n@@ -1,2 +1,2 @@\n-    return a + 1\n+    return a\n"


def button(action: str, label: str) -> Button:
    style = {"approve": "primary", "reject": "danger"}.get(action, "plain")
    facts = {"action": action, "nonce": "n" * 22, "label": label, "style": style}
    return Button.model_validate(facts)


BUTTONS = (
    button("approve", "Approve"),
    button("request_changes", "Give feedback"),
    button("reject", "Reject"),
)


def briefing(**more: Any) -> Briefing:
    facts: dict[str, Any] = {
        "title": "total() is one too many",
        "ticket": "BUG-42",
        "severity": Severity.P1,
        "risk": Risk.LOW,
        "component": "cart",
        "reported_at": datetime(2026, 11, 28, 2, 3, tzinfo=UTC),
        "root_cause": "total() adds one to every sum",
        "fix": "the added one is gone",
        "files": (ChangedFile(path="app.py", added=1, deleted=1),),
        "tests": "red on base (1 pass, 1 fail), on the fix 2 pass, 0 fail",
        "review": "approve by reviewer",
        "confidence": "90%",
        "cost": "$0.0312, 9 calls, 41200 tokens",
        "base": "1a2b3c4d5e6f",
        "patch_hash": "9f8e7d6c5b4a",
        "on_approve": "the branch with exactly this diff is published.",
    }
    return Briefing(**{**facts, **more})


def card(**more: Any) -> Card:
    facts: dict[str, Any] = {
        "subject": "approval:1",
        "kind": "question",
        "task_id": "1a2b3c4d-1111-4222-8333-444455556666",
        "title": "1a2b3c4d Release: total() is one too many",
        "briefing": briefing(),
        "diff": DIFF,
        "buttons": BUTTONS,
        "footer": "Waits until 2026-12-01 at 02:03 UTC.",
    }
    return Card(**{**facts, **more})


def full_of(text: str) -> tuple[Card, ...]:
    """Cards that show a text wherever they can."""
    clean = text.encode("utf-8", "replace").decode()
    told = briefing(
        **dict.fromkeys(
            (
                *("title", "ticket", "component", "told", "root_cause", "fix", "tests", "review"),
                *("confidence", "cost", "demo", "base", "patch_hash", "unproven", "on_approve"),
            ),
            clean,
        ),
        protected=(clean, clean),
        files=tuple(ChangedFile(path=clean, added=9, deleted=9) for _ in range(9)),
    )
    texts: dict[str, Any] = {"title": clean, "footer": clean, "diff": clean}
    return (
        card(briefing=told, buttons=(button("answer", clean), *BUTTONS), repeated=True, **texts),
        card(briefing=told, buttons=(), link="https://host/pr/1", **texts),
        card(briefing=None, body=clean, **texts),
        card(briefing=None, body=clean, kind="progress", buttons=(), link=clean, **texts),
    )


def faults(html: str, plain: str, link: str = "") -> list[str]:
    """What a person would be shown that must not be."""
    text, entities = parse(html)
    found = []
    if text != plain:
        found.append(f"shows {text!r} for {plain!r}")
    if units(text) > TEXT_MAX:
        found.append(f"{units(text)} units")
    if hidden := HIDES.search(text):
        found.append(f"hides {hidden[0]!r}")
    encoded = text.encode("utf-16-le")
    for entity in entities:
        start, end = entity["offset"] * 2, (entity["offset"] + entity["length"]) * 2
        piece = encoded[start:end].decode("utf-16-le")
        acts = entity["type"] in ("mention", "bot_command") and piece not in SAFE
        leads = entity["type"] == "text_link" and entity["url"] != link
        deep = entity["type"] == "url" and re.match(r"(?i)(tg|ton)://|(https?://)?t\.me/", piece)
        if acts or leads or deep:
            found.append(f"{entity['type']} {piece!r}")
    return found


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_nothing_foreign_acts_or_hides_in_any_field(text: str) -> None:
    for shown in full_of(text):
        rendered = render(shown)
        assert faults(rendered.html, rendered.plain, "https://host/pr/1") == []
        assert all(len(b.data.encode()) <= 64 for row in rendered.rows for b in row)
        if rendered.document:
            name, content = rendered.document
            assert re.fullmatch(r"[\w-]+\.diff", name) and not HIDES.search(content.decode())
    answer = said(text)
    assert faults(answer.html, answer.plain) == []
    assert units(toast(text)) <= CALLBACK_MAX and not HIDES.search(toast(text))


def test_the_corpus_is_as_large_as_it_is_said() -> None:
    assert len(set(HOSTILE)) >= 50


def test_a_briefing_answers_what_is_asked_at_night_on_one_screen() -> None:
    long = "word " * 100
    worst = briefing(
        root_cause=long,
        fix=long,
        tests=long,
        review=long,
        cost=long,
        files=tuple(
            ChangedFile(path=f"src/pkg/module_{n}.py", added=n, deleted=n) for n in range(9)
        ),
        on_approve=long,
        told=f"In the words of a model, which nobody checked: {long}",
    )
    for told in (briefing(), worst):
        plain = render(card(briefing=told, diff="")).plain
        lines = [
            part
            for line in plain.split("\n")
            for part in textwrap.wrap(line, PHONE_COLUMNS) or [""]
        ]
        collapsed = max(0, len(textwrap.wrap(told.told[:400], PHONE_COLUMNS)) - 3)
        assert len(lines) - collapsed <= PHONE_LINES
        for fact in ("P1", "risk low", "28 Nov 02:03", "90% sure", "On Approve", "$0.0312"):
            assert fact in plain or told is worst
    plain = render(card()).plain
    assert "Changes +1 -1 in 1 file: app.py" in plain
    assert "Cause total() adds one to every sum" in plain and "red on base" in plain


def test_a_short_diff_stands_in_the_text_and_a_long_one_goes_out_as_a_file() -> None:
    short = render(card())
    assert short.document is None and short.plain.endswith(DIFF.strip("\n"))
    assert '<pre><code class="language-diff">--- a/app.py' in short.html
    long = DIFF + "".join(f"+line {n} \u202e\x1b[31m\n" for n in range(200))
    rendered = render(card(diff=long))
    assert rendered.document is not None
    name, content = rendered.document
    assert name == "1a2b3c4d-9f8e7d6c5b4a.diff"
    assert "<U+202E><U+001B>[31m" in content.decode() and "line 7" not in rendered.plain
    assert "205 lines" in rendered.plain


def test_what_is_decided_is_told_first_and_shows_no_diff_and_no_button() -> None:
    done = card(
        buttons=(),
        footer="Approved by Dana (77) in telegram on 2026-11-28 at 02:11 UTC.",
        link="https://github.com/acme/todo/pull/7",
        settled=True,
    )
    rendered = render(done)
    lines = rendered.plain.split("\n")
    assert lines[1].startswith("Approved by Dana (77)")
    assert lines[-1] == "https://github.com/acme/todo/pull/7"
    assert rendered.rows == () and rendered.document is None and "@@" not in rendered.plain


def test_a_live_demo_is_a_link_and_one_that_is_not_is_words() -> None:
    url = "https://28417-i0123.e2b.example/docs"
    live = render(card(briefing=briefing(demo_url=url, demo=f"{url} (until 02:30 UTC)")))
    assert f'Demo</b> <a href="{url}">{url}</a> (until 02:30 UTC)' in live.html
    assert faults(live.html, live.plain, url) == []
    for odd in ("tg://resolve?domain=x", "https://t.me/x", "javascript:alert(1)"):
        shown = render(card(briefing=briefing(demo_url=odd, demo=odd)))
        assert "<a " not in shown.html


def test_a_link_that_is_told_already_is_not_told_again() -> None:
    url = "https://github.com/acme/todo/pull/7"
    plain = render(card(buttons=(), footer=f"Approved by Dana.\n{url}", link=url)).plain
    assert plain.count(url) == 1


def test_a_repeated_message_says_so() -> None:
    assert render(card(repeated=True)).plain.startswith("Repeated: ")


def test_a_long_text_is_cut_and_its_end_is_still_told() -> None:
    rendered = render(card(briefing=None, body="😀" * 4000))
    assert units(rendered.plain) <= TEXT_MAX
    assert "…" in rendered.plain and "Waits until" in rendered.plain


def test_an_answer_stands_whole_below_what_a_message_showed() -> None:
    shown = render(card(title="ask @channel, or /stop", body="x" * 5_000)).plain
    told = settled(shown, "Approved by @ann.").plain
    assert told.endswith("\n\nApproved by @\u200bann.")
    assert "<U+200B>" not in told
    assert units(told) <= TEXT_MAX


def test_lengths_are_those_of_the_vendor() -> None:
    assert [units(text) for text in ("abc", "é", "😀", "a😀")] == [3, 1, 2, 3]
    assert cut("😀😀😀", 5) == "😀😀…" and cut("abc", 3) == "abc"


def test_commands_that_change_nothing_stay_to_be_tapped() -> None:
    shown = said("/help says more, /approve does not").plain
    assert shown == f"/help says more, /{BREAK}approve does not"


def test_the_list_of_commands_stays_to_be_tapped_and_a_title_in_it_does_not() -> None:
    listed = said("/fix TEXT: repair\n/approve [ID]: after a yes\n/approve\n/reboot now: no")
    assert listed.plain.split("\n") == [
        "/fix TEXT: repair",
        "/approve [ID]: after a yes",
        f"/{BREAK}approve",
        f"/{BREAK}reboot now: no",
    ]
    assert said("1a2b3c4d queued: /approve it").plain == f"1a2b3c4d queued: /{BREAK}approve it"


def test_buttons_share_a_row_where_their_labels_fit() -> None:
    assert [[b.label for b in row] for row in rows(BUTTONS)] == [
        ["Approve", "Give feedback"],
        ["Reject"],
    ]
    assert rows([]) == ()
