"""A server that is killed and started again before a strict GitHub, and what is found then."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from evals.scripted import REPOSITORY as FILES
from tests.e2e.crash_server import REPOSITORY, Plan, run
from tests.e2e.programs import FORKS
from tests.fakes.repositories import git, repository

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0
LOOK_S = 0.01


class Stuck(AssertionError):
    """Something did not come to its end in time."""


class GitHubProcess:
    """The strict double of GitHub, as a process of its own."""

    def __init__(self, folder: Path) -> None:
        seed = repository(folder / "seed", FILES)
        self.base = git(seed, "rev-parse", "HEAD")
        self.store = folder / "host" / "store.git"
        self.store.parent.mkdir()
        options = ["--seed", str(seed), "--folder", str(self.store.parent)]
        options += ["--repository", REPOSITORY]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.fakes.github", *options],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        facts = json.loads(self._process.stdout.readline())
        self.url, self.token = facts["url"], facts["token"]
        self._client = httpx.Client(base_url=f"{self.url}/_control", trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._client.close()
        self._process.terminate()
        self._process.wait(10)
        if self._process.stdout:
            self._process.stdout.close()

    def plan(self, **fault: Any) -> None:
        """Script a fault; see tests/fakes/github_faults.py."""
        self._client.post("/faults", json=fault).raise_for_status()

    def forget(self) -> None:
        """Drop the faults that have not struck."""
        self._client.delete("/faults").raise_for_status()

    def effects(self) -> dict[str, Any]:
        found: dict[str, Any] = self._client.get("/effects").raise_for_status().json()
        return found

    def journal(self) -> list[dict[str, Any]]:
        """Every call so far."""
        calls: list[dict[str, Any]] = self._client.get("/journal").raise_for_status().json()
        return calls

    def see(self, *arguments: str) -> str:
        """What git says of the repository on the host."""
        return git(self.store, f"--git-dir={self.store}", *arguments)


class ServerProcess:
    """One life of a server."""

    def __init__(self, plan: Plan) -> None:
        plan.folder.mkdir(parents=True, exist_ok=True)
        self._ready, theirs = FORKS.Pipe(duplex=False)
        self._process = FORKS.Process(target=run, args=(plan, theirs))
        self._process.start()
        theirs.close()
        self.port = 0

    @property
    def pid(self) -> int:
        assert self._process.pid
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """Negative for a signal; None while it lives."""
        return self._process.exitcode

    def wait_ready(self) -> bool:
        """Until it answers; False when it died before."""
        try:
            if not self.port and self._ready.poll(PATIENCE_S):
                self.port = self._ready.recv()
        except EOFError:
            self._process.join(PATIENCE_S)
        return bool(self.port)

    def kill(self, number: signal.Signals = signal.SIGKILL) -> int | None:
        """Send it a signal and wait for its end."""
        if self.exit_code is None:
            os.kill(self.pid, number)
        self._process.join(PATIENCE_S)
        return self.exit_code

    def close(self) -> None:
        """Whatever happened, nothing of it stays."""
        self.kill()
        self._ready.close()
        self._process.close()


@dataclass
class CrashHouse:
    """One data folder, the servers that live on it one after the other, and who talks to them."""

    github: GitHubProcess
    plan: Plan
    lives: list[ServerProcess] = field(default_factory=list)
    deaths: list[float] = field(default_factory=list)
    """When each server was found dead, on the monotonic clock."""

    @classmethod
    @contextmanager
    def open(cls, github: GitHubProcess, folder: Path, **plan: Any) -> "Iterator[CrashHouse]":
        """Start the first server; `plan` is for it alone."""
        base = Plan(folder, github.url, github.token)
        house = cls(github, base)
        try:
            house.start(**plan)
            yield house
        finally:
            for life in house.lives:
                life.close()

    def start(self, **plan: Any) -> ServerProcess:
        """A new life; it may be too short to answer."""
        life = ServerProcess(replace(self.plan, **plan))
        self.lives.append(life)
        life.wait_ready()
        return life

    @property
    def server(self) -> ServerProcess:
        """The living server; a dead one is followed by a new one."""
        if self.lives[-1].exit_code is None:
            return self.lives[-1]
        if self.lives[-1].exit_code != -signal.SIGKILL:
            raise Stuck(f"the server ended by itself with {self.lives[-1].exit_code}")
        self.deaths.append(time.monotonic())
        return self.start()

    def ask(self, method: str, path: str, body: Mapping[str, Any], key: str) -> dict[str, Any]:
        """A request that is repeated, under the same key, until somebody answers."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            server = self.server
            try:
                answer = httpx.request(
                    method,
                    f"http://127.0.0.1:{server.port}{path}",
                    json=body,
                    headers={"Idempotency-Key": key},
                    timeout=PATIENCE_S,
                    trust_env=False,
                )
            except httpx.TransportError:
                time.sleep(LOOK_S)
                continue
            assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
            found: dict[str, Any] = answer.json()
            return found
        raise Stuck(f"nobody answers {method} {path}")

    def submit(self, key: str = "one") -> str:
        """Report the fault."""
        body = {"task_description": f"total() is one too many: {key}", "repo": REPOSITORY}
        task_id: str = self.ask("POST", "/tasks", {**body, "queue": True}, key)["task_id"]
        return task_id

    def rows(self, statement: str, *values: str, file: str = "anton.db") -> list[tuple[Any, ...]]:
        """What a database holds, seen from outside."""
        address = f"{(self.plan.data / file).absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=5.0)) as connection:
            return connection.execute(statement, values).fetchall()

    def task(self, task_id: str) -> dict[str, Any]:
        ((document,),) = self.rows("SELECT document FROM tasks WHERE task_id = ?", task_id)
        found: dict[str, Any] = json.loads(document)
        return found

    def questions(self, task_id: str) -> list[dict[str, Any]]:
        """All questions of a task, oldest first."""
        found = self.rows(
            "SELECT document FROM approvals WHERE task_id = ? ORDER BY number", task_id
        )
        return [json.loads(document) for (document,) in found]

    def events(self, task_id: str) -> list[dict[str, Any]]:
        """What was told of a task."""
        found = self.rows(
            "SELECT envelope FROM events WHERE task_id = ? ORDER BY seq", task_id, file="events.db"
        )
        return [json.loads(envelope) for (envelope,) in found]

    def pending(self, task_id: str) -> dict[str, Any] | None:
        """The question that a task waits with."""
        if self.task(task_id)["status"] != "waiting_for_input":
            return None
        waiting = [one for one in self.questions(task_id) if one["state"] == "pending"]
        return waiting[-1] if waiting else None

    def wait(self, task_id: str, until: Callable[[], bool], what: str) -> None:
        """Look, and keep a server alive, until something is so."""
        deadline = time.monotonic() + PATIENCE_S
        while not until():
            if time.monotonic() > deadline:
                raise Stuck(f"{what}: {self.task(task_id)['status']}")
            _ = self.server
            time.sleep(LOOK_S)

    def wait_for_question(self, task_id: str) -> dict[str, Any]:
        """The next question of a task."""
        self.wait(task_id, lambda: self.pending(task_id) is not None, "it asks nothing")
        question = self.pending(task_id)
        assert question is not None
        return question

    def wait_for_end(self, task_id: str) -> dict[str, Any]:
        """The task, once it has ended."""
        self.wait(task_id, lambda: bool(self.task(task_id)["outcome"]), "it does not end")
        return self.task(task_id)

    def decide(self, question: Mapping[str, Any], choice: str) -> None:
        """Answer a question over REST."""
        body = {
            "decision": choice,
            "patch_hash": question["question"]["patch_hash"] or None,
            "key": f"tap-{question['approval_id']}",
        }
        path = f"/approvals/{question['approval_id']}/decision"
        self.ask("POST", path, {k: v for k, v in body.items() if v is not None}, "")

    def answer_all(self, task_ids: Iterable[str]) -> None:
        """Answer whatever is asked now in favour of a fix."""
        for task_id in task_ids:
            if question := self.pending(task_id):
                release = question["question"]["kind"] == "release"
                self.decide(question, "approve" if release else "more_attempts")

    def finish(self, task_id: str) -> dict[str, Any]:
        """Answer whatever is asked in favour of a fix, until the task has ended."""
        deadline = time.monotonic() + PATIENCE_S
        while not (task := self.task(task_id))["outcome"]:
            if time.monotonic() > deadline:
                raise Stuck(f"it does not end: {task['status']} in {task['node']}")
            self.answer_all([task_id])
            _ = self.server
            time.sleep(LOOK_S)
        return task


