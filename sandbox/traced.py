"""Sandboxes of any kind, with a span for each command that runs in them."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import PurePath

from core.ports import Environment, Limits, Process, Run, Sandbox, SandboxProvider, Service
from core.trees import Tree
from observability.tracing import Span, span


@dataclass(frozen=True)
class TracedSandbox:
    """Serves the port Sandbox by another sandbox."""

    sandbox: Sandbox

    @property
    def backend(self) -> str:
        return self.sandbox.backend

    async def write(self, tree: Tree) -> None:
        await self.sandbox.write(tree)

    async def remove(self, paths: Sequence[str]) -> None:
        await self.sandbox.remove(paths)

    async def run(
        self,
        argv: Sequence[str],
        *,
        variables: Mapping[str, str] | None = None,
        stdin: bytes = b"",
        timeout_s: float | None = None,
    ) -> Run:
        with self._span("sandbox run", argv) as begun:
            run = await self.sandbox.run(
                argv, variables=variables, stdin=stdin, timeout_s=timeout_s
            )
            begun.set(process__exit__code=run.exit_code, anton__sandbox__end=run.end.value)
            return run

    async def start(
        self, argv: Sequence[str], *, variables: Mapping[str, str] | None = None
    ) -> Process:
        with self._span("sandbox start", argv):
            return await self.sandbox.start(argv, variables=variables)

    async def serve(
        self, argv: Sequence[str], port: int, *, variables: Mapping[str, str] | None = None
    ) -> Service:
        with self._span("sandbox serve", argv):
            return await self.sandbox.serve(argv, port, variables=variables)

    async def read(self, path: str, max_bytes: int = 20_000_000) -> bytes:
        return await self.sandbox.read(path, max_bytes)

    async def export(self, base: Tree) -> Tree:
        return await self.sandbox.export(base)

    async def reset(self) -> bool:
        return await self.sandbox.reset()

    async def close(self) -> None:
        await self.sandbox.close()

    def _span(self, name: str, argv: Sequence[str]) -> AbstractContextManager[Span]:
        """It names the program alone: arguments may hold anything."""
        program = PurePath(argv[0]).name if argv else ""
        return span(name, process__executable__name=program, anton__sandbox__backend=self.backend)


@dataclass(frozen=True)
class TracedProvider:
    """Serves the port SandboxProvider by another provider."""

    provider: SandboxProvider

    @property
    def backend(self) -> str:
        return self.provider.backend

    async def check(self) -> Mapping[str, str]:
        return await self.provider.check()

    async def open(self, tree: Tree, environment: Environment, limits: Limits) -> Sandbox:
        with span("sandbox open", anton__sandbox__backend=self.backend):
            return TracedSandbox(await self.provider.open(tree, environment, limits))

    async def reap(self) -> int:
        return await self.provider.reap()
