"""Edits to try, most promising first, made only as they are asked for."""

import heapq
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import libcst as cst

from core.patches import Suspect
from core.trees import Tree
from repair.edits import Edit
from repair.hints import Hints
from repair.judge import Trial
from repair.operators import OPERATORS, Site
from repair.source import Source
from repair.vocabulary import Vocabulary

Seen = Mapping[str, Mapping[str, Mapping[str, Sequence[str]]]]
"""Path to function to variable to names of types."""
SUSPICION_POWER = 0.6
"""How much the place counts against the kind of edit."""
MOST_STATEMENTS = 300
MOST_FILES = 8


@dataclass(frozen=True)
class Place:
    """A statement with how suspicious it is."""

    site: Site
    weight: float
    """From 0.0 to 1.0, relative to the most suspicious one."""


class Proposals:
    """All single edits at the suspicious statements of a tree, in order of promise."""

    def __init__(
        self,
        tree: Tree,
        suspects: Sequence[Suspect],
        seen: Seen | None = None,
        crashes: frozenset[tuple[str, int]] = frozenset(),
        words: frozenset[str] = frozenset(),
    ) -> None:
        self._seen = seen or {}
        self._crashes = crashes
        self._words = words
        self._hints: dict[str, Hints] = {}
        self.sources: dict[str, Source] = {}
        self.places = self._places(tree, suspects)

    def __iter__(self) -> Iterator[Trial]:
        """Trials by falling score; equal ones in order of the text."""
        heap: list[tuple[float, int, int, int, Edit | None]] = []
        for rank, place in enumerate(self.places):
            for number, (_, ceiling) in enumerate(OPERATORS):
                heap.append((-place.weight * ceiling, rank, number, -1, None))
        heapq.heapify(heap)
        known: set[tuple[str, int, int, str]] = set()
        while heap:
            score, rank, number, _, edit = heapq.heappop(heap)
            if edit is not None:
                key = self._key(edit)
                if key not in known:
                    known.add(key)
                    yield Trial((edit,), -score)
                continue
            place = self.places[rank]
            for order, made in enumerate(OPERATORS[number][0](place.site)):
                worth = place.weight * made.prior * self._boost(made, place)
                heapq.heappush(heap, (-worth, rank, number, order, made))

    def _boost(self, edit: Edit, place: Place) -> float:
        source = place.site.source
        removed = "".join(source.text[s.start : s.end] for s in edit.splices)
        added = "".join(s.text for s in edit.splices)
        return self._hints[edit.path].boost(place.site.statement, removed, added)

    def _key(self, edit: Edit) -> tuple[str, int, int, str]:
        """The same for edits that lead to the same text, but for blanks."""
        text = self.sources[edit.path].text
        start = text.rfind("\n", 0, edit.splices[0].start) + 1
        end = text.find("\n", edit.splices[-1].end)
        end = len(text) if end < 0 else end
        parts, at = [], start
        for splice in edit.splices:
            parts += [text[at : splice.start], splice.text]
            at = splice.end
        parts.append(text[at:end])
        result = "".join(parts)
        layout = re.sub(r"(?<=\S)[ \t]+", " ", result)
        return (edit.path, start, end, layout)

    def _places(self, tree: Tree, suspects: Sequence[Suspect]) -> list[Place]:
        paths = list(dict.fromkeys(s.path for s in suspects))[:MOST_FILES]
        weights: dict[tuple[str, int], float] = {}
        for suspect in suspects:
            weights[suspect.path, suspect.line] = suspect.score
        top = max(weights.values(), default=0.0) or 1.0
        found: list[tuple[float, int, Place]] = []
        for order, path in enumerate(paths):
            vocabulary = self._vocabulary(tree, path)
            if vocabulary is None:
                continue
            for statement in vocabulary.source.statements:
                lines = range(statement.first, statement.last + 1)
                weight = max((weights.get((path, n), 0.0) for n in lines), default=0.0) / top
                weight **= SUSPICION_POWER
                if weight:
                    crashed = any((path, n) in self._crashes for n in lines)
                    place = Place(Site(vocabulary, statement, self._hints[path], crashed), weight)
                    found.append((-weight, order, place))
        found.sort(key=lambda entry: (entry[0], entry[1], entry[2].site.statement.first))
        return [place for _, _, place in found[:MOST_STATEMENTS]]

    def _vocabulary(self, tree: Tree, path: str) -> Vocabulary | None:
        try:
            source = Source(path, tree[path].data.decode("utf-8"))
        except (cst.ParserSyntaxError, UnicodeDecodeError, RecursionError):
            return None
        self.sources[path] = source
        self._hints[path] = Hints(source, self._words)
        types = {
            function: {name: frozenset(kinds) for name, kinds in names.items()}
            for function, names in self._seen.get(path, {}).items()
        }
        return Vocabulary(source, types)
