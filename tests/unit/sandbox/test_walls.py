"""What bubblewrap is told to build."""

import io
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from importlib.util import MAGIC_NUMBER
from pathlib import Path

import pytest

from core.ports import Environment, Limits
from sandbox.limits import MIB, places
from sandbox.walls import Walls, supervisor_archive

LAYER = Path("/opt/prepared")
ENVIRONMENT = Environment("e", "/opt/env/bin/python", ((LAYER, "/opt/env"),), {"SECRET": "canary"})
BINDING = ("--bind", "--bind-try", "--dev-bind", "--dev-bind-try", "--bind-fd", "--bind-data")


@pytest.fixture
def arguments() -> Iterator[list[str]]:
    with Walls(ENVIRONMENT, Limits(), nested_off=True) as walls:
        yield walls.arguments(b"filter", 100, 101)


def read_only(arguments: list[str]) -> list[tuple[str, str]]:
    return [
        (arguments[n + 1], arguments[n + 2])
        for n, argument in enumerate(arguments)
        if argument in ("--ro-bind", "--ro-bind-try")
    ]


def test_every_wall_is_asked_for(arguments: list[str]) -> None:
    wanted = {
        "--unshare-all",
        "--unshare-user",
        "--disable-userns",
        "--die-with-parent",
        "--new-session",
        "--clearenv",
        "--cap-drop",
        "--seccomp",
        "--as-pid-1",
    }
    assert wanted <= set(arguments)
    assert "--share-net" not in arguments and "--cap-add" not in arguments
    assert arguments[arguments.index("--cap-drop") + 1] == "ALL"


def test_nothing_of_the_host_can_be_written(arguments: list[str]) -> None:
    assert not set(BINDING) & set(arguments)


def test_only_the_system_and_the_layers_are_seen(arguments: list[str]) -> None:
    allowed = ("/usr", "/bin", "/sbin", "/lib", "/etc/", "/dev/null", str(LAYER))
    for source, _ in read_only(arguments):
        assert source.startswith(allowed), source
        assert source not in ("/", "/etc", "/run", "/var", "/tmp", "/home", "/root")
    assert (str(LAYER), "/opt/env") in read_only(arguments)


def test_root_and_devices_are_closed_last(arguments: list[str]) -> None:
    closed = [n for n, argument in enumerate(arguments) if argument == "--remount-ro"]
    assert [arguments[n + 1] for n in closed] == ["/dev", "/"]
    building = ("--tmpfs", "--ro-bind", "--ro-bind-try", "--file", "--symlink", "--proc", "--dev")
    assert max(n for n, argument in enumerate(arguments) if argument in building) < closed[0]


def test_every_writable_place_has_a_size(arguments: list[str]) -> None:
    mounted = [n for n, argument in enumerate(arguments) if argument == "--tmpfs"]
    assert {arguments[n + 1] for n in mounted} == {"/work", "/tmp", "/home/sandbox", "/dev/shm"}
    assert all(arguments[n - 2] == "--size" and int(arguments[n - 1]) > 0 for n in mounted)


def test_no_variable_stands_in_the_arguments(arguments: list[str]) -> None:
    assert "canary" not in " ".join(arguments) and "--setenv" not in arguments


def test_an_older_bubblewrap_is_not_asked_for_what_it_cannot() -> None:
    with Walls(ENVIRONMENT, Limits(), nested_off=False) as walls:
        assert "--disable-userns" not in walls.arguments(b"filter", 100, 101)


@pytest.mark.parametrize("memory", [8, 64, 128, 2048, 65536])
@pytest.mark.parametrize("disk", [1, 16, 1024, 100_000])
def test_places_leave_memory_for_programs(memory: int, disk: int) -> None:
    sizes = places(Limits(memory_bytes=memory * MIB, disk_bytes=disk * MIB))
    in_all = sizes.work + sizes.temporary + sizes.home + sizes.shared
    assert in_all <= memory * MIB
    assert min(sizes.work, sizes.temporary, sizes.home, sizes.shared) >= MIB
    assert sizes.work <= max(MIB, disk * MIB)
    if memory >= 64:
        assert in_all <= memory * MIB * 3 // 4


def test_the_usual_limits_give_the_whole_disk_to_the_workspace() -> None:
    assert places(Limits()).work == Limits().disk_bytes


def archive(folder: Path, magic: bytes) -> Path:
    """The supervisor's archive, with bytecode of another Python unless the magic is ours."""
    path = folder / "supervisor.zip"
    with (
        zipfile.ZipFile(io.BytesIO(supervisor_archive())) as ours,
        zipfile.ZipFile(path, "w") as other,
    ):
        for name in ours.namelist():
            data = ours.read(name)
            other.writestr(name, magic + data[4:] if name.endswith(".pyc") else data)
    return path


@pytest.mark.parametrize(("magic", "kind"), [(MAGIC_NUMBER, "pyc"), (b"none", "py")])
def test_the_supervisor_comes_compiled_for_a_python_like_ours_and_runs_in_any(
    tmp_path: Path, magic: bytes, kind: str
) -> None:
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]);"
        "import sandbox.inside.supervisor as it; print(it.__file__)"
    )
    said = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program, str(archive(tmp_path, magic))],
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.strip().endswith(f"supervisor.{kind}")
