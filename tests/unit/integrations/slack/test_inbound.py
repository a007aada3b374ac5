"""What Slack sends, read: the right things become taps and words, all else is refused."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from core.errors import Forbidden, PayloadInvalid, SignatureInvalid
from integrations.slack.inbound import (
    Inbound,
    Origin,
    Pressed,
    Submitted,
    challenge_of,
    is_check,
    packed,
)
from integrations.slack.payloads import unescaped
from tests.fakes.slack_person import SIGNING_SECRET, SlackPerson, signed
from tests.fakes.slack_server import APP, BOT_USER, TEAM, SlackDouble
from tests.fakes.slack_store import Shown

ORIGIN = Origin(TEAM, APP, BOT_USER)
INBOUND = Inbound([SIGNING_SECRET], home="incidents", api_url="http://127.0.0.1:99/api")
HOOK = "https://hooks.slack.com/actions/T0/1/x"
BUTTON = {"type": "button", "action_id": "hitl_approve", "block_id": "hitl_6f1c", "value": "n0nce"}


@pytest.fixture
def alice() -> Iterator[SlackPerson]:
    double = SlackDouble()
    yield SlackPerson(double, "http://127.0.0.1:1")
    double.close()


def message() -> Shown:
    return Shown("C0INCIDENTS", "1700000000.000100", history=[{"text": "x", "blocks": []}])


def body(payload: Mapping[str, Any]) -> bytes:
    return urlencode({"payload": json.dumps(payload)}).encode()


def command(**more: str) -> bytes:
    form = {
        "team_id": TEAM,
        "api_app_id": APP,
        "user_id": "U0ALICE0001",
        "user_name": "alice",
        "channel_id": "C0INCIDENTS",
        "channel_name": "incidents",
        "command": "/oncall",
        "text": "a &lt; b",
        "trigger_id": "1.2",
        "response_url": HOOK,
    }
    return urlencode({**form, **more}).encode()


def event(**more: Any) -> bytes:
    said = {
        "type": "message",
        "user": "U0ALICE0001",
        "text": "ship it",
        "channel": "C0INCIDENTS",
        "ts": "1700000001.000200",
        "thread_ts": "1700000000.000100",
        **more,
    }
    whole = {"team_id": TEAM, "api_app_id": APP, "type": "event_callback", "event_id": "Ev1"}
    return json.dumps({**whole, "event": said}).encode()


def test_a_tap_is_read(alice: SlackPerson):
    pressed = INBOUND.action(body(alice.click(message(), BUTTON)), ORIGIN)
    assert isinstance(pressed, Pressed)
    tap = pressed.tap
    assert (tap.action, tap.nonce, tap.place) == ("approve", "n0nce", "incidents")
    assert (tap.by.channel, tap.by.person_id, tap.by.name) == ("slack", "U0ALICE0001", "alice")
    assert pressed.ref == "C0INCIDENTS:1700000000.000100" and not pressed.alone


def test_the_same_tap_again_has_the_same_key_and_another_has_not(alice: SlackPerson):
    click = alice.click(message(), BUTTON)
    later = alice.click(message(), BUTTON)
    later["actions"][0]["action_ts"] = "1800000000.000001"
    one, same, other = (INBOUND.action(body(c), ORIGIN) for c in (click, click, later))
    assert isinstance(one, Pressed) and isinstance(same, Pressed) and isinstance(other, Pressed)
    assert one.tap.key == same.tap.key != other.tap.key


def test_a_form_brings_what_it_was_opened_with(alice: SlackPerson):
    kept = packed("request_changes", "n0nce", "incidents", "C0INCIDENTS:1.2")
    values = {"words": {"words": {"type": "plain_text_input", "value": "rename x <b>"}}}
    view = {"id": "V1", "callback_id": "hitl_words", "private_metadata": kept}
    payload = alice.click(message(), BUTTON) | {
        "type": "view_submission",
        "view": {**view, "state": {"values": values}},
    }
    submitted = INBOUND.action(body(payload), ORIGIN)
    assert isinstance(submitted, Submitted)
    assert submitted.tap.text == "rename x <b>" and submitted.ref == "C0INCIDENTS:1.2"
    assert (submitted.tap.action, submitted.tap.nonce) == ("request_changes", "n0nce")


def test_a_command_is_read():
    read = INBOUND.command(command(), ORIGIN)
    assert (read.said.text, read.said.place, read.answer_url) == ("a < b", "incidents", HOOK)


def test_words_in_a_thread_are_read():
    written = INBOUND.event(event(), ORIGIN)
    assert written and written.said.about == "C0INCIDENTS:1700000000.000100"
    assert written.event_id == "Ev1" and written.said.text == "ship it"


@pytest.mark.parametrize(
    "more",
    [
        {"bot_id": "B1"},
        {"user": BOT_USER},
        {"user": None},
        {"subtype": "message_changed"},
        {"subtype": "bot_message"},
        {"type": "reaction_added"},
        {"thread_ts": ""},
        {"thread_ts": "1700000001.000200"},
        {"thread_ts": ["x"]},
        {"user_team": "T0OTHER0001"},
        {"team": "T0OTHER0001"},
    ],
)
def test_what_nobody_here_said_below_a_message_is_left_alone(more: dict[str, Any]):
    assert INBOUND.event(event(**more), ORIGIN) is None


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        (HOOK, True),
        ("https://hooks.slack.com:443/x", True),
        ("https://hooks.slack-gov.com/x", True),
        ("http://127.0.0.1:99/actions/x", True),
        ("http://hooks.slack.com/x", False),
        ("https://hooks.slack.com.evil.example/x", False),
        ("https://hooks.slack.com@evil.example/x", False),
        ("https://evil.example/hooks.slack.com", False),
        ("https://user@hooks.slack.com/x", False),
        ("https://hooks.slack.com:8443/x", False),
        ("https://HOOKS.slack.com\\@evil.example/", False),
        ("https://slack.com/x", False),
        ("http://127.0.0.1:98/x", False),
        ("https://127.0.0.1:99/x", False),
        ("https://[::1", False),
        ("https://hooks.slack.com:x/", False),
        ("file:///etc/passwd", False),
        ("", False),
    ],
)
def test_answers_go_to_slack_alone(url: str, kept: bool):
    assert INBOUND.command(command(response_url=url), ORIGIN).answer_url == (url if kept else "")


@pytest.mark.parametrize("more", [{"team_id": "T0OTHER0001"}, {"api_app_id": "A0OTHER0001"}])
def test_another_workspace_or_app_is_refused(alice: SlackPerson, more: dict[str, str]):
    with pytest.raises(Forbidden):
        INBOUND.command(command(**more), ORIGIN)
    payload = alice.click(message(), BUTTON)
    payload |= {"team": {"id": more.get("team_id", TEAM)}}
    payload |= {"api_app_id": more.get("api_app_id", APP)}
    with pytest.raises(Forbidden):
        INBOUND.action(body(payload), ORIGIN)


def test_a_guest_of_another_workspace_is_refused(alice: SlackPerson):
    payload = alice.click(message(), BUTTON)
    payload["user"]["team_id"] = "T0OTHER0001"
    with pytest.raises(Forbidden):
        INBOUND.action(body(payload), ORIGIN)


def test_without_a_known_workspace_nobody_is_heard():
    with pytest.raises(Forbidden):
        INBOUND.command(command(), Origin(""))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"payload=",
        b"payload=%7B",
        b"payload=[]",
        b"payload=%FF",
        b"payload=%7B%7D&payload=%7B%7D",
        b"\xff\xfe",
        b"a=b",
        b"payload=" + b"%5B" * 100_000,
        b"payload=%7B%22a%22%3A" + b"9" * 5_000 + b"%7D",
        b"payload=%7B%22a%22%3ANaN%7D",
        b"payload=%7B%22a%22%3A%22%5Cud800%22%7D",
        b"payload=%7B%22a%22%3A%22%5Cu0000%22%7D",
        b"payload=%7B%22a%22%3A1%2C%22a%22%3A2%7D",
        b"x=%00&payload=%7B%7D",
        b"&".join(b"f%d=1" % n for n in range(1_000)),
    ],
)
def test_what_is_no_payload_is_refused(raw: bytes):
    with pytest.raises(PayloadInvalid):
        INBOUND.action(raw, ORIGIN)


@pytest.mark.parametrize(
    "broken",
    [
        {"actions": []},
        {"actions": "x"},
        {"actions": [None]},
        {"actions": [{**BUTTON, "value": ""}]},
        {"actions": [{**BUTTON, "value": "a b; drop"}]},
        {"user": {}},
        {"user": {"id": 7}},
        {"user": {"id": "../../x"}},
        {"container": {}},
        {"channel": {"id": "C0INCIDENTS:1"}},
    ],
)
def test_a_tap_that_lacks_a_part_is_refused(alice: SlackPerson, broken: dict[str, Any]):
    with pytest.raises(PayloadInvalid):
        INBOUND.action(body({**alice.click(message(), BUTTON), **broken}), ORIGIN)


@pytest.mark.parametrize(
    "other",
    [
        {"type": "view_closed"},
        {"type": "shortcut"},
        {"actions": [{**BUTTON, "action_id": "theirs"}]},
        {"actions": [{**BUTTON, "type": "static_select"}]},
        {"type": "view_submission", "view": {"callback_id": "theirs"}},
    ],
)
def test_what_asks_nothing_of_us_is_nothing(alice: SlackPerson, other: dict[str, Any]):
    assert INBOUND.action(body({**alice.click(message(), BUTTON), **other}), ORIGIN) is None


def test_the_shapes_that_slack_publishes_can_be_read(contracts: Path):
    """Blank values refuse themselves; what matters is that no shape is a surprise."""
    samples = json.loads((contracts / "slack" / "samples.json").read_text())["inbound"]
    for name, sample in samples.items():
        read = INBOUND.event if name.startswith("event") else INBOUND.action
        raw = json.dumps(sample).encode() if name.startswith("event") else body(sample)
        with pytest.raises((PayloadInvalid, Forbidden)):
            read(raw, ORIGIN)


def test_a_challenge_is_read_and_a_look_at_the_certificate_is_known():
    asked = {"type": "url_verification", "challenge": "3eZbrw", "token": "x"}
    assert challenge_of(json.dumps(asked).encode()) == "3eZbrw"
    assert challenge_of(event()) is None
    assert is_check(b"ssl_check=1&token=x") and not is_check(command())
    with pytest.raises(PayloadInvalid):
        challenge_of(json.dumps({**asked, "challenge": 7}).encode())


def test_text_is_what_was_typed():
    typed = "see <https://x.example/a?b=1|x.example> &amp; <mailto:a@b.c> &lt;b&gt; &amp;lt;"
    assert unescaped(typed) == "see https://x.example/a?b=1 & mailto:a@b.c <b> &lt;"


def test_only_our_secrets_sign():
    raw, now_s = command(), 1_700_000_000.0
    for inbound, secret, holds in (
        (INBOUND, SIGNING_SECRET, True),
        (INBOUND, "another-secret-of-32-characters!", False),
        (Inbound(["new", SIGNING_SECRET], home="x"), SIGNING_SECRET, True),
        (Inbound([], home="x"), "", False),
    ):
        headers = signed(raw, secret, now_s)
        shown = headers["X-Slack-Request-Timestamp"], headers["X-Slack-Signature"]
        if holds:
            inbound.verify(raw, *shown, now_s)
        else:
            with pytest.raises(SignatureInvalid):
                inbound.verify(raw, *shown, now_s)
