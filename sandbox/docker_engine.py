"""A Docker engine: the few calls that sandboxes need, and the streams of a container."""

import asyncio
import os
import socket
import struct
from typing import Any

from core.errors import SandboxError, SandboxUnavailable

HEAD = struct.Struct(">BxxxI")
"""Before each piece of output: its stream, and its length."""
OUT = 1
CALL_S = 60
REMOVE_S = 20.0
LOOK_S = 0.02
CONFLICT = 409
LISTENS_S = 2.0
USUAL = "unix:///var/run/docker.sock"
INSTALL = (
    "Start Docker (Debian: apt-get install docker.io) and let this user reach it, or set "
    "DOCKER_HOST, as unix:///var/run/docker.sock."
)

REMEDIES = {
    "no such file or directory": "Name an image in SANDBOX_IMAGE that has the Python of the "
    "environment at the same path, or leave it empty.",
    "o such image": "Pull or import the image that SANDBOX_IMAGE names, or leave it empty.",
    "ermission denied": INSTALL,
}


def listens(host: str) -> bool:
    """Whether somebody takes connections at this address of an engine; empty for the usual one."""
    kind, _, place = (host or USUAL).partition("://")
    try:
        if kind == "unix":
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(place)
            return True
        name, _, port = place.partition("/")[0].rpartition(":")
        socket.create_connection((name, int(port)), LISTENS_S).close()
    except (OSError, ValueError):
        return False
    return True


class Attached:
    """The three streams of a container, over one connection to the engine."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.stdin = writer
        self.stderr = asyncio.StreamReader()
        self._reader = reader
        self._heard = bytearray()

    @property
    def stdout(self) -> "Attached":
        """What gives answers: itself."""
        return self

    async def readexactly(self, n: int) -> bytes:
        """So many bytes of standard output; raises IncompleteReadError at its end.

        Nothing is read ahead, so a container that says too much waits.
        """
        while len(self._heard) < n:
            try:
                stream, size = HEAD.unpack(await self._reader.readexactly(HEAD.size))
                data = await self._reader.readexactly(size)
            except (asyncio.IncompleteReadError, ConnectionError):
                self.stderr.feed_eof()
                raise asyncio.IncompleteReadError(bytes(self._heard), n) from None
            if stream == OUT:
                self._heard += data
            else:
                self.stderr.feed_data(data)
        taken = bytes(self._heard[:n])
        del self._heard[:n]
        return taken

    async def close(self) -> None:
        """Let go of the connection; with it the container's standard input ends."""
        self.stderr.feed_eof()
        self.stdin.close()


class Engine:
    """Speaks to one Docker engine with its official client, in threads."""

    def __init__(self, host: str = "") -> None:
        """`host` as in DOCKER_HOST; empty for the default socket. Nothing is asked yet."""
        self._host = host or USUAL
        self._client: Any = None
        self._facts: dict[str, Any] = {}

    async def facts(self) -> dict[str, Any]:
        """What the engine says of itself; raises SandboxUnavailable when it does not answer."""
        if not self._facts:
            self._facts = await self.call("info")
        return self._facts

    async def create(self, name: str, wanted: dict[str, Any]) -> str:
        """Make a container, not started; its id."""
        made = await self.call("create_container_from_config", wanted, name)
        return str(made["Id"])

    async def attach(self, container_id: str) -> Attached:
        """The streams of a container that is not started yet."""
        connection = await asyncio.to_thread(self._attached, container_id)
        return Attached(*await asyncio.open_connection(sock=connection))

    async def start(self, container_id: str) -> int:
        """Start it; the id of its first process on the engine's machine."""
        await self.call("start", container_id)
        return int((await self.call("inspect_container", container_id))["State"]["Pid"])

    async def labelled(self, label: str) -> list[str]:
        """Names of all containers with this label."""
        found = await self.call("containers", all=True, filters={"label": label})
        return [name.lstrip("/") for container in found for name in container["Names"]]

    async def remove(self, name: str) -> bool:
        """End and remove a container, and wait until it is gone; whether it was there."""
        existed = False
        try:
            async with asyncio.timeout(REMOVE_S):
                while (removed := await asyncio.to_thread(self._removed, name)) is not None:
                    existed = True
                    if removed:
                        break
                    await asyncio.sleep(LOOK_S)
        except TimeoutError as error:
            raise _stays(name, "its end takes too long") from error
        return existed

    async def has_image(self, name: str) -> bool:
        """Whether the engine has this image."""
        return bool(await self.call("images", name=name, quiet=True))

    async def call(self, what: str, *arguments: Any, **more: Any) -> Any:
        """One call of the client; raises SandboxUnavailable for whatever goes wrong."""
        return await asyncio.to_thread(self._call, what, arguments, more)

    def _call(self, what: str, arguments: tuple[Any, ...], more: dict[str, Any]) -> Any:
        import docker.errors

        try:
            return getattr(self._opened(), what)(*arguments, **more)
        except docker.errors.APIError as error:
            raise SandboxUnavailable(
                f"Docker refuses: {error.explanation or error}.", remedy=_remedy(str(error))
            ) from error
        except (docker.errors.DockerException, OSError) as error:
            raise SandboxUnavailable(
                f"No Docker engine answers at {self._host}: {error}.", remedy=INSTALL
            ) from error

    def _opened(self) -> Any:
        import docker

        if self._client is None:
            _knock(self._host)
            client = docker.APIClient(self._host, version="auto", timeout=CALL_S)
            client.headers["Connection"] = "close"  # it keeps one for each address it ever asked
            self._client = client
        return self._client

    def _attached(self, container_id: str) -> socket.socket:
        """A connection of our own, for the client's goes with its response."""
        streams = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
        answer = self._call("attach_socket", (container_id, streams), {})
        try:
            own = socket.socket(fileno=os.dup(answer.fileno()))
            own.setblocking(False)
            return own
        finally:
            answer._response.close()
            answer.close()

    def _removed(self, name: str) -> bool | None:
        """Ask for its removal: whether it is gone by that; None when it was not there."""
        import docker.errors

        try:
            self._opened().remove_container(name, force=True, v=True)
        except docker.errors.NotFound:
            return None
        except (docker.errors.DockerException, OSError) as error:
            if getattr(error, "status_code", None) == CONFLICT:  # its end is under way already
                return False
            raise _stays(name, str(error)) from error
        return True


def _knock(host: str) -> None:
    """Raise OSError where nobody answers at a Unix socket; the client would leave one open."""
    if host.startswith("unix://"):
        with socket.socket(socket.AF_UNIX) as knocking:
            knocking.connect(host.removeprefix("unix://"))


def _stays(name: str, why: str) -> SandboxError:
    return SandboxError(
        f"The container {name} cannot be removed: {why}.",
        remedy="See to the Docker engine; what is left is removed when Anton starts again.",
    )


def _remedy(said: str) -> str | None:
    return next((cure for sign, cure in REMEDIES.items() if sign in said), None)
