"""Who an agent is: its name, the size of its replies, and how freely it may word them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.models import Message, ModelCall
from core.ports import Case


def words_of(case: Case) -> str:
    """The report with its title, which many reports repeat in their first line."""
    first = case.report.strip().split("\n", maxsplit=1)[0]
    return case.report.strip() if case.title in first else f"{case.title}\n\n{case.report}".strip()


def precedent_of(case: Case) -> str:
    """What came of an earlier task that was alike; empty where none is known."""
    if (found := case.precedent) is None:
        return ""
    parts = (
        f"Its report:\n{found.report}",
        f"What was held to be the cause:\n{found.cause}" if found.cause else "",
        f"What was changed:\n{found.diff}" if found.diff else "",
        f"It ended as `{found.outcome}`.",
    )
    return "\n\n".join(part for part in parts if part)


@dataclass(frozen=True)
class Role:
    """One role of the house."""

    name: str
    node: str
    """The node at which it works."""
    max_tokens: int
    """Of one reply."""
    temperature: float = 0.2

    def call(self, case: Case, messages: Sequence[Message], **more: Any) -> ModelCall:
        """A question of this role on a case; `more` are further fields of the call."""
        fields = {"max_tokens": self.max_tokens, "temperature": self.temperature, **more}
        return ModelCall(
            task_id=case.task_id,
            role=self.name,
            node=self.node,
            messages=tuple(messages),
            seed=case.seed,
            **fields,
        )
