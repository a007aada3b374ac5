"""Every code host keeps the promises of its port."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.effects import Commit, PullState
from core.errors import Conflict, Forbidden, IntegrationError, RepositoryInvalid, TaskCancelled
from core.ports import CodeHost
from core.trees import File
from integrations import HOSTS, host_for
from observability.redaction import Redactor
from tests.fakes.changes import FIX, change
from tests.fakes.github import TOKEN, GitHubDouble
from tests.fakes.repositories import TODO, commit, git, repository

ODD = {**TODO, "-rf": "odd\n", "$(touch probe).py": "odd\n"}
STYLES = ["split", "single", "per_file", "none"]


@dataclass
class Bench:
    """One host, and the git directory that shows what it really did."""

    kind: str
    host: CodeHost
    git_dir: Path
    work: Path
    double: GitHubDouble | None = None

    def open(self, **options: Any) -> CodeHost:
        """Another host over the same repository."""
        if not self.double:
            return host_for(str(self.work), {"local": options})
        github = {"token": TOKEN, "api_url": self.double.url, "write_interval_s": 0.0}
        return host_for("acme/todo", {"github": {**github, **options}})

    def see(self, *arguments: str) -> str:
        return git(self.git_dir, f"--git-dir={self.git_dir}", *arguments)

    def advance(self, files: Mapping[str, str]) -> str:
        if self.double:
            return self.double.store.advance("main", dict(files))
        return commit(self.work, files)


class Permits:
    """So many writes are permitted; then the task is cancelled."""

    def __init__(self, most: int) -> None:
        self._left = most

    async def __call__(self) -> None:
        if self._left == 0:
            raise TaskCancelled()
        self._left -= 1


@pytest.fixture(params=sorted(HOSTS))
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    work = repository(tmp_path / "repo", ODD)
    if request.param == "local":
        yield Bench("local", host_for(str(work)), work / ".git", work)
        return
    with GitHubDouble(tmp_path, seed=work) as double:
        options = {"token": TOKEN, "api_url": double.url, "write_interval_s": 0.0}
        host = host_for("acme/todo", {"github": options})
        yield Bench("github", host, double.store.folder, work, double)
        assert double.violations == []


async def test_a_host_names_its_kind(bench: Bench) -> None:
    assert bench.host.kind == bench.kind
    await bench.host.close()


async def test_a_snapshot_is_exactly_the_commit(bench: Bench) -> None:
    found = await bench.host.snapshot()
    assert found.sha == bench.see("rev-parse", "main")
    assert found.tree.id == bench.see("rev-parse", "main^{tree}")
    assert found.default_branch == "main"
    assert found.tree.text("todo.py") == TODO["todo.py"]
    assert (await bench.host.snapshot(found.sha)).tree == found.tree
    await bench.host.close()


async def test_an_unknown_ref_is_refused(bench: Bench) -> None:
    for ref in ("mian", "--all", "../../x", "a b", "$(touch probe)", "refs/heads/none", "é?#"):
        with pytest.raises(RepositoryInvalid, match="has no"):
            await bench.host.snapshot(ref)
    await bench.host.close()


@pytest.mark.parametrize("style", STYLES)
async def test_the_shipped_tree_is_the_approved_tree(bench: Bench, style: str) -> None:
    request, patch = change(await bench.host.snapshot())
    commits = {
        "split": request.commits,
        "single": (Commit(message="All", tree=patch.paths),),
        "per_file": tuple(Commit(message=path, tree=(path,)) for path in patch.paths),
        "none": (),
    }[style]
    request = request.but(commits=[commit.dump() for commit in commits])
    made = await bench.host.publish(request, patch)
    assert bench.see("rev-parse", f"refs/heads/{request.branch}") == made.commit
    assert bench.see("rev-parse", f"{made.commit}^{{tree}}") == patch.tree_hash
    assert int(bench.see("rev-list", "--count", f"main..{made.commit}")) == (len(commits) or 1)
    who = set(bench.see("log", "--format=%an %ae %at %cn %ct", f"main..{made.commit}").split("\n"))
    stamp = int(request.authored_at.timestamp())
    assert who == {f"anton-bot anton-bot@localhost {stamp} anton-bot {stamp}"}
    assert made.behind == 0
    await bench.host.close()


async def test_every_host_gives_the_same_commit_ids(bench: Bench, tmp_path: Path) -> None:
    request, patch = change(await bench.host.snapshot())
    other = host_for(str(repository(tmp_path / "twin", ODD)))
    assert (await bench.host.publish(request, patch)).commit == (
        await other.publish(request, patch)
    ).commit
    await bench.host.close()


async def test_a_second_call_finds_the_first(bench: Bench) -> None:
    request, patch = change(await bench.host.snapshot())
    first = await bench.host.publish(request, patch)
    refs = bench.see("for-each-ref")
    assert await bench.host.publish(request, patch) == first
    assert bench.see("for-each-ref") == refs
    if bench.double:
        assert len(bench.double.pulls) == 1
    await bench.host.close()


async def test_what_stands_is_found_and_nothing_is_written(bench: Bench) -> None:
    request, patch = change(await bench.host.snapshot())
    assert await bench.host.find(request) is None
    bench.see("update-ref", f"refs/heads/{request.branch}", "main")
    assert await bench.host.find(request) is None, "that branch is not the approved change"
    bench.see("update-ref", "-d", f"refs/heads/{request.branch}")
    made = await bench.host.publish(request, patch)
    written = len(bench.double.writes) if bench.double else 0
    assert await bench.host.find(request) == made
    assert not bench.double or len(bench.double.writes) == written
    await bench.host.close()


async def test_what_became_of_a_pull_request_is_told(bench: Bench) -> None:
    if not bench.double:
        with pytest.raises(IntegrationError, match="no pull requests"):
            await bench.host.pull_state("https://github.com/acme/todo/pull/1")
        return
    made = await bench.host.publish(*change(await bench.host.snapshot()))
    assert await bench.host.pull_state(made.url) is PullState.OPEN
    bench.double.pulls[0]["state"] = "closed"
    assert await bench.host.pull_state(made.url) is PullState.CLOSED
    bench.double.merge(1)
    assert await bench.host.pull_state(made.url) is PullState.MERGED
    for odd in ("", "https://github.com/acme/todo/pull/9", f"{made.url}/files"):
        with pytest.raises(IntegrationError, match="no such pull request"):
            await bench.host.pull_state(odd)
    await bench.host.close()


@pytest.mark.parametrize("allowed", range(10))
async def test_nothing_is_written_without_permit(bench: Bench, allowed: int) -> None:
    request, patch = change(await bench.host.snapshot())
    if bench.double:
        bench.double.journal.clear()
    host = bench.open(permit=Permits(allowed))
    try:
        await host.publish(request, patch)
    except TaskCancelled:
        stands = await host.find(request)
        assert len(bench.double.writes if bench.double else []) == allowed
    else:
        assert allowed >= (9 if bench.double else 1)
        stands = await host.find(request)
        assert stands
    branch = bench.see("for-each-ref", "--format=%(objectname)", f"refs/heads/{request.branch}")
    assert branch == (stands.commit if stands else "")
    assert bool(stands and stands.url) is bool(bench.double and bench.double.pulls)
    await host.close()
    await bench.host.close()


KEY = "ghp_" + "a1B2" * 9


@pytest.mark.parametrize("place", ["title", "body", "branch", "message", "line"])
async def test_nothing_that_looks_like_a_secret_is_published(bench: Bench, place: str) -> None:
    snapshot = await bench.host.snapshot()
    files = {"todo.py": File(f"KEY = '{KEY}'\n".encode())} if place == "line" else FIX
    branch = f"anton/{KEY}-1a2b3c4d" if place == "branch" else "anton/bug-42-1a2b3c4d"
    request, patch = change(snapshot, files, branch=branch)
    if place in ("title", "body"):
        request = request.but(**{place: f"It says {KEY}"})
    if place == "message":
        commits = [commit.but(message=f"{KEY} leaks").dump() for commit in request.commits]
        request = request.but(commits=commits)
    host = bench.open(scan=Redactor().findings)
    with pytest.raises(Forbidden, match="looks like a secret") as refusal:
        await host.publish(request, patch)
    assert KEY not in str(refusal.value)
    assert bench.see("for-each-ref", "--format=%(refname)") == "refs/heads/main"
    await host.close()
    await bench.host.close()


async def test_deletions_modes_and_odd_names_ship(bench: Bench) -> None:
    files = {
        "README.md": None,
        "-rf": None,
        "run.sh": File(b"#!/bin/sh\n", "100755"),
        "a b/\u00fc;id.py": File(b"x\n"),
        "`id`.py": File(b""),
        "$(touch probe).py": File(bytes(range(256))),
        "link": File(b"todo.py", "120000"),
    }
    request, patch = change(await bench.host.snapshot(), files)
    made = await bench.host.publish(request, patch)
    assert bench.see("rev-parse", f"{made.commit}^{{tree}}") == patch.tree_hash
    again = await bench.host.snapshot(request.branch)
    assert again.tree.id == patch.tree_hash
    assert not list(bench.work.parent.rglob("probe"))
    await bench.host.close()


@pytest.mark.parametrize("field", ["tree_hash", "patch_hash", "base_sha"])
async def test_what_was_not_approved_never_ships(bench: Bench, field: str) -> None:
    request, patch = change(await bench.host.snapshot())
    with pytest.raises(Conflict):
        await bench.host.publish(request.but(**{field: "1" * len(patch.tree_hash)}), patch)
    with pytest.raises(Conflict):
        lie = patch.but(tree_hash="2" * 40)
        await bench.host.publish(request.but(tree_hash="2" * 40), lie)
    assert bench.see("for-each-ref", "--format=%(refname)") == "refs/heads/main"
    await bench.host.close()


@pytest.mark.parametrize("branch", ["main", "anton/", "antonia/x", "anton/../main", "anton/$(x)"])
async def test_only_branches_below_the_prefix_are_written(bench: Bench, branch: str) -> None:
    request, patch = change(await bench.host.snapshot(), branch=branch)
    asked = len(bench.double.journal) if bench.double else 0
    with pytest.raises(Forbidden):
        await bench.host.publish(request, patch)
    assert bench.see("for-each-ref", "--format=%(refname)") == "refs/heads/main"
    assert not bench.double or len(bench.double.journal) == asked
    await bench.host.close()


async def test_a_base_that_moved_elsewhere_is_told(bench: Bench) -> None:
    request, patch = change(await bench.host.snapshot())
    bench.advance({"README.md": "Longer.\n"})
    bench.advance({"other.py": "x = 1\n"})
    made = await bench.host.publish(request, patch)
    assert made.behind == 2
    assert bench.see("rev-parse", f"{made.commit}~2") == request.base_sha
    assert await bench.host.publish(request, patch) == made
    await bench.host.close()


async def test_a_base_that_moved_under_the_patch_is_a_conflict(bench: Bench) -> None:
    for path in ("todo.py", "tests/test_twice.py"):
        request, patch = change(await bench.host.snapshot())
        bench.advance({path: f"# somebody else's {path}\n"})
        with pytest.raises(Conflict, match=path.replace(".", r"\.")):
            await bench.host.publish(request, patch)
        assert bench.see("for-each-ref", "--format=%(refname)") == "refs/heads/main"
    await bench.host.close()


async def test_a_branch_with_other_work_is_a_conflict(bench: Bench) -> None:
    request, patch = change(await bench.host.snapshot())
    bench.see("update-ref", f"refs/heads/{request.branch}", "main")
    with pytest.raises(Conflict, match="exists with another commit"):
        await bench.host.publish(request, patch)
    assert bench.see("rev-parse", request.branch) == bench.see("rev-parse", "main")
    await bench.host.close()


async def test_a_base_that_is_gone_is_a_conflict(bench: Bench) -> None:
    found = await bench.host.snapshot()
    request, patch = change(found)
    gone = patch.but(base_sha="3" * 40)
    with pytest.raises(Conflict, match="gone"):
        await bench.host.publish(request.but(base_sha="3" * 40), gone)
    await bench.host.close()


def test_the_github_double_is_held_to_the_published_contract(
    contracts: Path, tmp_path: Path
) -> None:
    with GitHubDouble(tmp_path, contracts=contracts) as double:
        assert double.contract.present
        ask = {"Authorization": f"Bearer {TOKEN}"}
        answer = httpx.post(f"{double.url}/repos/acme/todo/git/refs", json={"ref": 1}, headers=ask)
        assert answer.status_code == 400
        assert "'sha' is a required property" in double.violations[0]
        assert httpx.post(f"{double.url}/repos/acme/todo/merges", json={}).status_code == 400
        assert len(double.violations) == 2
