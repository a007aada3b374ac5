"""What a repository holds: refs, entries and contents, with limits on all of them."""

import difflib
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import IO, cast

from core.errors import RepositoryInvalid
from core.trees import EXECUTABLE, REGULAR, SUBMODULE, SYMLINK, File, Mode, Tree
from integrations.changes import Entries
from integrations.git.trusted import TrustedGit

_MODES: Mapping[str, Mode] = {
    "100644": REGULAR,
    "100755": EXECUTABLE,
    "120000": SYMLINK,
    "160000": SUBMODULE,
}


@dataclass(frozen=True)
class Caps:
    """How much of a repository is taken in."""

    files: int = 200_000
    size_bytes: int = 2 * 1024**3


@dataclass(frozen=True)
class Head:
    """Where a repository stands."""

    branch: str
    """Empty when detached."""
    commit: str
    """Empty when nothing was committed yet."""


def head(git: TrustedGit) -> Head:
    """HEAD of the work tree, or of the bare repository."""
    branch = git.attempt("symbolic-ref", "--quiet", "HEAD").stdout.decode("utf-8", "replace")
    return Head(branch.strip().removeprefix("refs/heads/"), commit_of(git, "HEAD"))


def commit_of(git: TrustedGit, ref: str) -> str:
    """The commit that a name leads to; empty when it leads to none."""
    done = git.attempt("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    text = done.stdout.decode("ascii", "replace").strip()
    return text if done.returncode == 0 and re.fullmatch(r"[0-9a-f]{40}", text) else ""


def tree_id(git: TrustedGit, commit: str) -> str:
    """The id of the tree of a commit."""
    return git.run("rev-parse", f"{commit}^{{tree}}").decode().strip()


def names(git: TrustedGit, *below: str) -> dict[str, str]:
    """Short names of the refs below some folders, with what they point to."""
    lines = git.run("for-each-ref", "--format=%(objectname) %(refname:strip=2)", *below)
    pairs = (line.split(" ", 1) for line in lines.decode("utf-8", "replace").splitlines())
    return {name: sha for sha, name in pairs}


def resolve(git: TrustedGit, ref: str) -> str:
    """The commit of a branch, tag, remote branch or id; RepositoryInvalid names near ones."""
    if "\0" not in ref:
        for name in (ref, f"refs/remotes/origin/{ref}"):
            if commit := commit_of(git, name):
                return commit
    near = difflib.get_close_matches(ref, names(git, "refs/heads", "refs/tags", "refs/remotes"))
    hint = f" Near to it: {', '.join(near)}." if near else ""
    raise RepositoryInvalid(
        f"{git.layout.root} has no branch, tag or commit {ref!r}.{hint}",
        remedy="give one that exists, or none for the default",
    )


def entries(git: TrustedGit, commit: str, caps: Caps | None = None) -> Entries:
    """Mode and object id of every path; raises RepositoryInvalid for what cannot be held."""
    limit = caps or Caps()
    found: dict[str, tuple[Mode, str]] = {}
    total = 0
    listing = git.run("ls-tree", "-r", "-z", "-l", "--full-tree", commit)
    for record in listing.split(b"\0")[:-1]:
        words, _, name = record.partition(b"\t")
        mode, _kind, digest, size = words.decode("ascii").split()
        path = checked_path(git, name)
        if mode not in _MODES:
            raise RepositoryInvalid(f"{git.layout.root}: {path} has the odd mode {mode}.")
        if size == "BAD":
            raise _partial(git)
        total += int(size) if size.isdigit() else 0
        found[path] = (_MODES[mode], digest)
    if len(found) > limit.files or total > limit.size_bytes:
        raise RepositoryInvalid(
            f"{git.layout.root} holds {len(found):,} files and {total:,} bytes; "
            f"the limits are {limit.files:,} and {limit.size_bytes:,}."
        )
    return found


def checked_path(git: TrustedGit, name: bytes) -> str:
    """A path as text; raises RepositoryInvalid when it is not UTF-8, or leads out of the tree."""
    try:
        path = name.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RepositoryInvalid(
            f"{git.layout.root}: the file name {name!r} is not UTF-8.", remedy="rename it"
        ) from error
    if any(part.lower() in ("", ".", "..", ".git") for part in path.split("/")):
        raise RepositoryInvalid(f"{git.layout.root}: {path!r} is no path for a file.")
    return path


def _partial(git: TrustedGit) -> RepositoryInvalid:
    return RepositoryInvalid(
        f"{git.layout.root} lacks contents of its own history (a partial clone).",
        remedy="git fetch --refetch --filter=blob:limit=2g, or clone it anew without a filter",
    )


def tree_of(git: TrustedGit, commit: str, caps: Caps | None = None) -> Tree:
    """The files of a commit, with their contents; the id is the one that git gives them."""
    listed = entries(git, commit, caps)
    wanted = {digest for mode, digest in listed.values() if mode != SUBMODULE}
    contents = dict(_contents(git, sorted(wanted)))
    if len(contents) != len(wanted):
        raise _partial(git)
    tree = Tree(
        {
            path: File(digest.encode() if mode == SUBMODULE else contents[digest], mode)
            for path, (mode, digest) in listed.items()
        }
    )
    if tree.id != tree_id(git, commit):
        raise RepositoryInvalid(
            f"{git.layout.root}: the tree of {commit[:12]} is not well-formed.", remedy="git fsck"
        )
    return tree


def _contents(git: TrustedGit, digests: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    with tempfile.TemporaryFile() as questions:
        questions.write("".join(f"{digest}\n" for digest in digests).encode())
        questions.seek(0)
        stdin = cast(IO[bytes], questions)
        with git.stream("cat-file", "--batch", "--buffer", stdin=stdin) as answers:
            while header := answers.readline().decode("ascii", "replace").split():
                if len(header) != 3:
                    raise _partial(git)
                digest, _kind, size = header
                data = answers.read(int(size))
                answers.read(1)
                yield digest, data
