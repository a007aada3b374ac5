"""Docker Compose around one run: up, the tests, and down again, whatever happens between."""

import asyncio
import fcntl
import hashlib
import io
import os
import posixpath
import secrets
import shutil
import signal
import subprocess
import tarfile
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from core.errors import SandboxError, SandboxUnavailable
from core.evidence import RunEnd
from core.ports import Run
from core.trees import Tree
from observability import host_programs
from sandbox.compose_file import LABEL, MEMORY, ComposeRefused, Plan, compose_file, plan
from sandbox.docker_engine import USUAL, Engine
from sandbox.workspace import enters

SECONDS = 300.0
"""From the copy of the repository to the last test."""
DOWN_S = 60.0
MAX_OUTPUT = 1_000_000
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


@dataclass(frozen=True)
class Composed:
    """What a run in a test service gave."""

    run: Run
    plan: Plan
    report: bytes = b""


class Compose:
    """Runs a repository's own test service on one Docker engine."""

    def __init__(self, host: str = "", locks: Path = LOCKS) -> None:
        """Use the engine at `host`; a lock in `locks` tells whose run still lives."""
        self._host = host or USUAL
        self._engine = Engine(host)
        self._locks = locks
        self._label = hashlib.sha256(str(locks).encode()).hexdigest()[:12]

    async def check(self) -> str:
        """How compose is called here; raises SandboxUnavailable with the remedy."""
        await self._engine.facts()
        return " ".join(await asyncio.to_thread(program))

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
            await asyncio.to_thread(_lay_out, folder, tree, chosen)
            async with self._project(called, folder) as project:
                seconds = min(timeout_s or SECONDS, SECONDS)
                return await project.tested(tree, chosen, seconds, report)

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
        names = {one["Labels"].get("com.docker.compose.project", "") for one in found}
        names |= {
            (one.get("Labels") or {}).get("com.docker.compose.project", "") for one in networks
        }
        reaped = 0
        for name in sorted(names):
            lock = self._locked(name) if name.startswith(PREFIX) else None
            if lock is not None:
                try:
                    await _Project(self._engine, (), Path("/"), {}, name).swept()
                    reaped += 1
                finally:
                    self._unlocked(name, lock)
        return reaped

    @asynccontextmanager
    async def _project(self, called: Sequence[str], folder: Path) -> AsyncIterator["_Project"]:
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
        project = _Project(self._engine, called, folder, variables, name)
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


