"""A repository's own test service on a Docker engine, and what dead runs of it left."""

import asyncio
import fcntl
import hashlib
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from core.errors import SandboxError, SandboxUnavailable
from core.trees import Tree
from observability import host_programs
from sandbox.compose_file import DISK, LABEL, ComposeRefused, compose_file, plan
from sandbox.compose_project import Composed, Project, lay_out
from sandbox.compose_watch import PROJECT, QUOTAS, has_quotas, unlimited
from sandbox.docker_engine import USUAL, Engine

SECONDS = 300.0
"""From the copy of the repository to the last test."""
PREFIX = "anton-"
INSTALL = "Install Docker's compose plugin, or Debian's docker-compose."
LOCKS = Path(tempfile.gettempdir()) / f"anton-compose-{os.geteuid()}"


def program() -> tuple[str, ...]:
    """The command that is compose here, the plugin first; raises SandboxUnavailable."""
    docker = shutil.which("docker")
    if docker and _answers([docker, "compose", "version"]):
        return (docker, "compose")
    older = shutil.which("docker-compose")
    if older and _answers([older, "version"]):
        return (older,)
    raise SandboxUnavailable("Docker Compose is not on the PATH.", remedy=INSTALL)


def _answers(command: Sequence[str]) -> bool:
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=20, check=False, env=host_programs.plain()
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0


class Compose:
    """Runs a repository's own test service on one Docker engine."""

    def __init__(self, host: str = "", locks: Path = LOCKS, disk_bytes: int = DISK) -> None:
        """Use the engine at `host`; a lock in `locks` tells whose run still lives.

        A run that is seen to write more than `disk_bytes` is ended.
        """
        self._disk_bytes = disk_bytes
        self._host = host or USUAL
        self._engine = Engine(host)
        self._locks = locks
        self._label = hashlib.sha256(str(locks).encode()).hexdigest()[:12]

    async def check(self) -> str:
        """How compose is called here, and what is limited; raises SandboxUnavailable."""
        driver = (await self._engine.facts()).get("Driver", "unknown")
        called = " ".join(await asyncio.to_thread(program))
        disk = "limited where its file system has quotas, else watched"
        return (
            f"{called}: memory and processes are limited; on {driver} disk is"
            f" {disk if driver in QUOTAS else 'watched'}; in builds memory is limited, processes"
            " and disk are watched"
        )

    async def run(self, tree: Tree, timeout_s: float | None = None, report: str = "") -> Composed:
        """Run the test service on a tree; `report` is a file of its working folder to read.

        Raises ComposeRefused for what a compose file may not ask, SandboxUnavailable without
        compose, its engine or an image.
        """
        called = await asyncio.to_thread(program)
        with tempfile.TemporaryDirectory(prefix="anton-compose-") as made:
            folder = Path(made)
            chosen = plan(tree, folder=f"{folder}/tree", label=self._label)
            await self._insist_on_images(chosen.images)
            async with self._project(called, folder) as project:
                image = next(iter(chosen.images), "")
                quotas = await has_quotas(self._engine, image, project.name, self._label)
                await asyncio.to_thread(lay_out, project, tree, chosen, quotas=quotas)
                seconds = min(timeout_s or SECONDS, SECONDS)
                composed = await project.tested(tree, chosen, seconds, report)
                notes = unlimited(quotas=quotas, builds=bool(chosen.dockerfiles))
                return replace(composed, notes=notes)

    async def reap(self) -> int:
        """Remove what dead processes left on the engine; how many runs that were."""
        try:
            found = await self._engine.call(
                "containers", all=True, filters={"label": f"{LABEL}={self._label}"}
            )
            networks = await self._engine.call(
                "networks", filters={"label": f"{LABEL}={self._label}"}
            )
        except SandboxUnavailable:
            return 0
        names = {(one.get("Labels") or {}).get(PROJECT, "") for one in (*found, *networks)}
        reaped = 0
        for name in sorted(names):
            lock = self._locked(name) if name.startswith(PREFIX) else None
            if lock is not None:
                try:
                    await Project(self._engine, (), Path("/"), {}, name, self._disk_bytes).swept()
                    reaped += 1
                finally:
                    self._unlocked(name, lock)
        return reaped

    @asynccontextmanager
    async def _project(self, called: Sequence[str], folder: Path) -> AsyncIterator[Project]:
        """A name on the engine that is ours until its end, when nothing of it is left."""
        name = PREFIX + secrets.token_hex(6)
        lock = self._locked(name)
        if lock is None:
            raise SandboxError(f"The lock of {name} is held already.")
        variables = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": str(folder),
            "DOCKER_HOST": self._host,
            "COMPOSE_DOCKER_CLI_BUILD": "0",
            "DOCKER_BUILDKIT": "0",
        }
        project = Project(self._engine, called, folder, variables, name, self._disk_bytes)
        try:
            yield project
        finally:
            try:
                await asyncio.shield(asyncio.ensure_future(project.down()))
            finally:
                self._unlocked(name, lock)

    async def _insist_on_images(self, images: Sequence[str]) -> None:
        for image in images:
            if not await self._engine.has_image(image):
                raise SandboxUnavailable(
                    f"The Docker engine does not have the image {image}.",
                    remedy=f"docker pull {image}",
                )

    def _locked(self, name: str) -> int | None:
        """The lock of a run, if nobody holds it."""
        self._locks.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        lock = os.open(self._locks / f"{name}.lock", flags, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return None
        return lock

    def _unlocked(self, name: str, lock: int) -> None:
        (self._locks / f"{name}.lock").unlink(missing_ok=True)
        os.close(lock)


__all__ = ["Compose", "ComposeRefused", "compose_file"]
