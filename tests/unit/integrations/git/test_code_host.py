"""The local host: what it reads, what it writes, and what it never touches."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from core.errors import AntonError, Conflict, Forbidden, HostUnreachable, RepositoryInvalid
from core.trees import File
from integrations.git.code_host import LocalHost
from tests.fakes.changes import change
from tests.fakes.repositories import TODO, commit, git, repository


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return repository(tmp_path / "repo")


def owners(repo: Path) -> set[tuple[int, int]]:
    return {(path.lstat().st_uid, path.lstat().st_gid) for path in (repo / ".git").rglob("*")}


def give_away(repo: Path) -> None:
    subprocess.run(["chown", "-hR", "1234:2345", "--", str(repo)], check=True)


def untouched(repo: Path) -> tuple[str, bytes, bytes]:
    """All that publishing must leave as it was."""
    status = git(repo, "status", "--porcelain")
    state = repo / ".git"
    return status, (state / "HEAD").read_bytes(), (state / "index").read_bytes()


async def test_a_snapshot_is_the_commit_with_the_id_that_git_gives_its_tree(repo: Path) -> None:
    found = await LocalHost(str(repo)).snapshot()
    assert found.sha == git(repo, "rev-parse", "HEAD")
    assert found.tree.id == git(repo, "rev-parse", "HEAD^{tree}")
    assert found.default_branch == "main"
    assert found.notes == ()
    assert {path: found.tree.text(path) for path in found.tree} == TODO


async def test_publishing_makes_a_branch_and_touches_nothing_else(repo: Path) -> None:
    (repo / "todo.py").write_text("broken on purpose\n")
    (repo / "notes.txt").write_text("mine\n")
    git(repo, "status")
    before = untouched(repo)
    host = LocalHost(str(repo))
    request, patch = change(await host.snapshot())
    made = await host.publish(request, patch)
    assert untouched(repo) == before
    assert git(repo, "rev-parse", request.branch) == made.commit
    assert git(repo, "rev-parse", f"{made.commit}^{{tree}}") == request.tree_hash
    log = git(repo, "log", "--format=%an|%cn|%at|%s", f"main..{request.branch}").splitlines()
    stamp = int(request.authored_at.timestamp())
    assert log == [
        f"anton-bot|anton-bot|{stamp}|{request.commits[1].message}",
        f"anton-bot|anton-bot|{stamp}|{request.commits[0].message}",
    ]
    first = git(repo, "diff", "--name-only", "main", f"{request.branch}~1")
    assert first == "tests/test_twice.py"
    assert git(repo, "fsck", "--strict") == ""


async def test_publishing_twice_finds_the_first(repo: Path) -> None:
    host = LocalHost(str(repo))
    request, patch = change(await host.snapshot())
    first = await host.publish(request, patch)
    objects = sorted((repo / ".git/objects").rglob("*"))
    assert await host.publish(request, patch) == first
    assert sorted((repo / ".git/objects").rglob("*")) == objects


async def test_a_branch_that_stands_elsewhere_is_a_conflict(repo: Path) -> None:
    host = LocalHost(str(repo))
    request, patch = change(await host.snapshot())
    git(repo, "branch", request.branch, "main")
    with pytest.raises(Conflict, match=r"exists with another commit"):
        await host.publish(request, patch)
    assert git(repo, "rev-parse", request.branch) == git(repo, "rev-parse", "main")


@pytest.mark.parametrize("field", ["tree_hash", "patch_hash", "base_sha"])
async def test_what_was_not_approved_is_not_written(repo: Path, field: str) -> None:
    host = LocalHost(str(repo))
    request, patch = change(await host.snapshot())
    other = commit(repo, {"README.md": "A longer list.\n"})
    objects = sorted((repo / ".git/objects").rglob("*"))
    with pytest.raises(Conflict):
        await host.publish(request.but(**{field: other}), patch)
    assert sorted((repo / ".git/objects").rglob("*")) == objects
    assert git(repo, "branch", "--list", "anton/*") == ""


async def test_a_patch_that_lies_about_its_tree_is_a_conflict(repo: Path) -> None:
    host = LocalHost(str(repo))
    request, patch = change(await host.snapshot())
    lie = patch.but(tree_hash="1" * 40)
    with pytest.raises(Conflict, match="approved tree"):
        await host.publish(request.but(tree_hash="1" * 40), lie)


async def test_newer_commits_beside_the_patch_are_counted(repo: Path) -> None:
    host = LocalHost(str(repo))
    request, patch = change(await host.snapshot())
    commit(repo, {"README.md": "A longer list.\n"})
    commit(repo, {"README.md": "The longest list.\n"})
    assert (await host.publish(request, patch)).behind == 2


async def test_newer_commits_under_the_patch_are_a_conflict(repo: Path) -> None:
    host = LocalHost(str(repo))
    request, patch = change(await host.snapshot())
    commit(repo, {"todo.py": "def complete(item): ...\n"})
    with pytest.raises(Conflict, match=r"todo\.py"):
        await host.publish(request, patch)
    assert git(repo, "branch", "--list", "anton/*") == ""


async def test_a_published_change_is_found_even_when_the_base_moved_under_it(repo: Path) -> None:
    host = LocalHost(str(repo))
    request, patch = change(await host.snapshot())
    first = await host.publish(request, patch)
    commit(repo, {"todo.py": "def complete(item): ...\n"})
    assert await host.publish(request, patch) == first.but(behind=1)


async def test_every_kind_of_change_ships(repo: Path) -> None:
    (repo / "link").symlink_to("todo.py")
    commit(repo, {"run.sh": "#!/bin/sh\n", "pkg": "a file\n", "old.py": "\n"})
    host = LocalHost(str(repo))
    odd = {"$(touch probe).py": "x\n", "-rf": "y\n", "a b/ü\t.py": "z\n"}
    request, patch = change(
        await host.snapshot(),
        {
            "old.py": None,
            "pkg": None,
            "pkg/inner.py": File(b"was a file\n"),
            "run.sh": File(b"#!/bin/sh\n", "100755"),
            "empty": File(b""),
            "binary": File(bytes(range(256))),
            **{path: File(text.encode()) for path, text in odd.items()},
        },
    )
    made = await host.publish(request, patch)
    assert git(repo, "rev-parse", f"{made.commit}^{{tree}}") == request.tree_hash
    again = await host.snapshot(request.branch)
    assert again.tree["link"] == File(b"todo.py", "120000")
    assert again.tree["run.sh"].mode == "100755"
    assert again.tree["-rf"].data == b"y\n"
    assert "old.py" not in again.tree
    assert again.default_branch == request.branch


NOT_OURS = [
    *("main", "anton/", "antonia/x", "anton/../main", "anton/a..b", "anton/x.lock", "anton/-x"),
    *("refs/heads/anton/x", "anton/a//b", "anton/$(x)", "anton/x~1", "anton/a.", "anton/.a"),
]


@pytest.mark.parametrize("branch", [*NOT_OURS, "anton/a b"])
async def test_only_branches_of_ours_are_written(repo: Path, branch: str) -> None:
    host = LocalHost(str(repo))
    request, patch = change(await host.snapshot(), branch=branch)
    with pytest.raises(Forbidden):
        await host.publish(request, patch)
    assert git(repo, "for-each-ref", "--format=%(refname)") == "refs/heads/main"


async def test_a_branch_in_the_way_of_ours_is_named(repo: Path) -> None:
    git(repo, "branch", "anton")
    host = LocalHost(str(repo))
    request, patch = change(await host.snapshot())
    with pytest.raises(Conflict, match="refs/heads/anton"):
        await host.publish(request, patch)


async def test_uncommitted_work_is_named_and_not_read(repo: Path) -> None:
    (repo / "todo.py").write_text("changed\n")
    (repo / "new.py").write_text("new\n")
    found = await LocalHost(str(repo)).snapshot()
    assert found.tree.text("todo.py") == TODO["todo.py"]
    assert "new.py" not in found.tree
    assert found.notes == ("Uncommitted work was not read: todo.py, new.py.",)


async def test_uncommitted_work_can_be_read_and_shipped_upon(repo: Path) -> None:
    commit(repo, {".gitignore": "*.log\n", "gone.py": "\n"})
    (repo / "todo.py").write_text("def complete(item): raise\n")
    (repo / "new.py").write_text("new\n")
    (repo / "noise.log").write_text("noise\n")
    (repo / "gone.py").unlink()
    host = LocalHost(str(repo))
    with pytest.raises(RepositoryInvalid, match="belongs to HEAD"):
        await host.snapshot("HEAD~1", worktree=True)
    found = await host.snapshot(worktree=True)
    assert set(found.tree) == {*TODO, ".gitignore", "new.py"}
    assert found.tree.text("todo.py") == "def complete(item): raise\n"
    assert (await host.snapshot(worktree=True)).sha == found.sha
    assert git(repo, "rev-parse", f"{found.sha}^") == git(repo, "rev-parse", "HEAD")
    (repo / "todo.py").write_text("changed again\n")
    assert (await host.snapshot(found.sha, worktree=True)).tree == found.tree
    (repo / "todo.py").write_text("def complete(item): raise\n")
    git(repo, "status")
    before = untouched(repo)
    request, patch = change(found)
    made = await host.publish(request, patch)
    assert made.behind == 0
    assert git(repo, "rev-parse", f"{made.commit}~2") == found.sha
    assert untouched(repo) == before


async def test_a_clean_work_tree_is_its_head(repo: Path) -> None:
    found = await LocalHost(str(repo)).snapshot(worktree=True)
    assert found.sha == git(repo, "rev-parse", "HEAD")


@pytest.mark.parametrize("form", ["bare", "shallow", "detached", "linked", "packed", "subgit"])
async def test_every_form_of_repository_is_read_and_written(repo: Path, form: str) -> None:
    commit(repo, {"README.md": "Two.\n"})
    sha, place = git(repo, "rev-parse", "HEAD"), repo.parent / form
    if form == "bare":
        git(repo.parent, "clone", "--quiet", "--bare", str(repo), str(place))
    elif form == "shallow":
        git(repo.parent, "clone", "--quiet", "--depth=1", f"file://{repo}", str(place))
    elif form == "linked":
        git(repo, "worktree", "add", "--quiet", "-b", "side", str(place))
    else:
        shutil.copytree(repo, place)
        if form == "detached":
            git(place, "checkout", "--quiet", "--detach")
        if form == "packed":
            git(place, "gc", "--quiet")
            git(place, "pack-refs", "--all")
    host = LocalHost(str(place / ".git" if form == "subgit" else place))
    found = await host.snapshot()
    assert found.sha == sha
    branch = {"detached": "", "linked": "side"}.get(form, "main")
    assert found.default_branch == branch
    made = await host.publish(*change(found))
    assert git(place, "rev-parse", made.branch) == made.commit
    assert git(place, "fsck", "--strict") == ""


async def test_a_ref_can_be_a_branch_a_tag_a_commit_or_a_remote_branch(repo: Path) -> None:
    first = git(repo, "rev-parse", "HEAD")
    git(repo, "tag", "--annotate", "--message=x", "v1")
    git(repo, "update-ref", "refs/remotes/origin/feature", first)
    commit(repo, {"README.md": "Two.\n"})
    host = LocalHost(str(repo))
    for ref in ("v1", first, first[:10], "HEAD~1", "feature", "origin/feature"):
        assert (await host.snapshot(ref)).sha == first
    assert (await host.snapshot("main")).default_branch == "main"


@pytest.mark.parametrize("ref", ["mian", "--all", "$(touch probe)", "a\0b", "HEAD^{tree}", ""])
async def test_an_unknown_ref_is_refused_with_near_names(repo: Path, ref: str) -> None:
    host = LocalHost(str(repo))
    if not ref:
        git(repo, "checkout", "--quiet", "--orphan", "empty")
        git(repo, "branch", "other", "main")
    with pytest.raises(RepositoryInvalid, match=r"main" if ref in ("mian", "") else "has no"):
        await host.snapshot(ref)


async def test_what_is_no_repository_is_named_with_the_remedy(tmp_path: Path, repo: Path) -> None:
    (tmp_path / "plain").mkdir()
    (repo / "inner").mkdir()
    empty = tmp_path / "empty"
    empty.mkdir()
    git(empty, "init", "--quiet")
    for place, words in (
        (tmp_path / "plain", r"is not a git repository\. Remedy: git init"),
        (repo / "inner", rf"lies inside the repository {repo}"),
        (tmp_path / "nowhere", "is not a folder"),
        (repo / "todo.py", "is not a folder"),
        (empty, r"has no commits\. Remedy"),
    ):
        with pytest.raises(RepositoryInvalid, match=words):
            await LocalHost(str(place)).snapshot()


async def test_an_unborn_head_beside_one_branch_takes_that_branch(repo: Path) -> None:
    git(repo, "symbolic-ref", "HEAD", "refs/heads/master")
    found = await LocalHost(str(repo)).snapshot()
    assert found.default_branch == "main"
    assert "HEAD names master" in found.notes[0]


async def test_a_repository_above_the_limits_is_refused(repo: Path) -> None:
    for host in (LocalHost(str(repo), max_files=2), LocalHost(str(repo), max_bytes=20)):
        with pytest.raises(RepositoryInvalid, match="the limits are"):
            await host.snapshot()


async def test_what_is_missing_of_a_partial_clone_is_not_fetched(repo: Path) -> None:
    place = repo.parent / "partial"
    git(repo, "config", "uploadpack.allowFilter", "true")
    git(
        repo.parent, "clone", "--quiet", "--no-checkout", "--filter=blob:none", f"file://{repo}",
        str(place),
    )  # fmt: skip
    with pytest.raises(RepositoryInvalid, match="partial clone"):
        await LocalHost(str(place)).snapshot()


async def test_ids_of_another_kind_are_refused_by_name(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--object-format=sha256", "new")
    commit(tmp_path / "new", {"a": "b"})
    with pytest.raises(RepositoryInvalid, match="sha256"):
        await LocalHost(str(tmp_path / "new")).snapshot()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
async def test_what_root_writes_belongs_to_the_owner_of_the_repository(repo: Path) -> None:
    give_away(repo)
    host = LocalHost(str(repo))
    await host.publish(*change(await host.snapshot()))
    assert owners(repo) == {(1234, 2345)}


@pytest.mark.parametrize("part", ["refs/heads/anton", "objects"])
async def test_a_link_out_of_the_repository_is_not_written_through(repo: Path, part: str) -> None:
    outside = repo.parent / "outside"
    place = repo / ".git" / part
    if part == "objects":
        place.rename(outside)
    else:
        outside.mkdir()
    place.symlink_to(outside)
    host = LocalHost(str(repo))
    found = await host.snapshot()
    before = sorted(outside.rglob("*"))
    with pytest.raises(RepositoryInvalid, match="leads out"):
        await host.publish(*change(found))
    assert sorted(outside.rglob("*")) == before


async def test_a_machine_without_git_is_told_so(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(RepositoryInvalid, match=r"git program is missing\. Remedy: install git"):
        await LocalHost(str(repo)).snapshot()


async def test_two_at_once_make_one_branch(repo: Path) -> None:
    host = LocalHost(str(repo))
    work = change(await host.snapshot())
    made = await asyncio.gather(*(host.publish(*work) for _ in range(5)))
    assert len(set(made)) == 1
    assert git(repo, "branch", "--list", "anton/*").split() == [made[0].branch]


def mount(*arguments: str) -> None:
    """Mount something; skips aloud where that is not allowed."""
    done = subprocess.run(["mount", *arguments], capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"nothing can be mounted here: {done.stderr.decode().strip()}")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, in memory."""
    place = tmp_path / "disk"
    place.mkdir()
    mount("-t", "tmpfs", "tmpfs", str(place))
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.parametrize(
    ("options", "refusal"), [("remount,ro", Forbidden), ("remount,size=512k", HostUnreachable)]
)
async def test_a_disk_that_takes_nothing_is_told_with_its_remedy(
    disk: Path, options: str, refusal: type[AntonError]
) -> None:
    work = repository(disk / "work")
    host = LocalHost(str(work))
    request, patch = change(await host.snapshot())
    mount("-o", options, str(disk))
    with suppress(OSError), (disk / "fill").open("wb", buffering=0) as file:
        while file.write(b"0" * 4096):
            continue
    with pytest.raises(refusal) as told:
        await host.publish(request, patch)
    assert told.value.remedy
    assert str(work) in told.value.message
    assert "None" not in told.value.message
