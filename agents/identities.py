"""What a role has learned, as the stable block that all its prompts of a task begin with."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from agents.models.counting import count, with_margin
from agents.prompting import render, revealed
from core.errors import StoreError
from core.identities import Identity
from core.models import Capabilities, Message, ModelCall, Reply
from core.ports import Clock, IdentityStore, LessonStore, Model, Models
from memory.reflection import held_out

log = logging.getLogger(__name__)

BLOCK_TOKENS = 2_000
"""The block stays below, by whatever tokenizer."""
STRICTEST = "anthropic"
"""Its tokenizer makes most tokens of a text."""
ITEM_MAX = 500
ASKED_S = 5.0
REST_S = 60.0
"""A store that failed is left alone so long."""
TASKS_KEPT = 1_000
BLOCKS_KEPT = 50
"""Of each role; tasks differ in what is left out."""
TITLES = (
    "Rules that held, best first",
    "Mistakes that were made",
    "Style of the code here",
    "What holds, as far as is known",
    "What you know well",
)


@dataclass(frozen=True)
class Item:
    """A line of a block."""

    title: str
    text: str
    rule: str = ""
    """The rule that it says, as it is stored."""


@dataclass(frozen=True)
class Block:
    """What a role has learned as a message, None for nothing, and the rules in it."""

    message: Message | None = None
    rules: tuple[str, ...] = ()


class Identities:
    """Reads identities for tasks; with the store away, as they were read last."""

    def __init__(
        self, store: IdentityStore, lessons: LessonStore, clock: Clock, *, holdout: float = 0.0
    ) -> None:
        """`holdout` is the share of tasks that each rule is left out of, to see what it does."""
        self._store = store
        self._lessons = lessons
        self._clock = clock
        self._holdout = holdout
        self._last: dict[str, Identity] = {}
        self._blocks: dict[str, dict[frozenset[str], Block]] = {}
        """Of each role, for the identity that was read last, by what is left out."""
        self._of_task: OrderedDict[str, Mapping[str, Message]] = OrderedDict()
        self._rests_until = 0.0
        self._away_since: datetime | None = None
        self._reason = ""

    async def of_task(self, task_id: str, roles: Collection[str]) -> Mapping[str, Message]:
        """The block of each role that has learned something, as it was when the task began here.

        Less the rules that this task does without; which it has, and which not, is noted, to be
        counted when it has ended. A restart of the process reads the identities anew.
        """
        if task_id not in self._of_task:
            self._of_task[task_id] = await self._now(task_id, roles)
            if len(self._of_task) > TASKS_KEPT:
                self._of_task.popitem(last=False)
        return self._of_task[task_id]

    async def _now(self, task_id: str, roles: Collection[str]) -> Mapping[str, Message]:
        if self._clock.monotonic() >= self._rests_until:
            await self._read(roles)
        health = self._store.health()
        since, reason = self._away_since, self._reason
        if health.away_since:
            since, reason = health.away_since, health.reason
        if since:
            said = "identities are those of %s and before: %s"
            log.warning(said, since, reason, extra={"task_id": task_id})
        known = [role for role in roles if role in self._last]
        found = {role: await self._block(role, task_id) for role in known}
        return {role: block.message for role, block in found.items() if block.message}

    def degraded(self) -> dict[str, str]:
        """That the store is away, for `/health`."""
        if self._away_since is None:
            return {}
        since = f"{self._away_since:%Y-%m-%d %H:%M} UTC"
        return {"identities": f"Roles know what they knew before {since}: {self._reason}"}

    async def _read(self, roles: Collection[str]) -> None:
        try:
            async with asyncio.timeout(ASKED_S):
                found = await asyncio.gather(*(self._store.get(role) for role in roles))
        except (StoreError, TimeoutError) as error:
            self._away_since = self._away_since or self._clock.now()
            self._reason = str(error) or f"no answer within {ASKED_S:g} s"
            self._rests_until = self._clock.monotonic() + REST_S
            return
        for identity in found:
            if identity != self._last.get(identity.role):
                self._blocks.pop(identity.role, None)
                self._last[identity.role] = identity
        self._away_since = None

    async def _block(self, role: str, task_id: str) -> Block:
        out = held_out(self._last[role], task_id, self._holdout)
        block, whole = await self._made(role, out), await self._made(role, frozenset())
        withheld = [rule for rule in whole.rules if rule in out]
        await self._note(role, task_id, block.rules, withheld)
        return block

    async def _made(self, role: str, without: frozenset[str]) -> Block:
        made = self._blocks.setdefault(role, {})
        if without not in made:
            if len(made) >= BLOCKS_KEPT:
                made.clear()
            made[without] = await asyncio.to_thread(block_of, self._last[role], without)
        return made[without]

    async def _note(
        self, role: str, task_id: str, shown: Collection[str], withheld: Collection[str]
    ) -> None:
        try:
            await self._lessons.used(task_id, role, shown=shown, withheld=withheld)
        except StoreError as error:
            log.warning("uses of rules are not noted: %s", error, extra={"task_id": task_id})


def block_of(identity: Identity, without: Collection[str] = ()) -> Block:
    """The block of an identity, below 2,000 tokens, best rules first, some of them left out."""
    items = [item for item in _items(identity, without) if item.text]
    if not items:
        return Block()
    low, high = 1, len(items)
    if not _fits(items):
        while low < high - 1:
            middle = (low + high) // 2
            low, high = (middle, high) if _fits(items[:middle]) else (low, middle)
        items = items[:low]
    message = Message(author="system", text=_rendered(items), lasting=True)
    return Block(message, tuple(item.rule for item in items if item.rule))


def _items(identity: Identity, without: Collection[str]) -> Iterator[Item]:
    """All that could be said, what matters most first."""
    rules, mistakes, style, beliefs, expertise = TITLES
    for rule in identity.rules:
        if rule not in without:
            yield Item(rules, _line(rule), rule)
    for mistake in reversed(identity.past_mistakes):
        yield Item(mistakes, _line(mistake))
    yield Item(style, _line(identity.code_style))
    for subject, belief in sorted(identity.beliefs.items()):
        yield Item(beliefs, _line(f"{subject}: {belief}"))
    for topic in identity.expertise:
        yield Item(expertise, _line(topic))


def _line(text: str) -> str:
    plain, _ = revealed(text)
    return " ".join(plain.split())[:ITEM_MAX]


def _fits(items: list[Item]) -> bool:
    return with_margin(count(_rendered(items)), STRICTEST) < BLOCK_TOKENS


def _rendered(items: list[Item]) -> str:
    sections = {title: [item.text for item in items if item.title == title] for title in TITLES}
    present = [(title, texts) for title, texts in sections.items() if texts]
    return render("identity", sections=present)[0].text


@dataclass(frozen=True)
class IdentifiedModels:
    """Serves the port Models: each role's prompts begin with what it has learned."""

    models: Models
    blocks: Mapping[str, Message]

    def of(self, role: str) -> Model:
        model, block = self.models.of(role), self.blocks.get(role)
        return IdentifiedModel(model, block) if block else model


@dataclass(frozen=True)
class IdentifiedModel:
    """Serves the port Model: the same block first in every call, out of the same window."""

    model: Model
    block: Message

    @property
    def name(self) -> str:
        return self.model.name

    @property
    def window(self) -> int:
        return max(0, self.model.window - self.count(self.block.text))

    @property
    def capabilities(self) -> Capabilities:
        return self.model.capabilities

    @property
    def other(self) -> "IdentifiedModel | None":
        return IdentifiedModel(self.model.other, self.block) if self.model.other else None

    def count(self, text: str) -> int:
        return self.model.count(text)

    async def complete(self, call: ModelCall) -> Reply:
        return await self.model.complete(call.but(messages=(self.block, *call.messages)))
