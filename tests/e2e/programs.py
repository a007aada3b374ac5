"""Real processes of the program, forked from one that has loaded the house already."""

import multiprocessing
import os
import sys
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.e2e.preload"])
"""One for all tests of a process: what it loads, no program has to."""
ROOT = Path(__file__).parents[2]
OPENED_AS = (os.O_RDONLY, os.O_WRONLY | os.O_CREAT, os.O_WRONLY | os.O_CREAT)


def started(
    arguments: Sequence[str], environment: Mapping[str, str], files: Sequence[str], cwd: Path
) -> ForkServerProcess:
    """`main.py` at work in a session of its own; `files` are its input, its output and its errors.

    Returns when it has opened them.
    """
    ready, theirs = FORKS.Pipe(duplex=False)
    process = FORKS.Process(
        target=_become, args=(list(arguments), dict(environment), list(files), cwd, theirs)
    )
    process.start()
    theirs.close()
    with ready:
        ready.recv()
    return process


def _become(
    arguments: list[str],
    environment: dict[str, str],
    files: list[str],
    cwd: Path,
    ready: Connection,
) -> None:
    import main

    os.setsid()
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    for number, (path, flags) in enumerate(zip(files, OPENED_AS, strict=True)):
        opened = os.open(path, flags | os.O_NOCTTY, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin, sys.stdout = os.fdopen(0), os.fdopen(1, "w")
    sys.stderr = os.fdopen(2, "w", buffering=1, errors="backslashreplace")
    sys.argv = [str(ROOT / "main.py"), *arguments]
    ready.send(None)
    ready.close()
    sys.exit(main.main(arguments))
