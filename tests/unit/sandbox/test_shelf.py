"""Prepared folders: what lacks something is tried anew, what is old or too much goes."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox import shelf as shelves
from sandbox.programs import Programs
from sandbox.shelf import Shelf


def shelf(folder: Path) -> Shelf:
    return Shelf(folder / "kept", folder / "locks", Programs())


def maker(made: list[str], text: str) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        made.append(folder.name)
        folder.mkdir()
        (folder / "notes").write_text(text)

    return make


def lacks(folder: Path) -> bool:
    return (folder / "notes").read_text() == "lacking"


def aged(path: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(path, (then, then))


def test_what_lacks_something_is_made_anew_after_a_while_and_what_is_whole_is_not(
    tmp_path: Path,
) -> None:
    made: list[str] = []
    kept = shelf(tmp_path)
    first = kept.whole("a", maker(made, "lacking"), lacks)
    assert kept.whole("a", maker(made, "whole"), lacks) == first and made == ["a"]
    aged(first / "notes", shelves.RETRY_S + 1)
    second = kept.whole("a", maker(made, "whole"), lacks)
    assert (second.name, made) == ("a-1", ["a", "a-1"]) and first.exists()
    aged(second / "notes", shelves.RETRY_S + 1)
    assert kept.whole("a", maker(made, "whole"), lacks) == second
    kept.close()


def test_what_was_not_used_for_a_month_goes(tmp_path: Path) -> None:
    made: list[str] = []
    kept = shelf(tmp_path)
    old = kept.held("old", maker(made, ""))
    kept.close()
    aged(old, shelves.MAX_AGE_S + 1)
    kept.held("new", maker(made, ""))
    assert not old.exists()
    kept.close()


def test_what_is_too_large_together_goes_from_the_oldest_on_but_nothing_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelves, "MAX_BYTES", 2_500)
    in_use = shelf(tmp_path)
    held = in_use.held("held", maker([], "x" * 1_000))
    kept = shelf(tmp_path)
    for number in range(3):
        kept.held(f"n{number}", maker([], "x" * 1_000))
        kept.close()
        aged(tmp_path / "kept" / f"n{number}", 100 - number)
    aged(held, 200)
    kept.held("last", maker([], "x" * 1_000))
    assert sorted(path.name for path in (tmp_path / "kept").iterdir()) == ["held", "last", "n2"]
    in_use.close()
    kept.close()


def test_a_server_that_never_ends_keeps_no_more_than_the_latest_and_what_it_used_today(
    tmp_path: Path,
) -> None:
    kept = Shelf(tmp_path / "kept", tmp_path / "locks", Programs(), max_kept=2)
    for number in range(6):
        folder = kept.held(f"n{number}", maker([], ""))
        aged(folder, shelves.IDLE_S + 100 - number)
    today = [kept.held(name, maker([], "")) for name in ("a", "b", "c")]
    assert sorted(path.name for path in (tmp_path / "kept").iterdir()) == ["a", "b", "c"]
    aged(today[0], shelves.IDLE_S + 1)
    assert kept.held("a", maker([], "")) == today[0], "what is asked for again stays"
    kept.held("d", maker([], ""))
    assert today[0].exists()
    kept.close()
