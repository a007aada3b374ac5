"""The tools of one role, and the one place where a model's calls are carried out."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal

from pydantic import BaseModel

from core.errors import NotFound, ToolError, ToolRefused
from core.events import AuditEntry
from core.models import Message, ToolCall, ToolSpec
from observability.tracing import span
from tools.observations import observed
from tools.policy import Permission, Policy, permission
from tools.tool import Tool
from tools.workplace import Workplace

TOLD_CHARACTERS = 500
"""Of arguments in the record of a refusal."""


@dataclass(frozen=True)
class Refusal:
    """Something that a model asked for and did not get, as the audit log keeps it."""

    role: str
    tool: str
    rule: str
    """`unlisted`, `arguments`, `path`, `role`, `gate` or `policy`."""
    reason: str
    arguments: str
    """As the model wrote them, cut."""

    def entry(self, task_id: str) -> AuditEntry:
        """The row of the audit log."""
        detail = {"tool": self.tool, "rule": self.rule, "reason": self.reason}
        return AuditEntry(
            action="refused_tool",
            task_id=task_id,
            actor=self.role,
            detail={**detail, "arguments": self.arguments},
        )


@dataclass(frozen=True)
class ToolResult:
    """What became of one call."""

    call: ToolCall
    text: str
    """As the model sees it; untrusted."""
    outcome: Literal["done", "failed", "refused"] = "done"
    rule: str = ""
    """Of a refusal."""
    ended: bool = False
    """Whether the work is done with this."""
    answer: Any = None
    """What an ending tool returned."""

    @property
    def malformed(self) -> bool:
        """Whether the call itself could not be understood."""
        return self.rule in ("unlisted", "arguments")

    @property
    def message(self) -> Message:
        """What the model is told."""
        return Message(author="tool", text=self.text, call_id=self.call.call_id)


Refused = Callable[[Refusal], Awaitable[None]]


async def unheard(refusal: Refusal) -> None:
    """Tells nobody."""


class Toolbox:
    """Exactly the tools of one role; none where its list is empty."""

    def __init__(
        self,
        role: str,
        tools: Sequence[Tool],
        place: Workplace,
        *,
        refused: Refused,
        policy: Policy = Policy.AUTO,
    ) -> None:
        """Tell `refused` of every refusal; what would need consent is denied with the reason."""
        self.role = role
        self.place = place
        self._tools = {tool.name: tool for tool in tools}
        self._refused = refused
        self._policy = policy
        self._command_failed = False

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        """What the model is told of."""
        return tuple(tool.spec for tool in self._tools.values())

    @property
    def names(self) -> tuple[str, ...]:
        """Of all tools here."""
        return tuple(self._tools)

    @property
    def ending(self) -> str:
        """Name of the tool that ends the work; empty where words do."""
        return next((tool.name for tool in self._tools.values() if tool.ends), "")

    async def use(self, calls: Sequence[ToolCall]) -> tuple[ToolResult, ...]:
        """Carry out the calls of one turn: neighbours that change nothing at once, others in order.

        What comes after a call that ends the work is left undone. Raises what is no ToolError,
        as SandboxGone, once all that runs has ended.
        """
        results: list[ToolResult] = []
        for parallel, group in groupby(calls, key=self._is_parallel):
            batch = list(group)
            if any(result.ended for result in results):
                results += [ToolResult(call, "Not done: the work had ended.") for call in batch]
            elif parallel:
                results += await _all(self._one(call) for call in batch)
            else:
                for call in batch:
                    over = any(result.ended for result in results)
                    late = ToolResult(call, "Not done: the work had ended.")
                    results.append(late if over else await self._one(call))
        return tuple(results)

    def _is_parallel(self, call: ToolCall) -> bool:
        tool = self._tools.get(call.name)
        return tool is not None and tool.parallel

    async def _one(self, call: ToolCall) -> ToolResult:
        name = call.name if call.name in self._tools else "unknown"
        with span(
            f"execute_tool {name}",
            gen_ai__operation__name="execute_tool",
            gen_ai__tool__name=name,
            gen_ai__agent__name=self.role,
        ) as begun:
            result = await self._carried_out(call)
            begun.set(anton__tool__outcome=result.outcome, anton__tool__rule=result.rule)
            return result

    async def _carried_out(self, call: ToolCall) -> ToolResult:
        try:
            return await self._done(call)
        except ToolRefused as error:
            refusal = Refusal(
                self.role, call.name, error.rule, error.message, call.arguments[:TOLD_CHARACTERS]
            )
            await self._refused(refusal)
            return ToolResult(call, self._shown(error.message), "refused", error.rule)
        except (ToolError, NotFound) as error:
            return ToolResult(call, self._shown(str(error)), "failed")

    async def _done(self, call: ToolCall) -> ToolResult:
        tool = self._tools.get(call.name)
        if tool is None:
            known = ", ".join(self._tools) or "none"
            raise ToolRefused(
                f"There is no tool {call.name!r} here; there are: {known}.", rule="unlisted"
            )
        arguments = tool.parsed(call.arguments)
        self._insist_on_permission(tool, arguments)
        given = {name: getattr(arguments, name) for name in type(arguments).model_fields}
        result = await tool.do(self.place, **given)
        if tool.ends:
            return ToolResult(call, "Done.", ended=True, answer=result)
        failed = getattr(result, "failed", False)
        self._command_failed = self._command_failed or failed
        return ToolResult(call, self._shown(str(result), tool.characters))

    def _insist_on_permission(self, tool: Tool, arguments: BaseModel) -> None:
        risk = tool.risk_of(arguments)
        verdict = permission(self._policy, risk, failed=self._command_failed)
        if verdict is Permission.RUN:
            return
        reason = (
            f"{tool.name} was denied: policy {self._policy.value} does not allow what is {risk}"
        )
        if verdict is Permission.ASK:
            reason += " without asking a person, and in a task nobody is asked in between"
        raise ToolRefused(f"{reason}.", rule="policy")

    def _shown(self, text: str, characters: int = 10_000) -> str:
        return observed(text, min(characters, self.place.characters))


async def _all(calls: Any) -> list[ToolResult]:
    """All results; an error of ours is raised once nothing runs any more."""
    results = await asyncio.gather(*calls, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return [result for result in results if not isinstance(result, BaseException)]
