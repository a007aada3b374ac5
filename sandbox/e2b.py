"""Sandboxes of E2B: a small virtual machine each, elsewhere, by the vendor's own SDK."""

import asyncio
import logging
import os
import secrets
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from core.errors import ConfigError, SandboxError, SandboxGone, SandboxUnavailable
from core.ports import Environment, Limits, Sandbox
from core.trees import Tree
from sandbox import seccomp
from sandbox.e2b_upload import LAYERS, NO_PYTHON, SUPERVISOR, furnishing, packed
from sandbox.fitness import PROBE_LIMITS, holds_memory
from sandbox.limits import rlimits, supervision
from sandbox.link import Link
from sandbox.opening import opened
from sandbox.remote import RemotePeer
from sandbox.storage import Lock
from sandbox.supervised import NoGauge, SupervisedSandbox, nowhere
from sandbox.walls import supervisor_archive
from sandbox.workspace import HOME, WORKSPACE

try:
    from e2b import (
        AsyncSandbox,
        AuthenticationException,
        CommandExitException,
        NotFoundException,
        RateLimitException,
        SandboxQuery,
    )

    from sandbox.e2b_line import E2BLine
except ImportError as error:
    raise ConfigError(
        f"SANDBOX=e2b needs the SDK of E2B: {error}.",
        remedy="Run: pip install 'e2b<3' e2b-code-interpreter",
    ) from error

BACKEND = "e2b"
OWNER, HOLDER = "anton_owner", "anton_holder"
"""Metadata of each of our sandboxes: which data folder it serves, and which process."""
REQUEST_S = 30.0
FURNISH_S = 120.0
TRIES = 3
AS_ROOT: dict[str, Any] = {"user": "root", "use_octet_stream": True}
PROBE = Environment("probe", "python3", variables={"PATH": "/usr/local/bin:/usr/bin:/bin"})

_log = logging.getLogger(__name__)


