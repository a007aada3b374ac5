"""A change as every code host must make it: its trees and commit ids are known before any write."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC

from core.effects import ChangeRequest
from core.errors import Conflict, Forbidden
from core.events import AuditEntry
from core.patches import FileChange, Patch
from core.trees import SUBMODULE, Mode, Tree, object_id, tree_id

AUTHOR_NAME = "anton-bot"
AUTHOR_EMAIL = "anton-bot@localhost"
AUTHOR = f"{AUTHOR_NAME} <{AUTHOR_EMAIL}>"

Entries = Mapping[str, tuple[Mode, str]]
"""A tree by path: mode and object id of each entry."""

Scan = Callable[[str], Sequence[str]]
"""Finds secrets in a text; what it returns names them, masked."""


def nothing(text: str) -> Sequence[str]:
    """The Scan of those who look for nothing."""
    return ()


Audit = Callable[[AuditEntry], Awaitable[None]]
"""Takes an entry for the audit log."""


async def unheard(entry: AuditEntry) -> None:
    """The Audit of those who keep none."""


Permit = Callable[[], Awaitable[None]]
"""Returns as long as something may be written; is asked before each write."""


async def always() -> None:
    """The Permit of those who ask nobody."""


def unread_submodules(tree: Tree) -> tuple[str, ...]:
    """A note on what of a repository lies in others, which are never fetched."""
    found = [path for path in tree if tree[path].mode == SUBMODULE]
    return (f"Submodules are not fetched: {', '.join(found[:5])}.",) if found else ()


_BRANCH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*")


@dataclass(frozen=True)
class Draft:
    """A commit that is fixed to the last bit, and not yet made."""

    message: str
    changes: tuple[FileChange, ...]
    """What it changes against its parent."""
    tree: str
    parent: str
    body: bytes
    """The git object, without its header."""

    @property
    def id(self) -> str:
        """The commit id that any host must give it."""
        return object_id("commit", self.body)


def drafts(request: ChangeRequest, patch: Patch, base: Entries) -> tuple[Draft, ...]:
    """The commits of a change, in order; raises Conflict unless the last tree is the approved."""
    _check_approved(request, patch)
    entries = dict(base)
    made: list[Draft] = []
    parent, left = request.base_sha, {change.path: change for change in patch.changes}
    messages = [(commit.message.strip(), set(commit.tree)) for commit in request.commits]
    for number, (message, paths) in enumerate(messages or [(request.title, set())], start=1):
        last = number >= len(messages)
        changes = tuple(left.pop(path) for path in list(left) if last or path in paths)
        if not changes:
            continue
        _apply(entries, changes)
        tree = tree_id(entries)
        draft = Draft(message, changes, tree, parent, _body(request, message, tree, parent))
        made.append(draft)
        parent = draft.id
    if not made or made[-1].tree != request.tree_hash:
        raise Conflict(f"The change does not lead to the approved tree {request.tree_hash[:12]}.")
    return tuple(made)


def _check_approved(request: ChangeRequest, patch: Patch) -> None:
    approved = (request.patch_hash, request.tree_hash, request.base_sha)
    if approved != (patch.sha256, patch.tree_hash, patch.base_sha):
        raise Conflict("The patch is not the one that was approved.")


def _apply(entries: dict[str, tuple[Mode, str]], changes: Sequence[FileChange]) -> None:
    for change in changes:
        file = change.file()
        if file is None:
            entries.pop(change.path, None)
        else:
            entries[change.path] = (file.mode, file.id)


def _body(request: ChangeRequest, message: str, tree: str, parent: str) -> bytes:
    stamp = f"{AUTHOR} {int(request.authored_at.astimezone(UTC).timestamp())} +0000"
    head = f"tree {tree}\nparent {parent}\nauthor {stamp}\ncommitter {stamp}\n\n"
    return (head + message).encode()


def touched_since(patch: Patch, base: Entries, tip: Entries) -> list[str]:
    """Files of the patch that are no longer as they were in the base."""
    return [path for path in patch.paths if base.get(path) != tip.get(path)]


def check_branch(branch: str, prefix: str, default_branch: str = "") -> None:
    """Raises Forbidden for a branch that is not ours to write: the fence of every host."""
    name = branch.removeprefix(prefix)
    if not prefix.strip("/") or not branch.startswith(prefix) or branch == default_branch:
        raise Forbidden(f"Anton writes branches below {prefix!r} only, and never {branch!r}.")
    parts = branch.split("/")
    if (
        not name
        or not _BRANCH.fullmatch(branch)
        or any(".." in part or part.endswith((".lock", ".")) for part in parts)
    ):
        raise Forbidden(f"{branch!r} is no name for a branch.")


def check_secrets(request: ChangeRequest, patch: Patch, scan: Scan) -> None:
    """Raises Forbidden when anything that would leave the house looks like a secret."""
    added = [line[1:] for line in patch.diff.split("\n") if line.startswith("+")]
    texts = {
        "the branch name": request.branch,
        "the title": request.title,
        "the description": request.body,
        "a commit message": "\n".join(commit.message for commit in request.commits),
        "an added line": "\n".join([*added, *patch.paths]),
    }
    found = [
        f"{place} ({', '.join(hits)})" for place, text in texts.items() if (hits := scan(text))
    ]
    if found:
        raise Forbidden(
            f"Nothing was published: what looks like a secret is in {'; '.join(found)}.",
            remedy="take it out of the repository or the report, then approve the new patch",
        )
