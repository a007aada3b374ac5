"""Test runs of the production bench, kept so that the same run can be looked at in several ways."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from core.evidence import TestRun
from core.trees import Tree
from repair.bench import Bench
from sandbox import junit
from sandbox.judgement import Judgement, Judging, judge
from sandbox.pytest_run import Account

Key = tuple[str, tuple[str, ...]]


class MakeBench(Protocol):
    """Makes test benches that differ in how they judge a run."""

    def __call__(self, *, judging: Judging, per_test_s: float) -> Bench:
        """A bench over the chosen sandbox."""
        ...


@dataclass(frozen=True)
class Record:
    """A run as it was judged, and all that is known of it."""

    run: TestRun
    account: Account | None
    """None where pytest was not even started."""


View = Callable[[Tree, tuple[str, ...], Record], TestRun]
"""What a run is taken for: given the tree, the tests asked for, and the record."""


@dataclass
class Recordings:
    """Makes runs in the sandbox and keeps them, by tree, tests and how often they were asked for.

    Two proofs that ask for the same run share it; one proof that asks twice gets two runs.
    """

    make_bench: MakeBench
    per_test_s: float
    names: dict[tuple[str, str], str] = field(default_factory=dict)
    """Test ids by the names in pytest's reports, from genuine records."""
    made: int = 0
    """Runs made so far."""

    def __post_init__(self) -> None:
        self._bench = self.make_bench(judging=self._judge, per_test_s=self.per_test_s)
        self._kept: dict[Key, list[Record]] = defaultdict(list)
        self._last: Account | None = None

    def _judge(self, account: Account, requested: Sequence[str]) -> Judgement:
        self._last = account
        if account.testimony.genuine:
            self.names |= {junit.names(test): test for test in account.testimony.collected}
        return judge(account, requested)

    async def nth(self, tree: Tree, tests: tuple[str, ...], number: int) -> Record:
        """The run of these tests that was made as the `number`th, counted from 0."""
        kept = self._kept[tree.id, tests]
        while len(kept) <= number:
            self._last = None
            self.made += 1
            run = await self._bench.run(tree, tests)
            kept.append(Record(run, self._last))
        return kept[number]

    def forget(self) -> None:
        """Drop what is kept."""
        self._kept.clear()

    async def close(self) -> None:
        """End the sandboxes."""
        await self._bench.close()


class Take:
    """Serves Tests for one proof: each run is a recorded one, looked at in one way."""

    seconds = 0.0
    suite_seconds = 0.0

    def __init__(self, recordings: Recordings, view: View) -> None:
        self._recordings = recordings
        self._view = view
        self._asked: Counter[Key] = Counter()

    async def run(self, tree: Tree, tests: Sequence[str] = ()) -> TestRun:
        """The next run of these tests, as the view has it."""
        key = (tree.id, tuple(tests))
        record = await self._recordings.nth(tree, key[1], self._asked[key])
        self._asked[key] += 1
        return self._view(tree, key[1], record)
