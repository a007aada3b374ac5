"""A plain run of a project's tests outside, as its own people would run them: no protection at all.

What is compared with it was run in a sandbox, with the same versions of everything.
"""

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.utils import canonicalize_name

from core.evidence import TestRun
from core.ports import Environment
from core.trees import Tree
from sandbox import junit

INSTALL_S = 900
NO_REPORT = "the plain run wrote no report"
NO_TEST = "the plain run found no test"


@dataclass(frozen=True)
class Plain:
    """What a plain run gave."""

    outcomes: Mapping[tuple[str, str], str]
    """By class name and name, as in a JUnit report."""
    seconds: float = 0.0
    note: str = ""
    """What went wrong, in one line."""


def of_python(tree: Tree, environment: Environment, folder: Path, timeout_s: float) -> Plain:
    """Install the same versions with the usual installer, and run pytest as the project says."""
    python = folder / "venv" / "bin" / "python"
    source = _written(tree, folder / "source")
    uv = str(Path(sys.executable).with_name("uv"))
    interpreter = str(_interpreter(environment))
    _run([uv, "venv", "--quiet", "--python", interpreter, str(folder / "venv")], folder)
    pins = _pins(environment)
    install = [uv, "pip", "install", "--quiet", "--python", str(python)]
    if problem := _run([*install, *pins], folder):
        return Plain({}, note=f"its dependencies: {problem}")
    problem = _run([*install, "--no-deps", "--editable", str(source)], folder)
    report = folder / "junit.xml"
    path = f"PATH={python.parent}:/usr/local/bin:/usr/bin:/bin"
    command = [
        "/usr/bin/env",
        path,
        "TZ=UTC",
        str(python),
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
    ]
    command += [f"--junitxml={report}", "--continue-on-collection-errors"]
    _run(command, source, timeout_s)
    if not report.exists():  # options that ask for tools which tests do not need
        _run([*command, "-o", "addopts="], source, timeout_s)
    if not report.exists():
        return Plain({}, note=problem or NO_REPORT)
    found = junit.parse(report.read_bytes())
    seconds = sum(one.seconds for one in found.details.values())
    return Plain(found.outcomes, seconds, problem or ("" if found.outcomes else NO_TEST))


PLAIN: Mapping[str, Callable[[Tree, Environment, Path, float], Plain]] = {"pypi": of_python}
"""By ecosystem: what runs a project's tests plainly in an empty folder, within so many seconds."""


def compared(run: TestRun, plain: Plain) -> tuple[int, list[str]]:
    """How many tests ended alike, and those that did not, as far as both were told of."""
    ours = {junit.names(case.test_id): str(case.outcome) for case in run.cases}
    theirs = plain.outcomes
    differing = [
        f"{'.'.join(name)}: {ours.get(name, 'absent')} here, {theirs.get(name, 'absent')} outside"
        for name in sorted({*ours, *theirs})
        if ours.get(name) != theirs.get(name)
    ]
    return len({*ours, *theirs}) - len(differing), differing


def _interpreter(environment: Environment) -> Path:
    """The interpreter of the host that the environment's Python is."""
    folder = environment.layers[0][0]
    return (folder / "bin" / "python").readlink()


def _pins(environment: Environment) -> list[str]:
    """Exactly what is installed in a prepared environment, but for the project itself."""
    [site] = environment.layers[0][0].glob("lib/python*/site-packages")
    return sorted(
        f"{canonicalize_name(found.metadata['Name'])}=={found.version}"
        for found in metadata.distributions(path=[str(site)])
        if (found.read_text("INSTALLER") or "").strip() != "anton"
    )


def _written(tree: Tree, folder: Path) -> Path:
    for path, file in tree.files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.data)
        target.chmod(0o755 if file.mode == "100755" else 0o644)
    return folder


def _run(argv: Sequence[str], cwd: Path, timeout_s: float = INSTALL_S) -> str:
    """Run a program; the last line of what it said where it failed, else nothing."""
    try:
        done = subprocess.run(
            argv,
            cwd=cwd,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"no end after {timeout_s:g} s"
    said = (done.stderr or done.stdout).strip().splitlines()
    return (said[-1][:200] if said else f"exit code {done.returncode}") if done.returncode else ""
