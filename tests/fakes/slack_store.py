"""What stands in the channels of the Slack double: each message with all that it ever showed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

PING = re.compile(r"<(!channel|!here|!everyone|!subteam\^|@[UW]|#C)", re.IGNORECASE)
LINK = re.compile(r"<((?:https?|mailto):[^|>]*)")


@dataclass
class Shown:
    """A message as it stands, and as it stood."""

    channel: str
    ts: str
    thread_ts: str = ""
    only_for: str = ""
    """Who alone sees it; empty for everybody."""
    history: list[dict[str, Any]] = field(default_factory=list)
    """Text and blocks of each edition, the newest last."""
    options: dict[str, Any] = field(default_factory=dict)
    deleted: bool = False

    @property
    def ref(self) -> str:
        """Channel and time stamp."""
        return f"{self.channel}:{self.ts}"

    @property
    def blocks(self) -> list[dict[str, Any]]:
        """The blocks of the newest edition."""
        blocks: list[dict[str, Any]] = self.history[-1]["blocks"]
        return blocks

    @property
    def seen(self) -> str:
        """All the text that a person reads in it."""
        return "\n".join(words(self.blocks)) or str(self.history[-1]["text"])

    @property
    def buttons(self) -> dict[str, dict[str, Any]]:
        """The buttons by their label, each with the id of its block."""
        return {
            element["text"]["text"]: {**element, "block_id": block.get("block_id", "")}
            for block in self.blocks
            for element in block.get("elements", ())
            if element.get("type") == "button"
        }

    @property
    def pings(self) -> list[str]:
        """What in any edition calls people or channels."""
        return [found for text in self._marked() for found in PING.findall(text)]

    @property
    def links(self) -> list[str]:
        """All addresses that can be followed."""
        marked = [found for text in self._marked() for found in LINK.findall(text)]
        return [*marked, *_addresses(self.blocks)]

    def _marked(self) -> Iterator[str]:
        for edition in self.history:
            yield edition["text"]
            yield from _mrkdwn(edition["blocks"])


def words(value: Any) -> Iterator[str]:
    """The texts within blocks, in reading order, as Slack shows them."""
    if isinstance(value, list):
        for item in value:
            yield from words(item)
    elif isinstance(value, dict):
        text = value.get("text")
        if isinstance(text, str):
            yield _unescaped(text) if value.get("type") == "mrkdwn" else text
        for name in ("text", "fields", "elements", "accessory", "label", "element"):
            if not isinstance(value.get(name), str):
                yield from words(value.get(name))


def _mrkdwn(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _mrkdwn(item)
    elif isinstance(value, dict):
        if value.get("type") == "mrkdwn":
            yield value["text"]
        for item in value.values():
            yield from _mrkdwn(item)


def _addresses(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _addresses(item)
    elif isinstance(value, dict):
        if isinstance(value.get("url"), str):
            yield value["url"]
        for item in value.values():
            yield from _addresses(item)


def _unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


@dataclass
class SlackStore:
    """A workspace: people, channels, messages, files and open modals."""

    channels: dict[str, str] = field(
        default_factory=lambda: {"C0INCIDENTS": "incidents", "C0RANDOM001": "random"}
    )
    """Names by id."""
    users: dict[str, str] = field(
        default_factory=lambda: {"U0ALICE0001": "alice", "U0BOB000001": "bob"}
    )
    messages: list[Shown] = field(default_factory=list)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    views: list[dict[str, Any]] = field(default_factory=list)
    """Modals in the order in which they were opened."""

    def channel(self, named: str) -> str:
        """The id of a channel given by id or name; empty for none."""
        if named in self.channels:
            return named
        name = named.removeprefix("#")
        return next((id for id, known in self.channels.items() if known == name), "")

    def find(self, channel: str, ts: str) -> Shown | None:
        """A message that everybody sees and that was not deleted."""
        same = (m for m in self.messages if (m.channel, m.ts) == (channel, ts) and not m.deleted)
        return next(same, None)

    def add(self, channel: str, **facts: Any) -> Shown:
        """A new message; its time stamp is unique."""
        shown = Shown(channel, f"17{len(self.messages):08d}.{len(self.messages):06d}", **facts)
        self.messages.append(shown)
        return shown

    def visible(self, *, person: str = "", thread: str | None = None) -> list[Shown]:
        """What a person sees, in order; of one thread if named."""
        return [
            m
            for m in self.messages
            if not m.deleted
            and m.only_for in ("", person)
            and (thread is None or m.thread_ts == thread)
        ]
