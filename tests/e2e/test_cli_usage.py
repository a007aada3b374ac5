"""What is wrong with a call is said at once, with the remedy, and nothing is lost."""

from pathlib import Path

import pytest

from tests.e2e.terminal import TEST, git, repository, run


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def test_an_empty_ticket_is_refused(tmp_path: Path, data: Path) -> None:
    shop = repository(tmp_path / "shop")
    for ticket in ("", "  ", "-"):
        done = run(data, "fix", str(shop), ticket, "--yes")
        assert done.returncode == 2
        assert "The ticket is empty" in done.stderr
        assert "remedy:" in done.stderr
        assert done.stdout == ""


def test_an_error_is_one_json_object_too(tmp_path: Path, data: Path) -> None:
    import json

    done = run(data, "fix", str(repository(tmp_path / "shop")), "", "--json")
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"] == "The ticket is empty."


@pytest.mark.parametrize("kind", ["folder", "file", "missing"])
def test_what_is_no_repository_is_named(tmp_path: Path, data: Path, kind: str) -> None:
    place = tmp_path / "place"
    if kind == "folder":
        place.mkdir()
    elif kind == "file":
        place.write_text("text")
    done = run(data, "fix", str(place), "It is broken", "--yes")
    assert done.returncode in (2, 3)
    assert "place" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_repository_without_commits_is_named(tmp_path: Path, data: Path) -> None:
    place = tmp_path / "empty"
    place.mkdir()
    git(place, "init", "--quiet")
    done = run(data, "fix", str(place), "It is broken", "--test", TEST, "--yes")
    assert done.returncode in (2, 3)
    assert "commit" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_bad_settings_are_named_all_at_once(data: Path) -> None:
    done = run(data, "tasks", PORT="many", SANDBOX="magic")
    assert done.returncode == 2
    assert "PORT" in done.stderr
    assert "SANDBOX" in done.stderr
    assert ".env.example" in done.stderr


def test_a_corrupt_database_is_kept_and_named(data: Path) -> None:
    data.mkdir()
    (data / "anton.db").write_bytes(b"no database" * 1000)
    done = run(data, "tasks")
    assert done.returncode == 2
    assert "anton.db" in done.stderr
    assert (data / "anton.db").read_bytes() == b"no database" * 1000


def test_an_unknown_task_or_approval_is_exit_1(data: Path) -> None:
    for command in ("tasks", "approve"):
        done = run(data, command, "ffffffff")
        assert done.returncode == 1
        assert "ffffffff" in done.stderr


def test_nothing_waits_in_a_new_house(data: Path) -> None:
    assert "Nothing waits" in run(data, "approve").stdout
    assert run(data, "tasks").returncode == 0


def test_a_build_names_the_three_ways_to_a_model(data: Path) -> None:
    done = run(data, "build", "a URL shortener")
    assert done.returncode == 2
    assert all(way in done.stderr for way in ("hosted model", "local model", "fix REPO"))


def test_the_workflow_is_drawn(data: Path) -> None:
    done = run(data, "tasks", "--graph")
    assert done.returncode == 0
    assert "graph TD" in done.stdout
    assert "publish" in done.stdout
