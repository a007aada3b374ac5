"""GitHub's REST API: lenient when it reads, patient, and fenced in when it writes."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import quote

from core.errors import Conflict, Forbidden, HostUnreachable, IntegrationError, RateLimited
from core.events import AuditEntry
from core.ports import Clock
from integrations.changes import Permit, always, check_branch
from integrations.http import Http, Reply

Audit = Callable[[AuditEntry], Awaitable[None]]

_WRITES = re.compile(r"git/(blobs|trees|commits|refs)|pulls|issues/\d+/labels")
"""All that is ever written; there is no merge, no update of a ref, no dispatch and no setting."""

_PATIENCE_S = 60.0
_PATIENCE_MAX_S = 3600.0
_READERS = 8
_REDIRECTS = (301, 302, 307, 308)


class GitHubClient:
    """Speaks to one repository, as `owner/name`, and writes below one branch prefix."""

    def __init__(
        self,
        http: Http,
        repository: str,
        *,
        clock: Clock,
        branch_prefix: str = "anton/",
        write_interval_s: float = 1.0,
        audit: Audit | None = None,
        permit: Permit = always,
    ) -> None:
        self.repository = repository
        self._http = http
        self._clock = clock
        self._prefix = branch_prefix
        self._interval_s = write_interval_s
        self._audit = audit
        self._permit = permit
        self._writing = asyncio.Lock()
        self._reading = asyncio.Semaphore(_READERS)
        self._written_at: float | None = None
        self._limited = 0

    async def get(
        self,
        path: str = "",
        *,
        needs: str = "contents: read",
        params: Mapping[str, str] | None = None,
    ) -> Any:
        """What is at a path of the repository; None for 404. Raises as `_checked` says."""
        async with self._reading:
            reply = await self._send("GET", self._url(path), params=params)
        if reply.status == 404:
            return None
        return self._checked(reply, needs).json()

    async def items(
        self, path: str, *, needs: str = "contents: read", params: Mapping[str, str]
    ) -> list[dict[str, Any]]:
        """The objects of a list; nothing for anything else."""
        found = await self.get(path, needs=needs, params=params)
        return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []

    async def post(self, path: str, body: Mapping[str, Any], *, needs: str) -> dict[str, Any]:
        """Create something; refused before any request unless it is ours to write, and now."""
        await self.fence(path, body)
        async with self._writing:
            if self._written_at is not None:
                due = self._written_at + self._interval_s
                await self._clock.sleep(due - self._clock.monotonic())
            await self._permit()
            try:
                reply = await self._send("POST", self._url(path), body=body)
            finally:
                self._written_at = self._clock.monotonic()
        answer = self._checked(reply, needs).json()
        if isinstance(answer, dict | list):
            return answer if isinstance(answer, dict) else {"items": answer}
        raise HostUnreachable("GitHub answered a write with something that is not JSON.")

    async def download(self, path: str, max_bytes: int) -> bytes:
        """A file that the host keeps elsewhere; credentials stay behind."""
        async with self._reading:
            reply = await self._http.send("GET", self._url(path))
            if reply.status in _REDIRECTS:
                where = reply.headers.get("location", "")
                reply = await self._http.send("GET", where, max_bytes=max_bytes)
        return self._checked(reply, "contents: read").body

    async def fence(self, path: str, body: Mapping[str, Any], default_branch: str = "") -> None:
        """Raises Forbidden, once the audit knows, for a write that is not ours to do."""
        try:
            if not _WRITES.fullmatch(path):
                raise Forbidden(f"Anton never writes {path!r} on GitHub.")
            if path == "git/refs":
                ref = str(body.get("ref", ""))
                named = ref.removeprefix("refs/heads/") if ref.startswith("refs/heads/") else ""
                check_branch(named, self._prefix, default_branch)
            if path == "pulls":
                check_branch(str(body.get("head", "")), self._prefix, default_branch)
        except Forbidden as error:
            await self.refused(str(error))
            raise

    async def refused(self, reason: str) -> None:
        """Tell the audit of something that was refused here."""
        if self._audit:
            detail = {"reason": reason, "repository": self.repository}
            await self._audit(AuditEntry(action="refused_write", detail=detail))

    def _url(self, path: str) -> str:
        return f"repos/{self.repository}/{path}".rstrip("/")

    async def _send(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Any = None,
    ) -> Reply:
        """One request, and one redirect within GitHub, as for a repository that was renamed."""
        reply = await self._http.send(method, url, params=params, body=body)
        if reply.status not in _REDIRECTS:
            return reply
        target = self._http.home.join(reply.headers.get("location", ""))
        home = self._http.home
        if (target.scheme, target.host, target.port) != (home.scheme, home.host, home.port):
            raise Forbidden(f"GitHub redirects to {target.host}, which is not followed.")
        rest = url.removeprefix(f"repos/{self.repository}")
        if method != "GET" and not target.path.endswith(rest):
            raise Forbidden(f"GitHub redirects a write to {target.path}, which is not followed.")
        reply = await self._http.send(method, str(target), body=body)
        if reply.status in _REDIRECTS:
            raise HostUnreachable("GitHub redirects in circles.")
        return reply

    def _checked(self, reply: Reply, needs: str) -> Reply:
        """The reply of a success.

        Raises RateLimited, Forbidden with the missing permission, Conflict for what GitHub
        refuses in this state (409, 422), and HostUnreachable for its own faults.
        """
        words = said(reply)
        if self._is_limit(reply, words):
            raise self._patience(reply)
        self._limited = 0
        if reply.status < 300:
            return reply
        if reply.status in (401, 403, 404, 410, 451):
            raise Forbidden(
                f"GitHub refused ({reply.status}: {words}).",
                remedy=f"a token for {self.repository} with the permission '{needs}'",
            )
        if reply.status in (409, 422):
            raise Conflict(f"GitHub refused ({reply.status}: {words}).")
        if reply.status >= 500:
            raise HostUnreachable(f"GitHub answered {reply.status}: {words}.")
        raise IntegrationError(f"GitHub refused ({reply.status}: {words}).")

    def _is_limit(self, reply: Reply, words: str) -> bool:
        return reply.status == 429 or (
            reply.status == 403
            and (
                "retry-after" in reply.headers
                or reply.headers.get("x-ratelimit-remaining") == "0"
                or "rate limit" in words.lower()
            )
        )

    def _patience(self, reply: Reply) -> RateLimited:
        """For how long to wait: as told, else until the reset, else a minute and then doubling."""
        after = reply.headers.get("retry-after", "")
        reset = reply.headers.get("x-ratelimit-reset", "")
        wait_s = min(_PATIENCE_S * 2**self._limited, _PATIENCE_MAX_S)
        self._limited += 1
        if after.isdigit():
            wait_s = float(after)
        elif reset.isdigit() and reply.headers.get("x-ratelimit-remaining") == "0":
            wait_s = max(1.0, int(reset) - self._clock.now().timestamp())
        return RateLimited(f"GitHub asks to wait for {wait_s:.0f} s.", retry_after_s=wait_s)


def said(reply: Reply) -> str:
    """What the host said, in one line of at most 300 characters."""
    answer = reply.json()
    if not isinstance(answer, dict):
        return "no words"
    errors = answer.get("errors")
    parts = [str(answer.get("message", ""))]
    for error in errors if isinstance(errors, list) else []:
        parts.append(str(error.get("message", "") if isinstance(error, dict) else error))
    return " ".join(" ".join(part for part in parts if part).split())[:300] or "no words"


def segment(name: str) -> str:
    """A name as one segment of a URL."""
    return quote(name, safe="")
