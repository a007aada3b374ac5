"""What `eval sandbox` prints, and when it fails."""

import argparse
from pathlib import Path
from typing import Any

import pytest

from evals import sandbox_speed
from evals.sandbox import Ground
from evals.sandbox_report import more, run
from evals.sandbox_speed import BARE, Speed, holds, table
from sandbox import provider_class


def options(**chosen: Any) -> argparse.Namespace:
    nothing = {"only": "", "seed": 0, "kills": None, "speed": False, "weakened": False}
    return argparse.Namespace(**{**nothing, **chosen})


@pytest.mark.needs_bubblewrap
async def test_attacks_of_one_kind_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert await run(options(only="S31"), "bubblewrap", lambda kind: {}) == 0
    assert "1 of 1 attacks held" in capsys.readouterr().out


async def test_a_breach_is_a_failure(capsys: pytest.CaptureFixture[str]) -> None:
    assert await run(options(only="S31"), "subprocess", lambda kind: {"allow_host": True}) == 1
    assert "BREACH" in capsys.readouterr().out


@pytest.mark.parametrize("how", [{}, {"weakened": True}, {"kills": 1}])
async def test_what_does_not_open_is_a_failure(
    how: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert await run(options(**how), "subprocess", lambda kind: {}) == 1
    capsys.readouterr()


def test_the_command_is_told_as_it_was_given() -> None:
    assert more(options(kills=200), "all") == " --backend all --kills 200"
    assert more(options(weakened=True), "e2b") == " --backend e2b --weakened"


@pytest.mark.needs_bubblewrap
async def test_speed_is_measured_beside_a_bare_subprocess(tmp_path: Path) -> None:
    ground = Ground("bubblewrap", provider_class("bubblewrap")(tmp_path))
    found = await sandbox_speed.run([ground], 2, commands=3, runs=1, candidates=2)
    assert [one.name for one in found] == [BARE, "bubblewrap"]
    assert holds(found), found
    assert all((found[1].opened, found[1].reset, found[1].commands, found[1].warm))
    assert "bubblewrap" in table(found)


def test_the_table_shows_medians_and_what_failed() -> None:
    whole = Speed("one", [0.1, 0.2, 0.9], [], [0.001], [1.0], [0.5], 10.0, 5.0)
    broken = Speed("other", failed="it did not open")
    shown = table([whole, broken])
    assert shown.splitlines()[1].split() == [
        *("one", "200.0", "-", "1.0", "1000.0", "500.0", "10000", "5000", "2.00", "x"),
    ]
    assert "other: it did not open" in shown
    assert not holds([whole, broken]) and not holds([whole]) and holds([whole, whole])
