"""Runs programs on this machine, and lays out what they work on."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from core.trees import Tree
from observability import host_programs

INSTALL_S = 900


def written(tree: Tree, folder: Path) -> Path:
    """The files of a tree below a folder."""
    for path, file in tree.files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.data)
        target.chmod(0o755 if file.mode == "100755" else 0o644)
    return folder


def run(
    argv: Sequence[str],
    cwd: Path,
    timeout_s: float = INSTALL_S,
    variables: Mapping[str, str] | None = None,
) -> str:
    """Run a program, with no more variables than it needs to start, or with these.

    What it complained of in one line where it failed, else nothing.
    """
    try:
        done = subprocess.run(
            argv,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
            env=host_programs.plain() if variables is None else variables,
        )
    except subprocess.TimeoutExpired:
        return f"no end after {timeout_s:g} s"
    except OSError as error:
        return f"{argv[0]} does not start: {error}"
    return _telling(done.stderr or done.stdout, done.returncode) if done.returncode else ""


def _telling(said: str, code: int) -> str:
    """The line that names what went wrong: npm says it first, others last."""
    lines = [line for line in said.splitlines() if line.strip()]
    npm = [line for line in lines if line.startswith("npm error ") and " code " not in line]
    return next(iter([*npm, *lines[-1:]]), f"exit code {code}")[:200]
