"""Which functions differ between the code of a statement before and after a change."""

from types import CodeType
from typing import Any

IS_FUNCTION = 0x0001
"""`CO_OPTIMIZED`: set in the code of functions, lambdas and comprehensions."""


class FreshImportNeeded(Exception):
    """The change cannot be put into modules that are imported already."""


class Swap:
    """The code of one function before and after."""

    def __init__(self, base: CodeType, new: CodeType, outermost: bool) -> None:
        self.base = base
        self.new = new
        self.outermost = outermost
        """Whether it is defined by no other function, so that it must be found alive."""


def swaps_between(base: CodeType, new: CodeType) -> list[Swap]:
    """The functions that differ; FreshImportNeeded when more than functions does."""
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