class E2BProvider:
    """Serves the SandboxProvider port with virtual machines of E2B, without the internet."""

    backend = BACKEND

    def __init__(
        self,
        scratch: Path,
        max_sandboxes: int = 4,
        *,
        api_key: str,
        template: str = "base",
        lifetime_s: int = 3600,
        allow_no_memory_limit: bool = False,
        api_url: str = "",
        sandbox_url: str = "",
    ) -> None:
        """Keep what is sent, and who is alive, below `scratch`.

        A sandbox ends by itself `lifetime_s` seconds after we were last heard of. The addresses
        are those of a cloud of one's own. Raises SandboxUnavailable without a key.
        """
        if not api_key:
            raise SandboxUnavailable(
                "E2B needs a key.", remedy="Set E2B_API_KEY, or choose another SANDBOX."
            )
        self._scratch = scratch / BACKEND
        self._room = asyncio.Semaphore(max_sandboxes)
        self._template = template
        self._lifetime_s = lifetime_s
        self._by_address_space = not allow_no_memory_limit
        self._access: dict[str, Any] = {
            "api_key": api_key,
            "api_url": api_url or None,
            "sandbox_url": sandbox_url or None,
            "debug": False,
            "request_timeout": REQUEST_S,
            "retries": TRIES - 1,
        }
        self._holder = secrets.token_hex(8)
        self._alive = False
        self._is_filtered = False
        self._checked: dict[str, str] | None = None

    async def check(self) -> Mapping[str, str]:
        """What is enforced by what; raises SandboxUnavailable, with the remedy, when unfit.

        A sandbox is opened the first time only, for each is paid for; later E2B is asked alone.
        """
        if self._checked is None:
            self._checked = await self._tried()
        else:
            with _told("asked"):
                await AsyncSandbox.list(limit=1, **self._access).next_items()
        return self._checked

    async def _tried(self) -> dict[str, str]:
        sandbox = await self.open(Tree(), PROBE, PROBE_LIMITS)
        try:
            if not await holds_memory(sandbox, PROBE.python) and self._by_address_space:
                raise SandboxUnavailable(f"Memory is not limited in E2B's {self._template}.")
        finally:
            await sandbox.close()
        return {
            "walls": f"a virtual machine of E2B from template {self._template}",
            "user": "unprivileged, cannot gain rights",
            "network": "switched off by E2B, with no public address",
            "files": "the machine's own disk, fresh for each sandbox",
            "system calls": "seccomp"
            if self._is_filtered
            else "not filtered, another architecture",
            "processes": "the supervisor and rlimit",
            "memory": "the supervisor and rlimit" if self._by_address_space else "the machine's",
            "disk": "rlimit for each file, the supervisor for all",
            "time": f"the supervisor; E2B ends it {self._lifetime_s} s after it last heard of us",
            "output": "the supervisor",
            "tests": "environments, Node.js among them, are uploaded for each sandbox",
        }

    async def open(self, tree: Tree, environment: Environment, limits: Limits) -> Sandbox:
        """A fresh sandbox whose workspace holds `tree`; waits while all places are taken.

        Raises SandboxUnavailable when E2B gives none, or the environment does not run there.
        """
        await self._room.acquire()
        return await opened(self._open(tree, environment, limits))

    async def _open(self, tree: Tree, environment: Environment, limits: Limits) -> Sandbox:
        rooms = AsyncExitStack()
        rooms.callback(self._room.release)
        peer = RemotePeer()
        rooms.callback(peer.end)
        try:
            layers = await asyncio.to_thread(packed, environment, self._scratch / "layers")
            with _told("opened"):
                machine = await self._created(public=limits.public)
                rooms.push_async_callback(_kill, machine)
                await _furnish(machine, environment, layers)
                line = E2BLine(machine, peer)
                rooms.push_async_callback(line.close)
                await line.open()
            rooms.push_async_callback(_ended, asyncio.create_task(self._keep(machine, peer)))
        except BaseException:
            await rooms.aclose()
            raise
        link = Link(peer, rooms.aclose)
        try:
            standing = await link.greet(self._supervision(limits))
            if not standing.get("no_new_privileges"):
                raise SandboxUnavailable("Programs in the sandbox could gain rights.")
            self._is_filtered = standing.get("machine") == os.uname().machine
            sandbox = SupervisedSandbox(
                BACKEND,
                link,
                environment,
                limits,
                NoGauge(),
                address=_address_of(machine) if limits.public else nowhere,
            )
            await sandbox.write(tree)
        except SandboxGone as error:
            await link.close()
            raise SandboxUnavailable(f"No sandbox can be opened: {error.message}") from error
        except BaseException:
            await link.close()
            raise
        return sandbox

    async def reap(self) -> int:
        """End the sandboxes of processes of this data folder that are gone; how many.

        When E2B does not answer, they end by themselves in time.
        """
        pages = AsyncSandbox.list(
            query=SandboxQuery(metadata={OWNER: self._owner()}), **self._access
        )
        reaped = 0
        try:
            with _told("asked"):
                while pages.has_next:
                    for found in await pages.next_items():
                        if self._is_orphan((found.metadata or {}).get(HOLDER, "")):
                            reaped += await AsyncSandbox.kill(found.sandbox_id, **self._access)
        except SandboxError as error:
            _log.warning("sandboxes that may be left over were not looked for: %s", error.message)
        return reaped

    async def _created(self, *, public: bool) -> AsyncSandbox:
        """A machine without variables and without the internet; reached only if `public`."""
        self._live()
        return await AsyncSandbox.create(
            self._template,
            timeout=self._lifetime_s,
            metadata={OWNER: self._owner(), HOLDER: self._holder},
            envs={},
            allow_internet_access=False,
            network={"allow_public_traffic": public},
            **self._access,
        )

    async def _keep(self, machine: AsyncSandbox, peer: RemotePeer) -> None:
        """Put off its end again and again; a call that fails leaves two more."""
        while True:
            await asyncio.sleep(self._lifetime_s / 3)
            try:
                with _told("kept"):
                    await machine.set_timeout(self._lifetime_s)
            except SandboxGone as error:
                peer.end(error.message)
                return
            except SandboxError as error:
                _log.warning("the sandbox %s was not kept: %s", machine.sandbox_id, error.message)

    def _supervision(self, limits: Limits) -> dict[str, Any]:
        return supervision(
            limits,
            WORKSPACE,
            [WORKSPACE, HOME, "/tmp", "/dev/shm"],
            watch_disk=limits.disk_bytes,
            watch_processes=limits.processes,
            watch_memory=limits.memory_bytes if self._by_address_space else 0,
            rlimits=rlimits(limits, memory=self._by_address_space),
            tick=0.1,
            filter=seccomp.program(accounted=False).hex(),
            machine=os.uname().machine,
        )

    def _owner(self) -> str:
        """The name of this data folder among all that share a key."""
        file = self._scratch / "owner"
        if not file.exists():
            self._scratch.mkdir(parents=True, exist_ok=True)
            fresh = file.with_name(f"owner-{self._holder}")
            fresh.write_text(secrets.token_hex(8))
            with suppress(FileExistsError):
                file.hardlink_to(fresh)
            fresh.unlink()
        return file.read_text()

    def _live(self) -> None:
        """Hold a lock for as long as this process lives."""
        if not self._alive:
            lock = Lock(self._scratch / "holders" / self._holder)
            lock.share()
            weakref.finalize(self, lock.release)
            self._alive = True

    def _is_orphan(self, holder: str) -> bool:
        if not (holder.isalnum() and holder.isascii()) or holder == self._holder:
            return False
        file = self._scratch / "holders" / holder
        lock = Lock(file)
        try:
            is_dead = lock.alone_at_once()
            if is_dead:
                file.unlink(missing_ok=True)
            return is_dead
        finally:
            lock.release()


