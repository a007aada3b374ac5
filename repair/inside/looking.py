"""Look at what the variables of functions hold while tests run."""

import os
import signal
import sys
from collections.abc import Iterable
from types import FrameType
from typing import Any

from .examination import Examination

ENOUGH_CALLS = 20_000
ATTRIBUTES = 30
"""Attributes of an object that are looked at."""
Seen = dict[str, dict[str, dict[str, list[str]]]]
"""Path to function to variable to names of types."""


class Overdue(BaseException):
    """The tests took longer than looking is worth."""


class Look:
    """Notes the types of all locals whenever a function of the repository ends."""

    def __init__(self, paths: Iterable[str], root: str) -> None:
        self._root = root
        self._paths = {path: os.path.relpath(path, root) for path in paths}
        self._known: dict[str, str | None] = {}
        self._calls = 0
        self._ours: dict[type, bool] = {}
        self.seen: dict[str, dict[str, dict[str, set[str]]]] = {}

    def at(self, examination: Examination, tests: Iterable[str], seconds: float) -> Seen:
        """What was seen while these tests ran, for so many seconds at most."""
        signal.signal(signal.SIGPROF, self._stop)
        signal.setitimer(signal.ITIMER_PROF, seconds)
        try:
            sys.setprofile(self._note)
            for test in tests:
                examination.run(test)
        except Overdue:
            pass
        finally:
            sys.setprofile(None)
            signal.setitimer(signal.ITIMER_PROF, 0)
        return {
            path: {
                function: {name: sorted(types) for name, types in names.items()}
                for function, names in functions.items()
            }
            for path, functions in self.seen.items()
        }

    def _stop(self, number: int, frame: FrameType | None) -> None:
        if frame is not None:
            self._keep(frame)
        raise Overdue

    def _note(self, frame: FrameType, event: str, result: Any) -> None:
        if event == "return" and self._path(frame) is not None:
            self._keep(frame, result)

    def _path(self, frame: FrameType) -> str | None:
        """The repository's name of the file that a frame runs; None for files of others."""
        name = frame.f_code.co_filename
        if name not in self._known:
            self._known[name] = self._paths.get(os.path.realpath(name))
        return self._known[name]

    def _keep(self, frame: FrameType, result: Any = None) -> None:
        code, path = frame.f_code, self._path(frame)
        self._calls += 1
        if path is None or self._calls > ENOUGH_CALLS:
            return
        name = getattr(code, "co_qualname", code.co_name).replace(".<locals>", "")
        known = self.seen.setdefault(path, {}).setdefault(name, {})
        for variable, value in [*frame.f_locals.items(), ("<return>", result)]:
            known.setdefault(variable, set()).add(type(value).__name__)
            if self._is_ours(type(value)):
                for attribute, held in list(getattr(value, "__dict__", {}).items())[:ATTRIBUTES]:
                    name = f"{variable}.{attribute}"
                    known.setdefault(name, set()).add(type(held).__name__)

    def _is_ours(self, kind: type) -> bool:
        """Whether a class is defined in the repository."""
        if kind not in self._ours:
            module = sys.modules.get(kind.__module__)
            path = os.path.realpath(getattr(module, "__file__", None) or "")
            self._ours[kind] = path.startswith(self._root + os.sep)
        return self._ours[kind]
