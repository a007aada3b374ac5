"""Put a changed source into modules that are imported already, or into imports to come."""

import ast
import gc
import os
import sys
from bisect import bisect_right
from collections.abc import Mapping
from importlib.machinery import SourceFileLoader
from types import CodeType, FrameType, FunctionType
from typing import Any

from .settings import Splices, spliced

IS_FUNCTION = 0x0001
"""`CO_OPTIMIZED`: set in the code of functions, lambdas and comprehensions."""
FUTURES = 0x1FF0000
"""Flags that `from __future__` sets in the code of a whole module."""

Key = tuple[str, int, str]
"""Where a function is defined: file, first line, name."""


class FreshImportNeeded(Exception):
    """The change is not one of function bodies alone."""


def code_key(code: CodeType) -> Key:
    return (code.co_filename, code.co_firstlineno, code.co_name)


def own_part(code: CodeType) -> tuple[Any, ...]:
    """What a code object does itself, without lines and without the code objects in it."""
    constants = [
        "code" if isinstance(constant, CodeType) else (type(constant), repr(constant))
        for constant in code.co_consts
    ]
    return (
        code.co_code,
        constants,
        code.co_names,
        code.co_varnames,
        code.co_freevars,
        code.co_cellvars,
        code.co_flags,
        code.co_argcount,
        code.co_kwonlyargcount,
        code.co_posonlyargcount,
        getattr(code, "co_exceptiontable", b""),
    )


class Swap:
    """The code of one function before and after."""

    def __init__(self, base: CodeType, new: CodeType, outermost: bool) -> None:
        self.base = base
        self.new = new
        self.outermost = outermost
        """Whether it is defined by no other function, so that it must be found alive."""


def swaps_between(base: CodeType, new: CodeType) -> list[Swap]:
    """The functions that differ; FreshImportNeeded when a module or a class body does."""
    return _swaps(base, new, within=False)[1]


def _swaps(base: CodeType, new: CodeType, within: bool) -> tuple[bool, list[Swap]]:
    """Whether anything differs, and what to swap.

    A function whose inner function changed is swapped too: it makes the inner one anew.
    """
    is_function = bool(base.co_flags & IS_FUNCTION)
    differs = own_part(base) != own_part(new)
    if differs and not is_function and not within:
        raise FreshImportNeeded
    found: list[Swap] = []
    inner = [
        [constant for constant in code.co_consts if isinstance(constant, CodeType)]
        for code in (base, new)
    ]
    if len(inner[0]) == len(inner[1]):
        for old, fresh in zip(*inner, strict=True):
            inner_differs, inner_swaps = _swaps(old, fresh, within or is_function)
            differs = differs or inner_differs
            found += inner_swaps
    if is_function and differs:
        found.insert(0, Swap(base, new, outermost=not within))
    return differs, found


class Module:
    """A source in pieces, its top-level statements, so that a change compiles one of them."""

    def __init__(self, path: str, text: str) -> None:
        self._path = path
        self._text = text
        whole = compile(text, path, "exec", dont_inherit=True)
        self._flags = whole.co_flags & FUTURES
        self._base: dict[int, CodeType] = {}
        offsets = [0]
        for line in text.splitlines(keepends=True):
            offsets.append(offsets[-1] + len(line))
        self._pieces: list[tuple[int, int, int]] = []
        for node in ast.parse(text).body:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
                last = node.end_lineno or first
                self._pieces.append((offsets[first - 1], offsets[last], first))

    def swaps(self, splices: Splices) -> list[Swap]:
        """What changes in the functions of this module."""
        start, end = min(s[0] for s in splices), max(s[1] for s in splices)
        at = bisect_right(self._pieces, (start, len(self._text), 0)) - 1
        if at < 0 or end > self._pieces[at][1]:
            raise FreshImportNeeded
        begin, stop, line = self._pieces[at]
        if at not in self._base:
            self._base[at] = self._compile(self._text[begin:stop], line)
        moved = [(first - begin, last - begin, text) for first, last, text in splices]
        return swaps_between(
            self._base[at], self._compile(spliced(self._text[begin:stop], moved), line)
        )

    def _compile(self, text: str, line: int) -> CodeType:
        return compile(
            "\n" * (line - 1) + text, self._path, "exec", flags=self._flags, dont_inherit=True
        )


class LiveCode:
    """The functions that exist once the tests are imported, by where they are defined."""

    def __init__(self, sources: Mapping[str, str], called_early: set[Key]) -> None:
        self._called_early = called_early
        self._modules: dict[str, Module] = {}
        self._functions: dict[Key, list[FunctionType]] = {}
        self._changed: list[tuple[FunctionType, CodeType]] = []
        real: dict[str, str] = {}
        for path, text in sources.items():
            try:
                self._modules[path] = Module(path, text)
            except (SyntaxError, ValueError):
                continue
        for thing in gc.get_objects():
            if isinstance(thing, FunctionType):
                path, line, name = code_key(thing.__code__)
                path = real.setdefault(path, os.path.realpath(path))
                if path in sources:
                    self._functions.setdefault((path, line, name), []).append(thing)

    def change(self, splices: Mapping[str, Splices]) -> None:
        """Give live functions their new code; FreshImportNeeded when that is not the change."""
        for path, some in splices.items():
            if path not in self._modules:
                raise FreshImportNeeded
            for swap in self._modules[path].swaps(some):
                self._swap(path, swap)

    def restore(self) -> None:
        """Give all functions the code that they had."""
        while self._changed:
            function, code = self._changed.pop()
            function.__code__ = code

    def _swap(self, path: str, swap: Swap) -> None:
        key = (path, swap.base.co_firstlineno, swap.base.co_name)
        functions = self._functions.get(key, [])
        if key in self._called_early or (swap.outermost and not functions):
            raise FreshImportNeeded
        for function in functions:
            code = function.__code__
            try:
                function.__code__ = swap.new
            except ValueError as error:  # another number of free variables
                raise FreshImportNeeded from error
            self._changed.append((function, code))

    def functions(self, path: str, line: int, name: str) -> list[FunctionType]:
        """The live functions that are defined there."""
        return self._functions.get((path, line, name), [])


class EarlyCalls:
    """Which functions of the repository run while modules are imported: their work is done."""

    def __init__(self, root: str) -> None:
        self._prefix = root + os.sep
        self.keys: set[Key] = set()

    def watch(self) -> None:
        """Note from now on."""
        sys.setprofile(self._note)

    def stop(self) -> None:
        """Note no more."""
        sys.setprofile(None)
        self.keys = {(os.path.realpath(path), line, name) for path, line, name in self.keys}

    def _note(self, frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(self._prefix):
            self.keys.add(code_key(code))


def load_instead(changed: Mapping[str, str]) -> None:
    """Make imports of these paths give these sources, whatever is on the disk or cached."""
    usual = SourceFileLoader.get_code

    def get_code(self: SourceFileLoader, fullname: str) -> CodeType | None:
        path = os.path.realpath(self.path)
        if path in changed:
            return compile(changed[path], path, "exec", dont_inherit=True)
        return usual(self, fullname)

    SourceFileLoader.get_code = get_code  # type: ignore[method-assign]
