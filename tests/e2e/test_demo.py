"""The demo as a newcomer runs it: offline, with an empty environment, in under a minute."""

import re
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.e2e.terminal import ROOT, argv, git

SERVICE = ROOT / "demo" / "service"
ALONE = "--disable-plugin-autoload"
"""Pytest's option to go without the plugins of our own tests."""


@pytest.mark.needs_bubblewrap
def test_the_demo_shows_a_repair_from_ticket_to_branch(tmp_path: Path) -> None:
    began = time.monotonic(), _processor_s()
    done = subprocess.run(
        argv("demo"),
        env={"TMPDIR": str(tmp_path)},
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    took = time.monotonic() - began[0], _processor_s() - began[1]
    assert min(took) < 60, "the wall clock of a busy machine alone says little"
    story = (
        "BUG-42: Completed to-dos come back to life",
        "triage",
        "suspects",
        "on base     red",
        "candidates",
        "on the fix  green",
        "+        self._todos[todo_id] = replace(todo, done=True)",
        "patch hash",
        "decision    approved, as nobody can be asked",
        "outcome     fixed",
    )
    places = [done.stdout.find(part) for part in story]
    assert -1 not in places, f"{story[places.index(-1)]} is missing in:\n{done.stdout}"
    branch = re.search(r"branch\s+(anton/bug-42-[0-9a-f]{8})", done.stdout)
    folder = re.search(r"git -C (\S+) diff", done.stdout)
    assert branch is not None
    assert folder is not None
    assert branch[1] in git(Path(folder[1]), "branch", "--list", "anton/*")


def _processor_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_the_service_passes_its_own_tests_and_has_the_bug_of_the_ticket() -> None:
    tests = subprocess.run(
        [sys.executable, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider", ALONE],
        cwd=SERVICE,
        capture_output=True,
        text=True,
        check=False,
    )
    assert tests.returncode == 0, tests.stdout
    ticket = (ROOT / "demo" / "tickets" / "BUG-42.md").read_text()
    example = ticket.split("```python\n")[1].split("```")[0]
    shown = subprocess.run(
        [sys.executable, "-B", "-c", example],
        cwd=SERVICE,
        capture_output=True,
        text=True,
        check=False,
    )
    assert shown.returncode == 1
    assert "completing twice must leave the to-do done" in shown.stderr


def test_the_service_asks_for_exactly_what_anton_has_installed() -> None:
    locked = dict(
        re.findall(r"^([a-z0-9-]+)==([^\s;]+)", (ROOT / "requirements.txt").read_text(), re.M)
    )
    wanted = [Requirement(line) for line in (SERVICE / "requirements.txt").read_text().split()]
    assert wanted
    assert [str(w) for w in wanted if str(w.specifier) != f"=={locked.get(w.name)}"] == []
