"""A server that runs tests and stubborn programs in sandboxes until it is killed.

Started as `python -m evals.kills.server`; reads its orders as one line of JSON.
"""

import asyncio
import json
import random
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from core.errors import SandboxError
from core.ports import Limits
from core.trees import File, Tree
from repair.bench import Bench
from sandbox import provider_class
from sandbox.environment import Environments

STUBBORN = "(setsid sleep {mark} &); nohup sleep {mark} & trap '' TERM HUP; sleep {mark}"
AT_ONCE = 3
LIMITS = Limits(wall_s=30.0, memory_bytes=256 << 20)


def project(number: int) -> Tree:
    """A repository with one test; each number has an environment of its own."""
    declared = f"[project]\nname = 'killed'\nversion = '0.{number}'\n"
    test = "def test_one():\n    assert 1 + 1 == 2\n"
    return Tree({"pyproject.toml": File(declared.encode()), "test_one.py": File(test.encode())})


async def main(orders: dict[str, Any]) -> None:
    """Clear away what the last one left, say so, and work."""
    scratch = Path(orders["scratch"])
    provider = provider_class(orders["backend"])(scratch / "sandboxes", **orders["options"])
    environments = Environments(scratch / "environments", index_allowed=False)
    reaped = await provider.reap()
    environments.sweep()
    _tell(reaped=reaped)
    if not orders["rounds"]:
        return
    bench = Bench(provider, environments, limits=LIMITS)
    chance = random.Random(orders["seed"])

    async def tests() -> None:
        for _ in range(orders["rounds"]):
            run = await bench.run(project(chance.randrange(4)))
            _tell(green=run.green)

    async def stubborn() -> None:
        for _ in range(orders["rounds"]):
            async with bench.workshop(project(0)) as (sandbox, _environment):
                _tell(open=True)
                script = STUBBORN.format(mark=orders["mark"])
                await sandbox.run(["sh", "-c", script], timeout_s=chance.uniform(0.2, 2.0))

    with suppress(SandboxError):
        await asyncio.gather(*(tests() for _ in range(AT_ONCE - 1)), stubborn())


def _tell(**said: object) -> None:
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.stdin.readline())))
