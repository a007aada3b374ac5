"""A sandbox that is spoken to through its supervisor, whatever walls stand around it."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from core.errors import ArchiveRefused, NotFound, SandboxError, SandboxGone
from core.evidence import RunEnd
from core.ports import Environment, Limits, Process, Run, Service
from core.trees import Tree
from sandbox.link import Link
from sandbox.service import SupervisedService
from sandbox.workspace import (
    MAX_BYTES,
    MAX_FILES,
    checked,
    manifest,
    merge,
    pack,
    unpack,
)

GRACE_S = 10.0
GAUGE_S = 0.2
MANY_REFUSALS = 100
ENDS = {
    "timeout": RunEnd.TIMEOUT,
    "pids": RunEnd.LIMIT_PROCESSES,
    "memory": RunEnd.LIMIT_MEMORY,
    "disk": RunEnd.LIMIT_DISK,
    "output": RunEnd.LIMIT_OUTPUT,
}


@dataclass(frozen=True)
class Strain:
    """How often the kernel had to hold a sandbox back, so far."""

    refused_forks: int = 0
    memory_kills: int = 0

    def since(self, earlier: "Strain") -> "Strain":
        """What came after `earlier`."""
        return Strain(
            self.refused_forks - earlier.refused_forks, self.memory_kills - earlier.memory_kills
        )


class Gauge(Protocol):
    """Reads the strain of one sandbox."""

    def read(self) -> Strain:
        """The strain so far."""
        ...


class NoGauge:
    """Where no control group counts anything."""

    def read(self) -> Strain:
        """No strain that is known of."""
        return Strain()


def in_place(text: str) -> str:
    """A path as the sandbox sees it, where it sees the agreed places."""
    return text


def nowhere(port: int) -> str:
    """The public address of a port, where there is none."""
    return ""


class SupervisedSandbox:
    """Serves the Sandbox port by orders to a supervisor."""

    def __init__(
        self,
        backend: str,
        link: Link,
        environment: Environment,
        limits: Limits,
        gauge: Gauge,
        locate: Callable[[str], str] = in_place,
        address: Callable[[int], str] = nowhere,
    ) -> None:
        """Speak to the supervisor at the other end; `locate` says where agreed places lie.

        `address` tells at which public URL a port of the sandbox is reached.
        """
        self.backend = backend
        self._link = link
        self._limits = limits
        self._gauge = gauge
        self._locate = locate
        self._address = address
        self._variables = {name: locate(text) for name, text in environment.variables.items()}

    async def write(self, tree: Tree) -> None:
        """Put files and links within the tree into the workspace; others are left out."""
        archive = await asyncio.to_thread(pack, tree.files)
        self._done(await self._link.ask("put", archive))

    async def remove(self, paths: Sequence[str]) -> None:
        """Take files out of the workspace."""
        self._done(await self._link.ask("remove", paths=[checked(path) for path in paths]))

    async def run(
        self,
        argv: Sequence[str],
        *,
        variables: Mapping[str, str] | None = None,
        stdin: bytes = b"",
        timeout_s: float | None = None,
    ) -> Run:
        """Run a command in the workspace to its end; all that it started dies with it.

        A command that cannot be started ends with exit code 126 or 127, as in a shell. Output
        that did not fit is replaced by a mark between head and tail.
        """
        timeout = min(timeout_s or self._limits.wall_s, self._limits.wall_s)
        before = self._gauge.read()
        watcher = asyncio.create_task(self._stop_at_many_refusals(before))
        try:
            answer, output = await self._link.ask(
                "run",
                stdin,
                wait_s=timeout + GRACE_S,
                timeout=timeout,
                **self._command(argv, variables),
            )
        except SandboxGone:
            if self._gauge.read().since(before).memory_kills:
                return Run(None, RunEnd.LIMIT_MEMORY, b"", b"", 0, 0.0)
            raise
        finally:
            watcher.cancel()
        self._done((answer, b""))
        return _judged(answer, output, self._gauge.read().since(before))

    async def start(
        self, argv: Sequence[str], *, variables: Mapping[str, str] | None = None
    ) -> Process:
        """Start a command that is spoken to while it runs; no other can run beside it."""
        self._done(await self._link.ask("start", **self._command(argv, variables)))
        return StartedProcess(self._link)

    async def serve(
        self, argv: Sequence[str], port: int, *, variables: Mapping[str, str] | None = None
    ) -> Service:
        """Start a command that answers at a port of the sandbox, which then does nothing else."""
        before = self._gauge.read()
        order = self._command(argv, variables)
        self._done((await self._link.occupy("serve", port=port, **order), b""))
        watcher = asyncio.create_task(self._stop_at_many_refusals(before))

        def judged(answer: Mapping[str, Any], output: bytes) -> Run:
            watcher.cancel()
            return _judged(answer, output, self._gauge.read().since(before))

        return SupervisedService(self._link, self._address(port), judged)

    async def read(self, path: str, max_bytes: int = 20_000_000) -> bytes:
        """A regular file of the workspace; NotFound, or ArchiveRefused for links and devices."""
        answer, data = await self._link.ask("read", path=checked(path), max=min(max_bytes, 2**25))
        if answer.get("absent"):
            raise NotFound(f"There is no file {path!r} in the workspace.")
        self._done((answer, data))
        return data

    async def export(self, base: Tree) -> Tree:
        """The workspace as a tree, strictly read: what `base` had and what came since.

        Raises ArchiveRefused for links, devices, odd paths and more than 2,000 changed files
        or 20 MB.
        """
        known = await asyncio.to_thread(manifest, base)
        answer, archive = await self._link.ask(
            "export", base=known, files=MAX_FILES, bytes=MAX_BYTES
        )
        self._done((answer, archive))
        changed = await asyncio.to_thread(unpack, archive)
        return merge(base, changed, [str(path) for path in answer["gone"]])

    async def reset(self) -> bool:
        """Make it as it was before anything ran, its workspace empty.

        False where something may be left, and then it must not be used again.
        """
        answer, _ = await self._link.ask("reset")
        return answer.get("clean") is True

    async def close(self) -> None:
        """End everything in it; harmless when repeated."""
        await self._link.close()

    def _command(self, argv: Sequence[str], variables: Mapping[str, str] | None) -> dict[str, Any]:
        more = {name: self._locate(text) for name, text in (variables or {}).items()}
        return {
            "argv": [self._locate(argument) for argument in argv],
            "variables": {**self._variables, **more},
        }

    async def _stop_at_many_refusals(self, before: Strain) -> None:
        while not self._link.closed:
            await asyncio.sleep(GAUGE_S)
            if self._gauge.read().since(before).refused_forks >= MANY_REFUSALS:
                self._link.interrupt("pids")
                return

    @staticmethod
    def _done(answer: tuple[dict[str, Any], bytes]) -> None:
        _raise_refusal(answer[0])


class StartedProcess:
    """Serves the Process port for the one command a sandbox was started with."""

    def __init__(self, link: Link) -> None:
        """Speak to the command that was started last."""
        self.complaint = b""
        """What it wrote to standard error, known once it ended."""
        self._link = link
        self._ended = False

    async def send(self, data: bytes) -> None:
        """Write to its standard input; raises SandboxGone when it has ended."""
        answer: dict[str, Any] = {"ended": True}
        if not self._ended:
            answer, _ = await self._link.ask("send", data)
        if answer.get("ended"):
            raise SandboxGone("The process has ended.")

    async def receive(self, timeout_s: float) -> bytes | None:
        """The next line of its standard output, without its end; None when it has ended.

        Raises TimeoutError when nothing came in time, SandboxGone with its sandbox.
        """
        if self._ended:
            return None
        answer, line = await self._link.ask(
            "receive", wait_s=timeout_s + GRACE_S, timeout=timeout_s
        )
        _raise_refusal(answer)
        if answer.get("late"):
            raise TimeoutError(f"The process said nothing within {timeout_s:g} s.")
        if answer.get("ended"):
            self._ended, self.complaint = True, line
            return None
        return line

    async def kill(self) -> None:
        """End it with all that it started."""
        if not self._ended and not self._link.closed:
            self._ended = True
            self._link.interrupt("kill")
            await self._link.ask("kill")


def _raise_refusal(answer: Mapping[str, Any]) -> None:
    if reason := answer.get("refused"):
        raise ArchiveRefused(f"Refused at the border of the sandbox: {reason}.")
    if reason := answer.get("error"):
        raise SandboxError(f"The sandbox could not do it: {reason}.")


def _judged(answer: Mapping[str, Any], output: bytes, strain: Strain) -> Run:
    code, split = answer["code"], answer["split"]
    end = ENDS.get(answer["stopped"], RunEnd.FAILED)
    if code == 0 and not answer["stopped"]:
        end = RunEnd.PASSED
    elif strain.memory_kills or (code is not None and answer["memory_short"]):
        end = RunEnd.LIMIT_MEMORY
    elif strain.refused_forks:
        end = RunEnd.LIMIT_PROCESSES
    elif answer["disk_full"]:
        end = RunEnd.LIMIT_DISK
    return Run(
        exit_code=code if end in (RunEnd.PASSED, RunEnd.FAILED) else None,
        end=end,
        stdout=output[:split],
        stderr=output[split:],
        dropped_bytes=answer["dropped"],
        seconds=answer["seconds"],
    )
