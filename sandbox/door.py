"""A service of a sandbox as an address of this machine: HTTP, for whoever was told the address.

The name in the address is a secret and belongs to nothing else, so that a browser keeps the app
apart from all that it knows of this machine: no cookie, no permission, no origin is shared.
"""

import asyncio
import hmac
import secrets
from collections.abc import Iterable, Iterator
from contextlib import suppress

import h11

from core.ports import Service, Stream

HERE = "127.0.0.1"
HEAD_S = 20.0
"""Seconds that a visitor has for the head of a request."""
MAX_VISITS = 64
MAX_HEAD = 1 << 16
CHUNK = 1 << 16
OWN_COOKIES = b"anton"
"""Names of cookies that begin so are ours: an app neither sees nor sets them."""
PREFIXES = (b"__host-", b"__secure-")
HOP_BY_HOP = frozenset(
    b"connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer "
    b"upgrade".split()
)
NOT_IN = frozenset(b"expect forwarded via x-forwarded-for x-real-ip".split())
"""What an app is not told: who asks."""
NOT_OUT = frozenset(b"alt-svc clear-site-data referrer-policy strict-transport-security".split())
"""What an app may not say about more than itself."""

Headers = list[tuple[bytes, bytes]]


class Door:
    """One address on loopback for one service, until it is closed."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._name = f"demo-{secrets.token_hex(16)}.localhost"
        self._server: asyncio.Server | None = None
        self._visits: set[asyncio.Task[None]] = set()
        self.port = 0

    @classmethod
    async def open(cls, service: Service) -> "Door":
        """Listen on a free port of loopback."""
        door = cls(service)
        door._server = await asyncio.start_server(door._enter, HERE, 0, limit=MAX_HEAD)
        door.port = door._server.sockets[0].getsockname()[1]
        return door

    @property
    def host(self) -> str:
        """The name and port that a request has to name."""
        return f"{self._name}:{self.port}"

    @property
    def url(self) -> str:
        """The address, without a path."""
        return f"http://{self.host}"

    async def close(self) -> None:
        """Let nobody in any more; harmless when repeated."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for visit in self._visits:
            visit.cancel()
        await asyncio.gather(*self._visits, return_exceptions=True)

    async def _enter(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visit = asyncio.current_task()
        if visit is None or self._server is None or len(self._visits) >= MAX_VISITS:
            writer.transport.abort()
            return
        self._visits.add(visit)
        try:
            await Visit(self._service, self.host, reader, writer).attend()
        except asyncio.CancelledError:
            writer.transport.abort()  # only `close` cancels, and it waits for this to end
        except (ConnectionError, TimeoutError, h11.ProtocolError):
            writer.transport.abort()
        finally:
            self._visits.discard(visit)
            writer.close()


class Visit:
    """One request and its answer; then the connection ends."""

    def __init__(
        self,
        service: Service,
        host: str,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._service = service
        self._host = host.encode()
        self._reader = reader
        self._writer = writer
        self._visitor = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD)
        self._app = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD)

    async def attend(self) -> None:
        """Answer what is asked; raises what ends the connection without an answer."""
        try:
            async with asyncio.timeout(HEAD_S):
                request = await self._asked()
        except h11.RemoteProtocolError:
            await self._refuse(400, "This is no request that is understood here.")
            return
        if request is None:
            return
        named = [value for name, value in request.headers if name == b"host"]
        if len(named) != 1 or not hmac.compare_digest(named[0].lower(), self._host):
            await self._refuse(404, "Nothing is here.")
            return
        if not request.target.startswith(b"/"):
            await self._refuse(400, "A target begins with a slash.")
            return
        try:
            stream = await self._service.connect()
        except ConnectionError:
            await self._refuse(502, "The demo does not answer.")
            return
        try:
            await self._pass(request, stream)
        finally:
            await stream.close()

    async def _asked(self) -> h11.Request | None:
        while True:
            event = self._visitor.next_event()
            if isinstance(event, h11.Request):
                return event
            if event is not h11.NEED_DATA:
                return None
            self._visitor.receive_data(await self._reader.read(CHUNK))

    async def _pass(self, request: h11.Request, stream: Stream) -> None:
        """Carry the request in and the answer out, side by side, until the answer is whole."""
        head = h11.Request(method=request.method, target=request.target, headers=_inward(request))
        await stream.write(self._app.send(head) or b"")
        inward = asyncio.create_task(self._carry_in(stream))
        outward = asyncio.create_task(self._carry_out(stream))
        try:
            await asyncio.wait((inward, outward), return_when=asyncio.FIRST_COMPLETED)
            outward.cancel() if inward.done() and not outward.done() else None
            with suppress(asyncio.CancelledError):
                await outward
        finally:
            for carrying in (inward, outward):
                carrying.cancel()
            await asyncio.gather(inward, outward, return_exceptions=True)

    async def _carry_in(self, stream: Stream) -> None:
        """Carry what the visitor sends; returns when the visitor has gone."""
        while True:
            event = self._visitor.next_event()
            if isinstance(event, h11.Data | h11.EndOfMessage):
                await _offer(stream, self._app.send(_bare(event)) or b"")
            elif event is h11.NEED_DATA:
                if self._visitor.they_are_waiting_for_100_continue:
                    await self._send(h11.InformationalResponse(status_code=100, headers=[]))
                self._visitor.receive_data(await self._reader.read(CHUNK))
            elif event is h11.PAUSED:
                await self._carry_raw(stream)
                return
            else:
                return

    async def _carry_raw(self, stream: Stream) -> None:
        """After a request: what an upgraded connection carries in, and that the visitor left."""
        while data := await self._reader.read(CHUNK):
            if self._app.our_state is h11.SWITCHED_PROTOCOL:
                await _offer(stream, data)

    async def _carry_out(self, stream: Stream) -> None:
        """Carry the answer; what is none, or comes with too large a head, is a 502."""
        try:
            await self._answer(stream)
        except (ConnectionError, h11.RemoteProtocolError):
            if self._visitor.our_state is not h11.SEND_RESPONSE:
                raise
            await self._refuse(502, "The demo gave no answer that is one.")

    async def _answer(self, stream: Stream) -> None:
        while True:
            event = self._app.next_event()
            if event is h11.NEED_DATA:
                self._app.receive_data(await stream.read())
            elif isinstance(event, h11.InformationalResponse):
                if event.status_code == 101:
                    await self._upgrade(event, stream)
                    return
            elif isinstance(event, h11.Response):
                headers = [*_outward(event.headers), (b"Connection", b"close")]
                await self._send(h11.Response(status_code=event.status_code, headers=headers))
            elif isinstance(event, h11.Data | h11.EndOfMessage):
                await self._send(_bare(event))
                if isinstance(event, h11.EndOfMessage):
                    return
            else:
                raise ConnectionResetError

    async def _upgrade(self, event: h11.InformationalResponse, stream: Stream) -> None:
        """From here on both sides speak another protocol, which is none of ours."""
        kept = [(n, v) for n, v in event.headers if n in (b"connection", b"upgrade")]
        headers = [*_outward(event.headers), *kept]
        await self._send(h11.InformationalResponse(status_code=101, headers=headers))
        data = self._app.trailing_data[0] or await stream.read()
        while data:
            self._writer.write(data)
            await self._writer.drain()
            data = await stream.read()

    async def _refuse(self, status: int, why: str) -> None:
        headers = [("Content-Type", "text/plain; charset=utf-8"), ("Connection", "close")]
        headers.append(("Content-Length", str(len(why))))
        with suppress(h11.LocalProtocolError):
            await self._send(h11.Response(status_code=status, headers=headers))
            await self._send(h11.Data(data=why.encode()))
            await self._send(h11.EndOfMessage())

    async def _send(self, event: h11.Event) -> None:
        self._writer.write(self._visitor.send(event) or b"")
        await self._writer.drain()


