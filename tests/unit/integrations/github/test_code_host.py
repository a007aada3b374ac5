"""GitHub when all does not go well: each fault has one outcome, and nothing is made twice."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from core.effects import ChangeRequest
from core.errors import (
    Conflict,
    Forbidden,
    HostUnreachable,
    IntegrationError,
    RateLimited,
    RepositoryInvalid,
)
from core.events import AuditEntry
from core.patches import Patch
from core.trees import File
from integrations.github.code_host import GitHubHost
from tests.fakes.changes import FIX, change
from tests.fakes.github import READ_ONLY, TOKEN, GitHubDouble
from tests.fakes.repositories import commit, git, repository

SEEN = ("git/refs", "pulls")
"""Writes that people see; the others are tested with one fault each, and slowly with all."""
FAULTS: list[dict[str, Any]] = [
    {"status": 500, "when": "receipt"},
    {"status": 502, "when": "effect"},
    {"drop": True, "when": "receipt"},
    {"drop": True, "when": "effect"},
]
WRITES = ["git/blobs", "git/trees", "git/commits", "git/refs", "pulls", r"issues/\d+/labels"]


@pytest.fixture
def seed(tmp_path: Path) -> Path:
    return repository(tmp_path / "seed")


@pytest.fixture
def double(tmp_path: Path, seed: Path) -> Iterator[GitHubDouble]:
    with GitHubDouble(tmp_path, seed=seed) as double:
        yield double
        assert double.violations == []


class Desk:
    """Opens hosts on a double, and closes them all."""

    def __init__(self) -> None:
        self.hosts: list[GitHubHost] = []

    def open(self, double: GitHubDouble | str, **options: Any) -> GitHubHost:
        url = double if isinstance(double, str) else double.url
        settings: dict[str, Any] = {"token": TOKEN, "write_interval_s": 0.0, "timeout_s": 5.0}
        name = options.pop("name", "acme/todo")
        self.hosts.append(GitHubHost(name, **(settings | {"api_url": url} | options)))
        return self.hosts[-1]


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    desk = Desk()
    yield desk
    for host in desk.hosts:
        await host.close()


@pytest.fixture
def host(double: GitHubDouble, desk: Desk) -> GitHubHost:
    return desk.open(double)


@pytest.fixture
async def work(host: GitHubHost) -> tuple[ChangeRequest, Patch]:
    return change(await host.snapshot())


async def test_a_pull_request_carries_what_was_asked(
    double: GitHubDouble, host: GitHubHost, work: tuple[ChangeRequest, Patch]
) -> None:
    request, patch = work
    made = await host.publish(request, patch)
    assert made.number == 1
    assert made.url == f"{double.url}/acme/todo/pull/1"
    assert made.location == "pull request 1 of acme/todo"
    pull = double.pulls[0]
    assert (pull["title"], pull["body"], pull["base"], pull["head"], pull["draft"]) == (
        request.title, request.body, "main", request.branch, False,
    )  # fmt: skip
    assert pull["labels"] == ["bug", "anton"]
    assert {call["path"] for call in double.writes} == {
        "git/blobs", "git/trees", "git/commits", "git/refs", "pulls", "issues/1/labels",
    }  # fmt: skip
    assert {call["method"] for call in double.journal} == {"GET", "POST"}


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        pytest.param(
            path,
            fault,
            id=f"{path}-{'-'.join(map(str, fault.values()))}",
            marks=[] if path in SEEN or number % 4 == at % 4 else pytest.mark.slow,
        )
        for number, path in enumerate(WRITES)
        for at, fault in enumerate(FAULTS)
    ],
)
async def test_any_fault_at_any_write_ends_with_one_pull_request(
    double: GitHubDouble, host: GitHubHost, work: tuple[ChangeRequest, Patch], path: str, fault: Any
) -> None:
    request, patch = work
    double.faults.plan(method="POST", path=path, **fault)
    try:
        await host.publish(request, patch)
    except HostUnreachable:
        assert not (path in ("git/refs", "pulls") and fault["when"] == "effect"), "it looked"
    made = await host.publish(request, patch)
    assert len(double.faults.struck) == 1
    assert len(double.pulls) == 1
    assert double.pulls[0]["labels"] == ["bug", "anton"]
    assert double.store.refs() == {
        "refs/heads/main": request.base_sha,
        f"refs/heads/{request.branch}": made.commit,
    }
    assert double.store.commit(made.commit)["tree"] == patch.tree_hash


@pytest.mark.parametrize(
    ("headers", "status", "message", "waits"),
    [
        ({"retry-after": "17"}, 429, "slow down", [17, 17]),
        ({"retry-after": "7"}, 403, "You have exceeded a secondary rate limit", [7, 7]),
        ({}, 403, "You have exceeded a secondary rate limit", [60, 120, 240]),
        ({}, 429, "", [60, 120, 240, 480, 960, 1920, 3600, 3600]),
        ({"retry-after": "soon"}, 429, "", [60]),
    ],
)
async def test_patience_is_as_long_as_the_host_asks(
    double: GitHubDouble,
    host: GitHubHost,
    headers: dict[str, str],
    status: int,
    message: str,
    waits: list[int],
) -> None:
    double.faults.plan(status=status, headers=headers, message=message, times=len(waits))
    found = []
    for _ in waits:
        with pytest.raises(RateLimited) as caught:
            await host.snapshot()
        found.append(caught.value.retry_after_s)
    assert found == waits
    assert (await host.snapshot()).default_branch == "main"
    double.faults.plan(status=429)
    with pytest.raises(RateLimited) as caught:
        await host.snapshot()
    assert caught.value.retry_after_s == 60


async def test_a_spent_allowance_waits_for_its_reset(
    double: GitHubDouble, host: GitHubHost
) -> None:
    reset = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "4102444800"}
    double.faults.plan(status=403, headers=reset, message="API rate limit exceeded")
    with pytest.raises(RateLimited) as caught:
        await host.snapshot()
    assert caught.value.retry_after_s > 1_000_000
    past = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1"}
    double.faults.plan(status=403, headers=past, message="API rate limit exceeded")
    with pytest.raises(RateLimited) as caught:
        await host.snapshot()
    assert caught.value.retry_after_s == 1


@pytest.mark.parametrize(
    ("path", "status", "permission"),
    [
        ("git/blobs", 403, "contents: write"),
        ("git/refs", 404, "contents: write"),
        ("pulls", 403, "pull requests: write"),
        ("git/trees", 401, "contents: write"),
    ],
)
async def test_a_missing_permission_is_named(
    double: GitHubDouble,
    host: GitHubHost,
    work: tuple[ChangeRequest, Patch],
    path: str,
    status: int,
    permission: str,
) -> None:
    double.faults.plan(method="POST", path=path, status=status, message="Resource not accessible")
    with pytest.raises(Forbidden, match=rf"{status}: Resource not accessible.*'{permission}'"):
        await host.publish(*work)


async def test_a_token_that_is_wrong_or_may_only_read_is_refused(
    desk: Desk, double: GitHubDouble
) -> None:
    wrong, reader = desk.open(double, token="wrong"), desk.open(double, token=READ_ONLY)
    with pytest.raises(Forbidden, match=r"401: Bad credentials.*metadata: read"):
        await wrong.snapshot()
    work = change(await reader.snapshot())
    with pytest.raises(Forbidden, match=r"403.*'contents: write'"):
        await reader.publish(*work)
    assert double.pulls == []


async def test_a_repository_that_is_not_there_is_named(desk: Desk, double: GitHubDouble) -> None:
    host = desk.open(double, name="acme/none")
    with pytest.raises(Forbidden, match="acme/none is not on GitHub"):
        await host.snapshot()


async def test_labels_are_no_reason_to_fail(
    double: GitHubDouble, host: GitHubHost, work: tuple[ChangeRequest, Patch]
) -> None:
    for status in (403, 404, 422):
        double.faults.plan(method="POST", path="issues/.*", status=status)
        assert (await host.publish(*work)).number == 1
    assert double.pulls[0]["labels"] == []


async def test_a_host_that_does_not_answer_is_unreachable(desk: Desk, double: GitHubDouble) -> None:
    host = desk.open(double, timeout_s=0.2)
    double.faults.plan(delay_s=1.0)
    with pytest.raises(HostUnreachable, match="ReadTimeout"):
        await host.snapshot()
    double.faults.plan(status=418, message="I am a teapot")
    with pytest.raises(IntegrationError, match="teapot"):
        await host.snapshot()
    gone = desk.open("http://127.0.0.1:9")
    with pytest.raises(HostUnreachable, match="ConnectError"):
        await gone.snapshot()


async def test_a_late_effect_is_found_by_the_next_call(
    desk: Desk, double: GitHubDouble, work: tuple[ChangeRequest, Patch]
) -> None:
    host = desk.open(double, timeout_s=0.5)
    double.faults.plan(method="POST", path="pulls", when="effect", delay_s=1.0)
    made = await host.publish(*work)
    assert made.number == 1
    assert len(double.pulls) == 1


async def test_a_renamed_repository_is_followed_once(
    desk: Desk, double: GitHubDouble, work: tuple[ChangeRequest, Patch]
) -> None:
    double.renamed_from = "acme/tasks"
    host = desk.open(double, name="acme/tasks")
    made = await host.publish(*work)
    assert double.store.refs()[f"refs/heads/{made.branch}"] == made.commit
    assert len(double.pulls) == 1


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("https://evil.example/repos/acme/todo", "evil.example, which is not followed"),
        ("http://user@127.0.0.1:1/repos/acme/todo", "which is not followed"),
        ("{url}/repos/acme/todo", "circles"),
        ("http://127.0.0.1:none/", "did not answer: RemoteProtocolError"),
    ],
)
async def test_a_redirect_elsewhere_is_not_followed(
    double: GitHubDouble, host: GitHubHost, location: str, words: str
) -> None:
    headers = {"location": location.format(url=double.url)}
    double.faults.plan(status=301, headers=headers, times=2)
    with pytest.raises((Forbidden, HostUnreachable), match=words):
        await host.snapshot()


async def test_a_write_is_not_redirected_to_another_kind_of_write(
    double: GitHubDouble, host: GitHubHost, work: tuple[ChangeRequest, Patch]
) -> None:
    target = {"location": f"{double.url}/repos/acme/todo/merges"}
    double.faults.plan(method="POST", path="git/blobs", status=307, headers=target)
    with pytest.raises(Forbidden, match="redirects a write"):
        await host.publish(*work)


async def test_writes_keep_their_distance(
    desk: Desk, double: GitHubDouble, work: tuple[ChangeRequest, Patch]
) -> None:
    host = desk.open(double, write_interval_s=0.15)
    await host.publish(*work)
    at = [call["at"] for call in double.writes]
    assert len(at) == 9
    assert min(later - earlier for earlier, later in pairwise(at)) >= 0.14


async def test_a_pull_request_of_any_state_is_adopted(
    double: GitHubDouble, host: GitHubHost, work: tuple[ChangeRequest, Patch]
) -> None:
    request, patch = work
    first = await host.publish(request, patch)
    double.pulls[0]["state"] = "closed"
    assert await host.publish(request, patch) == first
    assert len(double.pulls) == 1


async def test_a_change_that_was_merged_and_tidied_away_is_not_made_again(
    double: GitHubDouble, host: GitHubHost, work: tuple[ChangeRequest, Patch]
) -> None:
    request, patch = work
    first = await host.publish(request, patch)
    double.merge(1)
    again = await host.publish(request, patch)
    assert again == first.but(behind=2)
    assert list(double.store.refs()) == ["refs/heads/main"]


async def test_somebody_else_who_is_faster_is_found(
    desk: Desk, double: GitHubDouble, host: GitHubHost, work: tuple[ChangeRequest, Patch]
) -> None:
    request, patch = work
    twin = desk.open(double)
    for path in ("git/refs", "pulls"):
        double.faults.plan(method="POST", path=path, when="effect", delay_s=0.4)
    made = await asyncio.gather(host.publish(request, patch), twin.publish(request, patch))
    assert made[0] == made[1]
    assert len(double.pulls) == 1


async def test_commit_ids_that_the_host_changes_are_still_ours(
    double: GitHubDouble, host: GitHubHost, work: tuple[ChangeRequest, Patch]
) -> None:
    double.mend_messages = True
    request, patch = work
    first = await host.publish(request, patch)
    assert double.store.refs()[f"refs/heads/{request.branch}"] == first.commit
    assert (await host.publish(request, patch)).number == 1
    assert len(double.pulls) == 1


async def test_a_host_that_makes_another_tree_gets_no_branch(
    double: GitHubDouble, host: GitHubHost, work: tuple[ChangeRequest, Patch]
) -> None:
    for double.twisted in ("git/blobs", "git/trees"):
        with pytest.raises(Conflict, match="and not the approved"):
            await host.publish(*work)
    assert list(double.store.refs()) == ["refs/heads/main"]


async def test_the_description_says_how_far_the_base_went_on(
    double: GitHubDouble, host: GitHubHost, work: tuple[ChangeRequest, Patch]
) -> None:
    double.store.advance("main", {"README.md": "Longer.\n"})
    request, patch = work
    long = request.but(body="x" * 70_000)
    await host.publish(long, patch)
    body = double.pulls[0]["body"]
    assert "`main` is ahead of the base on which this was approved, by 1 commit;" in body
    assert len(body) < 65_536


async def test_secrets_do_not_leave_the_house(
    desk: Desk, double: GitHubDouble, work: tuple[ChangeRequest, Patch]
) -> None:
    told: list[AuditEntry] = []

    async def audit(entry: AuditEntry) -> None:
        told.append(entry)

    def scan(text: str) -> list[str]:
        return ["a key"] if "hunter2" in text else []

    host = desk.open(double, scan=scan, audit=audit)
    request, patch = work
    base = (await host.snapshot()).tree
    key = base.with_files({**FIX, "keys.py": File(b"KEY = 'hunter2'\n")})
    leaking = Patch.between(request.base_sha, base, key)
    plain = {"patch_hash": leaking.sha256, "tree_hash": leaking.tree_hash}
    asked = len(double.journal)
    for bad, with_patch in (
        (request.but(body="the key is hunter2"), patch),
        (request.but(title="hunter2"), patch),
        (request.but(branch="anton/hunter2"), patch),
        (request.but(commits=[{"message": "hunter2", "tree": patch.paths}]), patch),
        (request.but(**plain), leaking),
    ):
        with pytest.raises(Forbidden, match=r"a key") as caught:
            await host.publish(bad, with_patch)
        assert "hunter2" not in str(caught.value)
    assert len(double.journal) == asked
    assert [entry.action for entry in told] == ["refused_write"] * 5
    assert (await host.publish(request, patch)).number == 1


async def test_the_fence_stands_in_the_client(
    desk: Desk, double: GitHubDouble, host: GitHubHost
) -> None:
    told: list[AuditEntry] = []

    async def audit(entry: AuditEntry) -> None:
        told.append(entry)

    fenced = desk.open(double, audit=audit)
    client = fenced._client
    asked = len(double.journal)
    for path, body in (
        ("git/refs", {"ref": "refs/heads/main", "sha": "0" * 40}),
        ("git/refs", {"ref": "refs/tags/anton/x", "sha": "0" * 40}),
        ("git/refs", {"ref": "anton/x", "sha": "0" * 40}),
        ("git/refs", {"ref": "refs/heads/anton/../main", "sha": "0" * 40}),
        ("pulls", {"head": "main", "base": "anton/x"}),
        ("merges", {"base": "main", "head": "anton/x"}),
        ("git/tags", {}),
        ("pulls/1/merge", {}),
        ("actions/workflows/1/dispatches", {}),
        ("issues/1/labels/../../../../x", {}),
        ("../other/git/refs", {}),
        ("hooks", {}),
    ):
        with pytest.raises(Forbidden):
            await client.post(path, body, needs="contents: write")
    assert len(double.journal) == asked
    assert len(told) == 12
    assert told[0].detail["repository"] == "acme/todo"
    assert {name for name in vars(type(client)) if not name.startswith("_")} == {
        "get", "items", "post", "download", "fence", "refused",
    }  # fmt: skip


async def test_a_default_branch_below_the_prefix_is_still_not_ours(
    desk: Desk, tmp_path: Path
) -> None:
    seed = repository(tmp_path / "s")
    git(seed, "branch", "--move", "main", "anton/main")
    with GitHubDouble(tmp_path, seed=seed) as double:
        host = desk.open(double)
        request, patch = change(await host.snapshot(), branch="anton/main")
        with pytest.raises(Forbidden):
            await host.publish(request, patch)
        assert double.writes == []


async def test_an_empty_repository_has_no_commits(desk: Desk, tmp_path: Path) -> None:
    with GitHubDouble(tmp_path) as double:
        host = desk.open(double)
        with pytest.raises(RepositoryInvalid, match="has no commits"):
            await host.snapshot()


async def test_a_ref_can_be_a_branch_a_tag_or_a_commit(
    double: GitHubDouble, host: GitHubHost
) -> None:
    first = double.store.refs()["refs/heads/main"]
    double.store.git("update-ref", "refs/tags/v1", first)
    double.store.git("update-ref", "refs/heads/release/1.x", first)
    second = double.store.advance("main", {"README.md": "Longer.\n"})
    for ref, sha, branch in (
        ("", second, "main"),
        ("v1", first, "main"),
        (first[:10], first, "main"),
        ("release/1.x", first, "release/1.x"),
    ):
        found = await host.snapshot(ref)
        assert (found.sha, found.default_branch) == (sha, branch)
    with pytest.raises(RepositoryInvalid, match=r"Near to it: release/1\.x"):
        await host.snapshot("release/1.y")


async def test_a_tree_that_is_cut_short_is_walked(desk: Desk, tmp_path: Path, seed: Path) -> None:
    commit(seed, {f"pkg{n}/deep/m{m}.py": f"x = {n * m}\n" for n in range(4) for m in range(4)})
    with GitHubDouble(tmp_path, seed=seed, tree_limit=15) as double:
        host = desk.open(double)
        found = await host.snapshot()
        assert found.tree.id == git(seed, "rev-parse", "HEAD^{tree}")
        await host.publish(*change(found))
        assert double.violations == []


async def test_many_files_come_as_one_archive(desk: Desk, tmp_path: Path, seed: Path) -> None:
    files = {f"pkg/m{n}.py": f"x = {n}\n" for n in range(60)}
    rules = "secret.txt export-ignore\nversion.py export-subst\n"
    odd = {"secret.txt": "s\n", "version.py": "V = '$Format:%H$'\n", ".gitattributes": rules}
    commit(seed, {**files, **odd})
    with GitHubDouble(tmp_path, seed=seed) as double:
        host = desk.open(double)
        found = await host.snapshot()
        assert found.tree.id == git(seed, "rev-parse", "HEAD^{tree}")
        blobs = [call for call in double.journal if call["path"].startswith("git/blobs/")]
        assert len(blobs) == 2, "what the archive leaves out or changes"
        double.faults.plan(path="tarball/.*", status=404)
        assert (await host.snapshot()).tree == found.tree


async def test_a_repository_above_the_limits_is_refused(desk: Desk, double: GitHubDouble) -> None:
    for caps in ({"max_files": 2}, {"max_bytes": 20}):
        host = desk.open(double, **caps)
        with pytest.raises(RepositoryInvalid, match="the limits are"):
            await host.snapshot()


async def test_what_takes_too_long_to_read_is_refused_with_another_way(
    desk: Desk, double: GitHubDouble
) -> None:
    double.faults.plan(path="git/trees/.*", delay_s=2)
    host = desk.open(double, snapshot_s=0.2)
    with pytest.raises(RepositoryInvalid, match=r"not read within 0.2 s") as refused:
        await host.snapshot()
    assert "REPO_CWD" in (refused.value.remedy or "")


async def test_a_work_tree_is_not_to_be_had(host: GitHubHost) -> None:
    found = await host.snapshot(worktree=True)
    assert found.notes == ("GitHub has no uncommitted work to read.",)


async def test_no_git_program_is_needed(host: GitHubHost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert (await host.publish(*change(await host.snapshot()))).number == 1
