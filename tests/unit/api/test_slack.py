"""Requests of Slack at the door: verified over raw bytes, capped, and read only after that."""

import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from api.slack import command_of
from tests.e2e.slack_house import slack_house
from tests.fakes.slack_person import FORM, LIMIT_S, SIGNING_SECRET, signed
from tests.fakes.slack_server import APP, TEAM, SlackDouble

PATHS = ("/slack/commands", "/slack/actions", "/slack/events")
OLD = "the-secret-that-is-being-replaced"


@pytest.fixture
def slack() -> Iterator[SlackDouble]:
    with SlackDouble() as double:
        yield double


async def test_unsigned_requests_get_one_answer_whatever_is_wrong(
    tmp_path: Path, slack: SlackDouble
):
    body = urlencode({"payload": "{}", "team_id": TEAM}).encode()
    now = time.time()
    good = signed(body)
    stamp, signature = good["X-Slack-Request-Timestamp"], good["X-Slack-Signature"]
    bad = {
        "missing": {},
        "no time": {"X-Slack-Signature": signature},
        "no signature": {"X-Slack-Request-Timestamp": stamp},
        "empty": {**good, "X-Slack-Signature": ""},
        "upper case": {**good, "X-Slack-Signature": signature.upper()},
        "wrong prefix": {**good, "X-Slack-Signature": signature.replace("v0", "v1")},
        "another secret": signed(body, "another-secret-of-32-characters!"),
        "another body": signed(body + b"&x=1"),
        "stale": signed(body, at=now - 600),
        "of the future": signed(body, at=now + 600),
        "another time": {**good, "X-Slack-Request-Timestamp": str(int(stamp) - 1)},
        "no number": {**good, "X-Slack-Request-Timestamp": "yesterday"},
    }
    async with slack_house(tmp_path, slack) as house:
        for path in PATHS:
            seen = set()
            for headers in bad.values():
                answer = await house.served.client.post(
                    path, content=body, headers={"Content-Type": FORM, **headers}
                )
                told = answer.json()
                told.pop("trace_id")
                seen.add((answer.status_code, str(told)))
            kind = (b"Content-Type", FORM.encode())
            time_of, sign = (b"X-Slack-Request-Timestamp", stamp), (b"X-Slack-Signature", signature)
            twice = [kind, *((name, value.encode()) for name, value in (time_of, sign, sign))]
            foreign = [kind, (time_of[0], stamp.encode()), (sign[0], b"v0=\xe9")]
            for raw in (twice, foreign):
                answer = await house.served.client.post(path, content=body, headers=raw)
                told = answer.json()
                told.pop("trace_id")
                seen.add((answer.status_code, str(told)))
            assert [status for status, _ in seen] == [401], path
        assert (await house.served.ask("GET", "/tasks")).json()["tasks"] == []


async def test_signed_requests_are_judged_by_what_they_say(tmp_path: Path, slack: SlackDouble):
    async with slack_house(tmp_path, slack, slack_app_id=APP) as house:
        alice = house.alice

        async def status(path: str, body: bytes, kind: str = FORM) -> int:
            return (await alice.send(path, body, kind)).status_code

        assert await status("/slack/actions", b"") == 400
        assert await status("/slack/actions", b"x=1") == 400
        assert await status("/slack/actions", b"payload=%7B") == 400
        assert await status("/slack/actions", b"payload=%7B%7D") == 403
        assert await status("/slack/commands", b"\xff") == 400
        assert await status("/slack/commands", b"ssl_check=1") == 200
        assert await status("/slack/events", b"[", "application/json") == 400
        assert await status("/slack/events", b"[" * 100_000, "application/json") == 400
        asked = b'{"type": "url_verification", "challenge": "3eZbrw4aB"}'
        answer = await alice.send("/slack/events", asked, "application/json")
        assert (answer.status_code, answer.text) == (200, "3eZbrw4aB")
        alice.team = "T0OTHER0001"
        assert (await alice.command("total() is off")).status_code == 403
        alice.team, alice.app = TEAM, "A0OTHER0001"
        assert (await alice.command("total() is off")).status_code == 403
        assert (await house.served.ask("GET", "/tasks")).json()["tasks"] == []


