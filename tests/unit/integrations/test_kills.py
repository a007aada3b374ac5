"""Whoever publishes may be killed at any moment: the next call completes it, once."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from integrations.git.code_host import LocalHost
from integrations.github.code_host import GitHubHost
from tests.fakes.changes import change
from tests.fakes.github import TOKEN, GitHubDouble
from tests.fakes.repositories import git, repository

ROOT = Path(__file__).parents[3]
SHIP = ["git/refs", "pulls"]
MAKE = ["git/blobs", "git/trees", "git/commits", r"issues/\d+/labels"]
MOMENTS = [("receipt", 0.0), ("effect", 0.0), ("answer", 0.003)]
LATER = [("answer", 0.0), ("answer", 0.01), ("answer", 0.05)]


@contextmanager
def publisher(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A process that has read the repository and waits for the word."""
    argv = [sys.executable, "-m", "tests.fakes.publisher", *arguments]
    with subprocess.Popen(
        argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout and process.stdout.readline() == "ready\n"
        yield process
        process.kill()


def tell(process: subprocess.Popen[str]) -> None:
    assert process.stdin
    process.stdin.write("\n")
    process.stdin.flush()


def killed_at_github(double: GitHubDouble, path: str, when: str, delay_s: float) -> int:
    with publisher("acme/todo", double.url) as process:
        double.faults.plan(method="POST", path=path, when=when, delay_s=delay_s, kill=process.pid)
        tell(process)
        return process.wait(30)


def killed_locally(repo: Path, after_s: float) -> int:
    with publisher(str(repo)) as process:
        tell(process)
        time.sleep(after_s)
        process.kill()
        return process.wait(30)


@pytest.mark.parametrize(
    "moment", [*MOMENTS, *(pytest.param(moment, marks=pytest.mark.slow) for moment in LATER)]
)
@pytest.mark.parametrize(
    "path", [*SHIP, *(pytest.param(path, marks=pytest.mark.slow) for path in MAKE)]
)
async def test_a_kill_at_any_write_leaves_one_pull_request(
    tmp_path: Path, path: str, moment: tuple[str, float]
) -> None:
    with GitHubDouble(tmp_path, seed=repository(tmp_path / "seed")) as double:
        end = killed_at_github(double, path, *moment)
        assert end == -signal.SIGKILL or (moment[0] == "answer" and end == 0)
        assert len(double.faults.struck) == 1
        host = GitHubHost("acme/todo", TOKEN, api_url=double.url, write_interval_s=0.0)
        request, patch = change(await host.snapshot())
        made = await host.publish(request, patch)
        await host.close()
        assert len(double.pulls) == 1
        assert double.pulls[0]["labels"] == ["bug", "anton"]
        refs = {"refs/heads/main": request.base_sha, f"refs/heads/{request.branch}": made.commit}
        assert double.store.refs() == refs
        assert double.store.commit(made.commit)["tree"] == patch.tree_hash
        assert double.violations == []


@pytest.mark.parametrize(
    "after_ms",
    [5, 20, *(pytest.param(ms, marks=pytest.mark.slow) for ms in range(2, 80, 4))],
)
async def test_a_kill_while_writing_a_branch_leaves_the_repository_sound(
    tmp_path: Path, after_ms: int
) -> None:
    repo = repository(tmp_path / "repo")
    before = [(repo / ".git" / name).read_bytes() for name in ("HEAD", "index")]
    killed_locally(repo, after_ms / 1000)
    assert git(repo, "fsck", "--strict", "--no-dangling") == ""
    host = LocalHost(str(repo))
    request, patch = change(await host.snapshot())
    made = await host.publish(request, patch)
    assert git(repo, "rev-parse", f"{made.branch}^{{tree}}") == patch.tree_hash
    assert git(repo, "fsck", "--strict") == ""
    assert git(repo, "status", "--porcelain") == ""
    assert [(repo / ".git" / name).read_bytes() for name in ("HEAD", "index")] == before
