"""Control groups are found wherever they are, and end with all that is in them."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.ports import Limits
from sandbox.cgroups import ControlGroup, ControlGroups
from sandbox.supervised import Strain

LIMITS = Limits(memory_bytes=64 * 1024**2, processes=10)


def proc(folder: Path, mounts: list[str], memberships: str) -> Path:
    """A /proc/self as the kernel would write it."""
    here = folder / "proc"
    here.mkdir()
    (here / "mountinfo").write_text("".join(line + "\n" for line in mounts))
    (here / "cgroup").write_text(memberships)
    return here


def mount(root: str, point: Path, kind: str, options: str) -> str:
    return f"30 23 0:26 {root} {point} rw,nosuid shared:9 - {kind} {kind} rw,{options}"


def version_2(folder: Path, subtree: str = "") -> Path:
    folder.mkdir(parents=True)
    (folder / "cgroup.subtree_control").write_text(subtree)
    return folder


def test_version_1_is_found_below_our_own_group(tmp_path: Path) -> None:
    for path in ("memory/service/us", "pids/else"):
        (tmp_path / path).mkdir(parents=True)
    found = ControlGroups.find(
        proc(
            tmp_path,
            [
                mount("/", tmp_path / "memory", "cgroup", "memory"),
                mount("/", tmp_path / "pids", "cgroup", "pids"),
                mount("/", tmp_path / "cpu", "cgroup", "cpu,cpuacct"),
            ],
            "4:memory:/service/us\n3:pids:/\n2:cpu,cpuacct:/\n0::/\n",
        )
    )
    assert found.version == 1
    assert found.parents == {"memory": tmp_path / "memory/service/us", "pids": tmp_path / "pids"}


def test_a_group_that_lies_beyond_the_mount_gives_the_mount(tmp_path: Path) -> None:
    (tmp_path / "memory").mkdir()
    line = mount("/docker/abc", tmp_path / "memory", "cgroup", "memory")
    found = ControlGroups.find(proc(tmp_path, [line], "4:memory:/elsewhere\n"))
    assert found.parents == {"memory": tmp_path / "memory"}
    assert found.enforces("memory") and not found.enforces("pids")


def test_a_group_inside_a_container_mount_is_taken_from_there(tmp_path: Path) -> None:
    (tmp_path / "memory/inner").mkdir(parents=True)
    line = mount("/docker/abc", tmp_path / "memory", "cgroup", "memory")
    found = ControlGroups.find(proc(tmp_path, [line], "4:memory:/docker/abc/inner\n"))
    assert found.parents == {"memory": tmp_path / "memory/inner"}


def test_version_2_is_used_where_it_hands_controllers_down(tmp_path: Path) -> None:
    own = version_2(tmp_path / "unified/service", "memory pids")
    line = mount("/", tmp_path / "unified", "cgroup2", "nsdelegate")
    found = ControlGroups.find(proc(tmp_path, [line], "0::/service\n"))
    assert (found.version, found.folders("x")) == (2, [own / "x", own / "x"])


def test_version_2_asks_for_the_controllers_it_needs(tmp_path: Path) -> None:
    own = version_2(tmp_path / "unified/service")
    line = mount("/", tmp_path / "unified", "cgroup2", "nsdelegate")
    assert ControlGroups.find(proc(tmp_path, [line], "0::/service\n")).version == 2
    assert (own / "cgroup.subtree_control").read_text() == "+memory +pids"


def test_without_control_groups_nothing_is_enforced(tmp_path: Path) -> None:
    found = ControlGroups.find(proc(tmp_path, ["30 23 0:26 / / rw - ext4 /dev/vda rw"], "0::/\n"))
    assert (found.version, found.folders("x")) == (0, [])
    assert not found.enforces("memory")


def test_nothing_is_limited_or_counted_by_no_group() -> None:
    group = ControlGroup([])
    group.make(LIMITS)
    assert group.read() == Strain() and group.pids() == []


def test_the_count_of_each_version_is_read(tmp_path: Path) -> None:
    (tmp_path / "pids.events").write_text("max 7\n")
    (tmp_path / "memory.events").write_text("low 0\nmax 90\noom 3\noom_kill 2\n")
    assert ControlGroup([tmp_path]).read() == Strain(refused_forks=7, memory_kills=2)
    (tmp_path / "memory.events").unlink()
    (tmp_path / "memory.oom_control").write_text("oom_kill_disable 0\nunder_oom 0\noom_kill 5\n")
    assert ControlGroup([tmp_path]).read() == Strain(refused_forks=7, memory_kills=5)


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["sleep", "60"])
    yield process
    process.kill()
    process.wait()


async def test_a_real_group_ends_with_all_that_is_in_it(sleeper: subprocess.Popen[bytes]) -> None:
    groups = ControlGroups.find()
    if not (groups.enforces("memory") and groups.enforces("pids")):
        pytest.skip("control groups cannot be made here")
    group = ControlGroup(groups.folders("anton-test-group"))
    group.make(LIMITS)
    group.add(sleeper.pid)
    assert group.pids() == [sleeper.pid]
    assert await group.end()
    assert sleeper.wait() == -9
    assert group.pids() == [] and not await group.end()
