"""What every test lives under: no network, and the published contracts where they are."""

import gc
import ipaddress
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

if TYPE_CHECKING:
    from repair.bench import Bench
    from sandbox.environment import Environments

ROOT = Path(__file__).parent.parent
GARBAGE = 10_000
"""New objects after which Python looks for garbage."""
MEMORY = Path("/dev/shm")
ROOM = 4 << 30
"""Bytes that must be free in memory for temporary files to lie there."""
FIGURE = "figure"
"""Name of the property whose values are shown in pytest's summary, one a line."""


class NetworkRefused(RuntimeError):
    """A test tried to reach beyond this machine; give it a fake server on loopback."""


def _is_here(host: object) -> bool:
    if isinstance(host, bytes | bytearray):
        host = host.decode()
    if host in (None, "", "localhost"):
        return True
    try:
        address = ipaddress.ip_address(str(host).partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _refuse_network(event: str, args: tuple[object, ...]) -> None:
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        peer, address = args[0], args[1]
        family = peer.family if isinstance(peer, socket.socket) else getattr(peer, "family", None)
        if family == socket.AF_UNIX or address is None:
            return
        host = address[0] if isinstance(address, tuple) else address
        if family in (socket.AF_INET, socket.AF_INET6) and _is_here(host):
            return
        raise NetworkRefused(f"{event} to {address!r}: tests reach AF_UNIX and loopback only")
    if event in ("socket.getaddrinfo", "socket.gethostbyname") and not _is_here(args[0]):
        raise NetworkRefused(f"look-up of {args[0]!r}: tests reach AF_UNIX and loopback only")


def _keep_in_memory() -> None:
    """Have temporary files in memory, unless TMPDIR is set: tests make and remove 100,000 of them.

    On a disk that is a third of the processor's time, and most of the waiting.
    """
    if "TMPDIR" in os.environ or not os.access(MEMORY, os.W_OK):
        return
    place = os.statvfs(MEMORY)
    if not place.f_flag & os.ST_NOEXEC and place.f_bavail * place.f_frsize >= ROOM:
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)


def pytest_configure() -> None:
    """An audit hook sees every socket of this process, whoever opens it, to the end."""
    _keep_in_memory()
    sys.addaudithook(_refuse_network)
    if os.environ.get("E2B_API_KEY"):  # it is there for one test, and would choose E2B for all
        os.environ.setdefault("SANDBOX", "bubblewrap")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Modules and tests stay to the end: looking for garbage in them is a third of the time."""
    gc.disable()
    yield
    gc.freeze()
    gc.set_threshold(GARBAGE)
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever uses the bench of a module lives in the loop of the module."""
    for item in items:
        function = item if isinstance(item, pytest.Function) else None
        if function and "bench" in function.fixturenames and not hasattr(function.module, "bench"):
            item.add_marker(pytest.mark.asyncio(loop_scope="module"), append=False)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [
        report
        for kind in ("passed", "failed")
        for report in terminalreporter.stats.get(kind, [])
        if isinstance(report, pytest.TestReport)
    ]
    figures = [value for r in reports for name, value in r.user_properties if name == FIGURE]
    if figures:
        terminalreporter.section("figures")
    for figure in figures:
        terminalreporter.write_line(str(figure))


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("needs_bubblewrap") and shutil.which("bwrap") is None:
        pytest.skip("bubblewrap is missing: make install, as root, brings it")
    asked = str(item.config.getoption("markexpr"))
    if item.get_closest_marker("needs_docker") and "needs_docker" not in asked:
        pytest.skip("Docker is tested where that is asked for: make test-docker")


@pytest.fixture(scope="session")
def contracts() -> Path:
    """The folder of published vendor contracts: $ANTON_CONTRACTS, or one beside the repository."""
    folder = Path(os.environ.get("ANTON_CONTRACTS") or ROOT.parent / "shared" / "contracts")
    if not folder.is_dir():
        pytest.skip(f"no published contracts at {folder}: set ANTON_CONTRACTS")
    return folder


@pytest.fixture(scope="session")
def docker_host() -> Iterator[str]:
    """Address of a Docker engine of our own; skips aloud where none can be started."""
    from tests.engine import started

    with started() as host:
        yield host


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def environments(tmp_path_factory: pytest.TempPathFactory) -> "AsyncIterator[Environments]":
    """What repositories need, for the sandbox of this machine; skips aloud where there is none."""
    import bootstrap
    from config import load_settings
    from core.errors import SandboxUnavailable
    from sandbox.environment import Environments

    folder = tmp_path_factory.mktemp("environments")
    settings, _ = load_settings(data_dir=folder)
    try:
        await bootstrap.sandbox_of(settings).check()
    except SandboxUnavailable as error:
        pytest.skip(f"no sandbox can be used here: {error}")
    opened = Environments(folder / "environments", index_allowed=False)
    yield opened
    opened.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bench(
    tmp_path_factory: pytest.TempPathFactory, environments: "Environments"
) -> "AsyncIterator[Bench]":
    """A test bench for a module, whose tests share its loop and the surveys of their trees."""
    import bootstrap
    from config import load_settings
    from repair.bench import Bench

    settings, _ = load_settings(data_dir=tmp_path_factory.mktemp("bench"))
    opened = Bench(bootstrap.sandbox_of(settings), environments, workers=2)
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
def firestore(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of Google's emulator; skips aloud where it is missing."""
    from tests.fakes import firestore_emulator

    program = firestore_emulator.jar()
    if program is None:
        pytest.skip("Google's Firestore emulator is missing: FIRESTORE_EMULATOR_JAR and java")
    with firestore_emulator.emulator(program, tmp_path_factory.mktemp("firestore") / "log") as at:
        yield at
