"""The host's connections to a port in the sandbox, carried over the one wire there is.

Each end says how many bytes it takes, and the other sends no more: nobody can flood anybody.
"""

from __future__ import annotations

import os
import select
import socket
from collections.abc import Callable
from typing import Any

HERE = "127.0.0.1"
WINDOW = 1 << 18
PART = 1 << 16
MAX_TUNNELS = 32
"""Together they take sixteen megabytes at most."""

Say = Callable[[dict[str, Any], bytes], None]


class Tunnel:
    """One connection to the port; never blocks on whoever answers there."""

    def __init__(self, number: int, port: int, say: Say) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.closed = False
        self._number = number
        self._say = say
        self._connecting = True
        self._pending = bytearray()
        self._credit = WINDOW
        self._heard_all = False
        self._said_all = False
        self.socket.setblocking(False)
        self.socket.connect_ex((HERE, port))

    @property
    def interest(self) -> int:
        """What to wait for on its socket; 0 for nothing."""
        if self._connecting:
            return select.POLLOUT
        reads = select.POLLIN if self._credit > 0 and not self._said_all else 0
        return reads | (select.POLLOUT if self._pending else 0)

    def take(self, data: bytes) -> None:
        """Pass on what the host sent; nothing stands for its end."""
        self._pending += data
        self._heard_all = self._heard_all or not data
        if not self._connecting:
            self._write()

    def allow(self, more: int) -> None:
        """The host takes so many bytes more."""
        self._credit += more

    def move(self) -> None:
        """Move what can be moved now."""
        try:
            if self._connecting:
                self._connect()
            else:
                self._write()
                self._read()
        except OSError:
            self.close()

    def close(self) -> None:
        """Let go of the connection, and tell the host."""
        if not self.closed:
            self.closed = True
            self.socket.close()
            self._tell(b"", closed=True)

    def _connect(self) -> None:
        error = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            raise OSError(error, os.strerror(error))
        self._connecting = False
        self._tell(b"", open=True)
        self._write()

    def _write(self) -> None:
        sent = 0
        try:
            while self._pending:
                taken = self.socket.send(self._pending[:PART])
                del self._pending[:taken]
                sent += taken
        except BlockingIOError:
            pass
        if sent:
            self._tell(b"", credit=sent)
        if self._heard_all and not self._pending:
            self._heard_all = False
            self.socket.shutdown(socket.SHUT_WR)

    def _read(self) -> None:
        if self._credit <= 0 or self._said_all:
            return
        try:
            data = self.socket.recv(min(PART, self._credit))
        except BlockingIOError:
            return
        self._credit -= len(data)
        self._said_all = not data
        self._tell(data, data=True)

    def _tell(self, body: bytes, **facts: Any) -> None:
        self._say({"tunnel": self._number, **facts}, body)


class Tunnels:
    """All connections of the host to one port."""

    def __init__(self, port: int, say: Say) -> None:
        self._port = port
        self._say = say
        self._open: dict[int, Tunnel] = {}

    def interests(self) -> dict[int, int]:
        """Which descriptors to wait for, and for what."""
        return {
            tunnel.socket.fileno(): tunnel.interest
            for tunnel in self._open.values()
            if tunnel.interest
        }

    def serve(self, fd: int) -> None:
        """Move what is ready on this descriptor."""
        for tunnel in list(self._open.values()):
            if not tunnel.closed and tunnel.socket.fileno() == fd:
                tunnel.move()
        self._forget()

    def obey(self, order: dict[str, Any], body: bytes) -> None:
        """Do what the host says of one of them; what it says of one that is gone is dropped."""
        number = order["tunnel"]
        if order["do"] == "open":
            self._begin(number)
        tunnel = self._open.get(number)
        if tunnel is None:
            return
        try:
            if order["do"] == "data":
                tunnel.take(body)
            elif order["do"] == "credit":
                tunnel.allow(order["bytes"])
            elif order["do"] == "close":
                tunnel.close()
        except OSError:
            tunnel.close()
        self._forget()

    def close(self) -> None:
        """Let go of all."""
        for tunnel in self._open.values():
            tunnel.close()
        self._open.clear()

    def _begin(self, number: int) -> None:
        if len(self._open) >= MAX_TUNNELS:
            self._say({"tunnel": number, "closed": True}, b"")
            return
        try:
            self._open[number] = Tunnel(number, self._port, self._say)
        except OSError:
            self._say({"tunnel": number, "closed": True}, b"")

    def _forget(self) -> None:
        for number in [number for number, tunnel in self._open.items() if tunnel.closed]:
            del self._open[number]
