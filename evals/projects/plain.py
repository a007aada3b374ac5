"""A plain run of a project's tests outside, as its own people would run them: no protection at all.

What is compared with it was run in a sandbox, with the same versions of everything.
"""

import sys
from collections.abc import Callable, Mapping
from importlib import metadata
from pathlib import Path

from packaging.utils import canonicalize_name

from core.ports import Environment
from core.trees import Tree
from evals.projects.npm import of_node
from evals.projects.outcomes import NO_REPORT, NO_TEST, Plain
from evals.projects.programs import run, written
from observability import host_programs
from sandbox import junit


def of_python(tree: Tree, environment: Environment, folder: Path, timeout_s: float) -> Plain:
    """Install the same versions with the usual installer, and run pytest as the project says."""
    python = folder / "venv" / "bin" / "python"
    source = written(tree, folder / "source")
    uv = str(Path(sys.executable).with_name("uv"))
    interpreter = str(_interpreter(environment))
    run([uv, "venv", "--quiet", "--python", interpreter, str(folder / "venv")], folder)
    pins = _pins(environment)
    install = [uv, "pip", "install", "--quiet", "--python", str(python)]
    variables = host_programs.of_python()
    if problem := run([*install, *pins], folder, variables=variables):
        return Plain({}, note=f"its dependencies: {problem}")
    problem = run([*install, "--no-deps", "--editable", str(source)], folder, variables=variables)
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
    run(command, source, timeout_s)
    if not report.exists():  # options that ask for tools which tests do not need
        run([*command, "-o", "addopts="], source, timeout_s)
    if not report.exists():
        return Plain({}, note=problem or NO_REPORT)
    found = junit.parse(report.read_bytes())
    seconds = sum(one.seconds for one in found.details.values())
    return Plain(found.outcomes, seconds, problem or ("" if found.outcomes else NO_TEST))


PLAIN: Mapping[str, Callable[[Tree, Environment, Path, float], Plain]] = {
    "pypi": of_python,
    "npm": of_node,
}
"""By ecosystem: what runs a project's tests plainly in an empty folder, within so many seconds."""


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
