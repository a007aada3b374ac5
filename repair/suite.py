"""Which tests judge a change, in which order and under which limits of time."""

from collections.abc import Mapping, Sequence
from functools import cached_property

from core.trees import Tree
from repair.bench import SURVEY_TEST_S, import_paths, pytest_arguments
from repair.blocks import Function
from repair.judge import Setup, scope_key
from repair.source import Source
from sandbox.members import home_of, nearest_first
from sandbox.surveys import Survey

LEAST_LIMIT_S = 0.1
"""Processor seconds that any test may take."""
LIMIT_FACTOR = 20
"""How many times longer than on base a test may take."""
HANGS = 0.8
"""Share of the survey's limit from which a test counts as hanging."""


class Suite:
    """The tests of a base as a search uses them."""

    def __init__(self, survey: Survey, red: Sequence[str]) -> None:
        self._lines = survey.lines
        self.red = list(red)
        self.green = [test for test in survey.run.passed if test not in set(red)]
        self._seconds = {case.test_id: case.seconds for case in survey.run.cases}

    def near(self, path: str) -> list[str]:
        """All green tests, those that touch a file first, of these the narrow ones first."""
        near = [t for t in self.green if path in self._lines.get(t, {})]
        near.sort(key=lambda t: len(self._lines[t]))
        rest = set(near)
        return [*near, *(t for t in self.green if t not in rest)]

    def setup(self, tree: Tree, sources: Mapping[str, Source], workers: int) -> Setup:
        """What a judge has to know to try changes of these sources."""
        default = max(LEAST_LIMIT_S, LIMIT_FACTOR * self._usual)
        limits = {test: self._limit(test, default) for test in [*self.red, *self.green]}
        return Setup(
            sources={path: source.text for path, source in sources.items()},
            red=self.red,
            orders=self._orders(sources),
            files=list(dict.fromkeys(t.split("::")[0] for t in [*self.red, *self.green])),
            limits={test: limit for test, limit in limits.items() if limit > default},
            default_limit=default,
            imported=self._imported(sources),
            workers=workers,
            home=home_of(tree),
            paths=nearest_first(import_paths(tree), self.red),
            args=pytest_arguments(tree),
        )

    @cached_property
    def _usual(self) -> float:
        """The median time of a green test."""
        seconds = sorted(self._seconds.get(test, 0.0) for test in self.green)
        return seconds[len(seconds) // 2] if seconds else 0.0

    def _limit(self, test: str, default: float) -> float:
        took = self._seconds.get(test, 0.0)
        return max(default, LIMIT_FACTOR * took) if took < SURVEY_TEST_S * HANGS else default

    # --- what a change can reach ---

    def _orders(self, sources: Mapping[str, Source]) -> dict[str, list[str]]:
        """For each file all tests, for each of its functions those that run a line of it."""
        orders: dict[str, list[str]] = {}
        for path, source in sources.items():
            orders[path] = everywhere = self.near(path)
            for function in source.functions:
                if not function.is_module:
                    reached = [t for t in everywhere if self._may_reach(t, path, function)]
                    orders[scope_key(path, function.first)] = reached
        return orders

    def _imported(self, sources: Mapping[str, Source]) -> list[str]:
        """Functions that run while the tests are imported, and that no red test runs again."""
        found = []
        for path, source in sources.items():
            on_import = set(self._lines.get("", {}).get(path, ()))
            by_red = {n for test in self.red for n in self._lines.get(test, {}).get(path, ())}
            for function in source.functions:
                body = set(range(function.first + 1, function.last + 1))
                if not function.is_module and body & on_import and not body & by_red:
                    found.append(scope_key(path, function.first))
        return found

    def _may_reach(self, test: str, path: str, function: Function) -> bool:
        """Whether a test runs a line of a function, as far as is known."""
        lines = self._lines.get(test)
        if not lines:
            return True
        return any(function.first <= line <= function.last for line in lines.get(path, ()))
