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
