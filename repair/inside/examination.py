"""Run chosen tests of a collected session, and keep how they ended."""

import ast
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Literal, cast

import pytest

from .lines import WORDS, Line
from .settings import Settings

Items = Mapping[str, pytest.Item]
"""Collected tests by id."""


class Reports:
    """A pytest plugin that keeps outcomes and spares the costly texts of failures."""

    def __init__(self) -> None:
        self.outcomes: dict[str, str] = {}
        self.signature = ""

    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[Any]
    ) -> pytest.TestReport:
        raised = call.excinfo
        outcome: Literal["passed", "failed", "skipped"] = "passed"
        text: str | tuple[str, int, str] | None = None
        if raised is not None and isinstance(raised.value, pytest.skip.Exception):
            outcome, text = "skipped", (str(item.path), 0, "skipped")
        elif raised is not None:
            outcome, text = "failed", "failed"
            self.signature = signature(raised, str(item.path))
        return pytest.TestReport(
            nodeid=item.nodeid,
            location=item.location,
            keywords=dict.fromkeys(item.keywords, 1),
            outcome=outcome,
            longrepr=text,
            when=cast(Any, call.when),
            duration=call.duration,
            user_properties=item.user_properties,
        )

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        known = self.outcomes.get(report.nodeid, "passed")
        if report.outcome == "failed" or (report.outcome == "skipped" and known == "passed"):
            known = report.outcome
        self.outcomes[report.nodeid] = known


def signature(raised: pytest.ExceptionInfo[BaseException], test_path: str) -> str:
    """What failed and where, alike for alike failures: line of the test, its loops, type, words."""
    frame: FrameType | None = None
    line = 0
    trace: TracebackType | None = raised.tb
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == test_path:
            frame, line = trace.tb_frame, trace.tb_lineno
        trace = trace.tb_next
    loops = loops_at(frame, line, test_path) if frame is not None else ""
    try:
        words = str(raised.value)[:WORDS]
    except Exception:  # the code under repair wrote this __str__
        words = "?"
    return f"{line}{loops}:{raised.typename}:{words}"


def loops_at(frame: FrameType, line: int, path: str) -> str:
    """How far the loops around a line of a test are."""
    values = [frame.f_locals.get(name) for name in loop_names(path, line)]
    plain = [v for v in values if isinstance(v, int | str | float | tuple | list)]
    return f"@{plain!r}"[:WORDS] if plain else ""


@lru_cache(maxsize=1000)
def loop_names(path: str, line: int) -> tuple[str, ...]:
    """Targets of the loops around a line."""
    try:
        tree = ast.parse(Path(path).read_text())
    except (OSError, SyntaxError, ValueError):
        return ()
    around = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.For) and node.lineno <= line <= (node.end_lineno or line)
    ]
    return tuple(
        name.id for loop in around for name in ast.walk(loop.target) if isinstance(name, ast.Name)
    )


class Loop:
    """A pytest plugin that hands the collected tests over in place of running them."""

    def __init__(self, run: Callable[[Items], None]) -> None:
        self._run = run
        self.reached = False

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self.reached = True
        self._run({item.nodeid: item for item in session.items})
        return True


class Examination:
    """One child's way through the tests: the red ones first, the others while all is well."""

    def __init__(
        self, settings: Settings, items: Items, reports: Reports, line: Line, job: int
    ) -> None:
        self._settings = settings
        self._items = items
        self._reports = reports
        self._line = line
        self._job = job

    def red(self) -> bool:
        """Run all red tests; tells when one stays red, and returns whether none did."""
        passed: list[str] = []
        first: tuple[str, str] | None = None
        for test in self._settings.red:
            if self.passes(test):
                passed.append(test)
            elif first is None:
                first = (test, self._reports.signature)
        if first is not None:
            self._tell("red", at=first[0], passed=passed, sign=first[1])
        return first is None

    def green(self, tests: list[str]) -> None:
        """Run tests that were green on the base; tells how it ended."""
        for position, test in enumerate(tests):
            following = tests[position + 1] if position + 1 < len(tests) else ""
            if test in self._items and not self.passes(test, following):
                sign = self._reports.signature
                self._tell("regression", at=test, sign=sign)
                return
        self._tell("green")

    def _tell(self, verdict: str, **facts: Any) -> None:
        self._line.tell(job=self._job, verdict=verdict, **facts)

    def passes(self, test: str, following: str = "") -> bool:
        """Run one test with all that pytest and its plugins do around it."""
        item = self._items.get(test)
        if item is None:
            self._reports.signature = "not collected"
            return False
        self._line.tell(test=test)
        self._line.limit(self._settings.limit(test))
        self._reports.outcomes.pop(test, None)
        item.ihook.pytest_runtest_protocol(item=item, nextitem=self._items.get(following))
        self._line.unlimited()
        return self._reports.outcomes.get(test) == "passed"

    def run(self, test: str) -> None:
        """Run one test without a limit of ours."""
        if item := self._items.get(test):
            item.ihook.pytest_runtest_protocol(item=item, nextitem=None)
