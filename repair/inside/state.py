"""Whether a test left something behind in this process."""

import os
import sys
import threading
from collections import deque
from types import FunctionType, ModuleType
from typing import Any

MOST = 5000
"""Objects that are looked at; a repository that keeps more is judged one candidate a process."""
CONTAINERS = (list, tuple, set, frozenset, deque)


class State:
    """Everything that the repository's modules keep, as far as it can be seen from them."""

    def __init__(self, root: str) -> None:
        self._prefix = root + os.sep
        self._imported: dict[str, bool] = {}
        self._modules = [sys.modules[name] for name in list(sys.modules) if self._ours(name)]
        self._names = {module.__name__ for module in self._modules}
        self._first = self._look()
        self.small = len(self._first) < MOST

    def untouched(self) -> bool:
        """Whether all is as it was when this was made."""
        return self._look() == self._first

    def _ours(self, name: str) -> bool:
        if name not in self._imported:
            path = getattr(sys.modules[name], "__file__", None) or ""
            self._imported[name] = os.path.realpath(path).startswith(self._prefix)
        return self._imported[name]

    def _look(self) -> list[Any]:
        seen: set[int] = set()
        found: list[Any] = [
            sum(self._ours(name) for name in list(sys.modules)),
            len(sys.path),
            len(os.environ),
            os.getcwd(),
            threading.active_count(),
            sys.getrecursionlimit(),
        ]
        todo: list[Any] = list(self._modules)
        while todo and len(found) < MOST:
            thing = todo.pop()
            if id(thing) in seen:
                continue
            seen.add(id(thing))
            parts = self._parts(thing)
            if parts is not None:
                found.append((id(thing), [id(part) for part in parts]))
                todo += parts
        return found

    def _parts(self, thing: Any) -> list[Any] | None:
        """What it holds; None for what cannot change or is not the repository's."""
        kind = type(thing)
        if kind in CONTAINERS:
            return list(thing)
        if isinstance(thing, dict):
            return [*thing.keys(), *thing.values()]
        if isinstance(thing, ModuleType):
            return list(vars(thing).values()) if thing.__name__ in self._names else None
        if isinstance(thing, FunctionType):
            cells = [cell for cell in thing.__closure__ or () if _filled(cell)]
            contents = [cell.cell_contents for cell in cells]
            return [*contents, thing.__defaults__, thing.__kwdefaults__, *vars(thing).values()]
        if hasattr(kind, "cache_info"):
            return [thing.cache_info().currsize, thing.__wrapped__]
        if isinstance(thing, type):
            return list(vars(thing).values()) if thing.__module__ in self._names else None
        if kind.__module__ in self._names:
            slots = [getattr(thing, name, None) for name in getattr(kind, "__slots__", ())]
            return [*slots, *getattr(thing, "__dict__", {}).values()]
        return None


def _filled(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:
        return False
    return True
