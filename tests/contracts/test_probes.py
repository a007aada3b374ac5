"""What every kind of store owes to the port ProbeStore."""

import importlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core.models import Capabilities
from memory.stores import STORES
from observability.redaction import Redactor
from tests.fakes.clock import START, FakeClock

STRONG = Capabilities(edits=True, answers=True, tools=True, context=True, probed=True)
WEAK = Capabilities(edits=True, probed=True)


@pytest.fixture(params=STORES)
async def opened(request, tmp_path: Path) -> AsyncIterator[tuple[Any, FakeClock]]:
    module, _, name = STORES[request.param].partition(":")
    kind, clock = getattr(importlib.import_module(module), name), FakeClock()
    stores = await kind.open(tmp_path, clock=clock, redactor=Redactor(), exclusive=True)
    yield stores.probes, clock
    await stores.close()


async def test_what_was_kept_is_recalled_under_its_key(opened: tuple[Any, FakeClock]) -> None:
    probes, _ = opened
    await probes.keep("ollama/a@1", STRONG)
    await probes.keep("ollama/b@1", WEAK)
    assert await probes.recall("ollama/a@1", START) == STRONG
    assert await probes.recall("ollama/b@1", START) == WEAK
    assert await probes.recall("ollama/c@1", START) is None


async def test_what_is_too_old_is_not_recalled(opened: tuple[Any, FakeClock]) -> None:
    probes, clock = opened
    await probes.keep("ollama/a@1", STRONG)
    clock.advance(100)
    assert await probes.recall("ollama/a@1", START + timedelta(seconds=1)) is None


async def test_the_later_result_stands(opened: tuple[Any, FakeClock]) -> None:
    probes, clock = opened
    await probes.keep("ollama/a@1", STRONG)
    clock.advance(100)
    await probes.keep("ollama/a@1", WEAK)
    assert await probes.recall("ollama/a@1", START + timedelta(seconds=100)) == WEAK
