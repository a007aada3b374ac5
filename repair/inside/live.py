"""Put a changed source into modules that are imported already, or into imports to come."""

import ast
import gc
import os
import sys
from bisect import bisect_right
from collections.abc import Callable, Mapping
from functools import partial
from importlib.machinery import SourceFileLoader
from types import CodeType, FunctionType, ModuleType
from typing import Any

from .difference import FreshImportNeeded, Swap, swaps_between
from .settings import Splices, spliced

FUTURES = 0x1FF0000
"""Flags that `from __future__` sets in the code of a whole module."""

Key = tuple[str, int, str]
"""Where a function is defined: file, first line, name."""
MISSING = object()
KEPT = frozenset({"__dict__", "__weakref__", "__module__", "__qualname__", "__doc__"})
"""Attributes of a class that stay when its body is executed anew."""


class Piece:
    """A top-level statement: where it stands, and what it is."""

    def __init__(self, node: ast.stmt, offsets: list[int]) -> None:
        decorators = getattr(node, "decorator_list", [])
        self.line = min([node.lineno, *(decorator.lineno for decorator in decorators)])
        self.start = offsets[self.line - 1]
        self.end = offsets[node.end_lineno or node.lineno]
        self.name = getattr(node, "name", "")
        self.is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        self.is_class = isinstance(node, ast.ClassDef)
        self.decorated = bool(decorators)
        self.binds = [
            target.id
            for target in getattr(node, "targets", [getattr(node, "target", None)])
            if isinstance(target, ast.Name)
        ]


class Module:
    """A source in pieces, its top-level statements, so that a change compiles one of them."""

    def __init__(self, path: str, text: str) -> None:
        self._path = path
        self._text = text
        whole = compile(text, path, "exec", dont_inherit=True)
        tree = ast.parse(text)
        self._flags = whole.co_flags & FUTURES
        self._base: dict[int, CodeType] = {}
        offsets = [0]
        for line in text.splitlines(keepends=True):
            offsets.append(offsets[-1] + len(line))
        self.pieces = [Piece(node, offsets) for node in tree.body]
        self._starts = [piece.start for piece in self.pieces]
        self.used_on_import = _used_on_import(tree)
        self.live = next((m for m in list(sys.modules.values()) if _file_of(m) == path), None)

    def changed(self, splices: Splices) -> list[tuple[Piece, CodeType, CodeType]]:
        """The pieces that change, the code of each before and after.

        Raises FreshImportNeeded for a change that reaches over the end of a piece.
        """
        by_piece: dict[int, Splices] = {}
        for splice in splices:
            at = bisect_right(self._starts, splice[0]) - 1
            if at < 0 or splice[1] > self.pieces[at].end:
                raise FreshImportNeeded
            by_piece.setdefault(at, []).append(splice)
        return [self._changed(at, some) for at, some in by_piece.items()]

    def _changed(self, at: int, splices: Splices) -> tuple[Piece, CodeType, CodeType]:
        piece = self.pieces[at]
        text = self._text[piece.start : piece.end]
        if at not in self._base:
            self._base[at] = self._compile(text, piece.line)
        moved = [(first - piece.start, last - piece.start, new) for first, last, new in splices]
        return piece, self._base[at], self._compile(spliced(text, moved), piece.line)

    def _compile(self, text: str, line: int) -> CodeType:
        padded = "\n" * (line - 1) + text
        code: CodeType = compile(padded, self._path, "exec", self._flags, dont_inherit=True)
        return code


def _file_of(module: Any) -> str:
    path = getattr(module, "__file__", None)
    return os.path.realpath(path) if isinstance(path, str) else ""


def _used_on_import(tree: ast.Module) -> set[str]:
    """Names that are read while the module is imported."""
    found: set[str] = set()
    todo: list[ast.AST] = list(tree.body)
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            found.add(node.id)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            todo += [*node.args.defaults, *(d for d in node.args.kw_defaults if d)]
            todo += getattr(node, "decorator_list", [])
        else:
            todo += ast.iter_child_nodes(node)
    return found


