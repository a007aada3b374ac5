"""Projects of npm's registry: fetched with a lock file, and run plainly by `npm ci` from it."""

import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.errors import AntonError
from core.ports import Environment
from core.trees import Tree
from evals.projects.known import Project
from evals.projects.outcomes import NO_REPORT, NO_TEST, Plain
from evals.projects.programs import run, written
from observability import host_programs
from sandbox.detection import detect
from sandbox.node_detection import JEST, NPM, VITEST
from sandbox.node_project import LOCKS, MANIFEST
from sandbox.source_archive import unpacked

LOCK = "package-lock.json"
QUIET = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
"""No script of a package is run by an installation."""


def from_npm(project: Project) -> Tree:
    """What npm has of a project, with a lock file of today where npm can make one."""
    with tempfile.TemporaryDirectory(prefix="anton-npm-") as made:
        folder = Path(made)
        wanted = f"{project.name}@{project.version}"
        problem = _npm(folder, "pack", wanted)
        archive = next(folder.glob("*.tgz"), None)
        if archive is None:
            raise AntonError(
                f"npm cannot fetch {wanted}: {problem}.",
                remedy="See that Node.js with npm is installed and its registry is reached.",
            )
        tree = unpacked(archive.read_bytes(), archive.name)
        manifest = {**json.loads(tree.text(MANIFEST)), **project.manifest}
        tree = tree.with_texts({MANIFEST: json.dumps(manifest, indent=2)})
        return _locked(tree, folder / "lock")


def of_node(tree: Tree, environment: Environment, folder: Path, timeout_s: float) -> Plain:
    """Install by the same lock file, and run the tests as the project's own people would."""
    source = written(tree, folder / "source")
    if LOCK not in tree:
        return Plain({}, note="no lock file could be made: there is nothing to install by")
    if problem := _npm(source, "ci"):
        return Plain({}, note=f"its dependencies: {problem}")
    runner = detect(tree, (), environment).name
    report = folder / "report.json"
    commands = {
        VITEST: ["npx", "vitest", "run", "--reporter=json", f"--outputFile={report}"],
        JEST: ["npx", "jest", "--json", f"--outputFile={report}"],
        NPM: ["npm", "test"],
    }
    began = time.monotonic()
    problem = run(["/usr/bin/env", "CI=true", "TZ=UTC", *commands[runner]], source, timeout_s)
    seconds = time.monotonic() - began
    if runner == NPM:
        outcome = "failed" if problem else "passed"
        return Plain({("", NPM): outcome}, seconds, problem, named=named)
    if not report.exists():
        return Plain({}, note=problem or NO_REPORT)
    outcomes = dict(reported(json.loads(report.read_bytes()), source))
    return Plain(outcomes, seconds, "" if outcomes else NO_TEST, named=named)


def _npm(folder: Path, *arguments: str) -> str:
    return run(["npm", *arguments, *QUIET], folder, variables=host_programs.of_node())


def named(test_id: str) -> tuple[str, str]:
    """File and name of a test by its id; a command alone has no file."""
    path, colons, name = test_id.partition("::")
    return (path, name) if colons else ("", test_id)


def reported(report: dict[str, Any], source: Path) -> Iterator[tuple[tuple[str, str], str]]:
    """File, name and outcome of each test in the JSON that Vitest and Jest both write."""
    for file in report["testResults"]:
        path = str(Path(file["name"]).resolve().relative_to(source.resolve()))
        times: dict[str, int] = {}
        for one in file["assertionResults"]:
            name = " > ".join([*one["ancestorTitles"], one["title"]])
            times[name] = times.get(name, 0) + 1
            number = f" ({times[name]})" if times[name] > 1 else ""
            status = str(one["status"])
            yield (path, name + number), status if status in ("passed", "failed") else "skipped"
        if file["status"] == "failed" and not file["assertionResults"]:
            yield ("", path), "error"


def _locked(tree: Tree, folder: Path) -> Tree:
    """The tree with npm's lock file; as it is where it has one or npm makes none."""
    if any(name in tree for name in LOCKS):
        return tree
    bare = {key: text for key, text in json.loads(tree.text(MANIFEST)).items() if key != "scripts"}
    written(Tree({}).with_texts({MANIFEST: json.dumps(bare)}), folder)
    _npm(folder, "install", "--package-lock-only", "--include=dev")
    lock = folder / LOCK
    return tree.with_texts({LOCK: lock.read_text()}) if lock.exists() else tree
