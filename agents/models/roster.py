"""The models of all roles, opened once for a process, with what they share."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from agents.models import loading, ollama
from agents.models.attempts import Attempts
from agents.models.breaker import Breaker
from agents.models.choice import Choice, choose
from agents.models.line import Desk, Line
from agents.models.litellm import LiteLLMAttempts
from agents.models.options import ModelOptions
from agents.models.parameters import best_match
from agents.models.prices import Prices, facts_of
from agents.models.probe import recalled
from agents.models.providers import OFFLINE, Endpoint
from agents.models.scripted import ScriptedAttempts, read_script
from agents.models.served import ServedModel
from agents.models.waiting import Waits
from core.errors import ConfigError
from core.models import Capabilities
from core.ports import Budgets, Clock, EventLog, InteractionLog, ProbeStore
from observability.live import LiveTexts

WINDOW_UNKNOWN = 256_000


@dataclass
class Roster:
    """Every model in use, by name; serves the port Models through `under`."""

    choices: Mapping[str, Choice]
    fallback: tuple[str, ...]
    lines: Mapping[str, Line]
    breakers: Mapping[str, Breaker]
    desk: Desk
    warnings: tuple[str, ...] = ()
    capabilities: dict[str, Capabilities] = field(default_factory=dict)
    """What each model has shown, by name."""

    def under(self, budgets: Budgets, *, standby: bool = False) -> "RosterModels":
        """The port Models, each call within these budgets; `standby` as ServedModel has it."""
        return RosterModels(self, budgets, standby)

    def shown(self, model: str) -> Capabilities:
        """What a model has shown that it can do."""
        return self.capabilities.get(model, Capabilities())

    def alone(self, model: str, budgets: Budgets) -> ServedModel:
        """One model with no fallback, to learn what it can do itself."""
        line = self.lines[model]
        return ServedModel([line], self.shown, budgets, self.desk.events)

    async def close(self) -> None:
        """Let go of all connections; harmless when repeated."""
        for line in self.lines.values():
            await line.close()
        await loading.close()


@dataclass(frozen=True)
class RosterModels:
    """Serves the port Models."""

    roster: Roster
    budgets: Budgets
    standby: bool = False

    def of(self, role: str) -> ServedModel:
        """Serves the port; raises ConfigError for a role that is unknown, or has no model."""
        choice = self.roster.choices.get(role)
        if choice is None:
            raise ConfigError(f"There is no role {role!r} that a model could serve.")
        if choice.model == OFFLINE:
            raise ConfigError(f"No model serves the role {role}: {choice.reason}.")
        names = dict.fromkeys((choice.model, *self.roster.fallback))
        return ServedModel(
            [self.roster.lines[name] for name in names],
            self.roster.shown,
            self.budgets,
            self.roster.desk.events,
            standby=self.standby,
        )


async def lines_of(
    models: Iterable[str], options: ModelOptions, desk: Desk, breakers: dict[str, Breaker]
) -> dict[str, Line]:
    """A line for each model; models at one server share its breaker."""
    lines = {}
    for name in dict.fromkeys(models):
        if name == OFFLINE:
            continue
        endpoint = options.endpoint(name)
        if options.local_only and not endpoint.local:
            raise ConfigError(f"LOCAL_ONLY: {name} is not on this machine and is not loaded.")
        if endpoint.label not in breakers:
            breakers[endpoint.label] = Breaker(desk.clock)
        attempts, window = await _attempts(endpoint, options, desk.clock)
        lines[name] = Line(endpoint, attempts, window, breakers[endpoint.label], desk)
    return lines


async def _attempts(
    endpoint: Endpoint, options: ModelOptions, clock: Clock
) -> tuple[Attempts, int]:
    """What sends requests to a model, and the window of the model in tokens."""
    asked = best_match(options.model_parameters, endpoint.model) or {}
    if endpoint.provider.name == "scripted":
        script = read_script(Path(endpoint.bare))
        return ScriptedAttempts(endpoint, script, clock), int(asked.get("window") or script.window)
    deadlines = options.deadlines
    if endpoint.provider.name == "ollama":
        # Loading a model and reading a long prompt take their time on a machine of one's own.
        deadlines = replace(deadlines, first_token_s=deadlines.total_s)
        told = asked.get("num_ctx") or await ollama.window_of(endpoint.base, endpoint.bare)
    else:
        told = facts_of(endpoint.model).get("max_input_tokens")
    window = int(asked.get("window") or told or WINDOW_UNKNOWN)
    thinks = bool(facts_of(endpoint.model).get("supports_adaptive_thinking"))
    return LiteLLMAttempts(endpoint, deadlines, window=window, thinks=thinks), window


async def open_models(
    options: ModelOptions,
    *,
    clock: Clock,
    events: EventLog,
    interactions: InteractionLog,
    live: LiveTexts,
    probes: ProbeStore,
    masked: Callable[[str], str],
) -> Roster:
    """Choose, and make ready, the models of all roles; sends nothing to any of them.

    `masked` takes the secrets out of all that is said to them. Raises ConfigError with all that is
    wrong, each naming its variable.
    """
    choices, warnings = await choose(options)
    fallback = options.fallback if any(c.model != OFFLINE for c in choices.values()) else ()
    own_servers = frozenset(name for name in options.bases if name != "ollama")
    desk = Desk(
        clock=clock,
        events=events,
        interactions=interactions,
        live=live,
        prices=Prices(options.prices, own_servers=own_servers),
        patience=options.patience,
        waits=Waits(clock),
        by_model=options.model_parameters,
        by_role=options.role_parameters,
        masked=masked,
    )
    breakers: dict[str, Breaker] = {}
    names = [*(choice.model for choice in choices.values()), *fallback]
    lines = await lines_of(names, options, desk, breakers)
    roster = Roster(choices, fallback, lines, breakers, desk, warnings)
    for name, line in lines.items():
        if known := await recalled(line, desk, probes):
            roster.capabilities[name] = known
    return roster
