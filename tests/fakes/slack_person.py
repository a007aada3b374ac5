"""People in Slack: what they type and tap is signed, and sent to a server of ours."""

import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import httpx

from integrations.http import trusted
from tests.fakes.slack_server import APP, TEAM, SlackDouble
from tests.fakes.slack_store import Shown

SIGNING_SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
LIMIT_S = 3.0
"""So long Slack waits for an answer."""
FORM = "application/x-www-form-urlencoded"


def signed(body: bytes, secret: str = SIGNING_SECRET, at: float | None = None) -> dict[str, str]:
    """The headers that Slack puts on a body."""
    stamp = str(int(time.time() if at is None else at))
    text = b"v0:" + stamp.encode() + b":" + body
    digits = hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digits}"}


class Slow(AssertionError):
    """The server of ours did not answer within Slack's three seconds."""


class SlackPerson:
    """Somebody in a workspace, whose Slack speaks to one server of ours."""

    def __init__(
        self,
        double: SlackDouble,
        target: str,
        *,
        user: str = "U0ALICE0001",
        channel: str = "C0INCIDENTS",
        team: str = TEAM,
        app: str = APP,
        secret: str = SIGNING_SECRET,
        doubled: bool = False,
    ) -> None:
        """With `doubled`, everything that is sent arrives twice."""
        self.double = double
        self.target = target.rstrip("/")
        self.user = user
        self.channel = channel
        self.team = team
        self.app = app
        self.secret = secret
        self.doubled = doubled
        self.slowest_s = 0.0

    async def send(
        self, path: str, body: bytes, kind: str = FORM, **headers: str
    ) -> httpx.Response:
        """One request as Slack makes it; raises Slow when it is not answered in time."""
        answer = await self._once(path, body, kind, headers)
        if self.doubled:
            await self._once(path, body, kind, headers)
        return answer

    async def _once(
        self, path: str, body: bytes, kind: str, more: Mapping[str, str]
    ) -> httpx.Response:
        headers = {"Content-Type": kind, **signed(body, self.secret), **more}
        begun = time.monotonic()
        async with httpx.AsyncClient(timeout=LIMIT_S, trust_env=False, verify=trusted()) as client:
            try:
                return await client.post(self.target + path, content=body, headers=headers)
            except httpx.TimeoutException as error:
                raise Slow(path) from error
            finally:
                self.slowest_s = max(self.slowest_s, time.monotonic() - begun)

    async def command(self, text: str, name: str = "/oncall") -> httpx.Response:
        """Type a slash command; what it is answered with at once is shown as Slack would."""
        form = {
            "token": "legacy",
            "team_id": self.team,
            "team_domain": "acme",
            "channel_id": self.channel,
            "channel_name": self._channel_name(self.channel),
            "user_id": self.user,
            "user_name": self.double.store.users.get(self.user, "x"),
            "command": name,
            "text": text,
            "api_app_id": self.app,
            "is_enterprise_install": "false",
            "response_url": self.double.response_url(self.channel, self.user),
            "trigger_id": self.double.trigger(),
        }
        answer = await self.send("/slack/commands", urlencode(form).encode())
        if answer.status_code == 200 and answer.content:
            shown = answer.json()
            alone = "" if shown.get("response_type") == "in_channel" else self.user
            edition = {"text": shown.get("text", ""), "blocks": shown.get("blocks", [])}
            self.double.store.add(self.channel, only_for=alone, history=[edition])
        return answer

    async def act(self, payload: Mapping[str, Any]) -> httpx.Response:
        """Send something interactive."""
        body = urlencode({"payload": json.dumps(payload)}).encode()
        return await self.send("/slack/actions", body)

    async def tap(self, message: Shown, label: str) -> httpx.Response:
        """Tap a button by its label."""
        return await self.press(message, message.buttons[label])

    async def press(self, message: Shown, button: Mapping[str, Any]) -> httpx.Response:
        """Tap a button as it once was; a click that comes late may find none like it."""
        return await self.act(self.click(message, button))

    def click(self, message: Shown, button: Mapping[str, Any]) -> dict[str, Any]:
        """What a tap is sent as."""
        kept = ("action_id", "block_id", "text", "value", "type", "style")
        action = {name: button[name] for name in kept if name in button}
        return {
            "type": "block_actions",
            "team": {"id": self.team, "domain": "acme"},
            "user": self._person(),
            "api_app_id": self.app,
            "token": "legacy",
            "container": {
                "type": "message",
                "message_ts": message.ts,
                "channel_id": message.channel,
                "is_ephemeral": bool(message.only_for),
                **({"thread_ts": message.thread_ts} if message.thread_ts else {}),
            },
            "trigger_id": self.double.trigger(),
            "channel": {"id": message.channel, "name": self._channel_name(message.channel)},
            "message": {"ts": message.ts, "text": message.history[-1]["text"]},
            "response_url": self.double.response_url(message.channel, self.user, message.ts),
            "actions": [{**action, "action_ts": f"{time.time():.6f}"}],
        }

    async def submit(self, view: Mapping[str, Any], words: str) -> httpx.Response:
        """Write into the first field of a modal, and submit it."""
        field = next(block for block in view["blocks"] if block["type"] == "input")
        state = {field["block_id"]: {field["element"]["action_id"]: {"value": words}}}
        return await self.act(
            {
                "type": "view_submission",
                "team": {"id": self.team, "domain": "acme"},
                "user": self._person(),
                "api_app_id": self.app,
                "token": "legacy",
                "trigger_id": self.double.trigger(),
                "view": {**view, "state": {"values": state}},
                "response_urls": [],
                "is_enterprise_install": False,
            }
        )

    async def reply(
        self, message: Shown, text: str, *, lost: int = 0, **more: Any
    ) -> httpx.Response | None:
        """Answer in the thread of a message; the first `lost` answers do not reach Slack."""
        event = {
            "type": "message",
            "user": self.user,
            "text": text,
            "ts": f"{time.time():.6f}",
            "channel": message.channel,
            "thread_ts": message.thread_ts or message.ts,
            "channel_type": "channel",
            "event_ts": f"{time.time():.6f}",
            "team": self.team,
            **more,
        }
        return await self.event(event, lost=lost)

    async def event(self, event: Mapping[str, Any], *, lost: int = 0) -> httpx.Response | None:
        """Deliver an event, again up to three times while it is not answered."""
        body = json.dumps(
            {
                "token": "legacy",
                "team_id": self.team,
                "api_app_id": self.app,
                "event": event,
                "type": "event_callback",
                "event_id": f"Ev{secrets.token_hex(5).upper()}",
                "event_time": int(time.time()),
                "authed_users": ["U0BOTUSER01"],
            }
        ).encode()
        answer: httpx.Response | None = None
        for attempt in range(4):
            retry = {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": "http_timeout"}
            answer = await self.send(
                "/slack/events", body, "application/json", **(retry if attempt else {})
            )
            if answer.is_success and attempt >= lost:
                break
        return answer

    def _person(self) -> dict[str, str]:
        name = self.double.store.users.get(self.user, "x")
        return {"id": self.user, "username": name, "name": name, "team_id": self.team}

    def _channel_name(self, channel: str) -> str:
        return self.double.store.channels.get(channel, "x")
