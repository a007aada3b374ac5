"""The first process of a sandbox: takes orders from the host, and outlives all that it runs."""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from typing import Any

from sandbox.inside.commands import Command, HeadAndTail, Lines
from sandbox.inside.files import Refused, Workspace
from sandbox.inside.filter import lay
from sandbox.inside.processes import Family, Watch
from sandbox.inside.reset import Places, are_sockets_gone, forget_shared_memory
from sandbox.inside.tunnels import Tunnels
from sandbox.inside.wire import read_frame, write_frame

ORDERS, ANSWERS = 0, 1


class HostGone(Exception):
    """Nobody gives orders any more."""


class Supervisor:
    """One workspace, and at most one program at a time."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.config = config
        self.family = Family()
        self.watch = Watch(self.family, config)
        self.workspace = Workspace(config["workspace"])
        self.places = Places(config["places"])
        self.process: Command | None = None
        self.lines = Lines()
        self.errors = HeadAndTail(config["output"])
        self.orders = {
            "put": self._put,
            "remove": self._remove,
            "read": self._read,
            "export": self._export,
            "run": self._run,
            "start": self._start,
            "serve": self._serve,
            "send": self._send,
            "receive": self._receive,
            "kill": self._kill,
            "reset": self._reset,
        }
        self.wake, ring = os.pipe()
        for fd in (self.wake, ring):
            os.set_blocking(fd, False)
        signal.set_wakeup_fd(ring, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)

    def serve(self) -> None:
        """Answer orders one by one until the host hangs up."""
        while True:
            while not self._wait(self.process, self.config["tick"] if self.process else None):
                self._tend()
            order, body = self._order()
            if order["do"] not in self.orders:
                continue
            try:
                answer, data = self.orders[order["do"]](order, body)
            except Refused as error:
                answer, data = {"refused": str(error)}, b""
            except OSError as error:
                answer, data = {"error": str(error)}, b""
            write_frame(ANSWERS, {"id": order["id"], **answer}, data)

    def _put(self, order: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
        self.workspace.put(body)
        return {}, b""

    def _remove(self, order: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
        self.workspace.remove(order["paths"])
        return {}, b""

    def _read(self, order: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
        try:
            return {}, self.workspace.read(order["path"], order["max"])
        except FileNotFoundError:
            return {"absent": True}, b""

    def _export(self, order: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
        archive, gone = self.workspace.changes(order["base"], order["files"], order["bytes"])
        return {"gone": gone}, archive

    def _run(self, order: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
        if self._is_busy():
            return {"error": "a started process lives; kill it before a run"}, b""
        stdout, stderr = HeadAndTail(self.config["output"]), HeadAndTail(self.config["output"])
        self.watch.begin()
        began = time.monotonic()
        command = self._command(order, stdout, stderr)
        command.write(body, last=True)
        stopped = self._attend(command, began + order["timeout"], stdout, stderr)
        return self._ended(command, began, stopped, stdout, stderr)

    def _serve(self, order: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
        """Carry the host's connections to a program's port until it ends; then how it ended."""
        if self._is_busy():
            return {"error": "a started process lives; kill it first"}, b""
        stdout, stderr = HeadAndTail(self.config["output"]), HeadAndTail(self.config["output"])
        self.watch.disk_full = False
        began = time.monotonic()
        command = self._command(order, stdout, stderr)
        command.write(b"", last=True)
        write_frame(ANSWERS, {"id": order["id"]})
        tunnels = Tunnels(order["port"], lambda facts, data: write_frame(ANSWERS, facts, data))
        stopped = self._carry(command, tunnels, stdout, stderr)
        tunnels.close()
        answer, output = self._ended(command, began, stopped, stdout, stderr)
        return {"ended": True, **answer}, output

    def _carry(
        self, command: Command, tunnels: Tunnels, stdout: HeadAndTail, stderr: HeadAndTail
    ) -> str:
        while self.family.status(command.pid) is None:
            if self._wait(command, self.config["tick"], tunnels):
                order, body = self._order()
                if order["do"] == "stop":
                    return str(order["why"])
                if "tunnel" in order:
                    tunnels.obey(order, body)
            breach = self.watch.breach()
            if breach:
                return breach
            if stdout.total + stderr.total > self.config["flood"]:
                return "output"
        return ""

    def _ended(
        self,
        command: Command,
        began: float,
        stopped: str,
        stdout: HeadAndTail,
        stderr: HeadAndTail,
    ) -> tuple[dict[str, Any], bytes]:
        """End what a command left, and tell how it came to its end."""
        status = self.family.status(command.pid)
        self.family.end()
        seconds = time.monotonic() - began
        command.drain()
        self.watch.breach(now=True)
        memory_short = self.watch.is_memory_short()
        self.family.forget()
        (out, out_dropped), (err, err_dropped) = stdout.result(), stderr.result()
        answer = {
            "stopped": stopped,
            "code": None if status is None else _exit_code(status),
            "disk_full": self.watch.disk_full,
            "memory_short": memory_short,
            "dropped": out_dropped + err_dropped,
            "split": len(out),
            "seconds": seconds,
        }
        return answer, out + err

    def _attend(
        self, command: Command, deadline: float, stdout: HeadAndTail, stderr: HeadAndTail
    ) -> str:
        while self.family.status(command.pid) is None:
            left = deadline - time.monotonic()
            if left <= 0:
                return "timeout"
            if self._wait(command, min(left, self.config["tick"])):
                return str(self._order()[0]["why"])
            breach = self.watch.breach()
            if breach:
                return breach
            if stdout.total + stderr.total > self.config["flood"]:
                return "output"
        return ""

    def _start(self, order: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
        if self._is_busy():
            return {"error": "a started process lives already; kill it first"}, b""
        self.watch.begin()
        self.lines, self.errors = Lines(), HeadAndTail(self.config["output"])
        self.process = self._command(order, self.lines, self.errors)
        return {}, b""

    def _send(self, order: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
        taken = self._is_busy() and self.process is not None and self.process.write(body)
        return ({} if taken else {"ended": True}), b""

    def _receive(self, order: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
        deadline = time.monotonic() + order["timeout"]
        while True:
            line = self.lines.next()
            if line is not None:
                return {"line": True}, line
            if self.lines.full:
                self._end_process()
                return {"error": "the process wrote a line without end"}, b""
            if self.lines.ended or not self._is_busy():
                if not self.lines.buffer:
                    return {"ended": True}, self.errors.result()[0]
                continue
            left = deadline - time.monotonic()
            if left <= 0:
                return {"late": True}, b""
            if self._wait(self.process, min(left, self.config["tick"])):
                self._order()
                self._end_process()
            self._tend()

    def _kill(self, order: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
        self._end_process()
        self.lines.buffer.clear()
        return {}, b""

    def _reset(self, order: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
        if not self.family.alone:
            return {"clean": False}, b""
        self._end_process()
        self.lines, self.errors = Lines(), HeadAndTail(0)
        steps = (self.places.empty, forget_shared_memory, are_sockets_gone)
        return {"clean": all(step() for step in steps)}, b""

    def _command(
        self, order: dict[str, Any], stdout: HeadAndTail | Lines, stderr: HeadAndTail
    ) -> Command:
        return Command(
            order["argv"],
            order["variables"],
            self.config["workspace"],
            self.config["rlimits"],
            stdout,
            stderr,
            self.family.offer,
        )

    def _is_busy(self) -> bool:
        self._tend()
        return self.process is not None

    def _tend(self) -> None:
        self.family.reap()
        process = self.process
        if process and (self.family.status(process.pid) is not None or self.watch.breach()):
            self._end_process()

    def _end_process(self) -> None:
        self.family.end()
        self.family.forget()
        if self.process:
            self.process.drain()
        self.lines.ended = True
        self.process = None

    def _order(self) -> tuple[dict[str, Any], bytes]:
        frame = read_frame(ORDERS)
        if frame is None:
            raise HostGone
        return frame

    def _wait(
        self, command: Command | None, seconds: float | None, tunnels: Tunnels | None = None
    ) -> bool:
        """Serve pipes and tunnels until something happens; whether the host says something."""
        poll = select.poll()
        poll.register(ORDERS, select.POLLIN)
        poll.register(self.wake, select.POLLIN)
        parts: dict[int, Command | Tunnels] = {}
        for part in (command, tunnels):
            for fd, mask in (part.interests() if part else {}).items():
                poll.register(fd, mask)
                parts[fd] = part  # type: ignore[assignment]
        ready = {fd for fd, _ in poll.poll(None if seconds is None else 1000 * max(seconds, 0))}
        if self.wake in ready:
            os.read(self.wake, 1 << 16)
        for fd in ready & parts.keys():
            parts[fd].serve(fd)
        return ORDERS in ready


def _exit_code(status: int) -> int:
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)


def _standing() -> dict[str, Any]:
    """What holds this process, as the kernel tells it."""
    with open("/proc/self/status", encoding="ascii", errors="replace") as file:
        fields = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    return {
        "ready": True,
        "pid": os.getpid(),
        "machine": os.uname().machine,
        "no_new_privileges": fields.get("NoNewPrivs") == "1",
        "seccomp": fields.get("Seccomp") == "2",
        "capabilities": int(fields.get("CapBnd", "0"), 16) | int(fields.get("CapEff", "0"), 16),
        "kernel_writable": os.access("/proc/sys/kernel/core_pattern", os.W_OK),
    }


def main() -> None:
    """Serve until the host hangs up, then leave nothing behind."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.umask(0o022)
    standing = _standing()
    frame = read_frame(ORDERS)
    if frame is None:
        return
    supervisor = Supervisor(frame[0])
    if (
        frame[0].get("filter")
        and frame[0].get("machine", standing["machine"]) == standing["machine"]
    ):
        lay(bytes.fromhex(frame[0]["filter"]))
    write_frame(ANSWERS, standing)
    try:
        supervisor.serve()
    except (HostGone, BrokenPipeError):
        sys.exit(0)
    finally:
        supervisor.family.end()
