"""The line to a supervisor in a machine of E2B: taken up again when it is cut, if it can be."""

import asyncio
import logging

from e2b import (
    AsyncCommandHandle,
    AsyncSandbox,
    AuthenticationException,
    CommandExitException,
    NotFoundException,
    SandboxNotRunningException,
)

from core.errors import SandboxGone
from sandbox.e2b_upload import start
from sandbox.remote import PAUSES_S, RemotePeer

GONE = (NotFoundException, SandboxNotRunningException, AuthenticationException)
"""Nobody is there to be reached again."""

_log = logging.getLogger(__name__)


class E2BLine:
    """Starts the supervisor of a machine and lets its peer hear it, to the end of either."""

    def __init__(self, machine: AsyncSandbox, peer: RemotePeer) -> None:
        """Nothing is started yet."""
        self._machine = machine
        self._peer = peer
        self._handle: AsyncCommandHandle[None] | None = None
        self._listener: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Start the supervisor; raises what the SDK raises."""
        self._handle = await self._machine.commands.run(
            start(),
            background=True,
            user="user",
            stdin=True,
            timeout=0,
            on_stdout=self._peer.hear,
            on_stderr=self._peer.complain,
            retain_output=False,
        )
        pid = self._handle.pid

        async def send(data: bytes) -> None:
            try:
                await self._machine.commands.send_stdin(pid, data)
            except GONE as error:
                raise SandboxGone(f"{error}") from error

        self._peer.speak_by(send)
        self._listener = asyncio.create_task(self._listen(self._handle))

    async def close(self) -> None:
        """Hear nothing more. The SDK may take a cancellation for an error of the network."""
        while self._listener and not self._listener.done():
            self._listener.cancel()
            await asyncio.wait([self._listener], timeout=0.1)
        if self._handle:
            await self._handle.disconnect()

    async def _listen(self, handle: AsyncCommandHandle[None]) -> None:
        while True:
            try:
                await handle.wait()
                self._peer.end()
            except CommandExitException as error:
                self._peer.end(f"it ended with exit code {error.exit_code}")
            except GONE as error:
                self._peer.end(f"{error}")
            except Exception as error:  # the SDK lets errors of three HTTP libraries through
                said = f"{error}" or type(error).__name__
                _log.warning("the line to %s was cut: %s", self._machine.sandbox_id, said)
                if fresh := await self._again(handle.pid, said):
                    self._handle = handle = fresh
                    continue
            return

    async def _again(self, pid: int, said: str) -> AsyncCommandHandle[None] | None:
        """The same supervisor, heard anew; None when it is gone or cannot be reached."""
        for pause in PAUSES_S:
            await asyncio.sleep(pause)
            self._peer.cut()
            try:
                handle = await self._machine.commands.connect(
                    pid,
                    timeout=0,
                    on_stdout=self._peer.hear,
                    on_stderr=self._peer.complain,
                    retain_output=False,
                )
                await self._peer.resume()
            except (SandboxGone, *GONE) as error:
                said = f"{error}"
                break
            except Exception as error:  # as above
                said = f"{error}" or type(error).__name__
            else:
                return handle
        self._peer.end(said)
        return None
