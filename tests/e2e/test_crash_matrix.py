"""The server is killed at every step and in every outer call: nothing is lost, doubled or stuck."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.e2e.crash_cells import AtCommit, Course, Figures, call_cells, run_all, undisturbed
from tests.e2e.crash_house import (
    CrashHouse,
    GitHubProcess,
    ServerProcess,
    faults_found,
    published,
    seeded,
)

SEED = 26
LANES = 2
SHARES = ["some", pytest.param("all", marks=pytest.mark.slow)]
pytestmark = pytest.mark.timeout(900)
TURNS = {
    *("node diagnose started", "node review finished", "node approve interrupted"),
    *("approval approved", "node publish finished", "node report finished", "status completed"),
}
Record = Callable[[str, object], None]


@pytest.fixture(scope="module")
def githubs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[GitHubProcess]]:
    with ExitStack() as stack:
        folders = [tmp_path_factory.mktemp("github") for _ in range(LANES)]
        yield [stack.enter_context(GitHubProcess(folder)) for folder in folders]


@pytest.fixture(scope="module")
def course(githubs: list[GitHubProcess], tmp_path_factory: pytest.TempPathFactory) -> Course:
    return undisturbed(githubs[0], tmp_path_factory.mktemp("undisturbed"))


def settle(figures: Figures, record: Record) -> None:
    record("figure", str(figures))
    assert figures.broken == []


@pytest.mark.parametrize("share", SHARES)
def test_killed_as_each_step_begins_and_ends(
    share: str,
    course: Course,
    githubs: list[GitHubProcess],
    tmp_path: Path,
    record_property: Record,
) -> None:
    some = [event for event in course.events if event.name in TURNS]
    assert len(some) == len(TURNS)
    cells = course.events if share == "all" else some
    settle(run_all("at events", cells, githubs, tmp_path), record_property)


@pytest.mark.parametrize("share", SHARES)
def test_killed_by_github_in_each_call_that_publishes(
    share: str,
    course: Course,
    githubs: list[GitHubProcess],
    tmp_path: Path,
    record_property: Record,
) -> None:
    cells = call_cells(course, SEED)
    writes = [cell for cell in cells if cell.name.startswith("POST")]
    assert len(writes) == 3 * 9, "two blobs, two trees, two commits, ref, pull request, labels"
    seen_by_people = [cell for cell in writes if cell.name in ("POST git/refs", "POST pulls")]
    chosen = cells if share == "all" else seen_by_people
    settle(run_all("in calls", chosen, githubs, tmp_path), record_property)


@pytest.mark.parametrize(
    ("path", "when"),
    [
        ("git/commits", "receipt"),
        pytest.param("git/commits", "effect", marks=pytest.mark.slow),
        *(("git/refs", "receipt"), ("git/refs", "effect")),
        *(("pulls", "receipt"), ("pulls", "effect")),
    ],
)
def test_killed_by_github_after_a_cancel_it_ends_with_what_stands(
    path: str, when: str, githubs: list[GitHubProcess], tmp_path: Path
) -> None:
    github = githubs[0]
    github.forget()
    with CrashHouse.open(github, tmp_path / "house") as house:
        task_id = house.submit()
        question = house.wait_for_question(task_id)
        before = len(github.journal())
        pid = house.server.pid
        github.plan(method="POST", path=path, when=when, delay_s=1.0, kill=pid)
        house.decide(question, "approve")
        house.wait(
            task_id,
            lambda: ("POST", path) in [(c["method"], c["path"]) for c in github.journal()[before:]],
            "it does not publish",
        )
        house.ask("DELETE", f"/tasks/{task_id}", {}, "")
        house.wait_for_end(task_id)
        assert house.server.kill(signal.SIGTERM) == 0
        assert len(house.deaths) == 1
        refs, pulls = published(github, task_id)
        task = house.task(task_id)
        told = task["result"]
        assert task["outcome"] == ("fixed" if refs else "cancelled")
        assert [f"refs/heads/{told['branch']}"] == refs or not (refs or told["branch"])
        assert bool(told["pr_url"]) is bool(pulls)
        assert len(pulls) == (path == "pulls" and when == "effect")
        assert len(refs) == (path == "pulls" or (path == "git/refs" and when == "effect"))
        assert not house.rows("SELECT 1 FROM effects WHERE state = 'started'")
        ends = [event for event in house.events(task_id) if event["type"] == "end"]
        assert len(ends) == 1


@pytest.mark.slow
def test_killed_at_each_commit_of_the_checkpoints(
    course: Course, githubs: list[GitHubProcess], tmp_path: Path, record_property: Record
) -> None:
    assert course.commits > 20
    cells = [AtCommit(number) for number in range(1, course.commits + 1)]
    settle(run_all("at checkpoint commits", cells, githubs, tmp_path), record_property)


def test_a_server_told_to_leave_finishes_its_step_and_parks_the_task(
    githubs: list[GitHubProcess], tmp_path: Path
) -> None:
    with CrashHouse.open(githubs[0], tmp_path / "house", delays_s={"fix": 1.0}) as house:
        task_id = house.submit()
        house.wait(task_id, lambda: house.task(task_id)["node"] == "fix", "it does not fix")
        told = time.monotonic()
        assert house.server.kill(signal.SIGTERM) == 0
        assert time.monotonic() - told < 30.0
        task = house.task(task_id)
        assert (task["status"], task["reason"]) == ("queued", "Parked.")
        assert _last_step(house, task_id) == ("fix", "finished")
        house.start()
        house.decide(house.wait_for_question(task_id), "approve")
        house.wait_for_end(task_id)
        assert house.server.kill(signal.SIGTERM) == 0
        assert faults_found(house, task_id) == []
        assert house.task(task_id)["crashes"] == {}
        nodes = [e["data"] for e in house.events(task_id) if e["type"] == "node"]
        begun = [data["node"] for data in nodes if data["state"] == "started"]
        assert begun.count("fix") == 2, "the script needs two, and the restart adds none"


def test_a_server_does_not_wait_for_ever_for_a_step_that_hangs(
    githubs: list[GitHubProcess], tmp_path: Path
) -> None:
    slow = {"fix": 600.0}
    with CrashHouse.open(githubs[0], tmp_path / "house", delays_s=slow, drain_s=0.5) as house:
        task_id = house.submit()
        house.wait(task_id, lambda: house.task(task_id)["node"] == "fix", "it does not fix")
        told = time.monotonic()
        assert house.server.kill(signal.SIGTERM) == 0
        assert time.monotonic() - told < 10.0
        assert house.task(task_id)["status"] == "queued"
        house.start()
        assert house.finish(task_id)["outcome"] == "fixed"
        assert house.task(task_id)["crashes"] == {}


def test_a_waiting_server_leaves_at_once_and_the_answer_counts_afterwards(
    githubs: list[GitHubProcess], tmp_path: Path
) -> None:
    with CrashHouse.open(githubs[0], tmp_path / "house") as house:
        task_id = house.submit()
        question = house.wait_for_question(task_id)
        assert house.server.kill(signal.SIGTERM) == 0
        house.start()
        house.decide(question, "approve")
        house.wait_for_end(task_id)
        assert house.server.kill(signal.SIGTERM) == 0
        assert faults_found(house, task_id) == []


def test_a_second_server_on_the_same_data_refuses_and_the_first_goes_on(
    githubs: list[GitHubProcess], tmp_path: Path
) -> None:
    with CrashHouse.open(githubs[0], tmp_path / "house") as house:
        task_id = house.submit()
        house.wait_for_question(task_id)
        second = ServerProcess(house.plan)
        assert not second.wait_ready()
        assert second.exit_code == 1
        second.close()
        assert "Another Anton works on" in (house.plan.folder / "server.log").read_text()
        assert house.finish(task_id)["outcome"] == "fixed"
        assert len(house.lives) == 1


@pytest.mark.parametrize("node", ["intake", "fix", pytest.param("triage", marks=pytest.mark.slow)])
def test_a_step_that_kills_its_server_three_times_is_put_before_a_person(
    node: str, githubs: list[GitHubProcess], tmp_path: Path
) -> None:
    deadly = {"delays_s": {node: 0.5}, "die_when": {"node": node, "state": "started"}}
    with CrashHouse.open(githubs[0], tmp_path / "house", **deadly) as house:
        task_id = house.submit()
        for _ in range(2):
            assert house.lives[-1].kill(signal.SIGCONT) == -signal.SIGKILL
            house.start(**deadly)
        assert house.lives[-1].kill(signal.SIGCONT) == -signal.SIGKILL
        house.start(**deadly)
        question = house.wait_for_question(task_id)["question"]
        assert question["kind"] == "escalation"
        assert question["title"] == f"The step {node} ended its worker 3 times."
        assert house.lives[-1].exit_code is None, "it is not tried a fourth time"
        house.lives[-1].kill()
        assert house.finish(task_id)["outcome"] == "fixed"
        assert house.server.kill(signal.SIGTERM) == 0
        assert faults_found(house, task_id, plain=False) == []


@pytest.mark.slow
def test_sixty_kills_at_random(
    githubs: list[GitHubProcess], tmp_path: Path, record_property: Record
) -> None:
    """Twelve tasks at once, a kill every now and then; escalations are answered by going on."""
    chance, begun = seeded(SEED), time.monotonic()
    with CrashHouse.open(githubs[0], tmp_path / "house") as house:
        ids = [house.submit(f"report {number}") for number in range(12)]
        for kill in range(60):
            house.answer_all(ids)
            time.sleep(chance.uniform(0.0, 0.6))
            house.server.kill()
            if kill % 5 == 4:
                ids.append(house.submit(f"later {kill}"))
        for task_id in ids:
            house.finish(task_id)
        assert house.server.kill(signal.SIGTERM) == 0
        faults = {task_id: faults_found(house, task_id, plain=False) for task_id in ids}
    sound = sum(not found for found in faults.values())
    record_property(
        "figure",
        f"kill -9 at random: {len(house.deaths)} kills over {len(ids)} tasks, {sound}/{len(ids)} "
        f"sound, {time.monotonic() - begun:.0f} s, seed {SEED}",
    )
    assert {task_id: found for task_id, found in faults.items() if found} == {}


def _last_step(house: CrashHouse, task_id: str) -> tuple[object, object]:
    steps = [event["data"] for event in house.events(task_id) if event["type"] == "node"]
    return steps[-1]["node"], steps[-1]["state"]
