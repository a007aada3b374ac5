"""What people do in Slack, from raw signed requests to the words of the house.

A request is verified over its raw bytes before anything reads it. What then does not have the
form that Slack documents raises PayloadInvalid; another team, or another app, raises Forbidden.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from core.approvals import Person
from core.channels import Said, Tap
from core.errors import Forbidden, PayloadInvalid, SignatureInvalid
from core.visible import one_line
from integrations.signatures import check_slack
from integrations.slack.blocks import action_of
from integrations.slack.payloads import Payload, form_of, id_of, object_of, part, unescaped

HOOK_HOSTS = ("hooks.slack.com", "hooks.slack-gov.com")
_TS = re.compile(r"\d{1,12}\.\d{1,9}")
_NONCE = re.compile(r"[\w-]{1,100}")


@dataclass(frozen=True)
class Command:
    """A slash command."""

    said: Said
    answer_url: str
    """Where it can be answered for half an hour; empty where Slack named no place of its own."""


@dataclass(frozen=True)
class Pressed:
    """A tap on a button."""

    tap: Tap
    trigger_id: str
    """What opens a form, within three seconds."""
    answer_url: str
    ref: str
    """The message that the button stands in."""
    alone: bool
    """Whether only this person sees that message."""


@dataclass(frozen=True)
class Submitted:
    """A form that was filled in; the tap comes with its words."""

    tap: Tap
    ref: str
    """The message that the form was opened from."""


@dataclass(frozen=True)
class Written:
    """A message in a thread."""

    said: Said
    event_id: str


@dataclass(frozen=True)
class Origin:
    """Whom a request may come from; what is empty is not known, and not compared."""

    team_id: str
    app_id: str = ""
    bot_user: str = ""


class Inbound:
    """Reads the requests that Slack sends to one app."""

    def __init__(self, secrets: Sequence[str], *, home: str, api_url: str = "") -> None:
        """`home` is the channel that is asked, as it is configured."""
        self._secrets = tuple(secrets)
        self._home = home.removeprefix("#")
        self._own = urlsplit(api_url)

    def verify(self, body: bytes, timestamp: str, signature: str, now_s: float) -> None:
        """Raise SignatureInvalid unless Slack signed this body with one of our secrets, lately."""
        if not self._secrets:
            raise SignatureInvalid
        check_slack(body, timestamp, signature, self._secrets, now_s=now_s)

    def command(self, body: bytes, origin: Origin) -> Command:
        """A slash command."""
        form = form_of(body)
        _check_origin(form.get("team_id"), form.get("api_app_id"), origin)
        said = Said(
            text=unescaped(form.get("text", "")).strip(),
            by=_person(form.get("user_id"), form.get("user_name")),
            key=_key("command", form.get("trigger_id"), form.get("user_id"), form.get("text")),
            place=self._place(form.get("channel_id"), form.get("channel_name")),
        )
        return Command(said, self._answer_url(form.get("response_url")))

    def action(self, body: bytes, origin: Origin) -> Pressed | Submitted | None:
        """A tap, or a form; None for what asks nothing of us."""
        payload = object_of(form_of(body).get("payload"))
        user = part(payload, "user")
        _check_origin(part(payload, "team").get("id"), payload.get("api_app_id"), origin)
        if user.get("team_id") not in (None, "", origin.team_id):
            raise Forbidden("People of other workspaces cannot act here.")
        by = _person(user.get("id"), user.get("username") or user.get("name"))
        if payload.get("type") == "block_actions":
            return self._pressed(payload, by)
        if payload.get("type") == "view_submission":
            return _submitted(payload, by)
        return None

    def event(self, body: bytes, origin: Origin) -> Written | None:
        """Somebody's words in a thread; None for all else, and for our own words."""
        payload = object_of(body)
        _check_origin(payload.get("team_id"), payload.get("api_app_id"), origin)
        event = part(payload, "event")
        thread, ts = str(event.get("thread_ts", "")), str(event.get("ts", ""))
        foreign = event.get("user_team") or event.get("team")
        if (
            event.get("type") != "message"
            or event.get("subtype") not in (None, "thread_broadcast", "file_share")
            or event.get("bot_id")
            or event.get("user") in (None, "", origin.bot_user)
            or foreign not in (None, "", origin.team_id)
            or not (_TS.fullmatch(thread) and _TS.fullmatch(ts) and thread != ts)
        ):
            return None
        event_id = str(payload.get("event_id", ""))
        channel = id_of(event.get("channel"), "channel")
        said = Said(
            text=unescaped(str(event.get("text", ""))).strip(),
            by=_person(event.get("user"), ""),
            key=_key("event", event_id),
            about=f"{channel}:{thread}",
            place=self._place(channel, ""),
            at=datetime.fromtimestamp(float(ts), UTC),
        )
        return Written(said, event_id)

    def _pressed(self, payload: Payload, by: Person) -> Pressed | None:
        actions = payload.get("actions")
        first = actions[0] if isinstance(actions, list) and actions else None
        if not isinstance(first, dict):
            raise PayloadInvalid("A tap names no action.")
        action = action_of(str(first.get("action_id", "")))
        if not action or first.get("type") != "button":
            return None
        nonce = str(first.get("value", ""))
        if not _NONCE.fullmatch(nonce):
            raise PayloadInvalid("A button carries no nonce.")
        channel, container = part(payload, "channel"), part(payload, "container")
        at = id_of(channel.get("id") or container.get("channel_id"), "channel")
        ts = str(container.get("message_ts", ""))
        if not _TS.fullmatch(ts):
            raise PayloadInvalid("A tap names no message.")
        key = _key(at, ts, action, nonce, first.get("action_ts"), by.person_id)
        place = self._place(at, channel.get("name"))
        return Pressed(
            tap=Tap(action=action[:40], nonce=nonce, by=by, key=key, place=place),
            trigger_id=str(payload.get("trigger_id", "")),
            answer_url=self._answer_url(payload.get("response_url")),
            ref=f"{at}:{ts}",
            alone=bool(container.get("is_ephemeral")),
        )

    def _place(self, channel_id: Any, name: Any) -> str:
        """A channel as it is configured, where it is the one that is asked; else its id."""
        if self._home and self._home in (channel_id, name):
            return self._home
        return str(channel_id or "")

    def _answer_url(self, value: Any) -> str:
        """An address of Slack's own, where an answer may go; empty for any other."""
        text = value if isinstance(value, str) else ""
        try:
            url = urlsplit(text)
            port = url.port
        except ValueError:
            return ""
        if url.username is not None or url.password is not None:
            return ""
        if url.scheme == "https" and url.hostname in HOOK_HOSTS and port in (None, 443):
            return text
        own = self._own.netloc and (url.scheme, url.netloc) == (self._own.scheme, self._own.netloc)
        return text if own else ""


