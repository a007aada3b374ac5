"""bubblewrap is used as it must be, or not at all."""

import asyncio
import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

import sandbox
from core.errors import SandboxError, SandboxUnavailable
from core.evidence import RunEnd
from core.ports import Environment, Limits
from core.trees import File, Tree
from sandbox.bubblewrap import BubblewrapProvider
from sandbox.cgroups import ControlGroups
from sandbox.fitness import insist
from tests.unit.sandbox.rooms import noted_by_us

ROOT = Path(sandbox.__file__).parent.parent
PYTHON = "/usr/bin/python3"
ENVIRONMENT = Environment("plain", PYTHON, variables={"PATH": "/usr/bin:/bin"})
LIMITS = Limits(wall_s=10.0, memory_bytes=128 * 1024**2, disk_bytes=16 * 1024**2)
GOOD = {
    "pid": 1,
    "no_new_privileges": True,
    "seccomp": True,
    "capabilities": 0,
    "kernel_writable": False,
}

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
needs_python = pytest.mark.skipif(not Path(PYTHON).exists(), reason=f"{PYTHON} is missing")

SCRIPT = """
import asyncio, json, os, sys
from pathlib import Path
from core.errors import SandboxError
from core.ports import Environment, Limits
from core.trees import File, Tree
from sandbox.bubblewrap import BubblewrapProvider

async def main():
    provider = BubblewrapProvider(Path(sys.argv[1]))
    try:
        enforced = dict(await provider.check())
        environment = Environment("plain", "/usr/bin/python3", variables={"PATH": "/usr/bin:/bin"})
        sandbox = await provider.open(Tree({"a": File(b"1")}), environment, Limits(wall_s=5.0))
        run = await sandbox.run(["cat", "a"])
        await sandbox.close()
    except SandboxError as error:
        return {"error": type(error).__name__, "said": str(error)}
    return {"uid": os.geteuid(), "enforced": enforced, "stdout": run.stdout.decode()}

print(json.dumps(asyncio.run(main())))
"""


