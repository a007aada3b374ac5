"""A model as a role uses it: its line first, then the fallbacks."""

from collections.abc import Callable, Sequence

from agents.models.attempts import AttemptFailed
from agents.models.counting import count, with_margin
from agents.models.line import Journey, Line
from agents.models.telling import Telling
from core.errors import ModelUnavailable, PromptTooLong
from core.models import Capabilities, ModelCall, Reply
from core.ports import Budgets, EventLog


class ServedModel:
    """Serves the port Model."""

    def __init__(
        self,
        lines: Sequence[Line],
        shown: Callable[[str], Capabilities],
        budgets: Budgets,
        events: EventLog,
        *,
        standby: bool = False,
    ) -> None:
        """Take the model's own line first, then those of its fallbacks, at least one in all.

        `shown` tells what a model has shown that it can do; `standby` says that something else is
        ready in place of all of them, so that nobody waits for a server that is known to be away.
        """
        self._lines = tuple(lines)
        self._standby = standby
        self._budgets = budgets
        self._events = events
        self._shown = shown
        self.capabilities = shown(self.name)

    @property
    def name(self) -> str:
        return self._lines[0].name

    @property
    def window(self) -> int:
        return self._lines[0].window

    @property
    def other(self) -> "ServedModel | None":
        """The next of MODEL_FALLBACK, with those behind it."""
        if not (rest := self._lines[1:]):
            return None
        return ServedModel(rest, self._shown, self._budgets, self._events, standby=self._standby)

    def count(self, text: str) -> int:
        return with_margin(count(text), self._lines[0].endpoint.provider.name)

    async def complete(self, call: ModelCall) -> Reply:
        """Serves the port; a reply with no text and no calls is handed on as it came.

        A fallback that has not shown that it can work with tools is not asked to.
        """
        journey = Journey(call, Telling(self._events, call), self._budgets)
        failures: list[AttemptFailed] = []
        too_long: PromptTooLong | None = None
        taken = 0
        for number, line in enumerate(self._lines):
            unfit = number and call.tools and not self._shown(line.name).strong
            if unfit or (too_long and line.window <= taken):
                continue
            spare = self._standby or number + 1 < len(self._lines)
            try:
                return await line.ask(journey, spare=spare)
            except AttemptFailed as error:
                failures.append(error)
            except PromptTooLong as error:
                too_long, taken = too_long or error, max(taken, line.window)
        if too_long:
            raise too_long
        raise ModelUnavailable(
            "No model answers. " + " ".join(_sentence(error) for error in failures),
            remedy=next((e.remedy for e in failures if e.remedy), None)
            or "wait until it is back, or name another one in MODEL_FALLBACK",
        ) from failures[-1]


def _sentence(error: AttemptFailed) -> str:
    return error.message if error.message.endswith(".") else f"{error.message}."