def published(github: GitHubProcess, task_id: str) -> tuple[list[str], list[dict[str, Any]]]:
    """Branches and pull requests of a task."""
    effects = github.effects()
    refs = [ref for ref in effects["refs"] if ref.endswith(task_id[:8])]
    return refs, [pull for pull in effects["pulls"] if pull["head"].endswith(task_id[:8])]


def faults_found(house: CrashHouse, task_id: str, *, plain: bool = True) -> list[str]:
    """What is not as it should be after the end; `plain` for a run without escalations."""
    found = [*_of_the_host(house, task_id), *_of_the_records(house, task_id)]
    return [*found, *(_of_the_counters(house, task_id) if plain else ())]


def _of_the_host(house: CrashHouse, task_id: str) -> Iterator[str]:
    github = house.github
    refs, pulls = published(github, task_id)
    if len(refs) != 1 or len(pulls) != 1:
        yield f"{len(refs)} refs and {len(pulls)} pull requests"
        return
    approved = [q["question"] for q in house.questions(task_id) if q["state"] == "approved"]
    if github.see("rev-parse", f"{refs[0]}^{{tree}}") != approved[-1]["tree_hash"]:
        yield "the tree of the branch is not the approved one"
    if github.see("rev-list", "--count", f"{github.base}..{refs[0]}") != "2":
        yield "the branch is not two commits on the base"
    if refs[0] != f"refs/heads/{pulls[0]['head']}" or pulls[0]["state"] != "open":
        yield f"the pull request is {pulls[0]}"
    if sorted(pulls[0]["labels"]) != ["anton", "bug"]:
        yield f"labels {pulls[0]['labels']}"
    marked = Counter(comment["shown"]["body"] for comment in github.effects()["comments"])
    if any(times > 1 for times in marked.values()):
        yield f"comments twice: {marked}"
    if github.effects()["violations"]:
        yield f"against the contract: {github.effects()['violations']}"


