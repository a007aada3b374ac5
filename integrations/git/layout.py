"""Where the parts of a local repository lie, found without running git there."""

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from core.errors import RepositoryInvalid

_SMALL_BYTES = 8192


@dataclass(frozen=True)
class Layout:
    """The folders of one repository."""

    root: Path
    """What the user named."""
    worktree: Path | None
    """None for a bare repository."""
    git_dir: Path
    """Holds HEAD and the index; of a linked work tree its own."""
    common_dir: Path
    """Holds objects, refs and configuration."""

    @property
    def owner(self) -> tuple[int, int]:
        """User and group that everything in it belongs to."""
        stat = self.common_dir.stat()
        return stat.st_uid, stat.st_gid


def is_folder(repository: str) -> bool:
    """Whether this names a folder of this machine; nothing that no file system takes."""
    try:
        return Path(repository).expanduser().is_dir()
    except (OSError, ValueError, RuntimeError):
        return False


def find(repository: str) -> Layout:
    """The repository at exactly this folder; raises RepositoryInvalid with the remedy."""
    if not is_folder(repository):
        raise RepositoryInvalid(f"{repository!r} is not a folder.", remedy="check the path")
    root = Path(repository).expanduser().resolve()
    try:
        layout = _layout(root)
        _check(layout)
        for folder in {layout.git_dir, layout.common_dir}:
            _refuse_special_files(folder)
    except PermissionError as error:
        raise RepositoryInvalid(
            f"{error.filename or root} cannot be read.", remedy="give this user access to it"
        ) from error
    return layout


def read_small(path: Path) -> bytes:
    """The start of a small regular file; raises RepositoryInvalid for anything else."""
    if not path.is_file():
        raise RepositoryInvalid(f"{path} is not a file.")
    with path.open("rb") as file:
        return file.read(_SMALL_BYTES)


def _layout(root: Path) -> Layout:
    if root.name == ".git" and _is_git_dir(root):
        root = root.parent
    link = root / ".git"
    if link.is_dir():
        return Layout(root, root, link, _common(link))
    if link.is_file():
        git_dir = _target(link, r"gitdir: (.+)")
        return Layout(root, root, git_dir, _common(git_dir))
    if _is_git_dir(root):
        return Layout(root, None, root, _common(root))
    raise _not_a_repository(root)


def _not_a_repository(root: Path) -> RepositoryInvalid:
    around = next((parent for parent in root.parents if (parent / ".git").exists()), None)
    inside = f" It lies inside the repository {around}." if around else ""
    return RepositoryInvalid(
        f"{root} is not a git repository.{inside}",
        remedy="git init && git add . && git commit" + (f", or give {around}" if around else ""),
    )


def _is_git_dir(folder: Path) -> bool:
    return all((folder / part).exists() for part in ("HEAD", "objects", "refs"))


def _common(git_dir: Path) -> Path:
    link = git_dir / "commondir"
    return _target(link, r"(.+)") if link.is_file() else git_dir.resolve()


def _target(link: Path, form: str) -> Path:
    text = read_small(link).decode("utf-8", "surrogateescape").strip()
    match = re.fullmatch(form, text)
    if not match or "\0" in text:
        raise RepositoryInvalid(f"{link} does not name a git directory.")
    return (link.parent / match[1]).resolve()


def _refuse_special_files(folder: Path) -> None:
    """Git would wait for a pipe for ever, and read a device without end."""
    waiting = [str(folder)]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                elif not entry.is_file(follow_symlinks=False) and (kind := _kind(entry.path)):
                    raise RepositoryInvalid(
                        f"{entry.path} is {kind}, and nothing that git has made.",
                        remedy="clone the repository anew",
                    )


def _kind(path: str) -> str:
    """What a special file is, also one behind a link; empty for what git can read."""
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 - called for a path of os.scandir
    except OSError:
        return ""
    return {
        stat.S_IFIFO: "a pipe",
        stat.S_IFSOCK: "a socket",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a device",
    }.get(stat.S_IFMT(mode), "")


def _check(layout: Layout) -> None:
    if not (layout.git_dir / "HEAD").exists() or not _is_git_dir(layout.common_dir):
        raise RepositoryInvalid(
            f"{layout.root} points to {layout.git_dir}, which is no git directory.",
            remedy="git worktree repair, or give the main repository",
        )
    if (layout.common_dir / "reftable").is_dir():
        raise RepositoryInvalid(
            f"{layout.root} keeps its refs as reftable, which is not read yet.",
            remedy="git refs migrate --ref-format=files",
        )
