"""What every kind of store owes to the port DemoStore."""

import importlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, get_args

import pytest

from core.demos import Demo, DemoState
from core.ports import DemoStore
from memory.stores import STORES
from observability.redaction import Redactor
from tests.fakes.clock import START, FakeClock


def demo(name: str = "one", state: DemoState = "wanted", **facts: Any) -> Demo:
    return Demo(
        approval_id=name, task_id="t", patch_hash="f" * 64, state=state, changed_at=START, **facts
    )


@pytest.fixture(params=STORES)
async def demos(request, tmp_path: Path) -> AsyncIterator[DemoStore]:
    module, _, name = STORES[request.param].partition(":")
    kind = getattr(importlib.import_module(module), name)
    stores = await kind.open(tmp_path, clock=FakeClock(), redactor=Redactor(), exclusive=True)
    yield stores.demos
    await stores.close()


async def test_the_latest_state_of_each_stands(demos: DemoStore) -> None:
    await demos.keep(demo())
    await demos.keep(demo("other", "ended", reason="over"))
    live = demo(state="live", url="http://demo.localhost:1/", ends_at=START)
    await demos.keep(live)
    assert await demos.of("one") == live
    assert await demos.of("other") == demo("other", "ended", reason="over")
    assert await demos.of("never") is None


async def test_what_was_asked_for_meanwhile_is_not_written_over(demos: DemoStore) -> None:
    assert await demos.keep(demo("one", "ended"), unless="wanted")
    assert await demos.keep(demo("one", "wanted"))
    assert not await demos.keep(demo("one", "ended"), unless="wanted")
    assert await demos.of("one") == demo("one", "wanted")
    assert await demos.keep(demo("one", "live"), unless="ended")


async def test_those_under_way_are_listed_in_their_order(demos: DemoStore) -> None:
    for state in get_args(DemoState):
        await demos.keep(demo(state, state))
    assert [one.state for one in await demos.under_way()] == ["wanted", "starting", "live"]
