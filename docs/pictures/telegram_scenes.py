"""Takes the pictures of Telegram: a real server repairs the demo service, and a person decides."""

import asyncio
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from core.approvals import Risk
from core.briefing import Briefing, ChangedFile
from core.channels import Button, Card
from core.incidents import Severity
from docs.pictures.telegram_phone import draw
from telegram_bot.channel import TelegramChannel
from tests.e2e.chat_house import ChatHouse
from tests.fakes.telegram_server import TelegramDouble

ROOT = Path(__file__).parents[2]
HERE = ROOT / "docs" / "pictures"
SERVICE = ROOT / "demo" / "service"
EVE = 78
TICKET = ROOT / "demo" / "tickets" / "BUG-42.md"


def service() -> dict[str, str]:
    """The files of the demo service."""
    return {
        str(file.relative_to(SERVICE)): file.read_text()
        for file in sorted(SERVICE.rglob("*"))
        if file.is_file() and "__pycache__" not in file.parts and ".pytest_cache" not in file.parts
    }


HOSTILE = Card(
    subject="approval:1",
    kind="question",
    task_id="6f1c2a9e-1111-4222-8333-444455556666",
    title="6f1c2a9e Release: Log in fails <b>@everyone</b> /approve t.me/evil \u202eevorppa",
    briefing=Briefing(
        title="Log in fails",
        ticket="AUTH-7",
        severity=Severity.P0,
        risk=Risk.CRITICAL,
        component="auth",
        reported_at=datetime(2026, 11, 28, 2, 3, tzinfo=UTC),
        told='In the words of qwen3:8b, which nobody checked: "Sessions of people who log in twice '
        'within a second are mixed up, since the cache key lacks the tenant."',
        root_cause="The cache key of a session lacks the tenant: `key = user.id`",
        fix="The tenant is part of the key",
        files=(
            ChangedFile(path="auth/sessions.py", added=3, deleted=1),
            ChangedFile(path="auth/migrations/0042_keys.py", added=18, deleted=0),
            ChangedFile(path="tests/test_sessions.py", added=22, deleted=0),
        ),
        tests="red on base (41 pass, 1 fail), on the fix 42 pass, 0 fail",
        review="APPROVE by claude-sonnet-4-6 (correctness 9/10, tests 8/10)",
        confidence="91%",
        cost="$0.0831, 14 calls, 61200 tokens",
        base="1a2b3c4d5e6f",
        patch_hash="9f8e7d6c5b4a",
        protected=("auth/migrations/0042_keys.py", "auth/sessions.py"),
        on_approve="the branch with exactly this diff is published.",
    ),
    diff="+line \u202e\n" * 60,
    buttons=tuple(
        Button(action=action, nonce="n" * 22, label=label, style=style)
        for action, label, style in (
            ("approve", "Approve", "primary"),
            ("request_changes", "Give feedback", "plain"),
            ("reject", "Reject", "danger"),
        )
    ),
    footer="Has waited for 30 minutes. Waits until 2026-12-01 at 02:03 UTC.",
    repeated=True,
)
"""Everything at once, with a title that tries to act."""


async def hostile(double: TelegramDouble) -> None:
    """Post the card as a server would."""
    double.person(EVE)
    channel = TelegramChannel(double.token, str(EVE), double.url)
    await channel.post(HOSTILE, str(EVE))
    await channel.close()


def main() -> None:
    """One repair, photographed when it asks, when it asks anew, and when it is decided."""
    with TelegramDouble() as double:
        asyncio.run(hostile(double))
        draw(double.sent(EVE), HERE / "telegram-critical.png")
    with (
        TelegramDouble() as double,
        tempfile.TemporaryDirectory() as folder,
        ChatHouse.open(Path(folder), double, files=service()) as house,
    ):
        house.dana.says(f"/fix {TICKET.read_text()}")
        first = house.question()
        *before, file, _ = double.chats.messages
        draw(before, HERE / "telegram-begun.png")
        draw([file, first], HERE / "telegram-asked.png")
        house.feedback(first, "Looks right, but is there a smaller change?")
        house.said("Noted")
        house.wait(lambda: not first.labels, "the first question stands")
        second = house.question(after=first)
        shown = list(double.chats.messages)
        draw([m for m in shown if m.message_id >= first.message_id], HERE / "telegram-anew.png")
        tap = house.dana.taps(second, "Approve")
        words = house.answered(tap)
        house.wait(lambda: "Ended" in second.text, "no end")
        draw(list(double.chats.messages), HERE / "telegram-decided.png", toast=words)


if __name__ == "__main__":
    main()
