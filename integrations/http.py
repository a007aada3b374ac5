"""The way out: HTTP with limits on time and size, and a list of hosts that may be spoken to."""

import asyncio
import json
import logging
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

import httpx

from core.errors import Forbidden, HostUnreachable

_PATIENCE = 10
"""A whole answer may take so many times as long as one step of it."""

_HARMLESS = {"host", "accept", "accept-encoding", "connection", "user-agent"}
"""Headers that any host may see; all others stay with the home host."""

logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs whole URLs, and some hold secrets


@dataclass(frozen=True)
class Reply:
    """An answer, read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Its body as JSON; None for what is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


class Http:
    """A client of one host, its home, which alone sees the credentials."""

    def __init__(
        self,
        home: str,
        *,
        hosts: Iterable[str] = (),
        headers: Mapping[str, str] | None = None,
        timeout_s: float = 30.0,
        max_bytes: int = 150_000_000,
    ) -> None:
        """Take the base URL of home, and names of other hosts that it may redirect to.

        A `*` in a name stands for any characters.
        """
        self.home = httpx.URL(home.rstrip("/") + "/")
        self._max_bytes = max_bytes
        self._timeout_s = timeout_s
        self._client = httpx.AsyncClient(
            headers=headers,
            timeout=timeout_s,
            follow_redirects=False,
            trust_env=False,
            transport=_Guard(self.home, {self.home.host, *hosts}),
        )

    async def send(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Any = None,
        max_bytes: int | None = None,
    ) -> Reply:
        """Ask, and read the answer, whatever its status; redirects are not followed.

        `url` is whole, or below home. Raises HostUnreachable for no answer, or one that is too
        big, and Forbidden for a host that is not on the list.
        """
        request = self._client.build_request(method, self.home.join(url), params=params, json=body)
        try:
            async with asyncio.timeout(_PATIENCE * self._timeout_s):
                return await self._read(request, max_bytes or self._max_bytes)
        except (httpx.TransportError, httpx.DecodingError, TimeoutError) as error:
            raise HostUnreachable(
                f"{request.url.host} did not answer: {type(error).__name__}."
            ) from error

    async def _read(self, request: httpx.Request, limit: int) -> Reply:
        data = bytearray()
        answer = await self._client.send(request, stream=True)
        try:
            async for chunk in answer.aiter_bytes():
                data += chunk
                if len(data) > limit:
                    raise HostUnreachable(f"{request.url.host} sent more than {limit:,} bytes.")
        finally:
            await answer.aclose()
        return Reply(answer.status_code, answer.headers, bytes(data))

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def guarded_transport(home: str) -> httpx.AsyncBaseTransport:
    """For a client that another library drives: it speaks to this host alone, by no proxy."""
    url = httpx.URL(home)
    return _Guard(url, {url.host})


@cache
def trusted() -> ssl.SSLContext:
    """Whom all clients of this process trust: reading the certificates takes longer than a call."""
    return httpx.create_ssl_context()


class _Guard(httpx.AsyncBaseTransport):
    """Refuses hosts that are not on the list, and keeps all but harmless headers at home."""

    def __init__(self, home: httpx.URL, hosts: set[str]) -> None:
        self._home = home
        self._hosts = hosts
        self._inner = httpx.AsyncHTTPTransport(verify=trusted())

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        at_home = (url.scheme, url.host, url.port) == (
            self._home.scheme,
            self._home.host,
            self._home.port,
        )
        if not at_home and (
            not any(fnmatchcase(url.host, host) for host in self._hosts)
            or url.scheme not in ("https", self._home.scheme)
        ):
            raise Forbidden(f"{url.scheme}://{url.host} is not a host that may be spoken to.")
        if not at_home:
            for name in set(request.headers) - _HARMLESS:
                del request.headers[name]
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()
