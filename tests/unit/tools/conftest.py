"""A place to work at, for every test of a tool."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.tools.places import workplace
from tools.workplace import Workplace


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Workplace]:
    async with workplace(tmp_path) as opened:
        yield opened
