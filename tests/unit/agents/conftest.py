"""A place to work at, and a real bench over the sandbox of this machine."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import bootstrap
from config import load_settings
from core.errors import SandboxUnavailable
from repair.bench import Bench
from sandbox.environment import Environments
from tests.unit.tools.places import place

__all__ = ["place"]


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    settings, _ = load_settings(data_dir=tmp_path)
    try:
        provider = bootstrap.sandbox_of(settings)
        await provider.check()
    except SandboxUnavailable as error:
        pytest.skip(f"no sandbox can be used here: {error}")
    environments = Environments(tmp_path / "environments", index_allowed=False)
    opened = Bench(provider, environments, workers=2)
    yield opened
    await opened.close()
    environments.close()
