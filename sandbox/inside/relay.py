"""Carries orders and answers over a connection that may be cut, and loses and doubles nothing.

Orders come in parts that say where they begin, so that a part which comes twice counts once.
Answers leave as lines of base64, for the stream to the host carries text alone, and are kept until
the host says how far it has heard: the stream itself drops what nobody listens to.
"""

from __future__ import annotations

import base64
import ctypes
import os
import select

from sandbox.inside import supervisor
from sandbox.inside.supervisor import ANSWERS, ORDERS
from sandbox.inside.wire import AGAIN, PART, RESUMED

PR_SET_DUMPABLE = 4
PR_SET_NO_NEW_PRIVS = 38
CHUNK = 1 << 20
MOST = 8 << 20
"""Bytes of orders that wait for the supervisor before no more are taken."""


class OrdersLost(Exception):
    """A part of the orders never came."""


class Relay:
    """Between the connection and the pipes of a supervisor."""

    def __init__(self, orders: int, answers: int) -> None:
        """Pass orders on to one descriptor and answers back from the other."""
        self._orders, self._answers = orders, answers
        self._taken = 0
        self._incoming = bytearray()
        self._pending = bytearray()
        self._kept = bytearray()
        self._heard = 0
        os.set_blocking(orders, False)

    def serve(self) -> None:
        """Serve until the supervisor ends; it is told when nobody gives orders any more."""
        listening = True
        while True:
            poll = select.poll()
            poll.register(self._answers, select.POLLIN)
            if listening and len(self._pending) < MOST:
                poll.register(ORDERS, select.POLLIN)
            if self._pending:
                poll.register(self._orders, select.POLLOUT)
            elif not listening:
                self._hang_up()
            ready = {fd for fd, _ in poll.poll()}
            if self._orders in ready:
                self._pass_on()
            if ORDERS in ready:
                listening = self._listen()
            if self._answers in ready and not self._answer():
                return

    def _listen(self) -> bool:
        data = os.read(ORDERS, CHUNK)
        self._incoming += data
        while len(self._incoming) >= PART.size:
            kind, offset, heard, size = PART.unpack_from(self._incoming)
            if len(self._incoming) < PART.size + size:
                break
            part = bytes(self._incoming[PART.size : PART.size + size])
            del self._incoming[: PART.size + size]
            self._forget(heard)
            if kind == AGAIN:
                self._say_again()
            else:
                self._take(offset, part)
        return bool(data)

    def _take(self, offset: int, part: bytes) -> None:
        if offset > self._taken:
            raise OrdersLost
        fresh = part[self._taken - offset :]
        self._taken += len(fresh)
        self._pending += fresh

    def _pass_on(self) -> None:
        try:
            del self._pending[: os.write(self._orders, self._pending[:CHUNK])]
        except BlockingIOError:
            return
        except BrokenPipeError:
            self._pending.clear()

    def _hang_up(self) -> None:
        if self._orders >= 0:
            os.close(self._orders)
            self._orders = -1

    def _answer(self) -> bool:
        data = os.read(self._answers, CHUNK)
        self._kept += data
        if data:
            _say(base64.b64encode(data))
        return bool(data)

    def _forget(self, heard: int) -> None:
        """The host has so many bytes of all answers."""
        if heard > self._heard:
            del self._kept[: heard - self._heard]
            self._heard = heard

    def _say_again(self) -> None:
        _say(RESUMED + str(self._heard).encode())
        for begin in range(0, len(self._kept), CHUNK):
            _say(base64.b64encode(self._kept[begin : begin + CHUNK]))


def main() -> None:
    """Serve as the supervisor in a child, and carry its orders and answers until it ends."""
    _close_the_doors()
    answers, inner_answers = os.pipe()
    inner_orders, orders = os.pipe()
    if os.fork() == 0:
        os.dup2(inner_orders, ORDERS)
        os.dup2(inner_answers, ANSWERS)
        for fd in (answers, inner_answers, inner_orders, orders):
            os.close(fd)
        supervisor.main()
        return
    os.close(inner_answers)
    os.close(inner_orders)
    Relay(orders, answers).serve()


def _say(line: bytes) -> None:
    rest = memoryview(line + b"\n")
    while rest:
        rest = rest[os.write(ANSWERS, rest) :]


def _close_the_doors() -> None:
    """No program gains rights by sudo, and none looks into this process or writes for it."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    if prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or prctl(PR_SET_DUMPABLE, 0, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "the supervisor cannot be protected")
