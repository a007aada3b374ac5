"""A channel in memory: what people would see, and the ways in which a vendor fails."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from core.channels import Card
from core.errors import AntonError, NotFound


@dataclass
class Shown:
    """A message, with all that it ever showed."""

    ref: str
    place: str
    reply_to: str
    cards: list[Card]

    @property
    def card(self) -> Card:
        """What it shows now."""
        return self.cards[-1]


@dataclass
class FakeChannel:
    """Serves the port Channel."""

    name: str = "fake"
    places: Sequence[str] = ("home",)
    shown: list[Shown] = field(default_factory=list)
    failing: AntonError | None = None
    """Raised by each call while it is set."""
    failing_after: AntonError | None = None
    """Raised once, when the message has arrived already."""

    async def post(self, card: Card, place: str, reply_to: str = "") -> str:
        if self.failing:
            raise self.failing
        ref = f"{place}:{len(self.shown) + 1}"
        self.shown.append(Shown(ref, place, reply_to, [card]))
        if self.failing_after:
            error, self.failing_after = self.failing_after, None
            raise error
        return ref

    async def edit(self, ref: str, card: Card) -> None:
        if self.failing:
            raise self.failing
        self.of(ref).cards.append(card)

    async def check(self) -> Sequence[str]:
        if self.failing:
            raise self.failing
        return ()

    async def close(self) -> None:
        pass

    def of(self, ref: str) -> Shown:
        """A message; raises NotFound, as for one that was deleted."""
        for message in self.shown:
            if message.ref == ref:
                return message
        raise NotFound(f"There is no message {ref}.")

    def about(self, kind: str) -> list[Shown]:
        """Messages whose subject begins so."""
        return [message for message in self.shown if message.card.subject.startswith(f"{kind}:")]

    def delete(self, message: Shown) -> None:
        """Somebody deletes a message."""
        self.shown.remove(message)
