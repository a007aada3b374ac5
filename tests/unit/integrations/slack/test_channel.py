"""Cards in a Slack at the wire: shown, changed in place, and every refusal told with its remedy."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from core.channels import Heard
from core.errors import (
    AntonError,
    EffectUnknown,
    Forbidden,
    HostUnreachable,
    IntegrationError,
    NotFound,
    PayloadInvalid,
    RateLimited,
)
from integrations.slack.channel import SlackChannel
from tests.fakes.cards import DIFF, HOSTILE, TASK, release
from tests.fakes.slack_server import APP, BOT_TOKEN, TEAM, SlackDouble


@pytest.fixture(scope="module")
def workspace() -> Iterator[SlackDouble]:
    with SlackDouble() as double:
        yield double


@pytest.fixture
def slack(workspace: SlackDouble) -> Iterator[SlackDouble]:
    workspace.reset()
    yield workspace
    assert workspace.violations == []


@pytest.fixture
async def channel(slack: SlackDouble) -> AsyncIterator[SlackChannel]:
    opened = SlackChannel(BOT_TOKEN, "#incidents", api_url=slack.api_url, timeout_s=5)
    yield opened
    await opened.close()


def test_the_double_knows_what_slack_publishes(contracts: Path):
    """What it lets through without is told by the skip of this test."""
    double = SlackDouble(contracts=contracts)
    assert double.contract.present
    assert "no 'colour'" in double.contract.request(
        "chat.postMessage", {"channel": "C1", "colour": "red"}
    )
    assert "needs 'channel'" in double.contract.request("chat.postMessage", {"text": "x"})
    assert "is a boolean" in double.contract.request(
        "chat.postMessage", {"channel": "C1", "unfurl_links": "maybe"}
    )
    double.close()


async def test_a_card_is_posted_by_name_and_changed_by_id(
    slack: SlackDouble, channel: SlackChannel
):
    ref = await channel.post(release(), channel.places[0])
    message = slack.store.messages[0]
    assert ref == message.ref and ref.startswith("C0INCIDENTS:")
    await channel.edit(ref, release(buttons=(), footer="Approved by alice.", settled=True))
    assert len(message.history) == 2
    assert not message.buttons and "Approved by alice." in message.seen


async def test_nothing_is_fetched_linked_or_called(slack: SlackDouble, channel: SlackChannel):
    for text in HOSTILE:
        await channel.post(release(title=text, body=text, diff=text, footer=text), "incidents")
    for message in slack.store.messages:
        assert message.pings == [] and message.links == []
        if not message.thread_ts:
            assert message.options["unfurl_links"] is message.options["unfurl_media"] is False
            assert message.options["parse"] == "none"


async def test_a_reply_stands_in_the_thread(slack: SlackDouble, channel: SlackChannel):
    above = await channel.post(release(), "incidents")
    await channel.post(release(subject="remind:1", kind="reminder"), "incidents", above)
    await channel.post(release(subject="told", kind="notice"), "incidents", above)
    first, second, third = slack.store.messages
    assert second.thread_ts == third.thread_ts == first.ts
    assert second.options["reply_broadcast"] and not third.options["reply_broadcast"]


async def test_a_reply_to_what_somebody_deleted_stands_alone(
    slack: SlackDouble, channel: SlackChannel
):
    above = await channel.post(release(), "incidents")
    slack.store.messages[0].deleted = True
    await channel.post(release(diff=DIFF * 50), "incidents", above)
    alone = slack.store.messages[-1]
    (file,) = slack.store.files.values()
    assert alone.thread_ts == "" and file["thread_ts"] == alone.ts


async def test_a_long_diff_follows_as_a_file_in_the_thread(
    slack: SlackDouble, channel: SlackChannel
):
    long = DIFF + "+more = '\u202e'\n" * 300
    ref = await channel.post(release(diff=long), "incidents")
    (file,) = slack.store.files.values()
    assert (f"{file['channel']}:{file['thread_ts']}", file["name"]) == (ref, "anton-6f1c2a9e.diff")
    assert file["content"].decode().count("<U+202E>") == 300


async def test_a_message_without_its_file_says_so(slack: SlackDouble, channel: SlackChannel):
    slack.scopes.remove("files:write")
    ref = await channel.post(release(diff=DIFF * 50), "incidents")
    message, excuse = slack.store.messages
    assert ref == message.ref and excuse.thread_ts == message.ts
    assert "files:write" in excuse.seen


@pytest.mark.parametrize("error", ["invalid_blocks", "msg_blocks_too_long", "msg_too_long"])
async def test_what_slack_does_not_take_goes_out_plainly(
    slack: SlackDouble, channel: SlackChannel, error: str
):
    slack.faults.plan(path="chat.postMessage", message=error)
    ref = await channel.post(release(), "incidents")
    message = slack.store.messages[-1]
    assert ref == message.ref and len(message.buttons) == 3
    slack.faults.plan(path="chat.update", message=error)
    await channel.edit(ref, release(buttons=(), footer="Void."))
    assert not message.buttons and "Void." in message.seen


REFUSALS: list[tuple[str, type[AntonError], str]] = [
    ("invalid_auth", Forbidden, "SLACK_BOT_TOKEN"),
    ("token_revoked", Forbidden, "SLACK_BOT_TOKEN"),
    ("channel_not_found", Forbidden, "SLACK_CHANNEL"),
    ("not_in_channel", Forbidden, "invite"),
    ("is_archived", Forbidden, "SLACK_CHANNEL"),
    ("message_not_found", NotFound, ""),
    ("cant_update_message", NotFound, ""),
    ("fatal_error", EffectUnknown, ""),
    ("something_new", IntegrationError, "something_new"),
]


@pytest.mark.parametrize(("error", "kind", "said"), REFUSALS)
async def test_every_refusal_is_an_error_of_the_house(
    slack: SlackDouble, channel: SlackChannel, error: str, kind: type[AntonError], said: str
):
    slack.faults.plan(path="chat.update", message=error)
    with pytest.raises(kind) as refused:
        await channel.edit("C0INCIDENTS:1700000000.000000", release())
    assert said in str(refused.value)


async def test_content_that_is_refused_twice_is_told(slack: SlackDouble, channel: SlackChannel):
    slack.faults.plan(path="chat.postMessage", message="invalid_blocks", times=2)
    with pytest.raises(PayloadInvalid):
        await channel.post(release(), "incidents")


async def test_a_flood_limit_says_for_how_long(slack: SlackDouble, channel: SlackChannel):
    slack.faults.plan(path="chat.postMessage", status=429, headers={"Retry-After": "7"})
    with pytest.raises(RateLimited) as limited:
        await channel.post(release(), "incidents")
    assert limited.value.retry_after_s == 7.0


@pytest.mark.parametrize("fault", [{"status": 503}, {"drop": True}])
async def test_an_answer_that_is_lost_leaves_it_unknown(
    slack: SlackDouble, channel: SlackChannel, fault: dict
):
    slack.faults.plan(path="chat.postMessage", when="effect", **fault)
    with pytest.raises(EffectUnknown):
        await channel.post(release(), "incidents")
    assert len(slack.store.messages) == 1


async def test_silence_ends(slack: SlackDouble):
    hasty = SlackChannel(BOT_TOKEN, "incidents", api_url=slack.api_url, timeout_s=1)
    slack.faults.plan(path="chat.postMessage", delay_s=30)
    with pytest.raises(EffectUnknown):
        await hasty.post(release(), "incidents")
    await hasty.close()


async def test_a_slack_that_is_down_was_not_reached():
    lost = SlackChannel(BOT_TOKEN, "incidents", api_url="http://127.0.0.1:9/api", timeout_s=5)
    with pytest.raises(HostUnreachable, match="SLACK_API_URL"):
        await lost.post(release(), "incidents")
    await lost.close()


async def test_the_check_learns_who_we_are(slack: SlackDouble, channel: SlackChannel):
    assert await channel.check() == []
    assert channel.team_id == TEAM
    await channel.post(release(), "incidents")
    assert channel.app_id == APP


@pytest.mark.parametrize("scope", ["chat:write", "chat:write.public", "commands"])
async def test_the_check_names_the_scope_that_is_missing(
    slack: SlackDouble, channel: SlackChannel, scope: str
):
    slack.scopes.remove(scope)
    with pytest.raises(Forbidden) as refused:
        await channel.check()
    assert f"{scope} (" in str(refused.value)


async def test_what_can_be_done_without_is_named_apart(slack: SlackDouble, channel: SlackChannel):
    slack.scopes.remove("files:write")
    (lack,) = await channel.check()
    assert lack.startswith("without files:write")


async def test_a_wrong_token_is_named_by_the_check(slack: SlackDouble):
    wrong = SlackChannel("xoxb-wrong", "incidents", api_url=slack.api_url)
    with pytest.raises(Forbidden, match="SLACK_BOT_TOKEN"):
        await wrong.check()
    await wrong.close()


async def test_a_form_opens_within_three_seconds_and_once(
    slack: SlackDouble, channel: SlackChannel
):
    trigger = slack.trigger()
    assert await channel.ask_words(trigger, "Request changes", "What should change?", "{}")
    assert slack.store.views[0]["callback_id"] == "hitl_words"
    slack.trigger_life_s = 0.0
    for late in (trigger, slack.trigger(), "none"):
        assert not (await channel.ask_words(late, "Request changes", "What should change?", "{}"))


async def test_an_answer_goes_to_whoever_asked_and_can_be_replaced(
    slack: SlackDouble, channel: SlackChannel
):
    url = slack.response_url("C0INCIDENTS", "U0ALICE0001")
    heard = Heard(state="asked", text="Sure?", buttons=release().buttons, task_id=TASK)
    await channel.answer(url, heard)
    (message,) = slack.store.messages
    assert message.only_for == "U0ALICE0001" and len(message.buttons) == 3
    again = slack.response_url("C0INCIDENTS", "U0ALICE0001", message.ts)
    await channel.answer(again, Heard(state="done", text="Rejected."), replacing=True)
    assert message.seen == "Rejected." and not message.buttons
    await channel.answer(url, Heard(state="started", text="6f1c2a9e begun"))
    assert slack.store.messages[-1].only_for == ""
    for _ in range(3):
        await channel.answer(url, heard)
    with pytest.raises(IntegrationError, match="404"):
        await channel.answer(url, heard)
