"""What other languages add to an environment of Python; the table here names them all.

Python is always there, for it is what a sandbox is supervised by.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Protocol

from core.recipes import Recipe
from core.trees import Tree
from sandbox.programs import Programs

KINDS: Mapping[str, str] = {"node": "sandbox.node_modules:NodePackages"}
"""By name: the class that prepares it, as `module:Class`, made with what `Kind.__init__` takes."""


@dataclass(frozen=True)
class Addition:
    """What one language adds."""

    digest: str
    """Of everything that it was made of."""
    layers: tuple[tuple[Path, str], ...] = ()
    """Host folder and where it is seen inside, read-only."""
    variables: Mapping[str, str] = field(default_factory=dict)
    programs: tuple[str, ...] = ()
    """Folders inside that are searched for programs before the usual ones."""
    notes: tuple[str, ...] = ()
    """What a person should know."""


class Kind(Protocol):
    """Prepares what repositories of one language need, once, read-only, cached by what is asked."""

    def __init__(self, cache: Path, programs: Programs, *, index_allowed: bool) -> None:
        """Keep what is prepared below `cache`, and run installers as `programs`."""
        ...

    def prepare(self, tree: Tree, recipe: Recipe) -> Addition | None:
        """What this tree needs, None for nothing; raises EnvironmentUnprepared; called in a thread.

        May be called for several trees at the same time.
        """
        ...

    def close(self) -> None:
        """Let go of everything; harmless when repeated."""
        ...


def kinds(cache: Path, programs: Programs, *, index_allowed: bool) -> Iterator[Kind]:
    """One of each kind of the table."""
    for place in KINDS.values():
        module, _, name = place.partition(":")
        made: Kind = getattr(import_module(module), name)(
            cache, programs, index_allowed=index_allowed
        )
        yield made