async def _offer(stream: Stream, data: bytes) -> None:
    """Write it; who answers without hearing all may still have an answer."""
    with suppress(ConnectionError):
        await stream.write(data)


def _bare(event: h11.Data | h11.EndOfMessage) -> h11.Event:
    """Without trailers, which nobody announced on the other side."""
    return h11.Data(data=event.data) if isinstance(event, h11.Data) else h11.EndOfMessage()


def _inward(request: h11.Request) -> Headers:
    """The headers of a request as the app gets them."""
    kept = _passing(request.headers, NOT_IN)
    headers = [(n, _theirs(v) if n == b"cookie" else v) for n, v in kept]
    headers = [(n, v) for n, v in headers if n != b"cookie" or v]
    upgrade = [value.lower() for name, value in request.headers if name == b"upgrade"]
    if upgrade == [b"websocket"]:
        return [*headers, (b"Connection", b"Upgrade"), (b"Upgrade", b"websocket")]
    return [*headers, (b"Connection", b"close")]


def _outward(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """The headers of an answer as the visitor gets them."""
    kept = list(_passing(headers, NOT_OUT))
    theirs = [
        (n, _homebound(v) if n == b"set-cookie" else v)
        for n, v in kept
        if n != b"set-cookie" or not _is_own(v)
    ]
    return [*theirs, (b"Referrer-Policy", b"no-referrer")]


def _passing(
    headers: Iterable[tuple[bytes, bytes]], without: frozenset[bytes]
) -> Iterator[tuple[bytes, bytes]]:
    for name, value in headers:
        if name not in HOP_BY_HOP and name not in without:
            yield name, value


def _theirs(cookies: bytes) -> bytes:
    """A Cookie header without the cookies that are ours."""
    pairs = [pair.strip() for pair in cookies.split(b";")]
    return b"; ".join(pair for pair in pairs if pair and not _is_own(pair))


def _is_own(cookie: bytes) -> bool:
    name = cookie.partition(b"=")[0].strip().lower()
    for prefix in PREFIXES:
        name = name.removeprefix(prefix)
    return name.startswith(OWN_COOKIES)


def _homebound(cookie: bytes) -> bytes:
    """A Set-Cookie header that counts for the app's own name alone."""
    parts = cookie.split(b";")
    return b";".join(part for part in parts if part.partition(b"=")[0].strip().lower() != b"domain")
