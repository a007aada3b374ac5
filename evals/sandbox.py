"""The attack list against kinds of sandbox: what held, what does not apply there, and why."""

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from core.errors import AntonError
from core.evidence import RunEnd
from core.ports import SandboxProvider
from evals.attacks import borders, endings, reach, resources
from evals.attacks.field import Attack, Breach, Field, baited

ATTACKS: tuple[Attack, ...] = (
    *resources.ATTACKS,
    *reach.ATTACKS,
    *borders.ATTACKS,
    *endings.ATTACKS,
)


@dataclass(frozen=True)
class Ground:
    """One kind of sandbox to attack."""

    name: str
    """For people: the kind, and whether a double stands in for it."""
    provider: SandboxProvider
    options: Mapping[str, Any] = field(default_factory=dict)
    """Those of the provider, for an attack that starts a server of its own."""


@dataclass(frozen=True)
class AttackResult:
    """What one attack came to."""

    attack_id: str
    name: str
    held: bool | None
    """Whether the sandbox held; None when it was not tried, for it does not apply."""
    detail: str
    """What held it back, what it achieved, or why it was not tried."""
    next_green: bool
    """Whether the next task ran as if nothing had been."""
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether the sandbox held, and the next task is well."""
        return self.held is True and self.next_green


Told = Callable[[str, AttackResult], None]


async def run_attack(
    provider: SandboxProvider, attack: Attack, options: Mapping[str, Any] | None = None
) -> AttackResult:
    """Make one attack, then see whether the next task is green."""
    began = time.monotonic()
    if beside := why_not(attack, provider.backend):
        return AttackResult(attack.attack_id, attack.name, None, beside, True, 0.0)
    async with baited() as bait:
        field = Field(provider, bait, options or {})
        try:
            held, detail = True, await attack.run(field)
        except Breach as breach:
            held, detail = False, str(breach)
        except (AntonError, TimeoutError) as error:
            held, detail = False, f"{type(error).__name__}: {error}"
        next_green = await _next_is_green(field)
    seconds = time.monotonic() - began
    return AttackResult(attack.attack_id, attack.name, held, detail, next_green, seconds)


def why_not(attack: Attack, backend: str) -> str:
    """Why an attack is not tried on this kind of sandbox; empty when it is."""
    if attack.harms_host and backend == "subprocess":
        return "it would harm this machine"
    return attack.beside.get(backend, "")


async def run_attacks(
    grounds: Iterable[Ground],
    attacks: Iterable[Attack] = ATTACKS,
    told: Told = lambda name, result: None,
) -> dict[str, list[AttackResult]]:
    """Make all attacks on each ground, one after another; the results by ground."""
    chosen = list(attacks)
    found: dict[str, list[AttackResult]] = {}
    for ground in grounds:
        results = found.setdefault(ground.name, [])
        for attack in chosen:
            results.append(await run_attack(ground.provider, attack, ground.options))
            told(ground.name, results[-1])
    return found


async def _next_is_green(field: Field) -> bool:
    with suppress(AntonError):
        async with field.sandbox() as sandbox:
            return (await sandbox.run(["true"])).end is RunEnd.PASSED
    return False
