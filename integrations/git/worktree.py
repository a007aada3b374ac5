"""Uncommitted work: whether there is some, and a commit of it that moves nothing."""

import os
import shutil
import stat
from pathlib import Path

from core.errors import HostUnreachable, RepositoryInvalid
from core.trees import EXECUTABLE, REGULAR, SYMLINK, File
from integrations.changes import AUTHOR
from integrations.git.reading import checked_path
from integrations.git.trusted import TrustedGit
from integrations.git.writing import keep, put, put_tree

MAX_BYTES = 200_000_000


def changed_paths(git: TrustedGit, *, seconds: float) -> list[str] | None:
    """Paths whose content is not committed: changed, deleted, or new and not ignored.

    None where git cannot tell, or not in so many seconds. Submodules count as unchanged, since
    asking them would run git under their own configuration.
    """
    worktree, index = git.layout.worktree, git.layout.git_dir / "index"
    if worktree is None or not index.is_file():
        return [] if worktree is None else None
    shutil.copyfile(index, git.folder / "index")
    for part in git.layout.git_dir.glob("sharedindex.*"):
        (git.folder / part.name).symlink_to(part)
    exclude = git.layout.common_dir / "info" / "exclude"
    if exclude.is_file():
        (git.folder / "info").mkdir(exist_ok=True)
        shutil.copyfile(exclude, git.folder / "info" / "exclude")
    try:
        done = git.attempt(
            *("-c", "core.bare=false", f"--work-tree={worktree}", "status", "--porcelain=v1"),
            *("-z", "--no-renames", "--ignore-submodules=all", "--untracked-files=all"),
            timeout_s=seconds,
        )
    except HostUnreachable:
        return None
    if done.returncode:
        return None
    return [
        checked_path(git, record[3:]) for record in done.stdout.split(b"\0") if _is_file(record)
    ]


def _is_file(record: bytes) -> bool:
    return bool(record) and not record.endswith(b"/")


def commit_work(git: TrustedGit, parent: str, paths: list[str]) -> str:
    """A commit on `parent` that holds the work tree as it is now; its id.

    Only objects are added to the repository: no branch, HEAD, index or file changes. The same
    work gives the same id. Raises RepositoryInvalid for more than 200 MB of changes.
    """
    worktree = git.layout.worktree or git.layout.root
    files: dict[str, File | None] = {}
    left = MAX_BYTES
    for path in paths:
        files[path] = file = _file(worktree, path, left)
        left -= len(file.data) if file else 0
    tree = put_tree(git, parent, files)
    date = git.run("show", "--no-patch", "--format=%ct", parent).decode().strip()
    stamp = f"{AUTHOR} {date} +0000"
    body = f"tree {tree}\nparent {parent}\nauthor {stamp}\ncommitter {stamp}\n\nUncommitted work\n"
    commit = put(git, "commit", body.encode())
    keep(git)
    return commit


def _file(worktree: Path, path: str, left: int) -> File | None:
    place = worktree / path
    if place.parent.resolve() != worktree / Path(path).parent:
        return None
    try:
        found = place.lstat()
        if stat.S_ISLNK(found.st_mode):
            return File(os.fsencode(place.readlink()), SYMLINK)
        if not stat.S_ISREG(found.st_mode):
            return None
        if found.st_size > left:
            raise RepositoryInvalid(
                f"{worktree} holds more than {MAX_BYTES:,} bytes of uncommitted work.",
                remedy="commit it, or add what is not source to .gitignore",
            )
        with os.fdopen(os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            return File(file.read(left), EXECUTABLE if found.st_mode & 0o100 else REGULAR)
    except FileNotFoundError:
        return None
