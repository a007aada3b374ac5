"""Call what the tests call, with the arguments that they gave and others near to them.

Changes that pass the same tests are told apart by what they do beyond them.
"""

import copy
import hashlib
import os
import re
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from types import FrameType, FunctionType, GeneratorType
from typing import Any

from .live import LiveCode
from .watching import shown

CALLS = 40
"""Distinct calls that are kept."""
VARIANTS = 10
"""Changed versions of one call."""
PROBE_S = 0.05
"""Processor seconds for one call."""
PROBES = 250
"""Calls that are looked at for one candidate, variants among them."""
SLOW = "!slow"
SLOW_AT_MOST = 5
"""Calls that are too slow before no more are made."""
ITEMS = 60
"""How many items of a generator are looked at."""
IDENTITY = re.compile(r"<(\w+) \d+>")
"""An object as it is shown; its number is another in each process."""
HIDDEN = ("__", "_abc_")
DEPTH = 3


class TooSlow(BaseException):
    """A call took too long."""


class Call:
    """A call of a function of the repository, out of a test."""

    def __init__(self, function: FunctionType, arguments: dict[str, Any], red: bool) -> None:
        self.function = function
        self.arguments = arguments
        self.red = red
        """Whether a red test made it."""


class Probe:
    """Keeps the calls that tests make, and makes them again."""

    def __init__(self, sources: Iterable[str], tests: Iterable[str], live: LiveCode) -> None:
        self._sources = frozenset(sources)
        self._tests = frozenset(tests)
        self._live = live
        self._calls: list[Call] = []
        self._known: set[str] = set()
        self._real: dict[str, str] = {}
        self._red = False

    def listen(self, run: Callable[[], object], seconds: float, red: bool) -> None:
        """Keep the calls that are made while a test runs, for so many seconds at most."""
        self._red = red
        signal.signal(signal.SIGPROF, _too_slow)
        signal.setitimer(signal.ITIMER_PROF, seconds)
        try:
            sys.setprofile(self._note)
            run()
        except TooSlow:
            pass
        finally:
            sys.setprofile(None)
            signal.setitimer(signal.ITIMER_PROF, 0)

    def _note(self, frame: FrameType, event: str, _: Any) -> None:
        if event != "call" or frame.f_back is None or len(self._calls) >= CALLS:
            return
        if self._path(frame) not in self._sources or self._path(frame.f_back) not in self._tests:
            return
        code = frame.f_code
        functions = self._live.functions(self._path(frame), code.co_firstlineno, code.co_name)
        if functions and not code.co_flags & 0x280:
            sys.setprofile(None)
            self._keep(functions[0], dict(frame.f_locals))
            sys.setprofile(self._note)

    def _path(self, frame: FrameType) -> str:
        name = frame.f_code.co_filename
        if name not in self._real:
            self._real[name] = os.path.realpath(name)
        return self._real[name]

    def _keep(self, function: FunctionType, arguments: dict[str, Any]) -> None:
        try:
            kept = copy.deepcopy(arguments)
        except Exception:  # whatever the repository's objects do when they are copied
            return
        text = f"{function.__qualname__} {deep(kept)}"
        if text not in self._known:
            self._known.add(text)
            self._calls.append(Call(function, kept, self._red))

    def outcomes(self) -> tuple[str, list[str]]:
        """What each call, and each variant of it, does now; `!` before what was raised.

        The text says of each call where it comes from: `R` from a red test and `G` from a green
        one, in small letters the variants of such calls.
        """
        signal.signal(signal.SIGPROF, _too_slow)
        origins, found = "", list[str]()
        for call in self._calls:
            for number, arguments in enumerate(islice(variants(call.arguments), VARIANTS)):
                enough = len(found) >= PROBES or found.count(SLOW) >= SLOW_AT_MOST
                found.append("" if enough else self._outcome(call.function, arguments))
                origin = "R" if call.red else "G"
                origins += origin.lower() if number else origin
        return origins, found

    def _outcome(self, function: FunctionType, arguments: Mapping[str, Any]) -> str:
        signal.setitimer(signal.ITIMER_PROF, PROBE_S)
        try:
            given = copy.deepcopy(dict(arguments))
            result = called(function, given)
            if isinstance(result, GeneratorType):
                result = list(islice(result, ITEMS))
            text = IDENTITY.sub(r"<\1>", f"{deep(result)} {deep(given)}")
        except TooSlow:
            return SLOW
        except Exception as error:  # the code under repair raised it, which is what it does
            return f"!{type(error).__name__}"
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:12]


