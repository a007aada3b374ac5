"""Checkpoints: resumed after a pause, refused to stale workers, strict about what is in them."""

import operator
from pathlib import Path
from typing import Annotated, Any, TypedDict

import aiosqlite
import ormsgpack
import pytest
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, Send, interrupt

from core.approvals import Risk
from core.errors import LeaseLost, StoreError, StoreUnusable
from memory.checkpoints import FencedSaver, open_checkpoints
from memory.serialisation import StrictSerializer

THREAD = "0b6f4c3e-0000-4000-8000-000000000001"


class State(TypedDict, total=False):
    log: Annotated[list[str], operator.add]
    answer: Any
    odd: Any


class Leases:
    """The newest generation of each thread, as a guard asks for it."""

    def __init__(self) -> None:
        self.newest: dict[str, int] = {}

    async def holds(self, thread_id: str, generation: int) -> bool:
        return self.newest.get(thread_id, 1) == generation


def a_graph(saver: FencedSaver, odd: Any = None) -> Any:
    async def work(state: State) -> State:
        return {"log": ["work"], "odd": odd}

    async def gate(state: State) -> State:
        return {"answer": interrupt({"question": "go on?"})}

    async def last(state: State) -> State:
        return {"log": ["last"]}

    graph = StateGraph(State)
    graph.add_node("work", work)
    graph.add_node("side", last)
    graph.add_node("gate", gate)
    graph.add_node("last", last)
    graph.add_edge(START, "work")
    graph.add_conditional_edges("work", lambda state: [Send("side", {"log": []}), "gate"])
    graph.add_edge("gate", "last")
    graph.add_edge("last", END)
    return graph.compile(checkpointer=saver)


def under(generation: int, thread: str = THREAD) -> Any:
    return {"configurable": {"thread_id": thread, "lease_generation": generation}}


async def rows(path: Path, table: str) -> int:
    async with aiosqlite.connect(path) as connection:
        found = await (await connection.execute(f"SELECT count(*) FROM {table}")).fetchone()
    return int(found[0]) if found else 0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "checkpoints.db"


async def test_a_pause_survives_a_restart_and_pruning(path):
    leases = Leases()
    async with open_checkpoints(path, leases.holds) as saver:
        paused = await a_graph(saver).ainvoke({"log": []}, under(1), durability="sync")
        await saver.prune(THREAD)
        assert paused["log"] == ["work", "last"]
    assert await rows(path, "checkpoints") == 1
    assert path.stat().st_mode & 0o777 == 0o600
    async with open_checkpoints(path, leases.holds) as saver:
        graph = a_graph(saver)
        (waiting,) = (await graph.aget_state(under(1))).interrupts
        assert waiting.value == {"question": "go on?"}
        resume: Any = Command(resume={waiting.id: {"choice": "approve"}})
        done = await graph.ainvoke(resume, under(1), durability="sync")
        assert (done["answer"], done["log"]) == ({"choice": "approve"}, ["work", "last", "last"])
        await saver.prune(THREAD)
        assert (await graph.aget_state(under(1))).values == done
        await saver.forget(THREAD)
        assert (await graph.aget_state(under(1))).values == {}
    assert await rows(path, "checkpoints") == await rows(path, "writes") == 0


async def test_artifacts_that_a_state_refers_to_are_found(path):
    refs = [f"sha256:{digit * 64}" for digit in "ab"]
    async with open_checkpoints(path, Leases().holds) as saver:
        graph = a_graph(saver, {"v": 1, "ref": refs[0], "more": [{"ref": refs[1]}]})
        await graph.ainvoke({"log": []}, under(1), durability="sync")
        assert await saver.mentioned([THREAD, "other"]) == set(refs)
        assert await saver.mentioned(["other"]) == set()


async def test_pruning_one_thread_leaves_the_others(path):
    async with open_checkpoints(path, Leases().holds) as saver:
        graph = a_graph(saver)
        for thread in ("a", "b"):
            await graph.ainvoke({"log": []}, under(1, thread), durability="sync")
        before = await rows(path, "checkpoints")
        await saver.prune("a")
        assert await rows(path, "checkpoints") == before // 2 + 1
        assert len((await graph.aget_state(under(1, "b"))).interrupts) == 1


