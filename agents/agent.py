"""A turn after the other: prompt, model, tools, until a typed end, watched at every step."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from agents.allowance import Allowance
from agents.context import Context, ContextFull
from agents.loops import Loop, LoopWatch
from agents.prompting import render
from agents.replies import IN_A_ROW, slip_of
from core.errors import BudgetExceeded, PromptTooLong, TimeUp
from core.events import EventType
from core.models import Message, ModelCall, Reply, Tokens, ToolCall
from core.ports import Model
from repair.refused import REFUSALS_MAX
from tools.toolbox import Toolbox, ToolResult

NO_TOKENS = Tokens()
CALLS_MAX = 20
"""Tool calls of one turn that are carried out; of the others nothing is kept but their number."""
TOLD_CHARACTERS = 1_000
"""Of arguments and results in an event."""
WARNED_TURNS = 3
"""How many turns are left when the model is told of it."""
RESULT_SHARE = 4
"""A result takes at most one part in so many of the window."""
CHARACTERS_A_TOKEN = 3

Watch = Callable[[EventType, dict[str, Any]], Awaitable[None]]


class Why(StrEnum):
    """Why the work ended."""

    DONE = "done"
    TURNS = "turns"
    TIME = "time"
    MALFORMED = "malformed"
    """Too many turns in a row in which nothing could be done."""
    LOOP = "loop"
    REFUSED_EDITS = "refused_edits"
    BUDGET = "budget"
    CONTEXT = "context"
    """The conversation does not fit the window any more."""


@dataclass(frozen=True)
class TurnLimits:
    """What one agent may use."""

    turns: int = 15
    reply_tokens: int = 8_192
    malformed: int = IN_A_ROW
    """In a row."""
    refused_edits: int = REFUSALS_MAX
    """By the gate."""


@dataclass(frozen=True)
class Ending:
    """How the work ended, and what it cost; whatever stands in the sandbox can still be saved."""

    why: Why
    turns: int
    answer: Any = None
    """What the ending tool returned; None unless `done`."""
    text: str = ""
    """The last words of the model; untrusted."""
    model: str = ""
    """Who said them; empty when nobody answered."""
    note: str = ""
    """What went wrong, in words for people."""
    spent: BudgetExceeded | None = None
    """The limit that was met, when `why` is `budget`."""
    messages: tuple[Message, ...] = ()
    """The conversation, as it could be gone on with."""
    calls: int = 0
    """Of the model, those for summaries left out."""
    tokens: Tokens = NO_TOKENS
    cost_usd: float | None = 0.0
    """None when the price of a call is unknown."""

    @property
    def done(self) -> bool:
        """Whether it ended by itself; every other ending is a limit, never a success."""
        return self.why is Why.DONE


async def unwatched(event: EventType, data: dict[str, Any]) -> None:
    """Tells nobody."""


@dataclass
class _Run:
    """What one piece of work has come to."""

    context: Context
    loops: LoopWatch = field(default_factory=LoopWatch)
    turn: int = 0
    malformed: int = 0
    refused_edits: int = 0
    loops_found: int = 0
    last: Reply | None = None
    calls: int = 0
    tokens: Tokens = NO_TOKENS
    cost_usd: float | None = 0.0

    def take(self, reply: Reply) -> None:
        """Count a reply."""
        self.last = reply
        self.calls += 1
        self.tokens = Tokens(
            sent=self.tokens.sent + reply.tokens.sent,
            received=self.tokens.received + reply.tokens.received,
            cached=self.tokens.cached + reply.tokens.cached,
            estimated=self.tokens.estimated or reply.tokens.estimated,
        )
        known = self.cost_usd is not None and reply.cost_usd is not None
        self.cost_usd = (self.cost_usd or 0.0) + (reply.cost_usd or 0.0) if known else None


class Agent:
    """One role at work with its tools."""

    def __init__(
        self,
        model: Model,
        toolbox: Toolbox,
        limits: TurnLimits,
        time: Allowance,
        *,
        task_id: str = "",
        node: str = "",
        temperature: float | None = None,
        seed: int | None = None,
        watch: Watch = unwatched,
        ends_by_words: bool = False,
    ) -> None:
        """`ends_by_words`: a turn without a tool call is the end, not a slip."""
        self._model = model
        self._toolbox = toolbox
        self._limits = limits
        self._time = time
        self._watch = watch
        self._ends_by_words = ends_by_words
        self._call = ModelCall(
            task_id=task_id,
            role=toolbox.role,
            node=node,
            messages=(),
            tools=toolbox.specs,
            max_tokens=limits.reply_tokens,
            temperature=temperature,
            seed=seed,
        )

    async def work(self, opening: Sequence[Message]) -> Ending:
        """Take turns until the end; a limit is an ending too, with its reason.

        `opening` holds goal, report and limits: it stays whatever is left out. Raises
        ModelUnavailable and SandboxError.
        """
        run = self._begun(opening)
        about = {"path": f"{self._call.task_id[:8]}/{self._call.role}/tools"}
        about |= {"role": self._call.role, "node": self._call.node}
        limits = {"model": self._model.name, "turns": self._limits.turns}
        await self._watch("agent_start", {**about, **limits})
        ending = await self._worked(run)
        how = {"why": ending.why.value, "turns": ending.turns, "note": ending.note}
        await self._watch("agent_end", {**about, "ok": ending.done, **how})
        return ending

    def _begun(self, opening: Sequence[Message]) -> _Run:
        place = self._toolbox.place
        tools = "".join(spec.model_dump_json() for spec in self._toolbox.specs)
        overhead = self._model.count(tools)
        context = Context(self._model, opening, overhead, self._call)
        place.characters = min(
            place.characters, context.window // RESULT_SHARE * CHARACTERS_A_TOKEN
        )
        place.seconds_left = lambda: self._time.left
        return _Run(context)

    async def _worked(self, run: _Run) -> Ending:
        while run.turn < self._limits.turns:
            run.turn += 1
            try:
                reply = await self._reply(run)
            except TimeUp as error:
                return self._ended(run, Why.TIME, error.message)
            except BudgetExceeded as error:
                return replace(self._ended(run, Why.BUDGET, error.message), spent=error)
            except (ContextFull, PromptTooLong) as error:
                return self._ended(run, Why.CONTEXT, error.message)
            if ending := await self._taken(run, reply):
                return ending
            left = self._limits.turns - run.turn
            if left == WARNED_TURNS and not self._ends_by_words:
                self._tell(run, "turn-left", turns=left)
        return self._ended(run, Why.TURNS)

    # --- asking ---

    async def _reply(self, run: _Run) -> Reply:
        async with self._time.held():
            await run.context.fit()
            try:
                reply = await self._asked(run)
            except PromptTooLong:
                await run.context.fit(share=0.5)
                reply = await self._asked(run)
        run.take(reply)
        return reply

    async def _asked(self, run: _Run) -> Reply:
        call = self._call.but(
            messages=run.context.messages,
            max_tokens=max(1, min(self._limits.reply_tokens, run.context.room)),
        )
        return await self._model.complete(call)

    # --- taking a reply ---

    async def _taken(self, run: _Run, reply: Reply) -> Ending | None:
        """Do what a reply asks for; the ending that it led to, if any."""
        calls = _numbered(reply.calls, run.turn) if reply.finish != "length" else ()
        if not calls:
            return self._without_calls(run, reply)
        sent, calls = len(calls), calls[:CALLS_MAX]
        run.context.add(run.turn, Message(author="assistant", text=reply.text, calls=calls))
        results = await self._used(run, calls)
        run.context.add(run.turn, *(result.message for result in results))
        if sent > len(calls):
            self._tell(run, "turn-many", sent=sent, done=len(calls))
        for result in results:
            if result.ended:
                return self._ended(run, Why.DONE, answer=result.answer)
        run.malformed = run.malformed + 1 if all(r.malformed for r in results) else 0
        if run.malformed >= self._limits.malformed:
            return self._ended(run, Why.MALFORMED, results[-1].text)
        run.refused_edits += sum(result.rule == "gate" for result in results)
        if run.refused_edits >= self._limits.refused_edits:
            return self._ended(run, Why.REFUSED_EDITS, _last_refusal(results))
        return self._looped(run, results)

    def _without_calls(self, run: _Run, reply: Reply) -> Ending | None:
        what = slip_of(reply, self._toolbox.names)
        if reply.text.strip():
            run.context.add(run.turn, Message(author="assistant", text=reply.text))
        if what == "words" and self._ends_by_words:
            return self._ended(run, Why.DONE)
        run.malformed += 1
        if run.malformed >= self._limits.malformed:
            return self._ended(run, Why.MALFORMED, f"The last of {run.malformed} turns: {what}.")
        self._tell(run, f"turn-{what}")
        return None

    async def _used(self, run: _Run, calls: Sequence[ToolCall]) -> list[ToolResult]:
        for call in calls:
            await self._watch("tool_start", {**_told(run, call), "arguments": _cut(call.arguments)})
        with self._time.counted():
            results = list(await self._toolbox.use(calls))
        for result in results:
            data = {"outcome": result.outcome, "rule": result.rule, "text": _cut(result.text)}
            await self._watch("tool_end", {**_told(run, result.call), **data})
        return results

    def _looped(self, run: _Run, results: Sequence[ToolResult]) -> Ending | None:
        """Nudge at the first loop, roll back at the second, end at the third."""
        found: Loop | None = None
        for result in results:
            found = found or run.loops.note(run.turn, result)
        if found is None:
            return None
        run.loops_found += 1
        if run.loops_found > 2:
            return self._ended(run, Why.LOOP, found.words)
        if run.loops_found == 2:
            run.context.roll_back(found.first_turn)
        name = "turn-loop" if run.loops_found == 1 else "turn-rolled-back"
        self._tell(run, name, loop=found.words)
        return None

    # --- telling ---

    def _tell(self, run: _Run, prompt: str, **facts: object) -> None:
        name = self._toolbox.ending
        ending = f"call {name}" if name else "answer in words"
        run.context.add(run.turn, *render(prompt, ending=ending, **facts))

    def _ended(self, run: _Run, why: Why, note: str = "", answer: Any = None) -> Ending:
        return Ending(
            why=why,
            turns=run.turn,
            answer=answer,
            text=run.last.text if run.last else "",
            model=run.last.model if run.last else "",
            note=note,
            messages=run.context.messages,
            calls=run.calls,
            tokens=run.tokens,
            cost_usd=run.cost_usd,
        )


def _numbered(calls: Sequence[ToolCall], turn: int) -> tuple[ToolCall, ...]:
    """The calls, each with an id of its own, so that every answer finds its call."""
    seen: set[str] = set()
    numbered: list[ToolCall] = []
    for place, call in enumerate(calls):
        fresh = call.call_id and call.call_id not in seen
        call_id = call.call_id if fresh else f"call-{turn}-{place}"
        seen.add(call_id)
        numbered.append(call.but(call_id=call_id))
    return tuple(numbered)


def _last_refusal(results: Sequence[ToolResult]) -> str:
    return next((r.text for r in reversed(results) if r.rule == "gate"), "")


def _told(run: _Run, call: ToolCall) -> dict[str, Any]:
    return {"turn": run.turn, "tool": call.name, "call_id": call.call_id}


def _cut(text: str) -> str:
    missing = len(text) - TOLD_CHARACTERS
    return text if missing <= 0 else f"{text[:TOLD_CHARACTERS]}… [{missing} characters cut]"
