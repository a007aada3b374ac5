"""What goes between people and the house: cards to read, taps and words back."""

import hashlib
from datetime import datetime
from typing import Literal

from pydantic import Field

from core.approvals import Decision, Person
from core.briefing import Briefing
from core.values import Value

ACTION_SIZE_MAX = 40
"""A button's data is `action:nonce`; a nonce has 22 characters, and Telegram takes 64 bytes."""

CardKind = Literal["question", "reminder", "progress", "closing", "notice"]
HeardState = Literal[
    "approving",
    "done",
    "understood",
    "asked",
    "told",
    "started",
    "already_approved",
    "already_answered",
    "expired",
    "void",
    "not_found",
    "refused",
]


class Button(Value):
    """Something to tap; what it means is looked up by its nonce, never read from it."""

    action: str = Field(pattern=r"^[a-z0-9_.]+$", max_length=ACTION_SIZE_MAX)
    nonce: str
    label: str
    style: Literal["primary", "danger", "plain"] = "plain"

    @property
    def data(self) -> str:
        """What travels with it."""
        return f"{self.action}:{self.nonce}"


class Card(Value):
    """What one message shows, made by code; a channel renders it and edits it in place."""

    subject: str
    """What it is about, such as `approval:ID`; a channel shows each subject once per place."""
    kind: CardKind
    task_id: str = ""
    approval_id: str = ""
    title: str
    briefing: Briefing | None = None
    body: str = ""
    """Plain text with all that acts or hides written out; no Markdown is meant in it."""
    diff: str = ""
    """The raw diff that is at stake; a channel shows it with controls written out."""
    buttons: tuple[Button, ...] = ()
    footer: str = ""
    """Until when it waits; or who decided what, when, and what came of it."""
    link: str = ""
    """Page of the task or of the pull request, https or http."""
    settled: bool = False
    """Whether it will not change any more."""
    silent: bool = False
    """Whether it should make no sound."""
    repeated: bool = False
    """Whether it may have been sent before."""
    reply_to: str = ""
    """Subject of the message that it answers."""

    @property
    def digest(self) -> str:
        """The same for cards that look the same; whether it is a repetition does not count."""
        shown = self.model_copy(update={"repeated": False, "silent": False})
        return hashlib.sha256(shown.model_dump_json().encode()).hexdigest()


class Tap(Value):
    """A tap on a button, as a channel heard it."""

    action: str
    nonce: str
    by: Person
    key: str
    """The channel's own id of the tap: the same again is the same tap."""
    text: str = ""
    """Words that came with it, from a form."""
    place: str = ""
    """Where it was tapped."""


class Said(Value):
    """Words that somebody wrote, as a channel heard them."""

    text: str
    by: Person
    key: str
    """The channel's own id of the words: the same again are the same words."""
    about: str = ""
    """Reference of the message that they answer; empty for words without context."""
    place: str = ""
    """Where they were said."""
    at: datetime | None = None
    """When they were said, by the channel's clock; None for just now."""


class Heard(Value):
    """What became of a tap or of words: the truthful answer to whoever tapped or spoke."""

    state: HeardState
    text: str
    """Plain text, with all that acts or hides written out."""
    buttons: tuple[Button, ...] = ()
    wants_words: bool = False
    """Whether the next words of this person, as a reply, belong to it."""
    about: str = ""
    """Subject that a reply with words is about."""
    task_id: str = ""
    approval_id: str = ""


class Message(Value):
    """A card as it stands in a channel."""

    channel: str
    subject: str
    place: str
    """Where it stands; the channel's own name of a chat."""
    state: Literal["sending", "shown", "settled", "lost"]
    """`sending` until its reference is known: it may or may not have arrived."""
    task_id: str = ""
    approval_id: str = ""
    ref: str = ""
    """The channel's own reference; empty until it is known."""
    digest: str = ""
    """Of the card that it shows."""
    posted_at: datetime
    shown_at: datetime | None = None
    """When it was last brought up to date."""


class Proposal(Value):
    """What was understood of somebody's words, and is done once that person says yes."""

    nonce: str
    approval_id: str
    by: Person
    decision: Decision | None = None
    """What yes leads to; none where only the question that was meant is open."""
    words: str = ""
    """What was said, where the question that was meant is open."""
    expires_at: datetime
