"""How objects and a branch get into a repository: made aside, then moved in whole, then named."""

import errno
import os
import secrets
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from core.errors import Conflict, Forbidden, HostUnreachable, RepositoryInvalid
from core.trees import File
from integrations.git.layout import Layout
from integrations.git.reading import commit_of
from integrations.git.trusted import TrustedGit


def put(git: TrustedGit, kind: str, body: bytes) -> str:
    """Make an object in our own directory; its id."""
    return git.run("hash-object", "-w", "-t", kind, "--stdin", stdin=body).decode().strip()


def put_tree(git: TrustedGit, start: str, files: Mapping[str, File | None]) -> str:
    """Make the tree of commit `start` with these files put in, None taking one out; its id."""
    git.run("read-tree", start)
    gone = [path for path, file in files.items() if file is None]
    lines = [f"0 {'0' * 40}\t{path}" for path in gone]
    for path, file in files.items():
        if file is not None:
            digest = put(git, "blob", file.data) if file.mode != "160000" else file.id
            lines.append(f"{file.mode} {digest} 0\t{path}")
    listing = "".join(f"{line}\0" for line in lines).encode()
    git.run("update-index", "-z", "--replace", "--index-info", stdin=listing)
    return git.run("write-tree").decode().strip()


def keep(git: TrustedGit) -> None:
    """Move every object made so far into the repository, safe on disk before this returns."""
    with _host_errors(git.layout):
        owner = git.layout.owner
        store = _inside(git.layout, "objects")
        for source in sorted((git.folder / "objects").glob("[0-9a-f][0-9a-f]/*")):
            folder = store / source.parent.name
            if not (folder / source.name).exists():
                _make_folder(folder, store, owner)
                _move(source, folder, owner)


def create_branch(git: TrustedGit, branch: str, commit: str) -> None:
    """Name a commit, unless the branch exists; raises Conflict when it stands elsewhere."""
    ref = f"refs/heads/{branch}"
    with _host_errors(git.layout):
        for number in range(2, ref.count("/") + 1):
            _inside(git.layout, "/".join(ref.split("/")[:number]))
        before = _missing(git.layout.common_dir, ref)
        done = git.attempt("update-ref", "--stdin", stdin=f"create {ref} {commit}\n".encode())
        for path in before:
            if path.exists():
                os.chown(path, *git.layout.owner, follow_symlinks=False)
    standing = commit_of(git, ref)
    if standing and standing != commit:
        raise Conflict(f"The branch {branch} exists with another commit, {standing[:12]}.")
    if not standing:
        raise _no_branch(git, branch, done.stderr.decode("utf-8", "replace").strip())


def _no_branch(git: TrustedGit, branch: str, words: str) -> Exception:
    if "exists; cannot create" in words:
        return Conflict(f"The branch {branch} cannot be made: {words.removeprefix('fatal: ')}")
    if "Permission denied" in words or "Read-only" in words:
        return Forbidden(f"{git.layout.root} cannot be written: {words}")
    return HostUnreachable(f"{git.layout.root}: the branch was not made: {words}")


def _inside(layout: Layout, part: str) -> Path:
    """A folder of the repository; raises RepositoryInvalid when a link leads out of it."""
    path = layout.common_dir / part
    if path.resolve() != layout.common_dir.resolve() / part:
        raise RepositoryInvalid(f"{path} leads out of the repository; nothing was written.")
    return path


def _missing(common_dir: Path, ref: str) -> list[Path]:
    parts = ref.split("/")
    paths = [common_dir.joinpath(*parts[:number]) for number in range(1, len(parts) + 1)]
    return [path for path in paths if not path.exists()]


def _make_folder(folder: Path, store: Path, owner: tuple[int, int]) -> None:
    if folder.is_symlink():
        raise RepositoryInvalid(f"{folder} leads out of the repository; nothing was written.")
    if not folder.exists():
        folder.mkdir(exist_ok=True)
        folder.chmod(stat.S_IMODE(store.stat().st_mode))
        os.chown(folder, *owner)


def _move(source: Path, folder: Path, owner: tuple[int, int]) -> None:
    aside = folder / f"tmp_obj_{secrets.token_hex(8)}"  # a name that git's gc clears away
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    with os.fdopen(os.open(aside, flags, 0o444), "wb") as target:
        target.write(source.read_bytes())
        target.flush()
        os.fchown(target.fileno(), *owner)
        os.fsync(target.fileno())
    aside.rename(folder / source.name)
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _host_errors(layout: Layout) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        where = f" at {error.filename}" if error.filename else ""
        words = f"{layout.root} cannot be written: {error.strerror}{where}."
        if isinstance(error, PermissionError) or error.errno == errno.EROFS:
            remedy = "give this user the right to write there"
            raise Forbidden(words, remedy=remedy) from error
        raise HostUnreachable(words, remedy="free some space; work goes on by itself") from error
