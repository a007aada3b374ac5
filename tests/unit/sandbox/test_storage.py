"""Folders are there whole or not at all, and what a dead process was making goes."""

import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.storage import UNFINISHED, publish, sweep
from tests.conftest import ROOT

MAKING = (
    "import os, sys; from pathlib import Path; from sandbox.storage import publish\n"
    "with publish(Path(sys.argv[1]) / 'target') as fresh:\n"
    "    (fresh / 'part').mkdir(); (fresh / 'part').chmod(0o555); os._exit(9)"
)


def test_what_is_made_stands_in_its_place_at_once(tmp_path: Path) -> None:
    with publish(tmp_path / "target") as fresh:
        (fresh / "file").write_text("all of it")
        assert not (tmp_path / "target").exists()
    assert (tmp_path / "target" / "file").read_text() == "all of it"
    assert [path.name for path in tmp_path.iterdir()] == ["target"]


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), publish(tmp_path / "target"):
        raise RuntimeError
    assert not list(tmp_path.iterdir())


def test_a_sweep_takes_what_a_dead_process_was_making_and_nothing_else(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", MAKING, str(tmp_path)], cwd=ROOT, check=False)
    (tmp_path / "finished").mkdir()
    [dead] = tmp_path.glob(f"{UNFINISHED}*")
    with publish(tmp_path / "other") as alive:
        sweep(tmp_path)
        assert alive.is_dir() and not dead.exists()
    assert {path.name for path in tmp_path.iterdir()} == {"finished", "other"}
    sweep(tmp_path / "nowhere")