@dataclass(frozen=True)
class _Project:
    """One run on the engine."""

    engine: Engine
    called: Sequence[str]
    folder: Path
    variables: Mapping[str, str]
    name: str

    async def tested(self, tree: Tree, chosen: Plan, timeout_s: float, report: str) -> Composed:
        loop = asyncio.get_running_loop()
        began = loop.time()
        output = b""
        code: int | None = 0
        build = ["build", "--memory", MEMORY]
        steps = [*([build] if chosen.builds else []), ["up", "--no-start"]]
        steps.append(
            ["up", "--no-recreate", "--abort-on-container-exit", "--exit-code-from", chosen.test]
        )
        for step in steps:
            if "--no-recreate" in step:
                await self._copied(tree, chosen)
            code, said = await self._said(step, timeout_s - (loop.time() - began))
            output += said
            if code is None:
                run = Run(None, RunEnd.TIMEOUT, output, b"", 0, loop.time() - began)
                return Composed(run, chosen)
            if code and "--no-recreate" not in step:
                words = output.decode("utf-8", "replace").strip()[-500:]
                raise SandboxError(f"Compose cannot start the test service: {words}")
        end = RunEnd.FAILED if code else RunEnd.PASSED
        run = Run(code, end, output[:MAX_OUTPUT], b"", 0, loop.time() - began)
        found = await self._read(chosen, report) if report else b""
        return Composed(run, chosen, found)

    async def down(self) -> None:
        """Take everything down, and look that nothing is left."""
        with suppress(SandboxError):
            down = ["down", "--volumes", "--remove-orphans", "--timeout", "0", "--rmi", "local"]
            await self._said(down, DOWN_S)
        await self.swept()

    async def swept(self) -> None:
        """Remove whatever of this run is on the engine, by its label."""
        labelled = {"label": f"com.docker.compose.project={self.name}"}
        for container in await self.engine.call("containers", all=True, filters=labelled):
            await self.engine.remove(container["Id"])
        for network in await self.engine.call("networks", filters=labelled):
            await self.engine.call("remove_network", network["Id"])
        built = {"reference": f"{self.name}*"}
        for image in await self.engine.call("images", filters=built):
            await self.engine.call("remove_image", image["Id"], force=True)
        found = await self.engine.call("volumes", filters=labelled)
        for volume in found.get("Volumes") or ():
            await self.engine.call("remove_volume", volume["Name"], force=True)

    async def _copied(self, tree: Tree, chosen: Plan) -> None:
        """Put the repository where its services mount it; nothing of this machine is mounted."""
        for service, places in chosen.copies.items():
            container = await self._container(service)
            for source, target in places:
                archive = await asyncio.to_thread(_archive, tree, source, target)
                await self.engine.call("put_archive", container, "/", archive)

    async def _container(self, service: str) -> str:
        labels = [
            f"com.docker.compose.project={self.name}",
            f"com.docker.compose.service={service}",
        ]
        found = await self.engine.call("containers", all=True, filters={"label": labels})
        if not found:
            raise SandboxError(f"Compose made no container of {service}.")
        return str(found[0]["Id"])

    async def _read(self, chosen: Plan, report: str) -> bytes:
        """A file of the test service's working folder; nothing when it is not there."""
        container = await self._container(chosen.test)
        facts = await self.engine.call("inspect_container", container)
        place = posixpath.join(facts["Config"].get("WorkingDir") or "/", report)
        try:
            pieces, facts = await self.engine.call("get_archive", container, place)
            data = await asyncio.to_thread(_joined, pieces)
        except SandboxUnavailable:
            return b""
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            member = tar.next()
            file = tar.extractfile(member) if member and member.isreg() else None
            return file.read() if file else b""

    async def _said(self, step: Sequence[str], timeout_s: float) -> tuple[int | None, bytes]:
        """Exit code and output of compose; None for a step that did not end in time."""
        file = str(self.folder / "compose.yml")
        process = await asyncio.create_subprocess_exec(
            *self.called,
            *("--ansi", "never", "--project-name", self.name, "--file", file),
            *("--project-directory", str(self.folder)),
            *step,
            cwd=self.folder,
            env=dict(self.variables),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        heard = bytearray()
        try:
            async with asyncio.timeout(max(0.1, timeout_s)):
                assert process.stdout is not None  # noqa: S101
                while piece := await process.stdout.read(1 << 16):
                    heard += piece[: max(0, MAX_OUTPUT - len(heard))]
                return await process.wait(), bytes(heard)
        except TimeoutError:
            return None, bytes(heard)
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()


def _lay_out(folder: Path, tree: Tree, chosen: Plan) -> None:
    """Write the compose file of our own, and what is built from."""
    text = yaml.safe_dump(dict(chosen.document), sort_keys=False)
    (folder / "compose.yml").write_text(text, encoding="utf-8")
    for path, file in tree.files.items() if chosen.builds else ():
        if enters(path, file):
            target = folder / "tree" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.data)


def _archive(tree: Tree, source: str, target: str) -> bytes:
    """A tar of what lies at or below a path of the tree, at its place in a container."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        folder = tarfile.TarInfo(target.lstrip("/"))
        if source not in tree:
            folder.type, folder.mode = tarfile.DIRTYPE, 0o777
            tar.addfile(folder)
        for path, file in tree.files.items():
            if not enters(path, file) or not (
                source in (".", path) or path.startswith(f"{source}/")
            ):
                continue
            below = "" if path == source else path if source == "." else path[len(source) + 1 :]
            member = tarfile.TarInfo(posixpath.join(target, below).strip("/"))
            member.size, member.mode = len(file.data), 0o777 if file.mode == "100755" else 0o666
            tar.addfile(member, io.BytesIO(file.data))
    return buffer.getvalue()


def _joined(pieces: Any, most: int = 40_000_000) -> bytes:
    data = bytearray()
    for piece in pieces:
        data += piece
        if len(data) > most:
            raise SandboxUnavailable("The report is too large.")
    return bytes(data)


__all__ = ["Compose", "ComposeRefused", "compose_file"]
