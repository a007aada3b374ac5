"""Other names under which links of a repository show its files: tests may be found by those."""

import posixpath
from dataclasses import dataclass
from typing import Self

from core.trees import SYMLINK, Tree

MAX_NAMES = 20
"""Of one file; links that lead into themselves would give it names without end."""


@dataclass(frozen=True)
class Links:
    """The links of a tree, each with the place that it leads to."""

    places: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, tree: Tree) -> Self:
        """All, by what stands in them."""
        found = (
            (path, posixpath.join(posixpath.dirname(path), file.data.decode("utf-8", "replace")))
            for path, file in tree.files.items()
            if file.mode == SYMLINK
        )
        return cls(tuple((path, posixpath.normpath(place)) for path, place in found))

    def names(self, path: str) -> tuple[str, ...]:
        """All names of a file, its own first."""
        found = [path]
        for name in found:
            fresh = (link + rest for link, rest in self._through(name))
            found += [one for one in dict.fromkeys(fresh) if one not in found]
            if len(found) > MAX_NAMES:
                break
        return tuple(found[:MAX_NAMES])

    def own_names(self, path: str) -> tuple[str, ...]:
        """The names that links give it, each begun at the link: where that lies says nothing.

        So code that a folder of tests has a link to is no test.
        """
        return tuple(
            posixpath.basename(link) + rest
            for name in self.names(path)
            for link, rest in self._through(name)
        )

    def _through(self, name: str) -> list[tuple[str, str]]:
        """The links that show it, each with what follows it in the name."""
        return [
            (link, name[len(place) :])
            for link, place in self.places
            if name == place or name.startswith(f"{place}/")
        ]
