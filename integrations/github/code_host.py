"""The code host `github`: by REST alone, with no git program; a change becomes a pull request."""

import asyncio
import difflib
import re
from dataclasses import dataclass
from typing import Any

from core.effects import Change, ChangeRequest, PullState
from core.errors import (
    Conflict,
    Forbidden,
    HostUnreachable,
    IntegrationError,
    RepositoryInvalid,
)
from core.patches import Patch
from core.ports import CiRun, Clock, Snapshot
from integrations.changes import (
    Draft,
    Entries,
    Permit,
    Scan,
    always,
    check_branch,
    check_secrets,
    drafts,
    touched_since,
    unread_submodules,
)
from integrations.github import bodies, ci, reading
from integrations.github.client import Audit, GitHubClient, segment
from integrations.http import Http
from observability.clock import SystemClock

_WRITE = "contents: write"
_PULLS = "pull requests: write"
_READS = "pull requests: read"


@dataclass(frozen=True)
class _Home:
    """The repository, as far as publishing needs it."""

    owner: str
    default_branch: str
    url: str


class GitHubHost:
    """Serves `CodeHost` for one repository on GitHub, or on an Enterprise server."""

    kind = "github"

    def __init__(
        self,
        repository: str,
        token: str,
        *,
        api_url: str = "https://api.github.com",
        branch_prefix: str = "anton/",
        write_interval_s: float = 1.0,
        timeout_s: float = 30.0,
        snapshot_s: float = 600.0,
        max_files: int = 200_000,
        max_bytes: int = 2 * 1024**3,
        scan: Scan | None = None,
        audit: Audit | None = None,
        permit: Permit = always,
        clock: Clock | None = None,
    ) -> None:
        self._http = Http(
            api_url or "https://api.github.com",
            hosts=("codeload.github.com", *ci.LOG_HOSTS),
            timeout_s=timeout_s,
            headers={
                "Authorization": f"Bearer {token}",
                "Accept": "application/vnd.github+json",
                "X-GitHub-Api-Version": "2022-11-28",
                "User-Agent": "anton-bot",
            },
        )
        self._client = GitHubClient(
            self._http,
            repository,
            clock=clock or SystemClock(),
            branch_prefix=branch_prefix,
            write_interval_s=write_interval_s,
            audit=audit,
            permit=permit,
        )
        self._prefix = branch_prefix
        self._scan = scan
        self._snapshot_s = snapshot_s
        self._caps = {"max_files": max_files, "max_bytes": max_bytes}

    async def snapshot(self, ref: str = "", *, worktree: bool = False) -> Snapshot:
        """The repository at a branch, tag or commit, or at its default branch.

        Nothing is cloned: one commit is read by the API, without history and submodules. Raises
        RepositoryInvalid when it is too large, or takes longer than `snapshot_s`.
        """
        home = await self._home()
        branch = ref or home.default_branch
        commit = await self._tip(branch)
        if not commit:
            branch, commit = home.default_branch, await self._commit(ref)
        if not commit:
            raise await self._unknown(ref or home.default_branch)
        try:
            async with asyncio.timeout(self._snapshot_s):
                tree = await reading.commit_tree(self._client, commit)
                listed = await reading.listing(self._client, tree, **self._caps)
                files = await reading.tree_of(self._client, commit, listed)
        except TimeoutError as error:
            raise RepositoryInvalid(
                f"{self._client.repository} was not read within {self._snapshot_s:g} s.",
                remedy="work on a clone of it on this machine: set REPO_CWD, or name its path",
            ) from error
        notes = ("GitHub has no uncommitted work to read.",) if worktree else ()
        return Snapshot(commit, files, branch, (*notes, *unread_submodules(files)))

    async def ci(self, commit: str, branch: str = "") -> CiRun:
        """The last run of GitHub Actions, with its logs where it failed."""
        try:
            return await ci.last_run(self._client, commit, branch)
        except Forbidden as error:
            return CiRun(note=f"{ci.NO_LOGS}: {error.message}")

    async def publish(self, request: ChangeRequest, patch: Patch) -> Change:
        """Make blobs, trees, commits, branch and pull request; a second call finds the first."""
        await self._allow(request, patch)
        home = await self._home()
        await self._client.fence("git/refs", bodies.ref(request.branch), home.default_branch)
        base = await self._entries(request.base_sha)
        made = drafts(request, patch, base)
        behind, moved = await self._moved(request, patch, base)
        pull = await self._pull(request, home)
        merged = _sha(pull, "head") == made[-1].id  # whoever merges may delete the branch
        commit = made[-1].id if merged else await self._standing(request, made)
        if not commit:
            if moved:
                raise Conflict(f"The base moved: {', '.join(moved)} changed since.")
            commit = await self._create(request, made)
        pull = pull or await self._open(request, home, behind)
        await self._label(request, pull)
        return self._change(request, home, commit, pull, behind)

    async def find(self, request: ChangeRequest) -> Change | None:
        """Branch and pull request, when the tree of either is the one that was asked for."""
        home = await self._home()
        pull = await self._pull(request, home)
        commit = await self._tip(request.branch) or _sha(pull, "head")
        if not commit or await reading.commit_tree(self._client, commit) != request.tree_hash:
            return None
        if pull:
            return self._change(request, home, commit, pull)
        where = f"branch {request.branch} of {self._client.repository}, without a pull request"
        return Change(branch=request.branch, commit=commit, location=where)

    async def pull_state(self, url: str) -> PullState:
        """As GitHub tells it, by the number at the end of the address."""
        number = re.search(r"/pull/(\d{1,18})/?$", url, re.ASCII)
        pull = await self._client.get(f"pulls/{number[1]}", needs=_READS) if number else None
        if not isinstance(pull, dict):
            raise IntegrationError(
                f"{self._client.repository} has no such pull request, or this token may not see it."
            )
        if pull.get("merged") or pull.get("merged_at"):
            return PullState.MERGED
        return PullState.CLOSED if pull.get("state") == "closed" else PullState.OPEN

    def _change(
        self,
        request: ChangeRequest,
        home: _Home,
        commit: str,
        pull: dict[str, Any],
        behind: int = 0,
    ) -> Change:
        return Change(
            branch=request.branch,
            commit=commit,
            number=pull["number"],
            url=str(pull.get("html_url") or f"{home.url}/pull/{pull['number']}"),
            location=f"pull request {pull['number']} of {self._client.repository}",
            behind=behind,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

    async def _allow(self, request: ChangeRequest, patch: Patch) -> None:
        """Refuse, before any request, what must not leave the house."""
        try:
            check_branch(request.branch, self._prefix)
            if self._scan:
                check_secrets(request, patch, self._scan)
        except Forbidden as error:
            await self._client.refused(str(error))
            raise

    async def _home(self) -> _Home:
        found = await self._client.get(needs="metadata: read")
        if not isinstance(found, dict):
            raise Forbidden(
                f"{self._client.repository} is not on GitHub, or this token may not see it.",
                remedy="check the name, and give the token 'metadata: read'",
            )
        owner = (found.get("owner") or {}).get("login") or self._client.repository.split("/")[0]
        return _Home(owner, found.get("default_branch") or "main", found.get("html_url") or "")

    async def _tip(self, branch: str) -> str:
        """The commit of a branch; empty when there is no such branch."""
        if not re.fullmatch(r"[^\s\x00-\x1f\x7f~^:?*\[\\]+", branch) or ".." in branch:
            return ""
        try:
            found = await self._client.get(f"git/ref/heads/{segment(branch)}")
        except Conflict:
            return ""  # the repository is empty
        if isinstance(found, dict) and found.get("ref") == f"refs/heads/{branch}":
            return str((found.get("object") or {}).get("sha", ""))
        return ""

    async def _commit(self, ref: str) -> str:
        """The commit of a tag or an id; empty when there is none."""
        if not re.fullmatch(r"[A-Za-z0-9_+@{}#=,!%/.-]+", ref) or ref.strip(".") == "":
            return ""
        try:
            found = await self._client.get(f"commits/{segment(ref)}")
        except Conflict:
            return ""
        return str(found.get("sha", "")) if isinstance(found, dict) else ""

    async def _unknown(self, ref: str) -> RepositoryInvalid:
        found = await self._client.items("branches", params={"per_page": "100"})
        names = [str(branch.get("name", "")) for branch in found]
        if not names:
            return RepositoryInvalid(f"{self._client.repository} has no commits.")
        near = difflib.get_close_matches(ref, names)
        hint = f" Near to it: {', '.join(near)}." if near else ""
        return RepositoryInvalid(
            f"{self._client.repository} has no branch, tag or commit {ref!r}.{hint}"
        )

    async def _entries(self, commit: str) -> Entries:
        tree = await reading.commit_tree(self._client, commit)
        if not tree:
            raise Conflict(f"The approved base {commit[:12]} is gone.")
        return (await reading.listing(self._client, tree, **self._caps)).entries

    async def _moved(
        self, request: ChangeRequest, patch: Patch, base: Entries
    ) -> tuple[int, list[str]]:
        """How many commits the base branch has beyond the base, and what they did to the patch."""
        tip = await self._tip(request.base_branch)
        if not tip:
            raise Conflict(f"The base branch {request.base_branch!r} is gone.")
        if tip == request.base_sha:
            return 0, []
        found = await self._client.get(f"compare/{request.base_sha}...{tip}")
        if not isinstance(found, dict):
            raise Conflict(f"{request.base_branch} has nothing in common with the approved base.")
        fork = str((found.get("merge_base_commit") or {}).get("sha") or request.base_sha)
        before = base if fork == request.base_sha else await self._entries(fork)
        return int(found.get("ahead_by") or 0), touched_since(
            patch, before, await self._entries(tip)
        )

    async def _standing(self, request: ChangeRequest, made: tuple[Draft, ...]) -> str:
        """The commit of our branch when it is the approved one; empty when there is no branch."""
        tip = await self._tip(request.branch)
        if tip and tip != made[-1].id and not await self._is_ours(tip, made):
            raise Conflict(f"The branch {request.branch} exists with another commit, {tip[:12]}.")
        return tip

    async def _is_ours(self, commit: str, made: tuple[Draft, ...]) -> bool:
        """Whether a chain of commits is ours but for ids, which a host may change by its own words.

        Trees, messages and the base must be the approved ones.
        """
        for draft in reversed(made):
            found = await self._client.get(f"git/commits/{commit}")
            if (
                _sha(found, "tree") != draft.tree
                or str(found.get("message", "")).strip() != draft.message
            ):
                return False
            commit = _sha(found, "parents")
        return commit == made[0].parent

    async def _create(self, request: ChangeRequest, made: tuple[Draft, ...]) -> str:
        """Make all objects, each checked against the approved one, and only then the branch."""
        for digest, data in bodies.blobs(made).items():
            answer = await self._client.post("git/blobs", bodies.blob(data), needs=_WRITE)
            _expect(answer.get("sha"), digest)
        start, commit = await reading.commit_tree(self._client, request.base_sha), request.base_sha
        for draft in made:
            entries = [bodies.entry(change) for change in draft.changes]
            body = {"base_tree": start, "tree": entries}
            answer = await self._client.post("git/trees", body, needs=_WRITE)
            _expect(answer.get("sha"), draft.tree)
            body = bodies.commit_body(request, draft, commit)
            answer = await self._client.post("git/commits", body, needs=_WRITE)
            _expect(_sha(answer, "tree"), draft.tree)
            _expect(_sha(answer, "parents"), commit)
            start, commit = draft.tree, str(answer.get("sha", ""))
        try:
            body = {**bodies.ref(request.branch), "sha": commit}
            await self._client.post("git/refs", body, needs=_WRITE)
        except (Conflict, HostUnreachable):
            if not await self._standing(request, made):
                raise
        return commit

    async def _pull(self, request: ChangeRequest, home: _Home) -> dict[str, Any] | None:
        """The pull request of our branch, in whatever state; the open one where there are more."""
        params = {"head": f"{home.owner}:{request.branch}", "state": "all", "per_page": "100"}
        found = await self._client.items("pulls", params=params, needs=_READS)
        ours = [
            pull
            for pull in found
            if isinstance(pull.get("number"), int)
            and (pull.get("head") or {}).get("ref", request.branch) == request.branch
        ]
        return min(ours, key=lambda pull: pull.get("state") != "open", default=None)

    async def _open(self, request: ChangeRequest, home: _Home, behind: int) -> dict[str, Any]:
        body = {
            "title": request.title,
            "head": request.branch,
            "base": request.base_branch,
            "body": bodies.description(request, behind),
            "draft": request.draft,
        }
        try:
            pull = await self._client.post("pulls", body, needs=_PULLS)
        except (Conflict, HostUnreachable):
            found = await self._pull(request, home)
            if found is None:
                raise
            return found
        if not isinstance(pull.get("number"), int):
            raise HostUnreachable("GitHub opened a pull request and did not say which.")
        return pull

    async def _label(self, request: ChangeRequest, pull: dict[str, Any]) -> None:
        """Put the missing labels on; a host that does not want them is no obstacle."""
        there = {label.get("name") for label in pull.get("labels") or []}
        missing = [label for label in request.labels if label not in there]
        if not missing:
            return
        path = f"issues/{pull['number']}/labels"
        try:
            await self._client.post(path, {"labels": missing}, needs="issues: write")
        except (Conflict, Forbidden):
            return


def _sha(found: Any, name: str) -> str:
    """The object id under a name of an answer; empty when it is missing."""
    part = found.get(name) if isinstance(found, dict) else None
    first = part[0] if isinstance(part, list) and part else part
    return str(first.get("sha", "")) if isinstance(first, dict) else ""


def _expect(made: Any, approved: str) -> None:
    if made != approved:
        raise Conflict(f"GitHub made {str(made)[:12]}, and not the approved {approved[:12]}.")