def challenge_of(body: bytes) -> str | None:
    """What Slack wants to read back when an address is set up; None for any other request."""
    payload = object_of(body)
    if payload.get("type") != "url_verification":
        return None
    challenge = payload.get("challenge")
    if not isinstance(challenge, str) or len(challenge) > 1_000:
        raise PayloadInvalid("The challenge is no text.")
    return challenge


def is_check(body: bytes) -> bool:
    """Whether Slack only looks if the address of a command has a certificate."""
    return form_of(body).get("ssl_check") == "1"


def packed(action: str, nonce: str, place: str, ref: str) -> str:
    """What a form carries from the tap that opened it to the tap that it becomes."""
    return json.dumps({"action": action, "nonce": nonce, "place": place, "ref": ref})


def _submitted(payload: Payload, by: Person) -> Submitted | None:
    view = part(payload, "view")
    if view.get("callback_id") != "hitl_words":
        return None
    kept = object_of(str(view.get("private_metadata", "")))
    values = part(part(view, "state"), "values")
    words = part(part(values, "words"), "words").get("value") or ""
    nonce, action = str(kept.get("nonce", "")), str(kept.get("action", ""))
    if not isinstance(words, str) or not _NONCE.fullmatch(nonce):
        raise PayloadInvalid("A form carries no words, or no nonce.")
    tap = Tap(
        action=action[:40],
        nonce=nonce,
        by=by,
        key=_key("view", view.get("id"), words),
        text=words,
        place=str(kept.get("place", "")),
    )
    return Submitted(tap, str(kept.get("ref", "")))


def _check_origin(team: Any, app: Any, origin: Origin) -> None:
    if not origin.team_id or team != origin.team_id:
        raise Forbidden("This is not the workspace that Anton works for.")
    if origin.app_id and app not in (None, "", origin.app_id):
        raise Forbidden("This is not the app that Anton is.")


def _person(user: Any, name: Any) -> Person:
    person_id = id_of(user, "user")
    return Person(channel="slack", person_id=person_id, name=one_line(str(name or ""), 80))


def _key(*parts: Any) -> str:
    """The same for the same thing delivered again, and short whatever the parts are."""
    return f"slack:{sha256(json.dumps(parts, default=str).encode()).hexdigest()[:40]}"
