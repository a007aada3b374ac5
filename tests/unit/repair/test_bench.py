"""The bench: what proves has a sandbox of its own, what is tried may have had another's."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from core.ports import Environment, Limits, Sandbox, SandboxProvider
from core.trees import Tree
from repair.bench import Bench
from sandbox import provider_class
from sandbox.environment import Environments
from tests.fakes.waiting import until
from tests.unit.sandbox.rooms import open_folder, tree_of

pytestmark = pytest.mark.needs_bubblewrap

LEAVES = """
import os, pathlib, subprocess
def test_leaves_something():
    for place in ("/work", "/tmp", "/dev/shm", os.environ["HOME"]):
        pathlib.Path(place, "left").write_text("by A")
    subprocess.Popen(["sleep", "600"], start_new_session=True)
"""
LOOKS = """
import os, pathlib
def test_sees_nothing():
    for place in ("/work", "/tmp", "/dev/shm", os.environ["HOME"]):
        assert not pathlib.Path(place, "left").exists()
    assert not any(b"sleep" in p.read_bytes() for p in pathlib.Path("/proc").glob("[0-9]*/comm"))
"""
LINGERS = """
import socket
def test_talks_to_itself():
    server = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(server.getsockname())
    server.accept()[0].close()
    client.close()
"""


class Counting:
    """A provider that notes what is opened by another, and what was written into it."""

    def __init__(self, provider: SandboxProvider) -> None:
        self.provider = provider
        self.backend = provider.backend
        self.opened: list[Tree] = []

    async def check(self) -> Mapping[str, str]:
        return await self.provider.check()

    async def open(self, tree: Tree, environment: Environment, limits: Limits) -> Sandbox:
        self.opened.append(tree)
        return await self.provider.open(tree, environment, limits)

    async def reap(self) -> int:
        return await self.provider.reap()


@pytest.fixture
def counting(tmp_path: Path) -> Counting:
    return Counting(provider_class("bubblewrap")(tmp_path, 3, allow_no_memory_limit=True))


@pytest.fixture
async def bench(counting: Counting, environments: Environments) -> AsyncIterator[Bench]:
    made = Bench(counting, environments, limits=Limits(wall_s=60), workers=2)
    yield made
    await made.close()


async def test_a_warm_sandbox_waits_for_the_first_run(bench: Bench, counting: Counting) -> None:
    tree = tree_of({"test_one.py": LOOKS})
    bench.warm(tree)
    bench.warm(tree)
    await until(lambda: bool(counting.opened))
    await asyncio.sleep(0)
    assert bench.suite_seconds is None
    run = await bench.run(tree)
    assert run.green and bench.suite_seconds == run.seconds
    assert counting.opened[0].id == tree.id and len(counting.opened) <= 2, "and the next one"


async def test_what_is_tried_sees_nothing_of_what_was_tried_before(
    bench: Bench, counting: Counting
) -> None:
    for text in (LEAVES, LOOKS, LEAVES, LOOKS):
        run = await bench.try_out(tree_of({"test_one.py": text}))
        assert run.green, run.output
        assert run.tree_hash == tree_of({"test_one.py": text}).id
    assert len(counting.opened) == 1


async def test_what_proves_has_a_sandbox_of_its_own(bench: Bench, counting: Counting) -> None:
    await bench.try_out(tree_of({"test_one.py": LEAVES}))
    assert len(counting.opened) == 1
    assert (await bench.run(tree_of({"test_one.py": LOOKS}))).green
    assert len(counting.opened) >= 2


async def test_a_sandbox_that_is_not_clean_is_not_used_again(
    bench: Bench, counting: Counting
) -> None:
    for _ in range(2):
        assert (await bench.try_out(tree_of({"test_one.py": LINGERS}))).green
    assert len(counting.opened) == 2


async def test_many_are_tried_in_few_sandboxes_and_in_their_order(
    bench: Bench, counting: Counting
) -> None:
    texts = [f"def test_it():\n    assert {number} % 3\n" for number in range(6)]
    runs = await bench.try_all([tree_of({"test_one.py": text}) for text in texts])
    assert [run.green for run in runs] == [bool(number % 3) for number in range(6)]
    assert len(counting.opened) == 2, "as many as there are workers"


async def test_a_bench_gives_all_places_back(
    counting: Counting, environments: Environments
) -> None:
    for _ in range(2):
        bench = Bench(counting, environments, limits=Limits(wall_s=60), workers=2)
        tree = tree_of({"test_one.py": LOOKS})
        bench.warm(tree)
        await bench.try_all([tree] * 3)
        await bench.run(tree)
        await bench.close()
    plain = Environment("plain", "/usr/bin/python3")
    opened = [await asyncio.wait_for(counting.open(Tree(), plain, Limits()), 20) for _ in range(3)]
    await asyncio.gather(*(sandbox.close() for sandbox in opened))


async def test_what_a_setup_makes_of_sources_is_made_of_each_candidates(
    counting: Counting,
) -> None:
    test = "def test_it():\n    assert open('made.txt').read() == 'new'\n"
    recipe = {".anton.toml": "setup = 'cp source.py made.txt'\n", "test_it.py": test}
    with open_folder() as folder:
        made = Environments(folder / "environments", index_allowed=False, sandboxes=counting)
        bench = Bench(counting, made, limits=Limits(wall_s=60), workers=2)
        try:
            old = await bench.run(tree_of({**recipe, "source.py": "old"}))
            new = await bench.run(tree_of({**recipe, "source.py": "new"}))
        finally:
            await bench.close()
            made.close()
    assert not old.green
    assert new.green, new.output