class LiveCode:
    """The functions, classes and constants that exist once the tests are imported."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self._modules: dict[str, Module] = {}
        self._functions: dict[Key, list[FunctionType]] = {}
        self._undo: list[Callable[[], None]] = []
        for path, text in sources.items():
            try:
                self._modules[path] = Module(path, text)
            except (SyntaxError, ValueError):
                continue
        real: dict[str, str] = {}
        for thing in gc.get_objects():
            if isinstance(thing, FunctionType):
                code = thing.__code__
                path = real.setdefault(code.co_filename, os.path.realpath(code.co_filename))
                if path in sources:
                    key = (path, code.co_firstlineno, code.co_name)
                    self._functions.setdefault(key, []).append(thing)

    def functions(self, path: str, line: int, name: str) -> list[FunctionType]:
        """The live functions that are defined there."""
        return self._functions.get((path, line, name), [])

    def change(self, splices: Mapping[str, Splices]) -> None:
        """Put a change in; FreshImportNeeded when that cannot be done in place."""
        for path, some in splices.items():
            if path not in self._modules:
                raise FreshImportNeeded
            module = self._modules[path]
            for piece, base, new in module.changed(some):
                try:
                    swaps = swaps_between(base, new)
                except FreshImportNeeded:
                    self._execute(module, piece, new)
                    continue
                for swap in swaps:
                    self._swap(path, swap)

    def restore(self) -> None:
        """Make all as it was."""
        while self._undo:
            self._undo.pop()()

    def _swap(self, path: str, swap: Swap) -> None:
        key = (path, swap.base.co_firstlineno, swap.base.co_name)
        functions = self._functions.get(key, [])
        if swap.outermost and not functions:
            raise FreshImportNeeded
        for function in functions:
            self._set_code(function, swap.new)

    def _set_code(self, function: FunctionType, code: CodeType) -> None:
        old = function.__code__
        try:
            function.__code__ = code
        except ValueError as error:  # another number of free variables
            raise FreshImportNeeded from error
        self._undo.append(lambda: setattr(function, "__code__", old))

    def _set(self, thing: Any, name: str, value: Any) -> None:
        old = vars(thing).get(name, MISSING)
        setattr(thing, name, value)
        if old is MISSING:
            self._undo.append(lambda: delattr(thing, name))
        else:
            self._undo.append(lambda: setattr(thing, name, old))

    # --- definitions ---

    def _execute(self, module: Module, piece: Piece, code: CodeType) -> None:
        """Execute a changed top-level statement aside, and bring what it defines over."""
        live = module.live
        names = [piece.name] if piece.name else piece.binds
        in_place = piece.is_class or not (set(names) & module.used_on_import)
        if live is None or not names or (piece.decorated and piece.is_function) or not in_place:
            raise FreshImportNeeded
        aside = dict(vars(live))
        exec(code, aside)  # noqa: S102
        for name in names:
            old, new = vars(live).get(name), aside[name]
            if isinstance(old, FunctionType) and isinstance(new, FunctionType):
                self._bring_function(old, new)
            elif piece.is_class:
                self._bring_class(old, new)
            elif not piece.is_function:
                self._rebind(live, name, old, new)

    def _bring_function(self, old: FunctionType, new: FunctionType) -> None:
        self._set_code(old, new.__code__)
        for name in ("__defaults__", "__kwdefaults__"):
            before = getattr(old, name)
            setattr(old, name, getattr(new, name))
            self._undo.append(partial(setattr, old, name, before))

    def _bring_class(self, old: Any, new: Any) -> None:
        if type(old) is not type or type(new) is not type or old.__mro__[1:] != new.__mro__[1:]:
            raise FreshImportNeeded
        if set(vars(old)) - set(vars(new)):
            raise FreshImportNeeded
        for name, value in vars(new).items():
            before = vars(old).get(name)
            if name in KEPT or type(value).__name__ in ("member_descriptor", "getset_descriptor"):
                continue
            here, there = _function_in(before), _function_in(value)
            if here is not None and there is not None:
                self._bring_method(old, name, value, here, there)
            elif before is not value:
                self._set(old, name, value)

    def _bring_method(
        self, owner: type, name: str, value: Any, old: FunctionType, new: FunctionType
    ) -> None:
        try:
            self._bring_function(old, new)
        except FreshImportNeeded:
            if "__class__" in new.__code__.co_freevars:
                raise
            self._set(owner, name, value)

    def _rebind(self, live: ModuleType, name: str, old: Any, new: Any) -> None:
        """Give the new value to all modules that have the old one under this name."""
        for module in list(sys.modules.values()):
            if getattr(module, "__dict__", {}).get(name, MISSING) is old:
                if module is live or _file_of(module):
                    self._set(module, name, new)


def _function_in(thing: Any) -> FunctionType | None:
    """The function of a plain, static or class method, or of a property that is only read."""
    if isinstance(thing, staticmethod | classmethod):
        thing = thing.__func__
    elif isinstance(thing, property) and thing.fset is None:
        thing = thing.fget
    return thing if isinstance(thing, FunctionType) else None


def load_instead(changed: Mapping[str, str]) -> None:
    """Make imports of these paths give these sources, whatever is on the disk or cached."""
    usual = SourceFileLoader.get_code

    def get_code(self: SourceFileLoader, fullname: str) -> CodeType | None:
        path = os.path.realpath(self.path)
        if path in changed:
            return compile(changed[path], path, "exec", dont_inherit=True)
        return usual(self, fullname)

    SourceFileLoader.get_code = get_code  # type: ignore[assignment,method-assign]