async def test_a_stale_worker_writes_nothing_more(path):
    leases = Leases()
    async with open_checkpoints(path, leases.holds) as saver:
        graph = a_graph(saver)
        await graph.ainvoke({"log": []}, under(1), durability="sync")
        before = await rows(path, "writes")
        leases.newest[THREAD] = 2
        with pytest.raises(LeaseLost):
            await graph.ainvoke(None, under(1), durability="sync")
        with pytest.raises(LeaseLost):
            await graph.ainvoke({"log": []}, {"configurable": {"thread_id": THREAD}})
        assert await rows(path, "writes") == before


async def test_a_worker_that_sleeps_between_guard_and_write_is_refused_by_the_write(path):
    async def sleepy(thread_id: str, generation: int) -> bool:
        return True

    async with open_checkpoints(path, sleepy) as saver:
        graph = a_graph(saver)
        await graph.ainvoke({"log": []}, under(1), durability="sync")
        await graph.aget_state(under(2))
        with pytest.raises(LeaseLost):
            await graph.aupdate_state(under(1), {"log": ["stale"]})
        assert (await graph.aget_state(under(2))).values["log"] == ["work", "last"]


@pytest.mark.parametrize(
    "odd",
    [
        Risk.LOW,
        (1, 2),
        {1: "number as a key"},
        {"deep": [{"in": {"set"}}]},
        Path("/etc"),
        b"bytes",
        float("nan"),
        2**63,
    ],
    ids=repr,
)
async def test_what_is_no_plain_json_fails_the_node_that_returned_it(path, odd):
    async with open_checkpoints(path, Leases().holds) as saver:
        with pytest.raises(TypeError, match="plain JSON"):
            await a_graph(saver, odd).ainvoke({"log": []}, under(1), durability="sync")


@pytest.mark.parametrize(
    ("planted", "name"),
    [
        (Path("/etc/passwd"), "pathlib.PosixPath"),
        ({"deep": [Risk.LOW]}, "core.approvals.Risk"),
        (Send("node", {"in": Path("/etc")}), "pathlib.PosixPath"),
    ],
)
def test_an_unlisted_type_is_refused_by_name(planted, name):
    kind, content = JsonPlusSerializer().dumps_typed(planted)
    with pytest.raises(StoreError, match=name):
        StrictSerializer().loads_typed((kind, content))


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("pickle", b"cos\nsystem\n(S'true'\ntR."),
        ("json", b'{"lc": 2, "type": "constructor", "id": ["os", "system"], "args": ["true"]}'),
        ("bytes", b"x"),
        ("msgpack", b"\xdc\xff"),
        ("msgpack", ormsgpack.packb(ormsgpack.Ext(0, ormsgpack.packb(["os", "system", "true"])))),
        ("msgpack", ormsgpack.packb(ormsgpack.Ext(6, ormsgpack.packb(["<f8", [1], "C", b""])))),
        ("msgpack", ormsgpack.packb(ormsgpack.Ext(99, b"\x01"))),
    ],
)
def test_hostile_bytes_are_refused_and_run_nothing(kind, content):
    with pytest.raises(StoreError):
        StrictSerializer().loads_typed((kind, content))


async def test_a_corrupt_file_is_refused_and_left_as_it_is(path):
    async with open_checkpoints(path, Leases().holds) as saver:
        await a_graph(saver).ainvoke({"log": []}, under(1), durability="sync")
    path.write_bytes(path.read_bytes()[:-5000])
    before = path.read_bytes()
    with pytest.raises(StoreUnusable, match="corrupt"):
        async with open_checkpoints(path, Leases().holds):
            pass
    assert path.read_bytes() == before


async def test_of_a_foreign_exception_only_its_kind_is_kept(path):
    async def fail(state: State) -> State:
        raise errors.pop()

    graph = StateGraph(State)
    graph.add_node("fail", fail)
    graph.add_edge(START, "fail")
    errors: list[Exception] = [StoreError("in our words"), ValueError("hunter2")]
    async with open_checkpoints(path, Leases().holds) as saver:
        compiled = graph.compile(checkpointer=saver)
        with pytest.raises(ValueError, match="hunter2"):
            await compiled.ainvoke({"log": []}, under(1), durability="sync")
        with pytest.raises(StoreError):
            await compiled.ainvoke(None, under(1), durability="sync")
    held = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert b"hunter2" not in held
    assert b"in our words" in held
