"""The code host `local`: any git repository on this machine; a change becomes a branch in it."""

import asyncio
import re
from pathlib import Path

from core.effects import Change, ChangeRequest, PullState
from core.errors import Conflict, Forbidden, IntegrationError, RepositoryInvalid
from core.events import AuditEntry
from core.patches import Patch
from core.ports import CiRun, Snapshot
from integrations import changes
from integrations.git import reading, worktree, writing
from integrations.git.layout import Layout, find
from integrations.git.trusted import TrustedGit, trusted_git


class LocalHost:
    """Serves `CodeHost` for a folder; HEAD, index and work tree are never touched."""

    kind = "local"

    def __init__(
        self,
        repository: str,
        *,
        branch_prefix: str = "anton/",
        max_files: int = 200_000,
        max_bytes: int = 2 * 1024**3,
        scan: changes.Scan = changes.nothing,
        audit: changes.Audit = changes.unheard,
        permit: changes.Permit = changes.always,
        scratch: Path | None = None,
        status_s: float = 60.0,
    ) -> None:
        """Keep what git needs for a while in `scratch`, else where the system keeps such files.

        Whether there is uncommitted work is looked for as long as `status_s`.
        """
        self._status_s = status_s
        self._scratch = scratch
        self._repository = repository
        self._prefix = branch_prefix
        self._scan = scan
        self._audit = audit
        self._permit = permit
        self._caps = reading.Caps(max_files, max_bytes)

    async def snapshot(self, ref: str = "", *, worktree: bool = False) -> Snapshot:
        """The repository at `ref`, or at HEAD; without a branch its default branch is empty.

        With `worktree`, its commit is one of ours over HEAD that holds the uncommitted work:
        tracked files as they are on disk, and new files that are not ignored. A full commit id
        always gives that commit.
        """
        return await asyncio.to_thread(self._snapshot, ref, worktree)

    async def ci(self, commit: str, branch: str = "") -> CiRun:
        """A folder has no CI."""
        return CiRun()

    async def publish(self, request: ChangeRequest, patch: Patch) -> Change:
        """Make commits and branch; a second call finds the first. A refusal is recorded."""
        await self._permit()
        try:
            changes.check_secrets(request, patch, self._scan)
            return await asyncio.to_thread(self._publish, request, patch)
        except Forbidden as error:
            detail = {"repository": self._repository, "reason": error.message}
            await self._audit(
                AuditEntry(action="refused_write", task_id=request.task_id, detail=detail)
            )
            raise

    async def find(self, request: ChangeRequest) -> Change | None:
        """The branch, when its tree is the one that was asked for."""
        return await asyncio.to_thread(self._find, request)

    async def pull_state(self, url: str) -> PullState:
        """A folder has no pull requests."""
        raise IntegrationError("A folder has no pull requests.")

    async def close(self) -> None:
        """Nothing is held between calls."""

    def _snapshot(self, ref: str, with_work: bool) -> Snapshot:
        with trusted_git(find(self._repository), self._scratch) as git:
            _check_format(git)
            head = reading.head(git)
            default, notes = _default_branch(git, head)
            pinned = re.fullmatch(r"[0-9a-f]{40}", ref) is not None
            if with_work and not pinned and ref not in ("", "HEAD", head.branch):
                raise RepositoryInvalid(f"Uncommitted work belongs to HEAD, and not to {ref!r}.")
            commit = reading.resolve(git, ref) if ref else reading.commit_of(git, default or "HEAD")
            here = commit == head.commit and not pinned
            changed = worktree.changed_paths(git, seconds=self._status_s) if here else []
            if with_work and changed:
                commit = worktree.commit_work(git, commit, changed)
                notes.append(f"Uncommitted work was read: {_files(changed)}.")
            elif changed is None:
                notes.append("Whether there is uncommitted work could not be told.")
            elif changed:
                notes.append(f"Uncommitted work was not read: {_files(changed)}.")
            tree = reading.tree_of(git, commit, self._caps)
            branch = ref if ref in reading.names(git, "refs/heads") else ""
        notes += changes.unread_submodules(tree)
        return Snapshot(commit, tree, branch or ("" if ref else default), tuple(notes))

    def _publish(self, request: ChangeRequest, patch: Patch) -> Change:
        layout = find(self._repository)
        with trusted_git(layout, self._scratch) as git:
            head = reading.head(git)
            changes.check_branch(request.branch, self._prefix, head.branch)
            if not reading.commit_of(git, request.base_sha):
                raise Conflict(f"The approved base {request.base_sha[:12]} is gone.")
            base = reading.entries(git, request.base_sha, self._caps)
            made = changes.drafts(request, patch, base)
            behind, moved = self._moved(git, request, patch)
            if reading.commit_of(git, f"refs/heads/{request.branch}") != made[-1].id:
                if moved:
                    raise Conflict(f"The base moved: {', '.join(moved)} changed since.")
                for draft in made:
                    _make(git, draft)
                writing.keep(git)
                writing.create_branch(git, request.branch, made[-1].id)
        return _change(layout, request, made[-1].id, behind)

    def _find(self, request: ChangeRequest) -> Change | None:
        layout = find(self._repository)
        with trusted_git(layout, self._scratch) as git:
            commit = reading.commit_of(git, f"refs/heads/{request.branch}")
            if not commit or reading.tree_id(git, commit) != request.tree_hash:
                return None
        return _change(layout, request, commit)

    def _moved(
        self, git: TrustedGit, request: ChangeRequest, patch: Patch
    ) -> tuple[int, list[str]]:
        """How many commits the base branch has beyond the base, and what they did to the patch."""
        tip = request.base_branch and reading.commit_of(git, f"refs/heads/{request.base_branch}")
        if not tip or tip == request.base_sha:
            return 0, []
        behind = int(git.run("rev-list", "--count", tip, f"^{request.base_sha}"))
        fork = git.attempt("merge-base", request.base_sha, tip).stdout.decode().strip()
        before = reading.entries(git, fork or request.base_sha, self._caps)
        return behind, changes.touched_since(patch, before, reading.entries(git, tip, self._caps))


