"""Anton behind a real server, with a Slack at the wire and people in it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evals.scripted import MENDED, REPOSITORY, Script
from tests.e2e.rest import PATIENCE_S, Served, serving
from tests.fakes.repositories import repository
from tests.fakes.slack_person import SIGNING_SECRET, SlackPerson
from tests.fakes.slack_server import BOT_TOKEN, SlackDouble
from tests.fakes.slack_store import Shown

AGAIN = MENDED.replace("sum(items)", "int(sum(items))")
"""What a fix looks like after feedback."""
SERVICE = Path(__file__).parents[2] / "demo" / "service"
LONG_S = 100.0
"""How long a repair of the demo may take on a busy machine."""
ALICE, BOB = "U0ALICE0001", "U0BOB000001"


@dataclass
class SlackHouse:
    """A served house, its Slack, and Alice, who may decide."""

    served: Served
    slack: SlackDouble
    alice: SlackPerson

    def person(self, user: str = BOB, **more: Any) -> SlackPerson:
        """Somebody else, or Alice in other circumstances."""
        return SlackPerson(self.slack, self.served.base, user=user, **more)

    async def seen(self, wanted: Callable[[Shown], object], person: str = ALICE) -> Shown:
        """The newest message that is as wanted, once there is one."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                found = [m for m in self.slack.store.visible(person=person) if wanted(m)]
                if found:
                    return found[-1]
                await asyncio.sleep(0.02)

    async def question(self, revision: str = "") -> Shown:
        """The release question that can be tapped."""
        return await self.seen(lambda m: "Approve & Open PR" in m.buttons and revision in m.seen)

    async def told(self, text: str, person: str = ALICE) -> Shown:
        """A message with this text."""
        return await self.seen(lambda m: text in m.seen, person)


def options(slack: SlackDouble, **more: Any) -> dict[str, Any]:
    """The settings of a house in this Slack."""
    return {
        "slack_bot_token": BOT_TOKEN,
        "slack_channel": "incidents",
        "slack_signing_secret": SIGNING_SECRET,
        "slack_api_url": slack.api_url,
        "slack_approver_ids": (ALICE,),
        **more,
    }


@asynccontextmanager
async def slack_house(
    folder: Path, slack: SlackDouble, *, script: Script | None = None, **more: Any
) -> AsyncIterator[SlackHouse]:
    """A house in a folder whose default repository is the scripted one."""
    repo = folder / "repo"
    if not repo.exists():
        repository(repo, REPOSITORY)
    more = options(slack, repo_cwd=repo, **more)
    script = script or Script(fixes=(MENDED, AGAIN))
    async with serving(folder, script=script, **more) as served:
        yield SlackHouse(served, slack, SlackPerson(slack, served.base))


def demo_service(folder: Path, slack: SlackDouble) -> tuple[Path, dict[str, str]]:
    """A repository of the demo's service, and the environment of a process that works on it."""
    files = {
        str(file.relative_to(SERVICE)): file.read_text()
        for file in SERVICE.rglob("*")
        if file.suffix in (".py", ".toml", ".txt")
    }
    repo = repository(folder / "todo", files)
    return repo, {
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_CHANNEL": "#incidents",
        "SLACK_SIGNING_SECRET": SIGNING_SECRET,
        "SLACK_API_URL": slack.api_url,
        "SLACK_APPROVER_IDS": ALICE,
        "REPO_CWD": str(repo),
        "FIX_ENGINE": "offline",
    }


async def seen(slack: SlackDouble, wanted: Callable[[Shown], object]) -> Shown:
    """The newest message that is as wanted, once there is one."""
    async with asyncio.timeout(LONG_S):
        while True:
            if found := [m for m in slack.store.messages if wanted(m)]:
                return found[-1]
            await asyncio.sleep(0.05)
