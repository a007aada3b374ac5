"""The language models that roles use."""

from datetime import datetime
from typing import Protocol

from core.models import Capabilities, ModelCall, Reply


class Model(Protocol):
    """A language model as one role uses it, with patience, limits and fallbacks behind it."""

    @property
    def name(self) -> str:
        """As it is configured, such as `ollama_chat/qwen3:8b`."""
        ...

    @property
    def window(self) -> int:
        """Tokens that prompt and reply may have together."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What it has shown that it can do."""
        ...

    @property
    def other(self) -> "Model | None":
        """The one to ask when the replies of this one are no answers; None when there is none."""
        ...

    def count(self, text: str) -> int:
        """Tokens of a text, counted here, a little too many rather than too few."""
        ...

    async def complete(self, call: ModelCall) -> Reply:
        """The model's answer.

        Raises ModelUnavailable when neither it nor a fallback answers, PromptTooLong when the
        prompt does not fit its window or was truncated, BudgetExceeded before anything is sent.
        """
        ...


class Models(Protocol):
    """Which model serves which role."""

    def of(self, role: str) -> Model:
        """The model of a role."""
        ...


class ProbeStore(Protocol):
    """What models have shown that they can do, remembered."""

    async def recall(self, key: str, since: datetime) -> Capabilities | None:
        """What was kept under this key, unless it is older; None when there is nothing."""
        ...

    async def keep(self, key: str, shown: Capabilities) -> None:
        """Remember it, as of now, in place of what was."""
        ...
