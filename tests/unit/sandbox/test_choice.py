"""What SANDBOX=auto takes, on machines that lack one thing or another."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

import bootstrap
from cli import doctor
from config import Settings, load_settings
from core.errors import SandboxUnavailable
from sandbox.choice import automatic, can_bubblewrap
from sandbox.docker_engine import listens

KEY = "e2b_" + "0" * 40


@pytest.fixture
def bare_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A PATH without bubblewrap."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    for name in ("SANDBOX", "E2B_API_KEY", "DOCKER_HOST"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[str]:
    """An address at which somebody listens."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "engine.sock"))
        listener.listen()
        yield f"unix://{tmp_path}/engine.sock"


def settings_of(tmp_path: Path, engine: str = "", **more: str) -> Settings:
    host = engine or f"unix://{tmp_path}/none"
    return load_settings(data_dir=tmp_path / "data", docker_host=host, **more)[0]


@pytest.mark.needs_bubblewrap
def test_bubblewrap_comes_before_docker(engine: str) -> None:
    if not can_bubblewrap():
        pytest.skip("bubblewrap may not make namespaces here")
    assert automatic(has_e2b_key=False, docker_host=engine) == "bubblewrap"


def test_a_key_of_e2b_comes_first(engine: str) -> None:
    assert automatic(has_e2b_key=True, docker_host=engine) == "e2b"


@pytest.mark.usefixtures("bare_path")
def test_without_bubblewrap_an_engine_that_listens_is_taken(tmp_path: Path, engine: str) -> None:
    assert bootstrap.sandbox_of(settings_of(tmp_path, engine)).backend == "docker"


@pytest.mark.usefixtures("bare_path")
async def test_without_any_of_them_it_is_refused(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    with pytest.raises(SandboxUnavailable, match="not on the PATH") as refused:
        await bootstrap.sandbox_of(settings).check()
    for way_out in ("apt-get install bubblewrap", "Docker", "E2B_API_KEY"):
        assert way_out in (refused.value.remedy or "")
    [finding] = await doctor.sandbox(bootstrap.sandbox_of, settings)
    assert (finding.level, "PATH" in finding.text) == ("error", True)


@pytest.mark.usefixtures("bare_path")
async def test_what_was_named_is_not_replaced(tmp_path: Path, engine: str) -> None:
    named = settings_of(tmp_path, engine, sandbox="bubblewrap")
    assert bootstrap.sandbox_of(named).backend == "bubblewrap"
    with pytest.raises(SandboxUnavailable, match="not on the PATH"):
        await bootstrap.sandbox_of(named).check()


@pytest.mark.usefixtures("bare_path")
def test_a_bubblewrap_that_may_make_no_namespaces_does_not_serve(
    tmp_path: Path, engine: str
) -> None:
    tmp_path.chmod(0o755)
    program = tmp_path / "bin" / "bwrap"
    program.write_text("#!/bin/sh\necho 'No permissions to create new namespace' >&2; exit 1\n")
    program.chmod(0o755)
    assert automatic(has_e2b_key=False, docker_host=engine) == "docker"


def test_who_listens_where(engine: str) -> None:
    assert listens(engine)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert listens(f"tcp://127.0.0.1:{port}")
    assert not listens(f"tcp://127.0.0.1:{port}")
    assert not listens("nonsense") and not listens("ssh://host")
