"""The bare machine is used only by those who asked for just that."""

import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import SandboxUnavailable
from core.ports import Environment, Limits
from core.trees import File, Tree
from sandbox.subprocess import SubprocessProvider

ROOT = Path(__file__).parent.parent.parent.parent
ENVIRONMENT = Environment(
    "plain",
    "/opt/env/bin/python",
    ((Path("/usr"), "/opt/env"),),
    {"PATH": "/opt/env/bin:/bin", "HOME": "/home/sandbox"},
)


def leftovers(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def test_it_is_refused_unless_it_was_allowed(tmp_path: Path) -> None:
    with pytest.raises(SandboxUnavailable, match="SANDBOX_ALLOW_HOST"):
        SubprocessProvider(tmp_path)


async def test_it_says_that_nothing_is_held(tmp_path: Path) -> None:
    enforced = await SubprocessProvider(tmp_path, allow_host=True).check()
    assert enforced["walls"].startswith("none")
    assert enforced["network"] == "not limited"


async def test_agreed_places_are_found_where_they_lie(tmp_path: Path) -> None:
    provider = SubprocessProvider(tmp_path, allow_host=True)
    sandbox = await provider.open(Tree({"a": File(b"1")}), ENVIRONMENT, Limits(wall_s=10.0))
    run = await sandbox.run(
        ["sh", "-c", 'cat /work/a; echo; echo "$HOME" "$MORE"; ls /opt/env/bin/env'],
        variables={"MORE": "/work:/opt/env/lib:/workers:/a/work"},
    )
    await sandbox.close()
    lines = run.stdout.decode().split()
    [folder] = {line.removesuffix("/home") for line in lines if line.endswith("/home")}
    assert folder.startswith(str(tmp_path))
    assert lines == [
        "1",
        f"{folder}/home",
        f"{folder}/work:/usr/lib:/workers:/a/work",
        "/usr/bin/env",
    ]


async def test_a_closed_sandbox_leaves_no_folder(tmp_path: Path) -> None:
    provider = SubprocessProvider(tmp_path / "deep" / "scratch", allow_host=True)
    sandbox = await provider.open(Tree(), ENVIRONMENT, Limits())
    await sandbox.close()
    assert leftovers(tmp_path / "deep" / "scratch") == []


@pytest.fixture
def dead_server(tmp_path: Path) -> None:
    """Opens a sandbox and ends at once."""
    program = """
import asyncio, os, sys
from pathlib import Path
from core.ports import Environment, Limits
from core.trees import Tree
from sandbox.subprocess import SubprocessProvider
async def main():
    provider = SubprocessProvider(Path(sys.argv[1]), allow_host=True)
    await provider.open(Tree(), Environment("e", "python"), Limits())
    os._exit(9)
asyncio.run(main())
"""
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], cwd=ROOT, check=False)


@pytest.mark.usefixtures("dead_server")
async def test_folders_of_the_dead_are_reaped_and_no_others(tmp_path: Path) -> None:
    provider = SubprocessProvider(tmp_path, allow_host=True)
    living = await provider.open(Tree({"a": File(b"1")}), ENVIRONMENT, Limits())
    assert await provider.reap() == 1
    assert await living.read("a") == b"1"
    await living.close()
    assert await provider.reap() == 0
