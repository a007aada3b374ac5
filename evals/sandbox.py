"""The attack list against one kind of sandbox, as a report."""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import AntonError
from core.evidence import RunEnd
from core.ports import SandboxProvider
from evals.attacks import borders, endings, reach, resources
from evals.attacks.field import Attack, Breach, Field, baited
from sandbox import PROVIDERS, provider_class

ATTACKS: tuple[Attack, ...] = (
    *resources.ATTACKS,
    *reach.ATTACKS,
    *borders.ATTACKS,
    *endings.ATTACKS,
)


@dataclass(frozen=True)
class AttackResult:
    """What one attack came to."""

    attack_id: str
    name: str
    held: bool | None
    """Whether the sandbox held; None when it was not tried, for it would harm the machine."""
    detail: str
    """What held it back, or what it achieved."""
    next_green: bool
    """Whether the next task ran as if nothing had been."""
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether the sandbox held, and the next task is well."""
        return self.held is True and self.next_green


async def run_attack(
    provider: SandboxProvider, attack: Attack, options: Mapping[str, Any] | None = None
) -> AttackResult:
    """Make one attack, then see whether the next task is green.

    `options` are those of the provider, for an attack that starts a server of its own.
    """
    began = time.monotonic()
    if attack.harms_host and provider.backend == "subprocess":
        detail = "not tried, it would harm this machine"
        return AttackResult(attack.attack_id, attack.name, None, detail, True, 0.0)
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


async def run_attacks(
    provider: SandboxProvider,
    attacks: Iterable[Attack] = ATTACKS,
    options: Mapping[str, Any] | None = None,
) -> list[AttackResult]:
    """Make all attacks, one after another."""
    return [await run_attack(provider, attack, options) for attack in attacks]


def table(results: Sequence[AttackResult]) -> str:
    """The results for people, with the count of those that held."""
    words = {True: "held", False: "BREACH", None: "-"}
    lines = [
        f"{result.attack_id:<5} {words[result.held]:<7} "
        f"{'green' if result.next_green else 'RED':<6} {result.seconds:5.1f} s  "
        f"{result.name}: {result.detail[:100]}"
        for result in results
    ]
    tried = [result for result in results if result.held is not None]
    held = sum(result.ok for result in tried)
    return "\n".join([*lines, f"{held} of {len(tried)} attacks held, {len(results)} in the list"])


async def _next_is_green(field: Field) -> bool:
    with suppress(AntonError):
        async with field.sandbox() as sandbox:
            return (await sandbox.run(["true"])).end is RunEnd.PASSED
    return False


def main(arguments: Sequence[str] | None = None) -> int:
    """Attack one kind of sandbox; 0 when all of them held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sandbox", default="bubblewrap", choices=PROVIDERS)
    parser.add_argument("--only", default="", help="ids that begin so, as S8")
    parser.add_argument("--docker-host", default="", help="as unix:///var/run/docker.sock")
    chosen = parser.parse_args(arguments)
    options: dict[str, dict[str, Any]] = {
        "subprocess": {"allow_host": True},
        "docker": {"host": chosen.docker_host},
    }
    more = options.get(chosen.sandbox, {})
    attacks = [attack for attack in ATTACKS if attack.attack_id.startswith(chosen.only)]
    with tempfile.TemporaryDirectory(prefix="anton-attacks-") as scratch:
        provider = provider_class(chosen.sandbox)(Path(scratch), **more)
        results = asyncio.run(run_attacks(provider, attacks, more))
    sys.stdout.write(table(results) + "\n")
    return 0 if all(result.ok for result in results if result.held is not None) else 1


if __name__ == "__main__":
    sys.exit(main())
