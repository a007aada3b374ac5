"""Evaluate expressions where a statement is about to run, to see what changes would do there."""

import os
import signal
import sys
from collections.abc import Callable, Iterable, Mapping
from types import CodeType, FrameType
from typing import Any

VISITS = 10
"""How often a line is looked at."""
EVALUATION_S = 0.02
"""Processor seconds for one expression."""
TEXT = 120
DEPTH = 4
Wanted = Mapping[str, Mapping[str, list[str]]]
"""Path to line to expressions; lines as text, since they travel as JSON."""
Seen = dict[str, dict[str, list[list[str]]]]
"""Path to line to the values of each expression, visit by visit."""


class TooSlow(Exception):
    """An expression took too long."""


class Enough(BaseException):
    """Every line was looked at often enough."""


class Watch:
    """Looks at lines of a repository while a test runs."""

    def __init__(self, wanted: Wanted, root: str) -> None:
        self._codes: dict[str, dict[int, list[CodeType | None]]] = {}
        self.values: dict[str, dict[int, list[list[str]]]] = {}
        for path, lines in wanted.items():
            where = os.path.join(root, path)
            self._codes[where] = {
                int(line): [_compiled(text) for text in texts] for line, texts in lines.items()
            }
            self.values[where] = {int(line): [] for line in lines}
        self._root = root
        self._real: dict[str, str] = {}

    def during(self, run: Callable[[], object], seconds: float) -> None:
        """Watch while something runs, for so many seconds at most."""
        signal.signal(signal.SIGPROF, _too_slow)
        signal.signal(signal.SIGVTALRM, _enough)
        signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
        sys.settrace(self._enter)
        try:
            run()
        except Enough:
            pass
        finally:
            sys.settrace(None)
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)

    def seen(self) -> Seen:
        """What was seen, as it travels."""
        return {
            os.path.relpath(path, self._root): {str(line): rows for line, rows in lines.items()}
            for path, lines in self.values.items()
        }

    def _enter(self, frame: FrameType, event: str, _: Any) -> Any:
        return self._line if self._path(frame) in self._codes else None

    def _path(self, frame: FrameType) -> str:
        name = frame.f_code.co_filename
        if name not in self._real:
            self._real[name] = os.path.realpath(name)
        return self._real[name]

    def _line(self, frame: FrameType, event: str, _: Any) -> Any:
        if event == "line":
            path = self._path(frame)
            codes = self._codes[path].get(frame.f_lineno)
            if codes and len(self.values[path][frame.f_lineno]) < VISITS:
                sys.settrace(None)
                self.values[path][frame.f_lineno].append(self._evaluated(frame, codes))
                sys.settrace(self._enter)
        return self._line

    def _evaluated(self, frame: FrameType, codes: Iterable[CodeType | None]) -> list[str]:
        names = {**frame.f_globals, **frame.f_locals}
        used_up = consumed_by_reading(frame.f_locals)
        found = []
        for code in codes:
            if code is None or not used_up.isdisjoint(code.co_names):
                found.append("")
                continue
            signal.setitimer(signal.ITIMER_PROF, EVALUATION_S)
            try:
                found.append(shown(eval(code, names)))  # noqa: S307
            except Exception as error:  # whatever the expression raises is what it does
                found.append(f"!{type(error).__name__}")
            finally:
                signal.setitimer(signal.ITIMER_PROF, 0)
        return found


def consumed_by_reading(variables: Mapping[str, Any]) -> set[str]:
    """Names of variables and attributes that hold iterators: to look at them is to change them."""
    found = set()
    for name, value in variables.items():
        if hasattr(type(value), "__next__"):
            found.add(name)
        for attribute, held in list(getattr(value, "__dict__", {}).items()):
            if hasattr(type(held), "__next__"):
                found.add(attribute)
    return found


def _too_slow(number: int, frame: FrameType | None) -> None:
    raise TooSlow


def _enough(number: int, frame: FrameType | None) -> None:
    raise Enough


def _compiled(text: str) -> CodeType | None:
    try:
        return compile(text.strip(), "<watched>", "eval", dont_inherit=True)
    except (SyntaxError, ValueError):
        return None


def shown(value: Any, depth: int = DEPTH) -> str:
    """A text that is the same for values that are alike; objects are told apart by identity."""
    kind = type(value)
    if value is None or kind in (int, float, bool, str, bytes, complex):
        text = repr(value)
        return text if len(text) < TEXT else f"{text[:TEXT]}{hash(text)}"
    if depth and kind in (list, tuple):
        return f"{kind.__name__}[{','.join(shown(item, depth - 1) for item in value)}]"
    if depth and kind in (set, frozenset):
        return f"set{{{','.join(sorted(shown(item, depth - 1) for item in value))}}}"
    if depth and isinstance(value, dict):
        items = (f"{shown(k, depth - 1)}:{shown(v, depth - 1)}" for k, v in value.items())
        return f"{kind.__name__}{{{','.join(items)}}}"
    if kind in (range, slice):
        return repr(value)
    if kind.__module__ in ("decimal", "fractions", "datetime"):
        return repr(value)
    return f"<{kind.__name__} {id(value)}>"
