"""Takes the pictures of Slack: a real server repairs the demo service, and Alice decides."""

import asyncio
import tempfile
from pathlib import Path

from docs.pictures.slack_window import draw
from tests.e2e.slack_house import demo_service, seen
from tests.e2e.test_rest_process import serving
from tests.fakes.slack_person import SlackPerson
from tests.fakes.slack_server import SlackDouble
from tests.fakes.slack_store import Shown

HERE = Path(__file__).parent
WORDS = "Looks right, but is there another way to write it?"


def asks(message: Shown) -> bool:
    """Whether it asks for a release."""
    return "Approve & Open PR" in message.buttons


async def take(slack: SlackDouble, folder: Path) -> None:
    """One repair, photographed when it asks, when it asks anew, and when it is decided."""
    _, options = demo_service(folder, slack)
    with serving(folder, **options) as (_, port):
        alice = SlackPerson(slack, f"http://127.0.0.1:{port}")
        await alice.command("")
        first = await seen(slack, asks)
        begun, progress = slack.store.messages[:2]
        typed = {begun.ref: "/oncall"}
        draw([begun, progress, first], HERE / "slack-question.png", typed=typed, height=1080)
        draw([first], HERE / "slack-phone.png", width=390, height=844)
        old = first.buttons["Approve & Open PR"]
        await alice.tap(first, "Request Changes")
        view = slack.store.views[0]
        draw([first], HERE / "slack-form.png", form=(view, WORDS), height=760)
        await alice.submit(view, WORDS)
        second = await seen(slack, lambda m: asks(m) and m.ref != first.ref)
        await alice.press(first, old)
        late = await seen(slack, lambda m: "The patch has changed" in m.seen)
        await alice.tap(second, "Approve & Open PR")
        await seen(slack, lambda m: m.ref == second.ref and "Ended" in m.seen)
        now = await seen(slack, lambda m: "is published now" in m.seen)
        draw([first, late], HERE / "slack-superseded.png", height=620)
        draw([second, now], HERE / "slack-decided.png", height=520)
        for text in ("help", "tasks"):
            await alice.command(text)
        draw(slack.store.messages[-2:], HERE / "slack-commands.png", height=520)


def main() -> None:
    """Take all pictures."""
    with SlackDouble() as slack, tempfile.TemporaryDirectory() as folder:
        asyncio.run(take(slack, Path(folder)))


if __name__ == "__main__":
    main()
