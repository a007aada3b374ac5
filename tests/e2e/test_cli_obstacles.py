"""What stands in a command's way is named with its remedy, and nothing is lost."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.e2e.terminal import FILES, REPORT, TEST, argv, git, repository, run
from tests.workflows.house import house

FULL = Path("/dev/full")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def without_bubblewrap(folder: Path) -> str:
    """A PATH with git and nothing else."""
    folder.mkdir(exist_ok=True)
    program = shutil.which("git")
    assert program
    (folder / "git").symlink_to(program)
    return str(folder)


@pytest.mark.parametrize("command", [("tasks",), ("fix", "/nowhere", "It is broken")])
def test_a_data_folder_that_cannot_be_had_is_named(data: Path, command: tuple[str, ...]) -> None:
    data.write_text("This is no folder.")
    done = run(data, *command)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert str(data) in done.stderr
    assert "remedy:" in done.stderr
    assert data.read_text() == "This is no folder."


@pytest.mark.needs_bubblewrap
def test_a_diff_that_cannot_be_written_costs_nothing_else(tmp_path: Path, data: Path) -> None:
    shop = repository(tmp_path / "shop")
    report = (REPORT, "--test", TEST, "--json")
    done = run(data, "fix", str(shop), *report, "--patch-out", "/proc/no.diff")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "/proc/no.diff" in done.stderr
    assert json.loads(done.stdout)["outcome"] == "fixed"
    assert len(git(shop, "branch", "--list", "anton/*").splitlines()) == 1


def test_output_that_cannot_be_written_is_named(data: Path) -> None:
    with FULL.open("w") as full:
        done = subprocess.run(
            argv("tasks"),
            env={"DATA_DIR": str(data), "ANTON_HOME": str(data.parent)},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "No space left on device" in done.stderr


def waiting(tmp_path: Path, data: Path) -> tuple[Path, str]:
    """A repair whose fix touches a protected path, and the hash that waits."""
    files = {path.replace("orders.py", "auth.py"): text for path, text in FILES.items()}
    files = {path: text.replace("shop.orders", "shop.auth") for path, text in files.items()}
    shop = repository(tmp_path / "shop", files)
    asked = run(data, "fix", str(shop), REPORT, "--test", TEST.replace("orders", "auth"), "--yes")
    assert asked.returncode == 3, asked.stderr
    shown = run(data, "approve", "latest")
    assert shown.returncode == 3
    found = re.search(r"patch hash  ([0-9a-f]{64})", shown.stdout)
    assert found
    return shop, found[1]


def branches(shop: Path) -> list[str]:
    return git(shop, "branch", "--list", "anton/*").splitlines()


@pytest.mark.needs_bubblewrap
def test_a_script_approves_protected_paths_only_by_the_hash_that_it_saw(
    tmp_path: Path, data: Path
) -> None:
    shop, patch_hash = waiting(tmp_path, data)
    refused = run(data, "approve", "latest", "--yes")
    assert refused.returncode == 3
    assert "--hash" in refused.stderr
    assert branches(shop) == []
    approved = run(data, "approve", "latest", "--yes", "--hash", patch_hash)
    assert approved.returncode == 0, approved.stderr
    assert len(branches(shop)) == 1


async def test_without_a_sandbox_a_task_can_still_be_rejected_or_cancelled(
    tmp_path: Path, data: Path
) -> None:
    bare = without_bubblewrap(tmp_path / "bin")
    for name, *decision in (
        ("reject", "approve", "latest", "--reject", "not wanted"),
        ("cancel", "tasks", "latest", "--cancel"),
    ):
        async with house(tmp_path) as here:
            await here.pending(await here.run())
        refused = run(data, "fix", str(here.repository), REPORT, PATH=bare)
        assert refused.returncode == 2
        assert "bubblewrap" in refused.stderr
        done = run(data, *decision, PATH=bare)
        assert "bubblewrap" not in done.stderr
        assert f"{name}{'l' * (name == 'cancel')}ed" in done.stdout
        assert branches(here.repository) == []