async def test_a_body_is_capped_before_it_is_verified(tmp_path: Path, slack: SlackDouble):
    async with slack_house(tmp_path, slack) as house:

        async def flood() -> AsyncIterator[bytes]:
            for _ in range(16):
                yield b"x" * 62_501

        for content in (b"x" * 1_000_001, flood()):
            answer = await house.served.client.post("/slack/actions", content=content)
            assert answer.status_code == 413


async def test_both_secrets_hold_while_one_is_replaced(tmp_path: Path, slack: SlackDouble):
    both = f"{SIGNING_SECRET},{OLD}"
    async with slack_house(tmp_path, slack, slack_signing_secret=both) as house:
        for secret in (SIGNING_SECRET, OLD):
            assert (await house.person(secret=secret).command("help")).status_code == 200
        assert (await house.person(secret=both).command("help")).status_code == 401


async def test_without_a_signing_secret_there_is_no_such_address(
    tmp_path: Path, slack: SlackDouble
):
    async with slack_house(tmp_path, slack, slack_signing_secret="") as house:
        for path in PATHS:
            assert (await house.alice.send(path, b"")).status_code == 404


async def test_a_key_of_rest_is_neither_needed_nor_enough(tmp_path: Path, slack: SlackDouble):
    key = "kJ8f-2Lq9_xZp0Wm4TsV"
    async with slack_house(tmp_path, slack, api_key=key) as house:
        assert (await house.alice.command("help")).status_code == 200
        shown = {"X-API-Key": key, "Content-Type": FORM}
        answer = await house.served.client.post("/slack/commands", content=b"a=b", headers=shown)
        assert answer.status_code == 401


async def test_until_slack_has_told_who_we_are_nothing_is_believed(
    tmp_path: Path, slack: SlackDouble
):
    slack.faults.plan(path="auth.test", status=503)
    async with slack_house(tmp_path, slack) as house:
        assert (await house.alice.command("help")).status_code == 503
        assert (await house.alice.command("help")).status_code == 200


async def test_a_slack_that_does_not_say_who_we_are_is_not_waited_for(
    tmp_path: Path, slack: SlackDouble
):
    slack.faults.plan(path="auth.test", delay_s=20)
    async with slack_house(tmp_path, slack) as house:
        assert (await house.alice.command("help")).status_code == 503
        assert house.alice.slowest_s < LIMIT_S


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("total() is off by one", ("fix", "total() is off by one")),
        ("", ("fix", "")),
        ("help", ("help", "")),
        (" Tasks ", ("tasks", "")),
        ("status", ("status", "")),
        ("task 6f1c2a9e", ("task", "6f1c2a9e")),
        ("Approve 6F1C2A9E", ("approve", "6f1c2a9e")),
        ("cancel latest", ("cancel", "latest")),
        ("reject", ("reject", "")),
        ("budget 50 cents", ("budget", "50 cents")),
        ("budget another $1.50", ("budget", "another $1.50")),
        ("build: a shop for tea", ("build", "a shop for tea")),
        ("build fails on main", ("fix", "build fails on main")),
        ("status page is down", ("fix", "status page is down")),
        ("help page answers 404", ("fix", "help page answers 404")),
        ("tasks are lost on restart", ("fix", "tasks are lost on restart")),
        ("task list is empty", ("fix", "task list is empty")),
        ("approve does nothing when tapped", ("fix", "approve does nothing when tapped")),
        ("budget 500 error on save", ("fix", "budget 500 error on save")),
        ("cancel 2 of 3 orders fails", ("fix", "cancel 2 of 3 orders fails")),
        ("fix the login", ("fix", "fix the login")),
    ],
)
def test_text_is_a_command_only_when_all_of_it_is_one(text: str, command: tuple[str, str]):
    assert command_of(text) == command
