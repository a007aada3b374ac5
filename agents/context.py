"""The conversation of one agent, kept within its model's window; its opening always stays."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from agents.prompting import render
from core.errors import LimitExceeded, ModelError
from core.models import Message, ModelCall
from core.ports import Model

UNKNOWN_WINDOW = 256_000
SHARE = 0.8
"""Of the window that a prompt may take."""
KEPT_TOKENS = 40_000
"""Of the newest tool outputs, which are not pruned; less in a small window."""
FREED_TOKENS = 20_000
"""Fewer than that are not worth pruning; less in a small window."""
SUMMARY_TOKENS = 2_000
PER_MESSAGE = 4
SECTIONS = (
    "Goal",
    "Completed",
    "State",
    "In progress",
    "Remaining",
    "Next step",
    "Key context",
)


class ContextFull(LimitExceeded):
    """The conversation does not fit the model's window, however much is left out."""


@dataclass
class Turn:
    """What was said in one turn: the model's message, what its tools answered, what it was told."""

    number: int
    messages: list[Message] = field(default_factory=list)


class Context:
    """One conversation: an opening that stays, a summary once there is one, and turns."""

    def __init__(
        self, model: Model, opening: Sequence[Message], overhead: int, call: ModelCall
    ) -> None:
        """Begin with `opening`; `overhead` tokens go with every prompt, such as the tools.

        `call` is what a call for a summary is made from.
        """
        self._model = model
        self._opening = tuple(opening)
        self._overhead = overhead
        self._call = call
        self._summary: Message | None = None
        self._turns: list[Turn] = []
        self._counted: dict[Message, int] = {}
        self.window = model.window or UNKNOWN_WINDOW
        self.summaries = 0

    @property
    def messages(self) -> tuple[Message, ...]:
        """All of it, in order."""
        summary = [self._summary] if self._summary else []
        said = [message for turn in self._turns for message in turn.messages]
        return (*self._opening, *summary, *said)

    @property
    def tokens(self) -> int:
        """Of the next prompt, tools and all."""
        return self._overhead + sum(map(self._count, self.messages))

    @property
    def room(self) -> int:
        """Tokens that are left for a reply."""
        return max(self.window - self.tokens, 0)

    def add(self, turn: int, *messages: Message) -> None:
        """Say something more in a turn."""
        if not self._turns or self._turns[-1].number != turn:
            self._turns.append(Turn(turn))
        self._turns[-1].messages.extend(messages)

    def roll_back(self, turn: int) -> None:
        """Forget this turn and all after it."""
        self._turns = [one for one in self._turns if one.number < turn]

    async def fit(self, *, share: float = SHARE) -> None:
        """See that the next prompt takes at most `share` of the window; raises ContextFull.

        Old tool outputs go first, then a summary takes the place of all but the last turn, then
        everything is cut that can be.
        """
        most = int(self.window * share)
        if self.tokens <= most:
            return
        self._prune(min(KEPT_TOKENS, most // 3), min(FREED_TOKENS, most // 6))
        if self.tokens <= most:
            return
        if await self._summarise(most) and self.tokens <= most:
            return
        self._prune(0, 0)
        self._cut_last(most)
        if self.tokens > most:
            raise ContextFull(
                f"{self.tokens:,} tokens do not fit {most:,} of a window of {self.window:,}."
            )

    # --- pruning ---

    def _prune(self, kept: int, freed: int) -> None:
        """Replace tool outputs older than the newest `kept` tokens, if `freed` come free."""
        room = kept
        stale: list[tuple[Turn, int, Message]] = []
        for turn, place, message in self._outputs():
            room -= self._count(message)
            if room < 0 and turn is not self._turns[-1]:
                stale.append((turn, place, _pruned(message, turn)))
        gain = sum(self._count(t.messages[p]) - self._count(m) for t, p, m in stale)
        if gain >= freed:
            for turn, place, message in stale:
                turn.messages[place] = message

    def _outputs(self) -> Iterator[tuple[Turn, int, Message]]:
        """Tool outputs, newest first."""
        for turn in reversed(self._turns):
            for place in range(len(turn.messages) - 1, -1, -1):
                if turn.messages[place].author == "tool":
                    yield turn, place, turn.messages[place]

    def _cut_last(self, most: int) -> None:
        """Cut the texts of the last turn, the longest first, until all fits or nothing is left."""
        if not self._turns:
            return
        messages = self._turns[-1].messages
        for place in sorted(range(len(messages)), key=lambda p: -self._count(messages[p])):
            excess = self.tokens - most
            if excess <= 0:
                return
            messages[place] = self._shortened(messages[place], excess)

    def _shortened(self, message: Message, excess: int) -> Message:
        tokens = self._count(message)
        share = max(0.0, (tokens - excess - PER_MESSAGE) / max(tokens, 1) * 0.9)
        half = int(len(message.text) * share / 2)
        missing = len(message.text) - 2 * half
        if missing <= 0:
            return message
        mark = f"[... {missing:,} characters left out for want of room ...]"
        tail = message.text[-half:] if half else ""
        return message.but(text=f"{message.text[:half]}{mark}{tail}")

    # --- summary ---

    async def _summarise(self, most: int) -> bool:
        """Put a summary in the place of all but the last turn; False when there is none to have."""
        if len(self._turns) < 2:
            return False
        most_tokens = min(SUMMARY_TOKENS, self.window // 8)
        goal = "\n\n".join(message.text for message in self._opening)
        told = "\n\n".join(_told(message) for message in self.messages[len(self._opening) :])
        empty = render("context-summary", goal="", conversation="")[-1].text
        room = most - most_tokens - self._model.count(empty)
        goal, told = self._trimmed(goal, room // 3), self._trimmed(told, room - room // 3)
        messages = render("context-summary", goal=goal, conversation=told)
        try:
            reply = await self._model.complete(
                self._call.but(messages=messages, tools=(), max_tokens=max(most_tokens, 1))
            )
        except ModelError:
            return False
        if reply.finish != "stop" or not is_summary(reply.text):
            return False
        self._summary = render("context-carried", summary=reply.text)[-1]
        self._turns = self._turns[-1:]
        self.summaries += 1
        return True

    def _trimmed(self, text: str, tokens: int) -> str:
        """The text with its middle taken out, so that it has at most so many tokens."""
        count = self._model.count(text)
        if count <= tokens:
            return text
        half = int(len(text) * max(tokens, 0) / count * 0.45)
        return f"{text[:half]}\n[... left out ...]\n{text[len(text) - half :]}"

    def _count(self, message: Message) -> int:
        if message not in self._counted:
            calls = "".join(call.name + call.arguments for call in message.calls)
            self._counted[message] = self._model.count(message.text + calls) + PER_MESSAGE
        return self._counted[message]


def is_summary(text: str) -> bool:
    """Whether a text has all seven sections."""
    found = (re.search(rf"^\W*{name}\b", text, re.IGNORECASE | re.MULTILINE) for name in SECTIONS)
    return all(found)


def _pruned(message: Message, turn: Turn) -> Message:
    calls = [call for said in turn.messages for call in said.calls]
    name = next((call.name for call in calls if call.call_id == message.call_id), "a tool")
    text = f"[What {name} said was left out for want of room; call it again if it is needed.]"
    return message.but(text=text) if len(text) < len(message.text) else message


def _told(message: Message) -> str:
    calls = [f"{call.name} {call.arguments}" for call in message.calls]
    return "\n".join([f"{message.author}: {message.text}", *calls])
