"""A hostile repository: whatever is planted in it, nothing of it runs on the host."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import AntonError, RepositoryInvalid
from integrations.git.code_host import LocalHost
from tests.fakes.changes import change
from tests.fakes.repositories import TODO, commit, git, repository

HOOKS = (
    "applypatch-msg commit-msg fsmonitor-watchman post-checkout post-commit post-index-change "
    "post-merge post-rewrite post-update pre-auto-gc pre-commit pre-push pre-rebase pre-receive "
    "prepare-commit-msg proc-receive push-to-checkout reference-transaction update"
)
COMMANDS = (
    "core.fsmonitor core.sshCommand core.gitProxy core.askPass core.editor core.pager "
    "core.alternateRefsCommand gpg.program gpg.ssh.program diff.external credential.helper "
    "filter.evil.clean filter.evil.smudge filter.evil.process diff.evil.textconv diff.evil.command "
    "merge.evil.driver pager.status pager.log sequence.editor uploadpack.packObjectsHook "
    "remote.origin.uploadpack remote.origin.vcs alias.status alias.ls-tree trailer.x.command"
)


@pytest.fixture
def probe(tmp_path: Path) -> Path:
    """A program that leaves a mark when it runs."""
    program = tmp_path / "probe"
    program.write_text(f'#!/bin/sh\necho ran "$0" "$@" >> {tmp_path / "mark"}\ncat\n')
    program.chmod(0o755)
    return program


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return repository(tmp_path / "repo")


def configure(file: Path, value: object, names: str = COMMANDS) -> None:
    """Give each of these options one value, as git writes it, but all at once."""
    lines = []
    for name in names.split():
        section, _, option = name.rpartition(".")
        section, _, below = section.partition(".")
        lines += [f'[{section} "{below}"]' if below else f"[{section}]", f"\t{option} = {value}"]
    with file.open("a") as config:
        config.write("\n".join([*lines, ""]))


def plant_hooks(repo: Path, probe: Path) -> None:
    for name in HOOKS.split():
        hook = repo / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        shutil.copy(probe, hook)


def plant_hooks_path(repo: Path, probe: Path) -> None:
    plant_hooks(repo, probe)
    (repo / ".git/hooks").rename(repo / "hooks")
    git(repo, "config", "core.hooksPath", str(repo / "hooks"))


def plant_commands(repo: Path, probe: Path) -> None:
    configure(repo / ".git" / "config", probe)
    switched_on = "filter.evil.required commit.gpgSign tag.gpgSign core.untrackedCache"
    configure(repo / ".git" / "config", "true", switched_on)


def plant_attributes(repo: Path, probe: Path) -> None:
    rule = "* filter=evil diff=evil merge=evil ident\n"
    (repo / ".gitattributes").write_text(rule)
    (repo / ".git/info").mkdir(exist_ok=True)
    (repo / ".git/info/attributes").write_text(rule)
    git(repo, "-c", "filter.evil.clean=cat", "add", ".gitattributes")
    git(repo, "commit", "--quiet", "--message=Rules")
    plant_commands(repo, probe)


def plant_included(repo: Path, probe: Path) -> None:
    evil = repo / ".git" / "evil.config"
    configure(evil, probe)
    git(repo, "config", "include.path", str(evil))
    git(repo, "config", "includeIf.gitdir:/**.path", str(evil))


def plant_worktree_config(repo: Path, probe: Path) -> None:
    git(repo, "config", "extensions.worktreeConfig", "true")
    configure(repo / ".git" / "config.worktree", probe)


def plant_partial_clone(repo: Path, probe: Path) -> None:
    git(repo, "config", "extensions.partialClone", "origin")
    git(repo, "config", "remote.origin.promisor", "true")
    git(repo, "config", "remote.origin.url", f"ext::{probe} %S")
    git(repo, "config", "protocol.ext.allow", "always")
    blob = git(repo, "rev-parse", "HEAD:README.md")
    (repo / ".git/objects" / blob[:2] / blob[2:]).unlink()


def plant_submodule(repo: Path, probe: Path) -> None:
    inner = repository(repo / "inner")
    sha = git(inner, "rev-parse", "HEAD")
    (repo / ".gitmodules").write_text(
        f'[submodule "inner"]\n\tpath = inner\n\turl = ext::{probe}\n\tupdate = !{probe}\n'
    )
    git(repo, "add", ".gitmodules")
    git(repo, "update-index", "--add", "--cacheinfo", f"160000,{sha},inner")
    git(repo, "commit", "--quiet", "--message=Inner")
    plant_hooks(inner, probe)
    plant_commands(inner, probe)
    (inner / "todo.py").write_text("dirty\n")


def plant_bare_repository(repo: Path, probe: Path) -> None:
    inner = repo / "inner"
    inner.mkdir()
    git(inner, "init", "--quiet", "--bare")
    configure(inner / "config", probe)
    git(inner, "config", "core.worktree", str(repo))
    commit(repo, {}, "A bare repository")


def plant_pointer(repo: Path, probe: Path) -> None:
    elsewhere = repo.parent / "elsewhere"
    (repo / ".git").rename(elsewhere)
    for name in HOOKS.split():
        shutil.copy(probe, elsewhere / "hooks" / name) if (elsewhere / "hooks").is_dir() else None
    for name in COMMANDS.split():
        git(repo, "config", "--file", str(elsewhere / "config"), name, str(probe))
    (repo / ".git").write_text(f"gitdir: {elsewhere}\n")


def plant_names(repo: Path, probe: Path) -> None:
    odd = ("$(" + str(probe) + ")", ";" + str(probe), "`" + str(probe) + "`", "--upload-pack=x")
    for number, name in enumerate(odd):
        flat = name.replace("/", "_")
        (repo / flat).write_text("x\n")
        if number < 3:
            git(repo, "update-ref", f"refs/heads/{flat}", "HEAD")
            git(repo, "update-ref", f"refs/tags/{flat}", "HEAD")
    (repo / "-rf").write_text("x\n")
    commit(repo, {}, "Names")


PLANTS: list[Callable[[Path, Path], None]] = [
    plant_hooks,
    plant_hooks_path,
    plant_commands,
    plant_attributes,
    plant_included,
    plant_worktree_config,
    plant_partial_clone,
    plant_submodule,
    plant_bare_repository,
    plant_pointer,
    plant_names,
]


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__[6:])
@pytest.mark.parametrize("worktree", [False, True])
async def test_nothing_planted_runs(
    repo: Path, probe: Path, plant: Callable[[Path, Path], None], worktree: bool
) -> None:
    git(repo, "remote", "add", "origin", "ssh://localhost/none")
    plant(repo, probe)
    mark = probe.parent / "mark"
    mark.unlink(missing_ok=True)
    (repo / "todo.py").write_text("work in progress\n")
    (repo / "new.py").write_text("new\n")
    before = state(repo)
    host = LocalHost(str(repo))
    try:
        found = await host.snapshot(worktree=worktree)
        await host.snapshot("main")
        made = await host.publish(*change(found))
    except AntonError:
        assert plant is plant_partial_clone
    else:
        assert made.commit
    assert not mark.exists(), mark.read_text()
    assert state(repo) == before


def state(repo: Path) -> list[bytes]:
    link = repo / ".git"
    folder = link if link.is_dir() else repo.parent / "elsewhere"
    return [
        *((folder / name).read_bytes() for name in ("HEAD", "index", "config")),
        *(path.read_bytes() for path in sorted(repo.rglob("*.py"))),
    ]


async def test_the_probe_would_have_been_seen(repo: Path, probe: Path) -> None:
    """The same plants, with git run as people run it: so the tests above can fail."""
    plant_hooks(repo, probe)
    plant_attributes(repo, probe)
    mark = probe.parent / "mark"
    mark.unlink(missing_ok=True)
    (repo / "todo.py").write_text("work in progress\n")
    for arguments in (["status"], ["diff"], ["update-ref", "refs/heads/x", "HEAD"]):
        mark.unlink(missing_ok=True)
        env = {"PATH": os.defpath, "HOME": str(repo)}
        run = ["git", "-C", str(repo), *arguments]
        done = await _run(run, env)
        assert mark.exists(), (arguments, done)


async def _run(argv: list[str], env: dict[str, str]) -> int:
    return subprocess.run(argv, env=env, capture_output=True, check=False).returncode  # noqa: ASYNC221


async def test_variables_of_git_in_our_own_environment_do_not_count(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = repository(tmp_path / "other", {"other.py": "x\n"})
    for name in ("GIT_DIR", "GIT_OBJECT_DIRECTORY", "GIT_INDEX_FILE"):
        monkeypatch.setenv(name, str(other / ".git"))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.bare")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "nonsense")
    found = await LocalHost(str(repo)).snapshot()
    assert "todo.py" in found.tree


@pytest.mark.parametrize(
    "text",
    ["gitdir: /etc", "gitdir: ../nowhere", "gitdir:", "nonsense", "gitdir: a\0b", "gitdir: .git"],
)
async def test_a_pointer_to_nothing_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / ".git").write_text(text)
    with pytest.raises(AntonError, match="git directory"):
        await LocalHost(str(tmp_path / "tree")).snapshot()


@pytest.mark.parametrize(
    "entry",
    ["40000 ..", "100644 .git", "40000 .GIT", "100644 a/b", "100644 \udcff", "100664 old"],
)
async def test_a_tree_that_leads_out_of_itself_is_refused(repo: Path, entry: str) -> None:
    mode, name = entry.split(" ")
    kind = "HEAD:README.md" if mode != "40000" else "HEAD:tests"
    digest = bytes.fromhex(git(repo, "rev-parse", kind))
    body = f"{mode} {name}".encode("utf-8", "surrogateescape") + b"\0" + digest
    tree = _put(repo, "tree", body)
    bad = git(repo, "commit-tree", tree, "-m", "Bad")
    with pytest.raises(AntonError, match=r"is no path|is not UTF-8|not well-formed|odd mode"):
        await LocalHost(str(repo)).snapshot(bad)


def _put(repo: Path, kind: str, body: bytes) -> str:
    argv = ["git", "-C", str(repo), "hash-object", "-w", "-t", kind, "--literally", "--stdin"]
    return subprocess.run(argv, input=body, capture_output=True, check=True).stdout.decode().strip()


async def test_a_fifo_in_the_way_does_not_block(repo: Path) -> None:
    os.mkfifo(repo / "pipe")
    found = await LocalHost(str(repo)).snapshot(worktree=True)
    assert "pipe" not in found.tree
    (repo / ".git/HEAD").unlink()
    os.mkfifo(repo / ".git/HEAD")
    with pytest.raises(AntonError, match="is a pipe"):
        await LocalHost(str(repo)).snapshot()


async def test_a_link_in_the_work_tree_is_read_as_a_link(repo: Path) -> None:
    (repo / "out").symlink_to("/etc/passwd")
    (repo / "README.md").unlink()
    (repo / "README.md").symlink_to("/etc/passwd")
    found = await LocalHost(str(repo)).snapshot(worktree=True)
    for name in ("out", "README.md"):
        assert (found.tree[name].mode, found.tree[name].data) == ("120000", b"/etc/passwd")


@pytest.mark.parametrize(
    "place",
    [
        "packed-refs",
        "config",
        "objects/info/alternates",
        "refs/heads/main",
        "objects/ab/" + "c" * 38,
    ],
)
async def test_a_pipe_in_the_git_directory_is_refused_and_not_waited_for(
    tmp_path: Path, place: str
) -> None:
    work = repository(tmp_path / "work")
    pipe = work / ".git" / place
    pipe.parent.mkdir(parents=True, exist_ok=True)
    pipe.unlink(missing_ok=True)
    os.mkfifo(pipe)
    with pytest.raises(RepositoryInvalid, match="a pipe") as refusal:
        await LocalHost(str(work)).snapshot()
    assert place in str(refusal.value)


async def test_a_link_to_a_device_is_refused_too(tmp_path: Path) -> None:
    work = repository(tmp_path / "work")
    (work / ".git" / "packed-refs").symlink_to("/dev/zero")
    with pytest.raises(RepositoryInvalid, match="a device"):
        await LocalHost(str(work)).snapshot()


async def test_a_work_tree_that_git_waits_for_is_read_as_committed(tmp_path: Path) -> None:
    work = repository(tmp_path / "work")
    (work / "folder").mkdir()
    os.mkfifo(work / "folder" / ".gitignore")
    found = await LocalHost(str(work), status_s=1.0).snapshot()
    assert found.tree.text("README.md") == TODO["README.md"]
    assert found.notes == ("Whether there is uncommitted work could not be told.",)
