"""Where people are spoken with, and how their words are read."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from core.approvals import Question
from core.channels import Card, Message, Proposal
from core.intents import Intent


class Channel(Protocol):
    """Shows cards where people are, and brings them up to date in place.

    Raises RateLimited with the seconds to wait, HostUnreachable when it cannot be reached, and
    Forbidden when what is configured does not suffice. What a vendor's markup cannot carry goes
    out as plain text rather than not at all.
    """

    name: str
    places: Sequence[str]
    """Where questions are asked, home first; a place is the channel's own name of a chat."""

    async def post(self, card: Card, place: str, reply_to: str = "") -> str:
        """Show a card as a new message, below another one if named; its reference."""
        ...

    async def edit(self, ref: str, card: Card) -> None:
        """Bring a message up to date; raises NotFound when it is gone."""
        ...

    async def check(self) -> Sequence[str]:
        """Return when messages can be sent, with what it has to do without, in words.

        Raises an IntegrationError with the remedy when they cannot.
        """
        ...

    async def close(self) -> None:
        """Give back what it holds."""
        ...


class MessageStore(Protocol):
    """What each channel shows, so that a restart repeats nothing and forgets nothing."""

    async def sending(self, message: Message) -> Message:
        """Note that a card is about to be sent; one that is noted already comes back as it is."""
        ...

    async def shown(self, message: Message) -> None:
        """Note what a message shows now."""
        ...

    async def of_subject(self, channel: str, subject: str, place: str) -> Message | None:
        """The message of a subject in a place."""
        ...

    async def by_ref(self, channel: str, ref: str) -> Message | None:
        """The message that somebody replied to."""
        ...

    async def unsettled(self, channel: str) -> Sequence[Message]:
        """All that may still change, oldest first."""
        ...

    async def forget(self, message: Message) -> None:
        """A card that was about to be sent surely did not arrive."""
        ...

    async def since(self, channel: str, moment: datetime) -> Sequence[Message]:
        """All that were posted at this moment or later, oldest first."""
        ...

    async def propose(self, proposal: Proposal) -> None:
        """Keep what was understood until its person says yes; those that expired are forgotten."""
        ...

    async def proposal(self, nonce: str) -> Proposal | None:
        """What was understood, if it has not expired; the same again for a repeated tap."""
        ...

    async def note_update(self, channel: str, update_id: str) -> bool:
        """Note that an update was dealt with; False when it was before."""
        ...

    async def seen_update(self, channel: str, update_id: str) -> bool:
        """Whether an update was dealt with."""
        ...


class Reader(Protocol):
    """Reads what people say in plain words."""

    async def read(self, words: str, question: Question) -> Intent:
        """What the words mean as an answer to a question, whose limit is that of now.

        Always one of the options open, a question or unclear; nothing is decided. A reader that
        is a model raises ModelError, LimitExceeded, TimeoutError.
        """
        ...