def _of_the_records(house: CrashHouse, task_id: str) -> Iterator[str]:
    task = house.task(task_id)
    if (task["status"], task["outcome"]) != ("completed", "fixed"):
        yield f"it ended as {task['status']}, {task['outcome']}: {task['reason']}"
    told = Counter(event["type"] for event in house.events(task_id))
    if told["end"] != 1:
        yield f"{told['end']} closing messages"
    if told["pull_request"] < 1:
        yield "nobody was told of the pull request"
    states = Counter(one["state"] for one in house.questions(task_id))
    if states["approved"] < 1 or states["pending"] or states["rejected"]:
        yield f"questions {dict(states)}"
    if house.rows("SELECT 1 FROM effects WHERE task_id = ? AND state = 'started'", task_id):
        yield "an effect is open"
    if house.rows("SELECT 1 FROM leases WHERE task_id = ? AND owner IS NOT NULL", task_id):
        yield "its lease was not given back"


def _of_the_counters(house: CrashHouse, task_id: str) -> Iterator[str]:
    """Two attempts, one review, one question, one effect; the diff was shown as it was shipped."""
    task, questions = house.task(task_id), house.questions(task_id)
    if task["result"].get("iteration") != 2:
        yield f"{task['result'].get('iteration')} attempts are counted"
    if [one["state"] for one in questions] != ["approved"] or questions[0]["revision"] != 1:
        yield f"asked {[one['state'] for one in questions]}"
    if house.rows("SELECT count(*) FROM effects WHERE task_id = ?", task_id) != [(1,)]:
        yield "more than one effect"
    if house.rows("SELECT count(*) FROM tasks") != [(1,)]:
        yield "more than one task"
    given = house.rows("SELECT entry FROM audit WHERE entry LIKE '%\"decision\"%'")
    if not given:
        yield "the decision is not in the audit"


def seeded(seed: int) -> random.Random:
    """Chance that can be repeated."""
    return random.Random(seed)
