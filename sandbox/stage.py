"""An app of a repository, shown live: in a sandbox of its own, at an address for people."""

import asyncio
import secrets
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace

from core.errors import DemoUnavailable, SandboxGone
from core.evidence import RunEnd
from core.ports import Limits, Run, SandboxProvider, Service
from core.recipes import Recipe
from core.trees import Tree
from core.visible import one_line
from sandbox.apps import FASTAPI, App, app_of
from sandbox.door import Door
from sandbox.environment import Environments
from sandbox.limits import MIB
from sandbox.recipes import recipe_of

PATIENCE_S = 30.0
"""Within so many seconds an app has to answer."""
ASKS_S = 10.0
"""Within so many seconds it has to answer one request."""
PAUSE_S = 0.1
HEAD_MAX = 64
BARE = "subprocess"
"""The kind of sandbox without walls, in which nothing is shown to anybody."""
CLOUD = "e2b"
FIRST_PORT, PORTS = 20_000, 10_000
LIMITS = Limits(memory_bytes=1024 * MIB, processes=64, disk_bytes=256 * MIB, output_bytes=100_000)
WHYS = {
    RunEnd.LIMIT_MEMORY: "it took more memory than it may",
    RunEnd.LIMIT_PROCESSES: "it started more processes than it may",
    RunEnd.LIMIT_DISK: "it wrote more than it may",
    RunEnd.LIMIT_OUTPUT: "it printed more than it may",
    RunEnd.PASSED: "it ended by itself",
}


@dataclass
class Show:
    """Serves the port LiveDemo: one app that runs."""

    url: str
    _service: Service
    _rooms: AsyncExitStack

    async def ended(self) -> str:
        """Wait until it runs no more; why."""
        try:
            return why(await self._service.ended())
        except SandboxGone as error:
            return f"its sandbox is gone: {error.message}"

    async def close(self) -> None:
        """End it with its sandbox and its address; harmless when repeated."""
        await self._rooms.aclose()


class Stage:
    """Shows apps of repositories in sandboxes of one kind."""

    def __init__(
        self,
        provider: SandboxProvider,
        environments: Environments,
        *,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """Give each app `patience_s` seconds until it has to answer."""
        self._provider = provider
        self._environments = environments
        self._patience_s = patience_s

    def find(self, tree: Tree, recipe: Recipe | None = None) -> App:
        """What would be shown of these files; raises NothingToShow, saying why."""
        return app_of(tree, recipe_of(tree, recipe or Recipe())[0].demo)

    async def show(self, tree: Tree, recipe: Recipe | None = None) -> Show:
        """Start what these files hold, and wait until it answers.

        The operator's `recipe` goes before what the repository says of itself.
        Raises NothingToShow, or what else a SandboxError tells of why it cannot be shown.
        """
        app = self.find(tree, recipe)
        if self._provider.backend == BARE:
            raise DemoUnavailable("a sandbox without walls shows nothing to anybody")
        environment = await self._environments.prepare(tree, recipe)
        port = FIRST_PORT + secrets.randbelow(PORTS)
        async with AsyncExitStack() as rooms:
            whole = environment.furnished(tree).with_files(app.files.files)
            limits = replace(LIMITS, public=self._provider.backend == CLOUD)
            sandbox = await self._provider.open(whole, environment, limits)
            rooms.push_async_callback(sandbox.close)
            argv = app.argv(environment.python, port)
            service = await sandbox.serve(argv, port, variables={"PORT": str(port)})
            path = await self._answered(service, ("/", "/docs") if app.kind == FASTAPI else ("/",))
            url = service.public_url
            if not url:
                door = await Door.open(service)
                rooms.push_async_callback(door.close)
                url = door.url
            return Show(f"{url}{path}", service, rooms.pop_all())

    async def _answered(self, service: Service, paths: tuple[str, ...]) -> str:
        """The first of these paths that there is, once anything answers."""
        end = asyncio.create_task(service.ended())
        asking = asyncio.create_task(_first(service, paths))
        try:
            await asyncio.wait(
                (end, asking), timeout=self._patience_s, return_when=asyncio.FIRST_COMPLETED
            )
            if asking.done():
                return asking.result()
            if end.done():
                raise DemoUnavailable(why(end.result()))
            raise DemoUnavailable(f"nothing answered within {self._patience_s:g} s")
        finally:
            for task in (end, asking):
                task.cancel()
            await asyncio.gather(end, asking, return_exceptions=True)


async def _first(service: Service, paths: tuple[str, ...]) -> str:
    status = None
    while status is None:
        await asyncio.sleep(PAUSE_S)
        status = await _status(service, paths[0])
    for path in paths[1:]:
        if status == 404 and await _status(service, path) == 200:
            return path
    return paths[0]


async def _status(service: Service, path: str) -> int | None:
    """The status of what is at a path; None when nothing answers by HTTP."""
    head = b""
    with suppress(ConnectionError, TimeoutError, ValueError):
        async with asyncio.timeout(ASKS_S):
            stream = await service.connect()
            try:
                asked = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                await stream.write(asked.encode())
                while b"\n" not in head and len(head) < HEAD_MAX and (data := await stream.read()):
                    head += data
            finally:
                await stream.close()
        version, status, *_ = head.split(None, 2)
        return int(status) if version.startswith(b"HTTP/1.") else None
    return None


def why(run: Run) -> str:
    """Why an app runs no more, in words; what it said itself is made harmless."""
    if run.end in WHYS:
        return WHYS[run.end]
    lines = run.stderr.decode("utf-8", "replace").strip().splitlines()
    said = one_line(lines[-1], 200) if lines else ""
    ended = f"it ended with exit code {run.exit_code}"
    return f"{ended}: {said}" if said else ended
