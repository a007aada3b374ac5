"""Slack's side of the desk: what its requests lead to, answered within its three seconds."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from control.anton import Anton
from control.commands import COMMANDS, Commands
from control.desk import Desk
from core.channels import Heard
from core.errors import (
    AntonError,
    HostUnreachable,
    IntegrationError,
    NotFound,
    PayloadInvalid,
    StoreUnusable,
)
from integrations.slack.blocks import answer_of
from integrations.slack.inbound import (
    Command,
    Inbound,
    Origin,
    Pressed,
    Submitted,
    Written,
    packed,
)

if TYPE_CHECKING:
    from integrations.slack.channel import SlackChannel

PROMPT_S = 2.0
"""So long a request waits for what it leads to; then it is answered, and the rest follows."""
FORM_ERROR_MAX = 300
UNSETTLED = frozenset({"asked", "not_found", "refused", "expired", "void"})
"""What a form tells, instead of closing as if all were well."""

_REF = r"(?:latest|[0-9a-f]{8}(?:-[0-9a-f-]{27})?)"
_AMOUNT = r"(?:another\s+|\+\s*)?[$€]?\s*\d+(?:[.,]\d+)?\s*(?:[$€]|usd|dollars?|cents?|ct)?"
_COMMAND = re.compile(
    rf"(?P<alone>help|tasks|incidents|status|approve|reject)|"
    rf"(?P<named>task|approve|reject|cancel)\s+(?P<ref>{_REF})|"
    rf"(?P<budget>budget)\s+(?P<amount>{_AMOUNT})|"
    rf"(?P<build>build):\s*(?P<sentence>.+)",
    re.IGNORECASE | re.DOTALL,
)
_SPOKEN = re.compile(rf"(?<![\w/])/({'|'.join(command.name for command in COMMANDS)})\b")
_TITLES = {
    "request_changes": "Request changes",
    "guidance": "Give guidance",
    "answer": "Answer",
    "approve": "Approve",
}

log = logging.getLogger(__name__)

Late = Callable[[Heard], Awaitable[None]]


def command_of(text: str) -> tuple[str, str]:
    """Name and rest of what follows `/oncall`.

    Text is a command only when all of it reads as one: `tasks`, `task 6f1c2a9e`, `budget 50 cents`,
    `build: a sentence`. Whatever else it begins with, it is a report, as in `build fails on main`.
    """
    found = _COMMAND.fullmatch(text.strip())
    if found is None:
        return "fix", text.strip()
    parts = found.groupdict()
    name = next(parts[kind] for kind in ("alone", "named", "budget", "build") if parts[kind])
    rest = next((parts[kind] for kind in ("ref", "amount", "sentence") if parts[kind]), "")
    return name.lower(), rest.lower() if parts["ref"] else rest


@dataclass
class SlackDesk:
    """Answers what came in from Slack; the same thing delivered again is done once."""

    anton: Anton
    desk: Desk
    commands: Commands
    channel: "SlackChannel"
    inbound: Inbound
    demo_ticket: str = ""
    """What is reported by `/oncall` with nothing behind it."""
    prompt_s: float = PROMPT_S
    _late: set[asyncio.Task[Any]] = field(default_factory=set)
    _under_way: set[str] = field(default_factory=set)

    async def origin(self) -> Origin:
        """Who may send; raises an IntegrationError as long as Slack has not told us the team."""
        try:
            async with asyncio.timeout(self.prompt_s):
                team = self.channel.team_id or await self.channel.learn()
        except TimeoutError as error:
            raise HostUnreachable("Slack does not say who we are.") from error
        return Origin(team, self.channel.app_id, self.channel.bot_user)

    async def command(self, command: Command) -> dict[str, Any]:
        """The answer to a slash command."""

        async def late(heard: Heard) -> None:
            await self.channel.answer(command.answer_url, heard)

        heard = await self._promptly(self._commanded(command), late)
        return answer_of(heard or Heard(state="told", text="One moment, I am at it."))

    async def pressed(self, pressed: Pressed) -> None:
        """Act on a tap, and answer whoever tapped."""

        async def nothing(heard: Heard) -> None:
            """It was answered where it was tapped."""

        await self._promptly(self._once(pressed.tap.key, self._pressed(pressed)), nothing)

    async def submitted(self, submitted: Submitted) -> dict[str, Any]:
        """What a form is told: that it may close, or why its words came to nothing."""

        async def late(heard: Heard) -> None:
            if heard.state in UNSETTLED and submitted.ref:
                await self.channel.say(submitted.ref, heard.text, heard.buttons)

        heard = await self._promptly(_told(self.desk.tap(submitted.tap)), late)
        if heard is None or heard.state not in UNSETTLED:
            return {"response_action": "clear"}
        text = " ".join(heard.text.split())[:FORM_ERROR_MAX]
        return {"response_action": "errors", "errors": {"words": text}}

    async def written(self, written: Written) -> None:
        """Read words below a message of ours, and answer below it too."""

        async def nothing(heard: Heard) -> None:
            """It was answered in the thread."""

        work = self._written(written)
        await self._promptly(self._once(written.event_id or written.said.key, work), nothing)

    async def close(self) -> None:
        """Let what is under way come to its end, but not for long."""
        if self._late:
            await asyncio.wait(self._late, timeout=self.prompt_s)

    async def _commanded(self, command: Command) -> Heard:
        name, rest = command_of(command.said.text)
        if name == "fix" and not rest:
            rest = self.demo_ticket
        heard = await _told(self.commands.run(name, rest, command.said))
        return heard.but(text=_SPOKEN.sub(_typed_here, heard.text))

    async def _pressed(self, pressed: Pressed) -> Heard:
        heard = await _told(self.desk.tap(pressed.tap))
        if not (heard.wants_words and await self._opened(pressed, heard)):
            await self._answer(pressed, heard)
        return heard

    async def _opened(self, pressed: Pressed, heard: Heard) -> bool:
        """Open the form that asks for words; too late for one, they are asked for in the thread."""
        tap = pressed.tap
        kept = packed(tap.action, tap.nonce, tap.place, pressed.ref)
        asks = heard.text.replace("Reply in your words.", "").strip()
        title = _TITLES.get(tap.action, "In your words")
        if await self.channel.ask_words(pressed.trigger_id, title, asks, kept):
            return True
        asked = _asked(pressed.ref, tap.by.person_id)
        await self.desk.asked_at(heard, "slack", tap.place, asked)
        return False

    async def _answer(self, pressed: Pressed, heard: Heard) -> None:
        """Tell whoever tapped, alone; where Slack gave no address for that, in the thread."""
        if heard.wants_words:
            text = f"{heard.text} Answer here, or tap the button again for a form."
            await self.channel.say(pressed.ref, text)
        elif pressed.answer_url:
            replacing = pressed.alone
            await self.channel.answer(pressed.answer_url, heard, replacing=replacing)
        else:
            await self.channel.say(pressed.ref, heard.text, heard.buttons)

    async def _written(self, written: Written) -> Heard:
        said, messages = written.said, self.anton.messages
        above = await messages.by_ref("slack", said.about)
        if above is None or not said.text:
            return Heard(state="told", text="")
        said = said.but(place=above.place)
        asked = await messages.by_ref("slack", _asked(said.about, said.by.person_id))
        if asked is not None:
            heard = await _told(self.desk.hear_about(asked.subject, asked.task_id, said))
        else:
            heard = await _told(self.desk.hear(said))
        await self.channel.say(written.said.about, heard.text, heard.buttons)
        return heard

    async def _once(self, key: str, work: Coroutine[Any, Any, Heard]) -> Heard:
        """Do it unless it was done; it counts as done when it is at its end."""
        if key in self._under_way or await self._was_done(key):
            work.close()
            return Heard(state="told", text="")
        self._under_way.add(key)
        try:
            heard = await work
            with suppress(StoreUnusable):
                await self.anton.messages.note_update("slack", key)
            return heard
        finally:
            self._under_way.discard(key)

    async def _was_done(self, key: str) -> bool:
        """Whether this was delivered before; where nobody can tell, the table of answers will."""
        with suppress(StoreUnusable):
            return await self.anton.messages.seen_update("slack", key)
        return False

    async def _promptly(self, work: Coroutine[Any, Any, Heard], late: Late) -> Heard | None:
        """What it leads to, or None when that takes longer; then `late` tells it."""
        task = asyncio.create_task(work)
        self._late.add(task)
        task.add_done_callback(self._late.discard)
        await asyncio.wait({task}, timeout=self.prompt_s)
        if not task.done():
            after = asyncio.create_task(_follow(task, late))
            self._late.add(after)
            after.add_done_callback(self._late.discard)
            return None
        try:
            return task.result()
        except (IntegrationError, NotFound, PayloadInvalid) as error:
            log.warning("Slack was not told: %s", error)
            return None


async def _follow(task: asyncio.Task[Heard], late: Late) -> None:
    try:
        await late(await task)
    except AntonError as error:
        log.warning("Slack was not told: %s", error)


async def _told(work: Awaitable[Heard]) -> Heard:
    """What it leads to; what failed in the house is told in words, with its remedy."""
    try:
        return await work
    except StoreUnusable as error:
        log.error("not done for Slack: %s", error)
        text = "Anton's store does not take it, so nothing was begun. Please try again soon."
        return Heard(state="refused", text=text)
    except AntonError as error:
        log.error("not done for Slack: %s", error)
        return Heard(state="refused", text=f"This could not be done: {error}")


def _typed_here(found: re.Match[str]) -> str:
    """A command of the chats, as it is typed in Slack."""
    return {"fix": "/oncall", "build": "/oncall build:"}.get(found[1], f"/oncall {found[1]}")


def _asked(ref: str, person_id: str) -> str:
    """The name under which it is kept that somebody was asked for words below a message."""
    return f"{ref}#{person_id}"
