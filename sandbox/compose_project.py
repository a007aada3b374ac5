"""One run of compose on an engine: built, started, watched, taken down with all that it made."""

import asyncio
import io
import os
import posixpath
import signal
import tarfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from core.errors import SandboxError, SandboxUnavailable
from core.evidence import RunEnd
from core.ports import Run
from core.trees import Tree
from sandbox.compose_file import BUILD_LABEL, DISK, MEMORY, Plan
from sandbox.compose_watch import PROJECT, Watch
from sandbox.docker_engine import Engine
from sandbox.dockerfile import labelled
from sandbox.workspace import enters

DOWN_S = 60.0
MAX_OUTPUT = 1_000_000


@dataclass(frozen=True)
class Composed:
    """What a run in a test service gave."""

    run: Run
    plan: Plan
    report: bytes = b""
    notes: tuple[str, ...] = ()
    """What was not limited, as people are told."""


@dataclass(frozen=True)
class Project:
    """One run on the engine."""

    engine: Engine
    called: Sequence[str]
    folder: Path
    variables: Mapping[str, str]
    name: str
    disk_bytes: int

    async def tested(self, tree: Tree, chosen: Plan, timeout_s: float, report: str) -> Composed:
        loop = asyncio.get_running_loop()
        began = loop.time()
        heard = bytearray()
        build = ["build", "--memory", MEMORY]
        steps = [*([build] if chosen.dockerfiles else []), ["up", "--no-start"]]
        steps.append(
            ["up", "--no-recreate", "--abort-on-container-exit", "--exit-code-from", chosen.test]
        )
        for step in steps:
            if "--no-recreate" in step:
                await self._copied(tree, chosen)
            end, code = await self._watched(step, timeout_s - (loop.time() - began), heard)
            if code is None:
                break
            if code and "--no-recreate" not in step:
                words = heard.decode("utf-8", "replace").strip()[-500:]
                raise SandboxError(f"Compose cannot start the test service: {words}")
        run = Run(code, end, bytes(heard[:MAX_OUTPUT]), b"", 0, loop.time() - began)
        if code is None:
            return Composed(run, chosen)
        found = await self._read(chosen, report) if report else b""
        return Composed(run, chosen, found)

    async def _watched(
        self, step: Sequence[str], timeout_s: float, heard: bytearray
    ) -> tuple[RunEnd, int | None]:
        """How a step ended; without an exit code where a limit ended it."""
        saying = asyncio.ensure_future(self._said(step, timeout_s, heard))
        watching = asyncio.ensure_future(Watch(self.engine, self.name, self.disk_bytes).broken())
        try:
            await asyncio.wait({saying, watching}, return_when=asyncio.FIRST_COMPLETED)
            if not saying.done():
                return watching.result(), None
            code = saying.result()
        finally:
            for one in (saying, watching):
                one.cancel()
            await asyncio.gather(saying, watching, return_exceptions=True)
        if code is None:
            return RunEnd.TIMEOUT, None
        return RunEnd.FAILED if code else RunEnd.PASSED, code

    async def down(self) -> None:
        """Take everything down, and look that nothing is left."""
        with suppress(SandboxError):
            down = ["down", "--volumes", "--remove-orphans", "--timeout", "0", "--rmi", "local"]
            await self._said(down, DOWN_S, bytearray())
        await self.swept()

    async def swept(self) -> None:
        """Remove whatever of this run is on the engine, by its label."""
        ours = {"label": f"{PROJECT}={self.name}"}
        for filters in (ours, {"label": f"{BUILD_LABEL}={self.name}"}):
            for container in await self.engine.call("containers", all=True, filters=filters):
                await self.engine.remove(container["Id"])
        for network in await self.engine.call("networks", filters=ours):
            await self.engine.call("remove_network", network["Id"])
        for built in ({"reference": f"{self.name}*"}, {"label": f"{BUILD_LABEL}={self.name}"}):
            for image in await self.engine.call("images", filters=built):
                await self.engine.call("remove_image", image["Id"], force=True)
        found = await self.engine.call("volumes", filters=ours)
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
        labels = [f"{PROJECT}={self.name}", f"com.docker.compose.service={service}"]
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

    async def _said(self, step: Sequence[str], timeout_s: float, heard: bytearray) -> int | None:
        """Exit code of compose, None for a step that did not end in time; adds what is `heard`."""
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
        try:
            async with asyncio.timeout(max(0.1, timeout_s)):
                assert process.stdout is not None  # noqa: S101
                while piece := await process.stdout.read(1 << 16):
                    heard += piece[: max(0, MAX_OUTPUT - len(heard))]
                return await process.wait()
        except TimeoutError:
            return None
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()


def lay_out(project: Project, tree: Tree, chosen: Plan, *, quotas: bool) -> None:
    """Write the compose file of our own, and what is built from, known by the project's name."""
    document = dict(chosen.document)
    if quotas:
        size = {"storage_opt": {"size": str(DISK)}}
        services = document["services"].items()
        document["services"] = {name: {**service, **size} for name, service in services}
    text = yaml.safe_dump(document, sort_keys=False)
    (project.folder / "compose.yml").write_text(text, encoding="utf-8")
    for path, file in tree.files.items() if chosen.dockerfiles else ():
        if enters(path, file):
            target = project.folder / "tree" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.data)
    for path in chosen.dockerfiles:
        marked = labelled(tree.text(path), BUILD_LABEL, project.name)
        (project.folder / "tree" / path).write_text(marked, encoding="utf-8")


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
