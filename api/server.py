"""The server: one socket, bounded patience, and a goodbye to everybody on SIGTERM."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import h11
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from api.door import PATIENCE_S
from core.errors import ConfigError

CONNECTIONS_MAX = 1_000
GOODBYE_S = 3


def listen(host: str, port: int) -> socket.socket:
    """The socket to serve on; raises ConfigError when it cannot be had."""
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return socket.create_server(address[:2], family=family, backlog=512)
    except OSError as error:
        raise ConfigError(
            f"{host}:{port} cannot be listened on: {error.strerror or error}.",
            remedy="Stop what uses it, or choose another HOST or PORT.",
        ) from error


class PatientProtocol(H11Protocol):
    """HTTP/1.1 that hangs up on a client which takes too long to say what it wants."""

    patience_s = PATIENCE_S
    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _look(self) -> None:
        """Wait while the head of a request is on its way, and not beyond."""
        begun = bool(self.conn.trailing_data[0])
        if self.conn.their_state is not h11.IDLE:
            self._stop_waiting()
        elif begun and self._waiting is None:
            self._wait()

    def _wait(self) -> None:
        self._waiting = self.loop.call_later(self.patience_s, self._hang_up)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _hang_up(self) -> None:
        if self.conn.their_state is h11.IDLE:
            self.transport.close()


class Server(uvicorn.Server):
    """uvicorn that leaves signals alone and says goodbye to streams before it waits for them."""

    def __init__(
        self, app: FastAPI, trusted_proxies: Sequence[str], started: Callable[[], None]
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=PatientProtocol,
                ws="none",
                lifespan="off",
                loop="asyncio",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=bool(trusted_proxies),
                forwarded_allow_ips=list(trusted_proxies),
                limit_concurrency=CONNECTIONS_MAX,
                timeout_graceful_shutdown=GOODBYE_S,
            )
        )
        self._app = app
        self._on_start = started

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_start()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._app.state.front.streams.close()
        await super().shutdown(sockets)
        if slack := getattr(self._app.state, "slack", None):
            await slack.close()


async def serve(
    app: FastAPI,
    sock: socket.socket,
    *,
    trusted_proxies: Sequence[str] = (),
    started: Callable[[], None] = lambda: None,
) -> None:
    """Answer until SIGTERM or SIGINT, then let answers under way finish; a second signal kills.

    What `started` does is done once requests are answered. The house behind the app is the
    caller's to stop.
    """
    server = Server(app, trusted_proxies, started)
    loop = asyncio.get_running_loop()

    def leave() -> None:
        server.should_exit = True
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, leave)
    await server.serve(sockets=[sock])
