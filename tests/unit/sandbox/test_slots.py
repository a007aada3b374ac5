"""No two sandboxes share a place, and what a dead owner left is known."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import SandboxUnavailable
from sandbox.slots import COUNT, FIRST_UID, LOW_UID, Slots, end_processes_of, first_uid

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


def test_places_are_given_once_each(tmp_path: Path) -> None:
    slots = Slots(tmp_path / "locks")
    first, second = slots.take(), Slots(tmp_path / "locks").take()
    assert first.name != second.name
    assert (first.uid, second.uid) == (None, None) or first.uid != second.uid
    first.let_go()
    third = slots.take()
    assert third.name == first.name
    second.let_go()
    third.let_go()


@needs_root
def test_root_gives_each_place_a_user_that_nobody_is(tmp_path: Path) -> None:
    slot = Slots(tmp_path).take()
    known = {int(line.split(":")[2]) for line in Path("/etc/passwd").read_text().splitlines()}
    assert slot.uid is not None and slot.uid not in known
    slot.let_go()


def test_places_in_different_folders_have_different_names(tmp_path: Path) -> None:
    one, other = Slots(tmp_path / "one").take(), Slots(tmp_path / "other").take()
    assert one.name != other.name
    one.let_go()
    other.let_go()


def test_what_a_dead_process_noted_is_found_once(tmp_path: Path) -> None:
    program = (
        "import os, sys; from pathlib import Path; from sandbox.slots import Slots; "
        "Slots(Path(sys.argv[1])).take().note(['/groups/a', '/groups/b']); os._exit(9)"
    )
    root = Path(__file__).parent.parent.parent.parent
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], cwd=root, check=False)
    slots = Slots(tmp_path)
    [slot] = slots.abandoned()
    assert slot.belongings == ["/groups/a", "/groups/b"]
    assert not list(slots.abandoned()), "it is held while it is cleared"
    slot.forget()
    slot.let_go()
    assert not list(slots.abandoned())


def test_a_place_in_use_is_not_abandoned(tmp_path: Path) -> None:
    slots = Slots(tmp_path)
    slot = slots.take()
    slot.note([])
    assert slot.is_noted and not list(slots.abandoned())
    slot.let_go()
    [again] = slots.abandoned()
    again.let_go()


def test_a_lock_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("precious")
    (tmp_path / "locks").mkdir()
    (tmp_path / "locks" / "0.lock").symlink_to(target)
    with pytest.raises(OSError, match="symbolic links"):
        Slots(tmp_path / "locks").take()
    assert target.read_text() == "precious"


def test_locks_that_cannot_be_kept_are_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SandboxUnavailable, match="locks"):
        Slots(tmp_path / "file" / "locks").take()


def test_no_place_is_left_when_all_are_taken(tmp_path: Path) -> None:
    slots = Slots(tmp_path)
    taken = [slots.take() for _ in range(COUNT)]
    with pytest.raises(SandboxUnavailable, match=str(COUNT)):
        slots.take()
    for slot in taken:
        slot.let_go()


@pytest.mark.parametrize(
    ("ranges", "first"),
    [
        ("         0          0 4294967295\n", FIRST_UID),
        ("         0     100000      65536\n", LOW_UID),
        ("0 1000 1\n1 100000 65535\n", LOW_UID),
    ],
)
def test_users_lie_where_the_namespace_reaches(tmp_path: Path, ranges: str, first: int) -> None:
    (tmp_path / "uid_map").write_text(ranges)
    assert first_uid(tmp_path / "uid_map") == first


def test_a_namespace_of_one_user_is_refused(tmp_path: Path) -> None:
    (tmp_path / "uid_map").write_text("0 1000 1\n")
    with pytest.raises(SandboxUnavailable):
        first_uid(tmp_path / "uid_map")


@needs_root
def test_all_processes_of_a_user_are_ended_and_no_others() -> None:
    uid = FIRST_UID + COUNT + 7
    theirs = [subprocess.Popen(["sleep", "60"], user=uid, group=uid) for _ in range(3)]
    ours = subprocess.Popen(["sleep", "60"])
    try:
        for process in theirs:
            assert process.poll() is None
        reaper = subprocess.Popen(["true"])
        reaper.wait()
        _end(uid, theirs)
        assert ours.poll() is None
    finally:
        for process in [*theirs, ours]:
            process.kill()
            process.wait()


def _end(uid: int, processes: list[subprocess.Popen[bytes]]) -> None:
    """Collect them meanwhile, for here they are our own children."""
    import threading

    waiting = [threading.Thread(target=process.wait) for process in processes]
    for thread in waiting:
        thread.start()
    end_processes_of(uid)
    for thread in waiting:
        thread.join(5)
    assert [process.returncode for process in processes] == [-9] * len(processes)
