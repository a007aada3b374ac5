"""Cards as Block Kit: within the published limits, and deaf to foreign words."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from core.briefing import ChangedFile
from core.channels import Button, Card
from integrations.slack.blocks import Rendered, action_of, form, plain, render, told
from tests.fakes.cards import DIFF, HOSTILE, NONCE, TASK, briefing, button, release
from tests.fakes.slack_limits import wrong_blocks, wrong_view
from tests.fakes.slack_store import Shown
from tests.unit.telegram_bot.hostile import HOSTILE as OF_CHATS

PAYLOADS = (*HOSTILE, *OF_CHATS)
SNAPSHOT = Path(__file__).parents[3] / "data" / "slack" / "release.json"


def shown(rendered: Rendered) -> Shown:
    edition = {"text": rendered.text, "blocks": list(rendered.blocks)}
    return Shown("C0INCIDENTS", "1.1", history=[edition])


def test_the_release_question_looks_as_kept():
    """A change of looks is to be looked at: docs/pictures shows it."""
    rendered = render(release())
    assert [rendered.text, list(rendered.blocks)] == json.loads(SNAPSHOT.read_text())


def test_the_release_question_has_the_buttons_that_were_agreed():
    buttons = shown(render(release())).buttons
    facts = {k: (b["action_id"], b.get("style"), b["value"]) for k, b in buttons.items()}
    assert facts == {
        "Approve & Open PR": ("hitl_approve", "primary", NONCE),
        "Request Changes": ("hitl_reject", "danger", NONCE),
        "Reject": ("hitl_refuse", None, NONCE),
    }
    assert {b["block_id"] for b in buttons.values()} == {f"hitl_{TASK[:8]}"}
    assert [action_of(b["action_id"]) for b in buttons.values()] == [
        "approve",
        "request_changes",
        "reject",
    ]


@pytest.mark.parametrize("action", ["raise_0.50", "more_attempts", "take_over", "stop", "yes"])
def test_every_action_comes_back_as_it_went(action: str):
    card = release(briefing=None, buttons=(button(action, "x"),))
    pressed = shown(render(card)).buttons["x"]
    assert action_of(pressed["action_id"]) == action


def test_buttons_of_one_action_are_told_apart_and_mean_the_same():
    offered = [Button(action="this", nonce=f"n{at}", label=f"question {at}") for at in range(8)]
    blocks = told("Which one do you mean?", offered).blocks
    assert wrong_blocks(blocks) == []
    ids = [element["action_id"] for element in blocks[-1]["elements"]]
    assert {action_of(action_id) for action_id in ids} == {"this"}


def test_what_is_no_button_of_ours_has_no_action():
    assert action_of("approve") == ""


def test_every_fact_of_the_briefing_is_there_to_read():
    brief, seen = briefing(), shown(render(release())).seen
    for fact in (
        brief.title, brief.ticket, "P2", "low", brief.component, "2026-11-28 02:04 UTC", "0.91",
        brief.cost, brief.root_cause, brief.fix, "2 files, +13 -1", "shop/cart.py +1 -1",
        brief.tests, brief.regression_test, brief.review, brief.on_approve, brief.base,
        brief.patch_hash, ">= self.coupon.least", "Reminder after 30 minutes",
    ):  # fmt: skip
        assert fact in seen


def test_a_long_diff_is_a_file_with_its_controls_visible():
    rendered = render(release(diff=DIFF + "+x = '\u202e'\n" * 400))
    assert rendered.file.startswith("diff --git a/shop/cart.py")
    assert "<U+202E>" in rendered.file and "\u202e" not in rendered.file
    assert "diff in the thread" in shown(rendered).seen
    assert "coupon.least" not in shown(rendered).seen


def test_a_repeated_message_says_so():
    assert "Repeated" in shown(render(release(repeated=True))).seen


def test_a_decided_question_has_no_buttons_and_a_link():
    link = "https://github.com/acme/shop/pull/7"
    told = "Approved by alice (U0ALICE0001) in slack on 2026-11-28 at 02:14 UTC."
    seen = shown(render(release(buttons=(), footer=told, link=link, settled=True)))
    assert not seen.buttons and seen.links == [link] and told in seen.seen
    assert "On approval" not in seen.seen and "coupon.least" not in seen.seen


NEW = """\
diff --git a/run.sh b/run.sh
new file mode 100755
index 0000000..9b219ef
--- /dev/null
+++ b/run.sh
@@ -0,0 +1 @@
+echo
diff --git a/empty b/empty
new file mode 100644
index 0000000..e69de29
diff --git a/a.py b/b.py
old mode 100644
new mode 100755
similarity index 100%
rename from a.py
rename to b.py
"""


def test_a_diff_loses_only_what_git_alone_reads():
    seen = shown(render(release(diff=NEW))).seen
    for kept in ("new file mode 100755", "diff --git a/empty", "new mode 100755", "rename to b.py"):
        assert kept in seen
    assert "9b219ef" not in seen and "diff --git a/run.sh" not in seen


def test_what_stands_between_backticks_is_code():
    text = "Compare with `>=` in `Cart.total`."
    runs = [run for b in render(release(briefing=None, body=text)).blocks for run in runs_of(b)]
    assert [run["text"] for run in runs if run.get("style") == {"code": True}][:2] == [
        ">=",
        "Cart.total",
    ]
    odd = render(release(briefing=None, body="a ` b", diff=""))
    assert "a ` b" in shown(odd).seen


def runs_of(block: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        run
        for element in block.get("elements", ())
        for run in element.get("elements", ())
        if run.get("type") == "text"
    ]


HUGE = "x" * 100_000
EVERYTHING = briefing(
    **dict.fromkeys(
        ("title", "component", "root_cause", "fix", "tests", "told", "unproven", "demo"), HUGE
    ),
    files=tuple(ChangedFile(path=f"{n}/{'y' * 300}", added=n, deleted=n) for n in range(500)),
    protected=tuple("z" * 200 for _ in range(100)),
    notes=tuple("note " * 200 for _ in range(60)),
)
MANY = tuple(button(f"raise_{n}.50", "L" * 200) for n in range(40))


@pytest.mark.parametrize(
    "card",
    [
        release(),
        release(briefing=EVERYTHING, title=HUGE, body=HUGE, diff=HUGE, footer=HUGE, buttons=MANY),
        release(briefing=None, body=HUGE, diff="", buttons=()),
        release(briefing=None, body="", diff="", footer="", title=" "),
        release(title="", briefing=briefing(title="", fix="", root_cause="", told=" ", cost="")),
        *(release(title=t, body=t, footer=t, diff=t) for t in PAYLOADS),
    ],
)
def test_no_card_goes_over_what_slack_takes(card: Card):
    for rendered in (render(card), plain(card)):
        assert wrong_blocks(list(rendered.blocks)) == []
        assert 0 < len(rendered.text) <= 4_000
        json.dumps(rendered.blocks).encode()


def test_a_live_demo_is_a_link_and_one_that_is_not_is_words():
    url = "http://demo-0123.localhost:41501/docs"
    live = shown(render(release(briefing=briefing(demo_url=url, demo=f"{url} (until 02:30 UTC)"))))
    assert live.links == [url] and "Demo:" in live.seen and "(until 02:30 UTC)" in live.seen
    ended = shown(render(release(briefing=briefing(demo="not running: the server stopped"))))
    assert ended.links == [] and "Demo: not running: the server stopped" in ended.seen
    odd = shown(render(release(briefing=briefing(demo_url="ftp://x", demo="ftp://x"))))
    assert odd.links == []


@pytest.mark.parametrize("text", PAYLOADS)
def test_foreign_words_do_nothing(text: str):
    """Wherever they stand: nobody is called, nothing links, nothing hides."""
    names = ("title", "component", "root_cause", "fix", "tests", "told", "unproven", "demo")
    brief = briefing(**dict.fromkeys(names, text), notes=(text,), protected=(text,))
    path = (ChangedFile(path=text, added=1, deleted=1),)
    card = release(title=text, footer=text, body=text, diff=text, briefing=brief.but(files=path))
    for rendered in (render(card), plain(card), told(text, card.buttons)):
        message = shown(rendered)
        assert message.pings == [] and message.links == []
        for hidden in ("\u202e", "\u200b", "\x1b", "\x00", "\r", "\ud800", "\ufeff"):
            assert hidden not in message.seen + rendered.text
        assert all(b.get("emoji") is False for b in plain_texts(rendered.blocks))


def test_foreign_words_in_a_field_format_nothing():
    hostile = briefing(component="api* *Severity* _P0_", ticket="~x~")
    blocks = render(release(briefing=hostile)).blocks
    (fields,) = (block["fields"] for block in blocks if "fields" in block)
    (where,) = (field for field in fields if "api" in field["text"])
    assert where["type"] == "plain_text"
    assert wrong_blocks(blocks) == []


def plain_texts(value: object) -> list[dict[str, object]]:
    if isinstance(value, dict):
        own = [value] if value.get("type") == "plain_text" else []
        return own + [found for item in value.values() for found in plain_texts(item)]
    if isinstance(value, list | tuple):
        return [found for item in value for found in plain_texts(item)]
    return []


@pytest.mark.parametrize("link", ["javascript:alert(1)", "", "ftp://x", "data:text/html,x"])
def test_only_web_addresses_are_links(link: str):
    assert shown(render(release(link=link))).links == []


def test_the_form_for_words_is_one_that_slack_takes():
    assert wrong_view(form("Request changes " + "x" * 50, "What?" * 100, "m" * 3000)) == []