def _address_of(machine: AsyncSandbox) -> Callable[[int], str]:
    """Where anybody reaches a port of a machine."""
    return lambda port: f"https://{machine.get_host(port)}"


async def _furnish(machine: AsyncSandbox, environment: Environment, layers: Path | None) -> None:
    await machine.files.write(SUPERVISOR, supervisor_archive(), **AS_ROOT)
    if layers:
        with layers.open("rb") as archive:
            await machine.files.write(LAYERS, archive, **AS_ROOT)
    try:
        await machine.commands.run(furnishing(environment), user="root", timeout=FURNISH_S)
    except CommandExitException as error:
        if error.exit_code == NO_PYTHON:
            raise SandboxUnavailable(
                f"The environment's Python, {environment.python}, does not start in E2B: "
                f"{error.stderr.strip()}",
                remedy="Set E2B_TEMPLATE to one that holds the same Python at the same path, "
                "run Anton on a Python outside of /usr, which is sent along, or choose another "
                "SANDBOX.",
            ) from error
        raise SandboxUnavailable(
            f"The sandbox of E2B cannot be furnished: {error.stderr.strip()}"
        ) from error


async def _ended(task: asyncio.Task[None]) -> None:
    """Cancel it until it ends: the SDK may take a cancellation for an error of the network."""
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=0.1)


async def _kill(machine: AsyncSandbox) -> None:
    """End it; when E2B does not answer, it ends in time by itself, or is reaped."""
    try:
        with _told("ended"):
            await machine.kill()
    except SandboxError as error:
        _log.warning("the sandbox %s was not ended: %s", machine.sandbox_id, error.message)


@contextmanager
def _told(done: str) -> Iterator[None]:
    """Turns whatever the SDK raises into SandboxGone or SandboxUnavailable, with a remedy."""
    try:
        yield
    except SandboxError:
        raise
    except AuthenticationException as error:
        raise SandboxUnavailable(
            f"E2B refuses the key: {error}", remedy="Set E2B_API_KEY to a key of e2b.dev."
        ) from error
    except RateLimitException as error:
        raise SandboxUnavailable(
            f"E2B gives no more for now: {error}",
            remedy="Wait, lower MAX_CONCURRENT_TASKS, or have the limit of the account raised.",
        ) from error
    except NotFoundException as error:
        raise SandboxGone(f"The sandbox of E2B is gone: {error}") from error
    except Exception as error:  # the SDK lets errors of three HTTP libraries through
        said = f"{error}" or type(error).__name__
        raise SandboxUnavailable(
            f"A sandbox of E2B could not be {done}: {said}",
            remedy="See that api.e2b.app, or what E2B_API_URL names, is reached from here, and"
            " whether status.e2b.dev is green.",
        ) from error
