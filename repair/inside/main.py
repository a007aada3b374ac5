"""The judge as a process: take over the standard streams, import the tests, then judge."""

import contextlib
import gc
import importlib
import json
import os
import sys

import pytest

from .examination import Items, Loop, Reports
from .judging import Cold, Warm
from .lines import Line, die_with_parent, write_all
from .live import LiveCode
from .nursery import Inbox, Nursery
from .settings import Job, Settings


class Judge:
    """The process that has the tests imported, with an annex that has not."""

    def __init__(self, settings: Settings, inbox: Inbox, outbox: int) -> None:
        self._settings = settings
        self._inbox = inbox
        self._outbox = outbox
        self._annex = start_annex(settings)
        self._reports = Reports()

    def run(self) -> None:
        """Collect the tests and judge what comes in; never returns."""
        arguments = [*self._settings.args, *self._settings.files]
        pytest.main(arguments, plugins=[Loop(self._serve), self._reports])
        self._ready({})
        nursery = Nursery(self._inbox, self._outbox, self._settings.workers, only_cold, self._annex)
        nursery.serve()
        os._exit(0)

    def _serve(self, items: Items) -> None:
        live = LiveCode(self._settings.sources)
        warm = Warm(self._settings, items, self._reports, live)
        self._ready(items)
        settle()
        Nursery(self._inbox, self._outbox, self._settings.workers, warm.work, self._annex).serve()
        os._exit(0)

    def _ready(self, items: Items) -> None:
        write_all(self._annex[1], json.dumps(foreign_modules(self._settings.root)).encode() + b"\n")
        write_all(self._outbox, json.dumps({"ready": True, "tests": len(items)}).encode() + b"\n")


def only_cold(jobs: list[Job], line: Line) -> None:
    """Stands in for the warm judge when the tests could not be collected."""
    for job in jobs:
        line.tell(job=job["id"], verdict="cold")


def settle() -> None:
    """Leave the memory as it is, so that children share it."""
    gc.collect()
    gc.freeze()
    gc.disable()


def start_annex(settings: Settings) -> tuple[Inbox, int]:
    """Fork a process that never imports the repository, for jobs that need a fresh import."""
    to_annex, from_annex = os.pipe(), os.pipe()
    if not os.fork():
        os.close(to_annex[1])
        os.close(from_annex[0])
        die_with_parent()
        inbox = Inbox(to_annex[0])
        for name in json.loads(inbox.first()):
            # what cannot be imported on its own comes with the tests instead
            with contextlib.suppress(Exception):
                importlib.import_module(name)
        settle()
        Nursery(inbox, from_annex[1], settings.workers, Cold(settings).work).serve()
        os._exit(0)
    os.close(to_annex[0])
    os.close(from_annex[1])
    return Inbox(from_annex[0]), to_annex[1]


def foreign_modules(root: str) -> list[str]:
    """Names of imported modules that do not belong to the repository, in order of import."""
    foreign = []
    for name, module in list(sys.modules.items()):
        origin = getattr(getattr(module, "__spec__", None), "origin", None) or ""
        inside = os.path.realpath(origin).startswith(root + os.sep)
        if origin.endswith((".py", ".so")) and not inside:
            foreign.append(name)
    return foreign


def main() -> None:
    """Serve the host on what were standard input and output; tests see empty ones."""
    inbox, outbox = Inbox(os.dup(0)), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(nowhere, fd)
    settings = Settings(json.loads(inbox.first()))
    sys.path[:] = [path for path in sys.path if path]
    sys.path[0:0] = settings.paths
    os.environ["PYTHONPATH"] = os.pathsep.join(settings.paths)
    sys.argv = ["pytest"]
    sys.dont_write_bytecode = True
    os.chdir(settings.home)
    Judge(settings, inbox, outbox).run()