def _change(layout: Layout, request: ChangeRequest, commit: str, behind: int = 0) -> Change:
    location = f"branch {request.branch} in {layout.root}"
    return Change(branch=request.branch, commit=commit, location=location, behind=behind)


def _make(git: TrustedGit, draft: changes.Draft) -> None:
    files = {change.path: change.file() for change in draft.changes}
    tree = writing.put_tree(git, draft.parent, files)
    if tree != draft.tree or writing.put(git, "commit", draft.body) != draft.id:
        raise Conflict(f"Git made another tree than the approved one, {tree[:12]}.")


def _check_format(git: TrustedGit) -> None:
    config = git.layout.common_dir / "config"
    asked = ("config", "--no-includes", "--file", str(config), "extensions.objectFormat")
    found = git.attempt(*asked).stdout.decode("utf-8", "replace").strip()
    if found not in ("", "sha1"):
        raise RepositoryInvalid(f"{git.layout.root} uses {found} ids, which are not read yet.")


def _default_branch(git: TrustedGit, head: reading.Head) -> tuple[str, list[str]]:
    """The branch that a change starts from, empty for a detached HEAD without one to guess."""
    branches = reading.names(git, "refs/heads")
    if head.commit and head.branch:
        return head.branch, []
    if head.commit:
        return "", [f"HEAD is detached at {head.commit[:12]}; it is the base."]
    if len(branches) == 1:
        only = next(iter(branches))
        return only, [f"HEAD names {head.branch}, which has no commits; {only} is the base."]
    if branches:
        raise RepositoryInvalid(
            f"{git.layout.root}: HEAD names {head.branch}, which has no commits.",
            remedy=f"give a base: {', '.join(sorted(branches)[:5])}",
        )
    raise RepositoryInvalid(
        f"{git.layout.root} has no commits.", remedy="git add . && git commit -m 'Start'"
    )


def _files(paths: list[str]) -> str:
    more = f" and {len(paths) - 3} more files" if len(paths) > 3 else ""
    return ", ".join(paths[:3]) + more