def as_somebody(options: Sequence[str], scratch: Path) -> dict[str, Any]:
    """What a server says that runs with less than we have; it needs a Python that all can read."""
    libraries = next(path for path in sys.path if path.endswith("site-packages"))
    done = subprocess.run(
        ["setpriv", *options, PYTHON, "-c", SCRIPT, str(scratch)],
        env={
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": f"{ROOT}:{libraries}",
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        cwd="/",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if "Permission denied" in done.stderr or "No module named" in done.stderr:
        pytest.skip(f"another user cannot read the house: {done.stderr[-200:]}")
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.fixture
def with_bwrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Puts a program named bwrap first on the PATH."""

    def put(script: str) -> None:
        folder = tmp_path / "bin"
        folder.mkdir()
        folder.chmod(0o755)
        (folder / "bwrap").write_text("#!/bin/sh\n" + script)
        (folder / "bwrap").chmod(0o755)
        for above in (tmp_path, *tmp_path.parents):
            if above.owner() == Path.home().owner() and above != Path("/"):
                above.chmod(above.stat().st_mode | stat.S_IXOTH | stat.S_IXGRP)
        monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")

    return put


async def test_without_bubblewrap_it_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    provider = BubblewrapProvider(tmp_path)
    with pytest.raises(SandboxUnavailable, match="apt-get install bubblewrap"):
        await provider.check()
    with pytest.raises(SandboxUnavailable, match="apt-get install bubblewrap"):
        await provider.open(Tree(), ENVIRONMENT, LIMITS)


async def test_a_bubblewrap_of_the_current_folder_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, with_bwrap: Callable[[str], None]
) -> None:
    with_bwrap("exit 0")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "bin")
    with pytest.raises(SandboxUnavailable, match="current folder"):
        await BubblewrapProvider(tmp_path).check()


@pytest.mark.parametrize(
    ("complaint", "remedy"),
    [
        ("No permissions to create new namespace", "unprivileged user namespaces"),
        ("setting up uid map: Permission denied", "unprivileged user namespaces"),
        ("Unknown option --size", "0.6"),
        ("Can't find source path /root/x: Permission denied", "every user"),
    ],
)
async def test_what_bubblewrap_complains_of_is_told_with_a_remedy(
    tmp_path: Path, with_bwrap: Callable[[str], None], complaint: str, remedy: str
) -> None:
    with_bwrap(f'[ "$1" = --help ] && exit 0\necho "bwrap: {complaint}" >&2\nexit 1')
    provider, before = BubblewrapProvider(tmp_path), noted_by_us(tmp_path)
    with pytest.raises(SandboxUnavailable, match=remedy) as caught:
        await provider.open(Tree(), ENVIRONMENT, LIMITS)
    assert complaint in str(caught.value)
    assert noted_by_us(tmp_path) <= before


async def test_walls_that_are_not_there_are_noticed(
    tmp_path: Path, with_bwrap: Callable[[str], None]
) -> None:
    with_bwrap(
        f'[ "$1" = --help ] && exit 0\n'
        f"exec {PYTHON} -c \"import os, sys; os.closerange(3, 256); sys.path.insert(0, '{ROOT}'); "
        f'from sandbox.inside.supervisor import main; main()"'
    )
    with pytest.raises(SandboxUnavailable):
        await BubblewrapProvider(tmp_path).open(Tree(), ENVIRONMENT, LIMITS)


@pytest.mark.parametrize(
    "flaw",
    [
        {"pid": 7},
        {"no_new_privileges": False},
        {"seccomp": False},
        {"capabilities": 1 << 21},
        {"kernel_writable": True},
    ],
)
def test_a_sandbox_with_a_flaw_is_refused(flaw: dict[str, Any]) -> None:
    insist(GOOD)
    with pytest.raises(SandboxUnavailable):
        insist({**GOOD, **flaw})
    with pytest.raises(SandboxUnavailable):
        insist({name: value for name, value in GOOD.items() if name not in flaw})


@needs_python
@pytest.mark.needs_bubblewrap
async def test_without_control_groups_the_supervisor_limits(tmp_path: Path) -> None:
    provider = BubblewrapProvider(tmp_path, groups=ControlGroups({}, 0))
    enforced = await provider.check()
    assert "supervisor" in enforced["memory"] and "supervisor" in enforced["processes"]


@needs_python
@pytest.mark.needs_bubblewrap
async def test_a_program_sees_no_limit_on_memory_where_that_was_allowed(tmp_path: Path) -> None:
    provider = BubblewrapProvider(tmp_path, groups=ControlGroups({}, 0), allow_no_memory_limit=True)
    assert "not limited" in (await provider.check())["memory"]


@needs_python
@pytest.mark.needs_bubblewrap
async def test_an_older_bubblewrap_serves_too(
    tmp_path: Path, with_bwrap: Callable[[str], None]
) -> None:
    real = shutil.which("bwrap")
    with_bwrap(
        f'[ "$1" = --help ] && {{ {real} --help | grep -v userns; exit 0; }}\nexec {real} "$@"'
    )
    opened = await BubblewrapProvider(tmp_path).open(Tree(), ENVIRONMENT, LIMITS)
    nested = await opened.run(["unshare", "--user", "true"])
    await opened.close()
    assert nested.end is RunEnd.FAILED


@needs_root
@needs_python
@pytest.mark.needs_bubblewrap
async def test_each_sandbox_of_root_runs_as_an_unprivileged_user_of_its_own(
    tmp_path: Path,
) -> None:
    provider = BubblewrapProvider(tmp_path)
    opened = [await provider.open(Tree(), ENVIRONMENT, LIMITS) for _ in range(2)]
    mark = "61.25"
    processes = [await one.start(["sleep", mark]) for one in opened]
    for _ in range(100):
        users = owners(mark)
        if len(users) == 2:
            break
        await asyncio.sleep(0.05)
    for process in processes:
        await process.kill()
    for one in opened:
        await one.close()
    assert len(users) == 2 and 0 not in users


@needs_root
@needs_python
@pytest.mark.needs_bubblewrap
def test_root_that_cannot_become_another_user_is_refused(tmp_path: Path) -> None:
    answer = as_somebody(["--bounding-set", "-setuid,-setgid"], tmp_path)
    assert answer["error"] == "SandboxUnavailable"
    assert "ordinary user" in answer["said"]


@needs_root
@needs_python
@pytest.mark.needs_bubblewrap
def test_an_ordinary_user_has_sandboxes_too(tmp_path: Path) -> None:
    scratch = Path("/tmp") / f"anton-ordinary-{os.getpid()}"
    scratch.mkdir()
    shutil.chown(scratch, 54_321, 54_321)
    try:
        answer = as_somebody(["--reuid", "54321", "--regid", "54321", "--clear-groups"], scratch)
    finally:
        shutil.rmtree(scratch)
    assert (answer["uid"], answer["stdout"]) == (54_321, "1")
    assert "unprivileged" in answer["enforced"]["user"]


@needs_root
@needs_python
@pytest.mark.needs_bubblewrap
async def test_a_layer_that_the_user_cannot_reach_is_told(tmp_path: Path) -> None:
    hidden = tmp_path / "hidden"
    (hidden / "layer").mkdir(parents=True)
    hidden.chmod(0o700)
    environment = Environment("hidden", PYTHON, ((hidden / "layer", "/opt/layer"),))
    with pytest.raises(SandboxUnavailable, match="Let every user read"):
        await BubblewrapProvider(tmp_path).open(Tree(), environment, LIMITS)


@needs_python
@pytest.mark.needs_bubblewrap
async def test_a_tree_larger_than_the_disk_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    provider, before = BubblewrapProvider(tmp_path, max_sandboxes=1), noted_by_us(tmp_path)
    large = Tree({"large": File(bytes(20 * 1024**2))})
    for _ in range(2):
        with pytest.raises(SandboxError, match="space"):
            await provider.open(large, ENVIRONMENT, LIMITS)
    assert noted_by_us(tmp_path) <= before


def owners(mark: str) -> set[int]:
    """The users that run something with this argument."""
    return {_owner(folder) for folder in Path("/proc").glob("[0-9]*") if _runs(folder, mark)}


def _runs(folder: Path, mark: str) -> bool:
    try:
        return mark.encode() in (folder / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return False


def _owner(folder: Path) -> int:
    status = (folder / "status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("Uid:")).split()[1])
