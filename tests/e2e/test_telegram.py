"""A repair by chat: a real server, the offline engine, and a strict double of Telegram."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.e2e.chat_house import ChatHouse
from tests.fakes.telegram_server import TelegramDouble

REPORT = "/fix The total of an order is always zero"
pytestmark = pytest.mark.needs_bubblewrap


@pytest.fixture
def double() -> Iterator[TelegramDouble]:
    with TelegramDouble() as server:
        yield server
    assert server.violations == []


@pytest.fixture
def house(double: TelegramDouble, tmp_path: Path) -> Iterator[ChatHouse]:
    with ChatHouse.open(tmp_path, double) as opened:
        yield opened
    assert double.token not in opened.log


def finish(house: ChatHouse) -> None:
    """Wait for the end, and find one branch and nothing left to tap."""
    house.wait(lambda: house.tasks()[0]["outcome"], "no outcome")
    house.wait(lambda: any("Ended: fixed." in m.text and m.history for m in house.sent), "no end")
    house.wait(lambda: not any(m.labels for m in house.sent), "something can still be tapped")
    assert [task["outcome"] for task in house.tasks()] == ["fixed"]
    assert len(house.branches()) == 1


def test_a_repair_from_report_to_branch_without_leaving_the_chat(house: ChatHouse) -> None:
    """The server dies between the click and what follows from it."""
    said = house.dana.says(REPORT)
    first = house.question()
    begun = house.said("begun: The total of an order")
    assert begun.reply_to is said
    for fact in ("risk low", "since ", "sure)", "+1 -1 in 1 file: shop/orders.py", "red on base"):
        assert fact in first.text
    assert "+    return max(0, sum(prices) - discount)" in first.text and not first.previewed

    house.feedback(first, "think of another way, please")
    second = house.question(after=first)
    assert "revision 2" in second.text
    stale = house.dana.taps(first, "Approve", stale=True)
    assert "The patch has changed" in house.answered(stale)
    forged = house.dana.forges(second, "approve:" + "x" * 22)
    assert "do not know this button" in house.answered(forged)

    house.double.chats.callback_life_s = 600.0
    house.double.faults.plan(method="answerCallbackQuery", kill=house.pid)
    taps = [house.dana.taps(second, "Approve") for _ in range(2)]
    house.wait_for_death()
    house.start()
    for tap in taps:
        house.wait(lambda tap=tap: tap.answer, "a tap was not answered after the restart")
        assert tap.answer and "pproved" in tap.answer["text"]
    finish(house)
    assert "Changes requested by Dana (77)" in first.text
    assert (
        "Approved by Dana (77) in telegram" in second.text
        and house.branches()[0][11:] in second.text
    )
    progress = [m for m in house.sent if m.silent and m.history]
    assert len(progress) == 1, "progress is told in one message"
    late = house.dana.taps(second, "Approve", stale=True)
    assert "Approved by Dana (77)" in house.answered(late)
    assert house.double.commands and house.double.commands[0]["command"] == "fix"


@pytest.mark.slow
def test_a_server_killed_between_question_and_click_answers_afterwards(house: ChatHouse) -> None:
    house.dana.says(REPORT)
    question = house.question()
    house.kill()
    tap = house.dana.taps(question, "Approve")
    house.double.chats.callback_life_s = 600.0
    house.start()
    house.wait(lambda: tap.answer, "the tap was not answered after the restart")
    finish(house)
    assert len([m for m in house.sent if "Release" in m.text]) == 1


@pytest.mark.slow
@pytest.mark.parametrize("when", ["receipt", "effect", "answer"])
@pytest.mark.parametrize("method", ["sendMessage", "editMessageText", "getUpdates"])
def test_a_server_killed_within_any_call_asks_again(
    house: ChatHouse, method: str, when: str
) -> None:
    house.wait(lambda: house.double.journal[-1:], "no call")
    fault = {"method": method, "when": when, "kill": house.pid}
    if method == "editMessageText":
        house.dana.says(REPORT)
        question = house.question()
        house.double.faults.plan(**fault)
        house.dana.taps(question, "Approve")
        house.wait_for_death()
        house.start()
    else:
        house.double.faults.plan(**fault, skip=2 if method == "sendMessage" else 0)
        house.dana.says(REPORT)
        house.wait_for_death()
        house.start()
        house.dana.taps(house.question(), "Approve")
    house.wait(lambda: house.tasks()[0]["outcome"], "no outcome")
    house.wait(lambda: any("Approved by Dana" in m.text for m in house.sent), "not told")
    assert len(house.tasks()) == 1 and len(house.branches()) == 1


@pytest.mark.slow
def test_a_channel_that_is_down_is_told_when_it_is_back(house: ChatHouse) -> None:
    house.dana.says(REPORT)
    house.said("begun")
    with house.double.down():
        house.wait(lambda: house.tasks()[0]["status"] == "waiting_for_input", "it does not ask")
        health = httpx.get(f"{house.url}/health", trust_env=False).json()
        assert health["status"] == "degraded"
        assert {"telegram", "telegram (hearing)"} <= health["trouble"].keys()
    house.dana.taps(house.question(), "Approve")
    finish(house)
    health = httpx.get(f"{house.url}/health", trust_env=False).json()
    assert health["trouble"] == {}


@pytest.mark.slow
def test_others_decide_while_the_channel_is_down(house: ChatHouse) -> None:
    house.dana.says(REPORT)
    question = house.question()
    with house.double.down(), httpx.Client(base_url=house.url, trust_env=False) as client:
        (asked,) = client.get("/approvals", params={"state": "pending"}).json()["approvals"]
        body = {"decision": "approve", "patch_hash": asked["patch_hash"]}
        client.post(f"/approvals/{asked['approval_id']}/decision", json=body).raise_for_status()
        house.wait(lambda: house.tasks()[0]["outcome"], "no outcome")
    house.wait(lambda: not question.labels, "the message was not brought up to date")
    assert "Approved by" in question.text and "in rest" in question.text


@pytest.mark.slow
def test_a_second_server_with_the_same_bot_is_told_by_the_first(
    house: ChatHouse, double: TelegramDouble, tmp_path: Path
) -> None:
    house.wait(lambda: [c for c in double.journal if c["method"] == "getUpdates"], "no poll")
    with ChatHouse.open(tmp_path / "other", double):
        house.wait(lambda: "Another process polls" in house.log, "the first does not notice")
    health = httpx.get(f"{house.url}/health", trust_env=False).json()
    assert "Another process polls" in health["trouble"]["telegram (hearing)"]
    assert house.lives[0].poll() is None