def _too_slow(number: int, frame: FrameType | None) -> None:
    raise TooSlow


def called(function: FunctionType, arguments: Mapping[str, Any]) -> Any:
    """Call a function with the values that its parameters had."""
    code = function.__code__
    count = code.co_argcount
    names = code.co_varnames
    positional = [arguments[name] for name in names[:count] if name in arguments]
    keywords = {n: arguments[n] for n in names[count : count + code.co_kwonlyargcount]}
    rest = count + code.co_kwonlyargcount
    if code.co_flags & 0x04:
        positional += arguments.get(names[rest], ())
        rest += 1
    if code.co_flags & 0x08:
        keywords.update(arguments.get(names[rest], {}))
    return function(*positional, **keywords)


def variants(arguments: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The arguments as they were, then with one of them changed a little."""
    yield dict(arguments)
    changed = [changes(value) for value in arguments.values()]
    while any(changed):
        for name, ways in zip(arguments, changed, strict=True):
            if ways:
                yield {**arguments, name: ways.pop(0)}


def changes(value: Any, depth: int = 2) -> list[Any]:
    """Values near to this one."""
    match value:
        case bool():
            return [not value]
        case int():
            return list(dict.fromkeys(n for n in (value + 1, value - 1, 0, -value) if n != value))
        case float():
            return [value + 0.5, -value]
        case str():
            return [t for t in ("", value[1:], value + value, value[::-1]) if t != value]
        case list() | tuple():
            return _other_sequences(value, depth)
        case dict() if value:
            without = {k: v for k, v in list(value.items())[1:]}
            return [type(value)(without)] if type(value) is dict else []
        case set():
            return [set(), set(list(value)[1:])] if value else []
        case _:
            return _other_objects(value) if depth and hasattr(value, "__dict__") else []


def _other_sequences(value: Any, depth: int) -> list[Any]:
    kind = type(value)
    if kind not in (list, tuple):
        return []
    found = [kind(value[::-1]), kind(value[:-1]), kind(), kind([*value, *value[:1]])]
    if value and depth:
        found += [kind([other, *value[1:]]) for other in changes(value[0], depth - 1)[:2]]
        found += [kind([*value[:-1], other]) for other in changes(value[-1], depth - 1)[:2]]
    return [other for other in found if other != value]


def _other_objects(value: Any) -> list[Any]:
    """The object with one attribute changed."""
    found = []
    for name, held in list(vars(value).items())[:6]:
        for other in changes(held, 0)[:2]:
            try:
                twin = copy.copy(value)
                object.__setattr__(twin, name, other)
            except Exception:  # noqa: S112 what the repository's objects allow is theirs to say
                continue
            found.append(twin)
    return found


def deep(value: Any, depth: int = DEPTH) -> str:
    """A text that is the same for values that are alike, objects by what they hold."""
    kind = type(value)
    if isinstance(value, BaseException):
        return f"!{kind.__name__}"
    if kind in (list, tuple) and depth:
        return f"{kind.__name__}[{','.join(deep(item, depth - 1) for item in value)}]"
    if isinstance(value, dict) and depth:
        items = ((deep(k, depth - 1), deep(v, depth - 1)) for k, v in value.items())
        return f"{kind.__name__}{{{','.join(f'{k}:{v}' for k, v in items)}}}"
    if hasattr(value, "__dict__") and depth and not isinstance(value, type | FunctionType):
        held = {n: v for n, v in vars(value).items() if not n.startswith(HIDDEN)}
        return f"{kind.__name__}({deep(held, depth - 1)})"
    text = shown(value)
    return f"<{kind.__name__}>" if text.startswith("<") else text
