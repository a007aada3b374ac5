"""Apps shown live, in real sandboxes, at real addresses."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.errors import DemoUnavailable, NothingToShow
from core.recipes import Recipe
from core.trees import File, Tree
from sandbox.bubblewrap import BubblewrapProvider
from sandbox.docker import DockerProvider
from sandbox.e2b import E2BProvider
from sandbox.environment import Environments
from sandbox.stage import Stage
from sandbox.subprocess import SubprocessProvider
from tests.fakes.e2b_server import E2BDouble

pytestmark = pytest.mark.needs_bubblewrap

APP = """
from fastapi import FastAPI
app = FastAPI()

@app.get("/hello")
def hello() -> dict[str, str]:
    return {"said": "hello"}
"""


def of(**files: str) -> Tree:
    return Tree({f"{name}.py": File(text.encode()) for name, text in files.items()})


def app(text: str = APP) -> Tree:
    return Tree({"main.py": File(text.encode()), "requirements.txt": File(b"fastapi\n")})


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    environments = Environments(tmp_path / "environments", index_allowed=False)
    yield Stage(BubblewrapProvider(tmp_path / "sandboxes"), environments, patience_s=20.0)
    environments.close()


async def fetched(url: str, path: str = "") -> str:
    """What is at an address; resolved here, as not every C library knows names of localhost."""
    host, _, rest = url.removeprefix("http://").partition("/")
    reader, writer = await asyncio.open_connection("127.0.0.1", int(host.partition(":")[2]))
    writer.write(f"GET {path or '/' + rest} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    answer = (await reader.read()).decode()
    writer.close()
    return answer


async def test_a_fastapi_app_is_shown_where_its_pages_are(stage: Stage) -> None:
    show = await stage.show(app())
    try:
        assert show.url.endswith("/docs")
        assert "swagger" in await fetched(show.url)
        assert '{"said":"hello"}' in await fetched(show.url, "/hello")
    finally:
        await show.close()
    with pytest.raises(ConnectionError):
        await fetched(show.url)


@pytest.mark.needs_docker
async def test_docker_shows_an_app_too(tmp_path: Path, docker_host: str) -> None:
    environments = Environments(tmp_path / "environments", index_allowed=False)
    provider = DockerProvider(tmp_path / "sandboxes", host=docker_host)
    show = await Stage(provider, environments).show(app())
    try:
        assert '{"said":"hello"}' in await fetched(show.url, "/hello")
    finally:
        await show.close()
        environments.close()


async def test_e2b_shows_it_at_a_public_address(tmp_path: Path) -> None:
    environments = Environments(tmp_path / "environments", index_allowed=False)
    with E2BDouble() as double:
        double.takes_public = True
        stage = Stage(E2BProvider(tmp_path / "sandboxes", **double.access), environments)
        show = await stage.show(app())
        (machine,) = double.machines
        await show.close()
        assert (double.violations, double.machines) == ([], {})
    environments.close()
    assert re.fullmatch(rf"https://2\d{{4}}-{machine}\.e2b\.example/docs", show.url)


async def test_a_command_that_is_named_goes_first(stage: Stage) -> None:
    files = {"pages/index.html": File(b"by command"), ".anton.toml": File(b'demo = "false"')}
    named = Recipe(demo="exec python -m http.server -d pages {port}")
    show = await stage.show(Tree(files), named)
    try:
        assert "by command" in await fetched(show.url)
    finally:
        await show.close()
    with pytest.raises(DemoUnavailable, match="exit code 1"):
        await stage.show(Tree(files))
    with pytest.raises(NothingToShow, match="switched off"):
        await stage.show(app(), Recipe(demo="off"))


async def test_pages_are_shown(stage: Stage) -> None:
    show = await stage.show(Tree({"index.html": File(b"<h1>Welcome</h1>")}))
    try:
        assert "<h1>Welcome</h1>" in await fetched(show.url)
    finally:
        await show.close()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("import missing_thing\n", "No module named 'missing_thing'"),
        ("raise SystemExit(4)\n", "exit code 4"),
        ("import os\nos.environ['DATABASE_URL']\n", "DATABASE_URL"),
        ("x = [b'x' * 10**7 for _ in range(10**6)]\n", "memory"),
    ],
)
async def test_what_does_not_start_says_why(stage: Stage, text: str, why: str) -> None:
    with pytest.raises(DemoUnavailable, match=why):
        await stage.show(app(APP + text))


async def test_who_does_not_answer_in_time_is_given_up(tmp_path: Path, stage: Stage) -> None:
    stage._patience_s = 1.0
    with pytest.raises(DemoUnavailable, match="nothing answered within 1 s"):
        await stage.show(app(APP + "import time\ntime.sleep(60)\n"))


async def test_its_end_says_why(stage: Stage) -> None:
    dying = APP + "import os, threading\nthreading.Timer(2.0, os._exit, [9]).start()\n"
    show = await stage.show(app(dying))
    try:
        assert "exit code 9" in await show.ended()
    finally:
        await show.close()


async def test_nothing_is_shown_of_what_has_nothing(stage: Stage) -> None:
    with pytest.raises(NothingToShow):
        await stage.show(of(lib="x = 1\n"))


async def test_without_walls_nothing_is_shown(tmp_path: Path) -> None:
    bare = SubprocessProvider(tmp_path, allow_host=True)
    with pytest.raises(DemoUnavailable, match="without walls"):
        await Stage(bare, Environments(tmp_path / "environments")).show(app())
