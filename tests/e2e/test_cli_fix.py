"""From a report to a branch on the command line, in a real sandbox."""

import json
from pathlib import Path

import pytest

from tests.e2e.terminal import FILES, REPORT, TEST, Terminal, git, repository, run

pytestmark = pytest.mark.needs_bubblewrap

PROTECTED = {path.replace("shop/orders", "shop/auth"): text for path, text in FILES.items()}
PROTECTED["tests/test_orders.py"] = FILES["tests/test_orders.py"].replace("orders", "auth")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return repository(tmp_path / "shop")


def branches(folder: Path) -> list[str]:
    return git(folder, "for-each-ref", "--format=%(refname:short)", "refs/heads/anton").split()


def test_json_is_one_object_and_the_checkout_stays_as_it_was(
    shop: Path, data: Path, tmp_path: Path
) -> None:
    (shop / "notes.txt").write_text("uncommitted\n")
    before = git(shop, "status", "--porcelain=v2", "--branch")
    out = tmp_path / "fix.diff"
    done = run(
        data, "fix", str(shop), REPORT, "--test", TEST, "--yes", "--json", "--patch-out", str(out)
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["outcome"] == "fixed"
    assert TEST in report["evidence"]["base"]["failed"]
    assert report["evidence"]["fixed"]["failed"] == []
    assert report["evidence"]["fixed"]["passed"] == 3
    assert "max(0" in report["patch"]["diff"]
    assert out.read_text() == report["patch"]["diff"]
    assert report["candidates"]["tried"] >= 1
    assert report["model_calls"] == 0
    assert branches(shop) == [report["branch"]]
    assert git(shop, "rev-parse", report["branch"]).strip() == report["commit"]
    assert (
        git(shop, "rev-parse", f"{report['branch']}^{{tree}}").strip()
        == (report["evidence"]["tree_hash"])
    )
    assert git(shop, "status", "--porcelain=v2", "--branch") == before


def test_without_a_terminal_the_branch_is_made_and_that_is_said(shop: Path, data: Path) -> None:
    done = run(data, "fix", str(shop), "-", "--test", TEST, stdin=REPORT)
    assert done.returncode == 0, done.stderr
    assert "nobody can be asked" in done.stdout
    for part in ("max(0", "patch hash", "git -C", branches(shop)[0]):
        assert part in done.stdout
    for part in ("triage", "on base     red", "on the fix  green"):
        assert part in done.stderr
    assert "\x1b" not in done.stdout + done.stderr


def test_on_a_terminal_a_person_is_asked(shop: Path, data: Path) -> None:
    with Terminal(data, "fix", str(shop), REPORT, "--test", TEST) as terminal:
        terminal.wait_for(r"\[a\]pprove.*\[l\]ater:")
        assert branches(shop) == []
        terminal.type("what?")
        terminal.wait_for(r"One of the letters in brackets")
        terminal.type("a")
        terminal.wait_for(r"Understood")
        assert terminal.end() == 0
    assert len(branches(shop)) == 1


@pytest.mark.slow
def test_a_rejection_publishes_nothing(shop: Path, data: Path) -> None:
    with Terminal(data, "fix", str(shop), REPORT, "--test", TEST) as terminal:
        terminal.wait_for(r"\[a\]pprove.*\[l\]ater:")
        terminal.type("r")
        assert terminal.end() == 1
        assert "rejected" in terminal.seen
    assert branches(shop) == []


@pytest.mark.slow
def test_a_protected_path_waits_for_a_person_who_saw_the_diff(tmp_path: Path, data: Path) -> None:
    shop = repository(tmp_path / "shop", PROTECTED)
    test = TEST
    done = run(data, "fix", str(shop), REPORT, "--test", test, "--yes", "--json")
    assert done.returncode == 3, done.stderr
    report = json.loads(done.stdout)
    assert report["outcome"] is None
    assert branches(shop) == []

    listed = run(data, "approve")
    assert report["task_id"][:8] in listed.stdout
    assert "critical" in listed.stdout

    wrong = run(data, "approve", report["task_id"], "--yes", "--hash", "0" * 64)
    assert wrong.returncode == 3
    assert "hash differs" in wrong.stderr
    assert branches(shop) == []

    blind = run(data, "approve", report["task_id"], "--yes")
    assert blind.returncode == 3
    assert "protected   shop/auth.py" in blind.stdout
    assert branches(shop) == []

    held = blind.stdout.partition("patch hash  ")[2].split("\n")[0].strip()
    given = run(data, "approve", report["task_id"], "--yes", "--hash", held)
    assert given.returncode == 0, given.stderr
    assert len(branches(shop)) == 1
    again = run(data, "approve", report["task_id"], "--yes", "--hash", held)
    assert again.returncode == 1


@pytest.mark.slow
def test_approve_can_ask_for_changes_and_reject(tmp_path: Path, data: Path) -> None:
    shop = repository(tmp_path / "shop", PROTECTED)
    run(data, "fix", str(shop), REPORT, "--test", TEST, "--yes")
    asked = run(data, "approve", "latest", "--feedback", "Do it another way")
    assert asked.returncode in (1, 3), asked.stderr
    done = run(data, "approve", "latest", "--reject", "We leave it")
    assert done.returncode == 1
    assert branches(shop) == []


@pytest.mark.slow
def test_an_interrupted_task_stays_and_a_worker_goes_on(shop: Path, data: Path) -> None:
    with Terminal(data, "fix", str(shop), REPORT, "--test", TEST) as terminal:
        terminal.wait_for(r"✓ triage")
        terminal.interrupt()
        terminal.wait_for(r"worker --once")
        assert terminal.end() == 130
    assert branches(shop) == []
    worked = run(data, "worker", "--once")
    assert worked.returncode == 0, worked.stderr
    assert "1 tasks driven" in worked.stderr
    assert run(data, "approve", "latest", "--yes").returncode == 0
    assert len(branches(shop)) == 1


@pytest.mark.slow
def test_a_task_can_be_listed_watched_and_cancelled(tmp_path: Path, data: Path) -> None:
    shop = repository(tmp_path / "shop", PROTECTED)
    run(data, "fix", str(shop), f"SHOP-7 {REPORT}", "--test", TEST, "--yes")
    listed = run(data, "tasks")
    assert "waiting_for_input" in listed.stdout
    assert "SHOP-7" in listed.stdout
    watched = run(data, "tasks", "latest", "--watch")
    assert watched.returncode == 3
    assert "on base     red" in watched.stderr
    assert run(data, "tasks", "latest", "--cancel").returncode == 0
    assert "cancelled" in run(data, "tasks", "latest").stdout
    assert "Nothing waits" in run(data, "approve").stdout


def test_nothing_to_run_needs_information(tmp_path: Path, data: Path) -> None:
    shop = repository(tmp_path / "shop", {"readme.txt": "words\n"})
    done = run(data, "fix", str(shop), "Something is wrong somewhere", "--yes", "--json")
    assert done.returncode == 3, done.stderr
    assert json.loads(done.stdout)["outcome"] in ("needs_information", None)
    assert branches(shop) == []


def test_a_named_test_that_passes_is_not_taken_for_another_that_fails(
    shop: Path, data: Path
) -> None:
    passing = TEST.replace("the_sum_is_paid", "nothing_costs_nothing")
    done = run(data, "fix", str(shop), REPORT, "--test", passing, "--yes", "--json")
    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout)
    assert report["outcome"] == "cannot_reproduce"
    assert f"{passing} passes on the base" in report["reason"]
    assert TEST in report["reason"]
    assert report["stopped"]["at"] == "join"
    assert report["stopped"]["partial_patch"] is None
    assert branches(shop) == []


@pytest.mark.slow
def test_the_same_seed_gives_the_same_patch(shop: Path, tmp_path: Path) -> None:
    hashes = {
        json.loads(
            run(tmp_path / name, "fix", str(shop), REPORT, "--test", TEST, "--yes", "--json").stdout
        )["patch"]["hash"]
        for name in ("first", "second")
    }
    assert len(hashes) == 1
