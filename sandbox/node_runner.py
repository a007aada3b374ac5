"""Runs the tests of Vitest or Jest under a witness of ours, in the process of the runner.

Code under test runs beside the runner's own code, in processes that tell the runner how tests
ended: whoever writes code against the runner could lie there. So this proves less than pytest's
witness.
"""

import json
import posixpath
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.errors import ArchiveRefused, NotFound, SandboxError
from core.evidence import Proof, RunEnd
from core.ports import Environment, Sandbox
from sandbox.node_detection import project_for
from sandbox.node_judgement import NodeAccount, judge
from sandbox.node_modules import INSIDE, WITNESS_INSIDE
from sandbox.node_program import INSIDE as NODE_INSIDE
from sandbox.node_record import hear
from sandbox.output import harmless
from sandbox.surveys import Asked, Carried, Survey, nothing_run, recorded
from sandbox.testimony import MAX_BYTES

WORKERS = 2
BETWEEN = "(?: | > )"
"""What runners put between the names of suites and tests."""
NO_LINES = "no lines were recorded: tests in JavaScript are run without coverage"


@dataclass(frozen=True)
class Kind:
    """One runner: how it is called by people, and where its interface for programs lies."""

    name: str
    command: tuple[str, ...]
    witness: str
    main: tuple[str, ...]
    """Of its package: the files of which the first that is there is loaded."""


VITEST = Kind("vitest", ("npx", "vitest", "run"), "vitest.mjs", ("dist/node.js",))
JEST = Kind("jest", ("npx", "jest"), "jest.cjs", ("build/index.js", "build/jest.js"))


async def run_vitest(asked: Asked, environment: Environment, sandbox: Sandbox) -> Survey:
    """Run tests by Vitest."""
    return await _run(VITEST, asked, environment, sandbox)


async def run_jest(asked: Asked, environment: Environment, sandbox: Sandbox) -> Survey:
    """Run tests by Jest."""
    return await _run(JEST, asked, environment, sandbox)


@dataclass(frozen=True)
class Selection:
    """Which tests are wanted, as the runners take it."""

    files: tuple[str, ...]
    pattern: str
    """Over full names of tests; empty when all tests of the files are wanted."""

    @classmethod
    def of(cls, tests: Sequence[str]) -> "Selection":
        """Ids and files; where whole files are among them, single tests are told apart later."""
        files = tuple(dict.fromkeys(test.partition("::")[0] for test in tests))
        names = [test.partition("::")[2] for test in tests]
        if not tests or not all(names):
            return cls(files, "")
        forms = (
            BETWEEN.join(re.escape(part) for part in re.sub(r" \(\d+\)$", "", name).split(" > "))
            for name in names
        )
        return cls(files, f"^ ?({'|'.join(dict.fromkeys(forms))})$")


async def _run(kind: Kind, asked: Asked, environment: Environment, sandbox: Sandbox) -> Survey:
    main = _main_of(kind, environment)
    if not main:
        why = f"{kind.name} is not among the packages that could be installed"
        return nothing_run(asked, environment, sandbox, why)
    chosen = Selection.of(asked.tests)
    started_at = datetime.now(UTC)
    account = await _carried_out(kind, main, chosen, asked, environment, sandbox)
    ended_at = datetime.now(UTC)
    done = recorded(
        asked,
        environment,
        sandbox.backend,
        Carried(account.argv, account.run, started_at, ended_at),
        judge(account),
        collected=tuple(map(harmless, account.told.collected)),
        proof=Proof.RUNNER,
    )
    return Survey(done, note=NO_LINES if asked.lines else "")


def _main_of(kind: Kind, environment: Environment) -> str:
    """Where the runner's interface lies inside; empty where the runner is not installed."""
    host = next((folder for folder, inside in environment.layers if inside == INSIDE), None)
    for name in kind.main if host else ():
        if Path(str(host), kind.name, name).is_file():
            return f"{INSIDE}/{kind.name}/{name}"
    return ""


async def _carried_out(
    kind: Kind,
    main: str,
    chosen: Selection,
    asked: Asked,
    environment: Environment,
    sandbox: Sandbox,
) -> NodeAccount:
    """Run it; leaves nothing of ours in the workspace."""
    folder, key = f".anton-{secrets.token_hex(8)}", secrets.token_bytes(32)
    home = _home_of(asked)
    orders: dict[str, Any] = {
        "key": key.hex(),
        "folder": folder,
        "home": home,
        "files": [posixpath.relpath(path, home or ".") for path in chosen.files],
        "pattern": chosen.pattern,
        "tests": list(asked.tests),
        "workers": WORKERS,
    }
    run = await sandbox.run(
        [f"{NODE_INSIDE}/bin/node", f"{WITNESS_INSIDE}/{kind.witness}", main],
        stdin=json.dumps(orders).encode(),
        timeout_s=asked.timeout_s,
    )
    lost = run.end not in (RunEnd.PASSED, RunEnd.FAILED)
    told = hear(await _left(sandbox, f"{folder}/record", lost=lost), key)
    report = await _left(sandbox, f"{folder}/report.json", lost=lost)
    try:
        await sandbox.remove([folder, *_left_about(asked)])
    except SandboxError:
        if not lost:
            raise
    named = ("-t", chosen.pattern) if chosen.pattern else ()
    return NodeAccount((*kind.command, *chosen.files, *named), run, told, report)


def _home_of(asked: Asked) -> str:
    """The folder of the package whose tests are run; empty for the root."""
    project = project_for(asked.tree, asked.tests)
    return project.folder if project else ""


def _left_about(asked: Asked) -> list[str]:
    """Where tools keep what they cached, if the repository has nothing there."""
    place = posixpath.join(_home_of(asked), "node_modules")
    held = any(path.startswith(f"{place}/") for path in asked.tree)
    return [] if held else [place]


async def _left(sandbox: Sandbox, path: str, *, lost: bool) -> bytes:
    """A file that the run left; a limit may have ended the sandbox with it."""
    try:
        return await sandbox.read(path, MAX_BYTES)
    except (NotFound, ArchiveRefused):
        return b""
    except SandboxError:
        if not lost:
            raise
        return b""
