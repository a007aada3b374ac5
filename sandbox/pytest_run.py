"""One start of pytest under the witness, and what it left behind."""

import json
import posixpath
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from packaging.utils import canonicalize_name

from core.errors import ArchiveRefused, NotFound, SandboxError
from core.evidence import RunEnd
from core.ports import Environment, Run, Sandbox
from core.trees import Tree
from sandbox import junit
from sandbox.members import all_roots, home_of, nearest_first, seen_from
from sandbox.project import project_of
from sandbox.pytest_options import NO_PLUGINS, configured, import_mode, own_options, patterns
from sandbox.testimony import MAX_BYTES, Testimony, hear

OWN_PARTS = frozenset(("coverage", "iniconfig", "packaging", "pluggy", "pygments", "pytest"))
"""Distributions that pytest is made of: a repository that is one of them is imported first."""
USAGE_ERROR = 4
"""Exit code of pytest for options that it does not know."""


@dataclass(frozen=True)
class Order:
    """Which tests of which tree to run, and how."""

    tree: Tree
    tests: Sequence[str]
    per_test_s: float
    survey: bool
    """Whether to record the lines of each test."""
    careful: bool = False
    """Whether to leave out all options of the repository."""

    @cached_property
    def home(self) -> str:
        """The folder that pytest is started in; empty for the root."""
        return home_of(self.tree)

    def arguments(self, folder: str) -> list[str]:
        """What pytest is told; `folder` takes its report."""
        settings = configured(self.tree)
        root = posixpath.relpath(".", self.home or ".")
        return [
            *(f"--rootdir={root}", "--tb=short", "--color=no", "--continue-on-collection-errors"),
            *("-o", "addopts=", "-o", "required_plugins=", "-o", f"cache_dir={folder}/cache"),
            *("-o", "junit_family=xunit2", "-o", "junit_logging=no"),
            f"--junitxml={posixpath.normpath(f'{root}/{folder}')}/junit.xml",
            *(word for name in NO_PLUGINS for word in ("-p", f"no:{name}")),
            *patterns(settings, self.tree),
            *import_mode(settings, self.tree),
            *([] if self.careful else own_options(settings, named=bool(self.tests))),
            *(seen_from(self.home, test) for test in self.tests),
        ]


@dataclass(frozen=True)
class Account:
    """All that is known of one run of pytest."""

    argv: tuple[str, ...]
    """As a person would repeat it; the witness gets pytest's arguments on its standard input."""
    run: Run
    testimony: Testimony
    report: junit.Report | None
    lines: bytes = b""

    @property
    def refused_options(self) -> bool:
        """Whether pytest did not know an option that the repository asks for."""
        words = self.run.stderr
        return self.run.exit_code == USAGE_ERROR and (
            b"unrecognized arguments" in words or b"Error importing plugin" in words
        )


async def carried_out(
    order: Order, environment: Environment, sandbox: Sandbox, timeout_s: float | None
) -> Account:
    """Run pytest; leaves nothing of ours in the workspace."""
    folder, key = f".anton-{secrets.token_hex(8)}", secrets.token_bytes(32)
    project = project_of(order.tree)
    arguments = order.arguments(folder)
    home = environment.python.rpartition("/bin/")[0]
    start = [environment.python, "-P", "-s", "-B", f"{home}/anton/pytest_witness.py"]
    told = {
        "key": key.hex(),
        "folder": folder,
        "home": order.home,
        "paths": nearest_first(all_roots(project, order.tree), order.tests),
        "paths_first": canonicalize_name(project.name) in OWN_PARTS,
        "per_test_s": order.per_test_s,
        "survey": order.survey,
        "arguments": arguments,
    }
    run = await sandbox.run(
        start,
        variables={"PYTHONPATH": ""},
        stdin=json.dumps(told).encode(),
        timeout_s=timeout_s,
    )
    left = _Left(sandbox, folder, lost=run.end not in (RunEnd.PASSED, RunEnd.FAILED))
    account = Account(
        argv=(*start, *arguments),
        run=run,
        testimony=hear(await left.read("record"), key),
        report=_parsed(await left.read("junit.xml")),
        lines=await left.read("lines") if order.survey else b"",
    )
    await left.clear()
    return account


class _Left:
    """The folder that a run left in the workspace; a limit may have ended the sandbox too."""

    def __init__(self, sandbox: Sandbox, folder: str, *, lost: bool) -> None:
        self._sandbox = sandbox
        self._folder = folder
        self._lost = lost

    async def read(self, name: str) -> bytes:
        try:
            return await self._sandbox.read(f"{self._folder}/{name}", MAX_BYTES)
        except (NotFound, ArchiveRefused):
            return b""
        except SandboxError:
            if not self._lost:
                raise
            return b""

    async def clear(self) -> None:
        try:
            await self._sandbox.remove([self._folder])
        except SandboxError:
            if not self._lost:
                raise


def _parsed(report: bytes) -> junit.Report | None:
    try:
        return junit.parse(report) if report else None
    except junit.ReportInvalid:
        return None
