"""Serves the port Channel: cards are messages in Slack, changed in place."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from core.channels import Button, Card, Heard
from core.errors import Forbidden, IntegrationError, NotFound, PayloadInvalid
from integrations.http import Http
from integrations.slack.blocks import Rendered, answer_of, form, plain, render, told
from integrations.slack.client import API_URL, TIMEOUT_S, SlackClient, TooLate

log = logging.getLogger(__name__)

SCOPES: Mapping[str, str] = {
    "chat:write": "messages",
    "chat:write.public": "messages to channels that the app is no member of",
    "commands": "/oncall",
}
"""What the app cannot do without, and what for."""
MORE_SCOPES: Mapping[str, str] = {
    "files:write": "diffs that are too long for a message",
    "channels:history": "answers in the thread of a message",
}
"""What it does more with."""

ANSWER_S = 5.0
ANSWER_BYTES = 100_000


class SlackChannel:
    """Shows cards in one channel of a workspace."""

    name = "slack"

    def __init__(
        self,
        token: str,
        channel: str,
        *,
        api_url: str = API_URL,
        team_id: str = "",
        app_id: str = "",
        timeout_s: int = TIMEOUT_S,
    ) -> None:
        """`channel` is an id or a name; team and app are learned from Slack where not given."""
        self.places: Sequence[str] = (channel.removeprefix("#"),)
        self.team_id = team_id
        self.app_id = app_id
        self.bot_user = ""
        self.granted: tuple[str, ...] = ()
        """Scopes of the token, once `check` has seen them."""
        self._answers: dict[str, Http] = {}
        """Clients of the addresses that answers go to, by their origin: a few of Slack's own."""
        self._client = SlackClient(token, api_url=api_url, timeout_s=timeout_s)

    async def post(self, card: Card, place: str, reply_to: str = "") -> str:
        """Show a card; `reply_to` is the reference of the message above it. Its reference."""
        shown = render(card)
        try:
            answer = await self._posted(card, shown, {"channel": place, **_below(card, reply_to)})
        except NotFound:  # the message above is gone, as somebody deleted it
            reply_to = ""
            answer = await self._posted(card, shown, {"channel": place})
        channel, ts = str(answer.get("channel", "")), str(answer.get("ts", ""))
        message = answer.get("message")
        if not self.app_id and isinstance(message, dict):
            self.app_id = str(message.get("app_id") or "")
        if shown.file:
            await self._attach(card, shown.file, channel, reply_to.partition(":")[2] or ts)
        return f"{channel}:{ts}"

    async def edit(self, ref: str, card: Card) -> None:
        """Change a message in place; raises NotFound when it is gone."""
        channel, _, ts = ref.partition(":")
        try:
            await self._change(render(card), channel, ts)
        except PayloadInvalid as error:
            log.error("Slack does not take an edit, which goes out plainly: %s", error)
            await self._change(plain(card), channel, ts)

    async def ask_words(self, trigger_id: str, title: str, label: str, metadata: str) -> bool:
        """Open a form before whoever tapped; False once the three seconds for that are over."""
        view = form(title, label, metadata)
        try:
            await self._client.call("views_open", trigger_id=trigger_id, view=view)
        except TooLate:
            return False
        return True

    async def say(self, ref: str, text: str, buttons: Sequence[Button] = ()) -> None:
        """Write below a message."""
        channel, _, ts = ref.partition(":")
        await self._send(told(text, buttons), {"channel": channel, "thread_ts": ts})

    async def answer(self, url: str, heard: Heard, *, replacing: bool = False) -> None:
        """Answer a tap or a command at the address that came with it, which counts as trusted."""
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        http = self._answers.get(origin)
        if http is None:
            http = self._answers[origin] = Http(origin, timeout_s=ANSWER_S, max_bytes=ANSWER_BYTES)
        reply = await http.send("POST", url, body=answer_of(heard, replacing=replacing))
        if reply.status != 200:
            raise IntegrationError(f"Slack did not take an answer ({reply.status}).")

    async def learn(self) -> str:
        """The id of the team that the token belongs to."""
        if not self.team_id or not self.bot_user:
            found = await self._client.call("auth_test")
            self.granted = found["scopes"]
            self.team_id = self.team_id or str(found.get("team_id", ""))
            self.app_id = self.app_id or str(found.get("app_id") or "")
            self.bot_user = str(found.get("user_id", ""))
        return self.team_id

    async def check(self) -> Sequence[str]:
        """What the app has to do without; raises Forbidden naming a scope that it needs."""
        self.bot_user = ""
        await self.learn()
        lacking = [scope for scope in SCOPES if self.granted and scope not in self.granted]
        if lacking:
            uses = ", ".join(f"{scope} ({SCOPES[scope]})" for scope in lacking)
            raise Forbidden(
                f"The Slack app lacks {uses}.",
                remedy="add it under OAuth & Permissions and install the app anew",
            )
        missed = [scope for scope in MORE_SCOPES if self.granted and scope not in self.granted]
        return [f"without {scope}: no {MORE_SCOPES[scope]}" for scope in missed]

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()
        for http in self._answers.values():
            await http.close()

    async def _posted(
        self, card: Card, shown: Rendered, where: Mapping[str, str]
    ) -> Mapping[str, Any]:
        try:
            return await self._send(shown, where)
        except PayloadInvalid as error:
            log.error("Slack does not take %s, which goes out plainly: %s", card.subject, error)
            return await self._send(plain(card), where)

    async def _send(self, shown: Rendered, where: Mapping[str, str]) -> Mapping[str, Any]:
        blocks = list(shown.blocks)
        return await self._client.call(
            "chat_postMessage", text=shown.text, blocks=blocks, **_QUIET, **where
        )

    async def _change(self, shown: Rendered, channel: str, ts: str) -> None:
        blocks = list(shown.blocks)
        await self._client.call(
            "chat_update", channel=channel, ts=ts, text=shown.text, blocks=blocks, parse="none"
        )

    async def _attach(self, card: Card, diff: str, channel: str, ts: str) -> None:
        """Put a long diff below its message; without it, the message is still a message."""
        name = f"anton-{card.task_id[:8] or 'change'}.diff"
        try:
            await self._client.call(
                "files_upload_v2",
                content=diff.encode("utf-8", "replace"),
                filename=name,
                title=name,
                channel=channel,
                thread_ts=ts,
            )
        except (IntegrationError, NotFound, PayloadInvalid) as error:
            log.warning("the diff of %s is not in Slack: %s", card.subject, error)
            await self._excuse(f"{channel}:{ts}", str(error))

    async def _excuse(self, ref: str, why: str) -> None:
        try:
            await self.say(ref, f"The diff could not be attached: {why}")
        except (IntegrationError, NotFound, PayloadInvalid) as error:
            log.warning("nor is that told there: %s", error)


_QUIET = {"unfurl_links": False, "unfurl_media": False, "parse": "none", "link_names": False}
"""What is shown is what was written: nothing is fetched, linked or called by it."""


def _below(card: Card, ref: str) -> dict[str, Any]:
    """The thread that a card stands in; what wakes people is shown in the channel as well."""
    ts = ref.partition(":")[2]
    if not ts:
        return {}
    return {"thread_ts": ts, "reply_broadcast": card.kind in ("reminder", "closing")}
