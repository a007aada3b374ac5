"""The command `eval sandbox`: attacks, guards taken away, kills of servers, or speed."""

import argparse
import os
import sys

from evals import sandbox, sandbox_speed
from evals.attacks import table, weakening
from evals.attacks.grounds import ALL, Grounds, OptionsOf, grounds
from evals.kills import suite as kills
from evals.kills import table as left


def more(options: argparse.Namespace, backend: str) -> str:
    """What else stands on the command line."""
    kills_asked = f" --kills {options.kills}" if options.kills else ""
    flags = "".join(f" --{name}" for name in ("weakened", "speed") if getattr(options, name))
    return f" --backend {backend}{kills_asked}{flags}"


async def run(options: argparse.Namespace, backend: str, options_of: OptionsOf) -> int:
    """Measure these kinds of sandbox, and print it; 0 when all is as it should be."""
    async with grounds(ALL if backend == "all" else [backend], options_of) as ground:
        if options.kills:
            return await _kills(options, ground)
        if options.speed:
            return await _speed(ground)
        if options.weakened:
            weakened = await weakening.run_weakened(ground.found)
            _say(f"\n{table.weakened_table(weakened, ground.absent)}")
            return int(not table.shows(weakened))
        return await _attacks(options, ground)


async def _attacks(options: argparse.Namespace, ground: Grounds) -> int:
    chosen = [one for one in sandbox.ATTACKS if one.attack_id.startswith(options.only)]
    found = await sandbox.run_attacks(
        ground.found, chosen, told=lambda name, result: _say(table.line(name, result))
    )
    _say(f"\n{table.table(found, ground.absent)}")
    return int(not table.holds(found))


async def _kills(options: argparse.Namespace, ground: Grounds) -> int:
    killed = [
        await kills.run(
            one.name,
            one.provider.backend,
            one.options,
            count=options.kills,
            seed=options.seed,
            told=lambda name, kill: _say(left.line(name, kill)),
        )
        for one in ground.found
        if one.provider.backend in kills.BACKENDS
    ]
    _say(f"\n{left.table(killed)}")
    return int(not left.holds(killed))


async def _speed(ground: Grounds) -> int:
    cores = len(os.sched_getaffinity(0))
    measured = await sandbox_speed.run(ground.found, cores, _say)
    _say(f"\n{sandbox_speed.table(measured)}")
    return int(not sandbox_speed.holds(measured))


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
