"""The kinds of sandbox that can be attacked here; E2B without a key by a double of its wire."""

import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.errors import AntonError
from evals.sandbox import Ground
from sandbox import PROVIDERS, provider_class

ALL = tuple(name for name in PROVIDERS if name != "subprocess")
"""Kinds that promise to hold something."""

OptionsOf = Callable[[str], Mapping[str, Any]]


@dataclass
class Grounds:
    """What can be attacked, and what cannot be opened here."""

    found: list[Ground] = field(default_factory=list)
    absent: dict[str, str] = field(default_factory=dict)
    """By kind, why it cannot."""


@asynccontextmanager
async def grounds(backends: Sequence[str], options_of: OptionsOf) -> AsyncIterator[Grounds]:
    """All of these kinds that open here; `options_of` gives what a provider is made with."""
    with ExitStack() as stack:
        scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="anton-attacks-"))
        opened = Grounds()
        for backend in backends:
            name, options = backend, options_of(backend)
            if backend == "e2b" and not options.get("api_key"):
                name, options = "e2b (double)", _doubled(stack, options)
            try:
                provider = provider_class(backend)(Path(scratch, backend), **options)
                await provider.check()
            except AntonError as error:
                opened.absent[backend] = f"{error.message} {error.remedy or ''}".strip()
                continue
            opened.found.append(Ground(name, provider, options))
        yield opened


def _doubled(stack: ExitStack, options: Mapping[str, Any]) -> Mapping[str, Any]:
    """The options for a cloud of ours, where the tests are; else those that were given."""
    try:
        from tests.fakes.e2b_server import E2BDouble
    except ImportError:
        return options
    return {**options, **stack.enter_context(E2BDouble()).access}
