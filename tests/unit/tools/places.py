"""Places where tests of tools work: a real sandbox, a small repository, a record of refusals."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from core.models import ToolCall
from core.ports import Environment, Limits
from core.trees import SYMLINK, File, Tree
from sandbox.bubblewrap import BubblewrapProvider
from tools.registry import tools_named
from tools.tool import Tool
from tools.toolbox import Refusal, Toolbox, ToolResult
from tools.workplace import Workplace

PYTHON = "/usr/bin/python3"
ENVIRONMENT = Environment(
    "plain", PYTHON, variables={"PATH": "/usr/bin:/bin", "HOME": "/home/sandbox"}
)
LIMITS = Limits(wall_s=60.0, memory_bytes=512 * 1024**2, processes=64, disk_bytes=64 * 1024**2)
BASE = Tree(
    {
        "src/app.py": File(b"def total(items):\n    return sum(items)\n"),
        "src/store.py": File(b"class Store:\n    def add(self, item: str) -> None:\n        ...\n"),
        "tests/test_app.py": File(b"from src.app import total\n"),
        "README.md": File(b"# Shop\n"),
        "passwords": File(b"/etc/passwd", SYMLINK),
    }
)


class Hand:
    """A toolbox with its place, used the way that a model's calls use it."""

    def __init__(self, place: Workplace, tools: Sequence[Tool | str], **options: Any) -> None:
        self.place = place
        self.refusals: list[Refusal] = []
        chosen = [tools_named([t])[0] if isinstance(t, str) else t for t in tools]
        self.box = Toolbox("fix", chosen, place, refused=self._refused, **options)

    async def _refused(self, refusal: Refusal) -> None:
        self.refusals.append(refusal)

    async def use(self, name: str, /, **arguments: Any) -> ToolResult:
        return (await self.box.use([call(name, **arguments)]))[0]

    async def done(self, name: str, /, **arguments: Any) -> str:
        result = await self.use(name, **arguments)
        assert result.outcome == "done", result
        return result.text

    async def refused(self, name: str, /, **arguments: Any) -> Refusal:
        result = await self.use(name, **arguments)
        assert result.outcome == "refused", result
        assert self.refusals[-1].tool == name
        return self.refusals[-1]

    async def failed(self, name: str, /, **arguments: Any) -> str:
        result = await self.use(name, **arguments)
        assert result.outcome == "failed", result
        return result.text


def call(name: str, /, **arguments: Any) -> ToolCall:
    return ToolCall(call_id=f"call-{name}", name=name, arguments=json.dumps(arguments))


@asynccontextmanager
async def workplace(
    scratch: Path, base: Tree = BASE, environment: Environment = ENVIRONMENT, **options: Any
) -> AsyncIterator[Workplace]:
    provider = BubblewrapProvider(scratch, allow_no_memory_limit=True)
    sandbox = await provider.open(base, environment, LIMITS)
    try:
        yield Workplace(sandbox, base, environment, **options)
    finally:
        await sandbox.close()


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Workplace]:
    async with workplace(tmp_path) as opened:
        yield opened
