"""Takes the pictures of Telegram: a real server repairs the demo service, and a person decides."""

import tempfile
from pathlib import Path

from docs.pictures.phone import draw
from tests.e2e.chat_house import ChatHouse
from tests.fakes.telegram_server import TelegramDouble

ROOT = Path(__file__).parents[2]
HERE = ROOT / "docs" / "pictures"
SERVICE = ROOT / "demo" / "service"
TICKET = ROOT / "demo" / "tickets" / "BUG-42.md"


def service() -> dict[str, str]:
    """The files of the demo service."""
    return {
        str(file.relative_to(SERVICE)): file.read_text()
        for file in sorted(SERVICE.rglob("*"))
        if file.is_file() and "__pycache__" not in file.parts and ".pytest_cache" not in file.parts
    }


def main() -> None:
    """One repair, photographed when it asks, when it asks anew, and when it is decided."""
    with (
        TelegramDouble() as double,
        tempfile.TemporaryDirectory() as folder,
        ChatHouse.open(Path(folder), double, files=service()) as house,
    ):
        house.dana.says(f"/fix {TICKET.read_text()}")
        first = house.question()
        draw([first], HERE / "telegram-asked.png", from_top=True)
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
        house.dana.says("/help")
        house.said("/fix TEXT")
        draw(list(double.chats.messages)[-2:], HERE / "telegram-help.png")


if __name__ == "__main__":
    main()
