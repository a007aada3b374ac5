"""The witness's hooks: what pytest collected, how each test ended and where.

Copied into the prepared environment beside the witness, which loads it.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from sandbox.pytest_witness import Alarm, Lines, Places, Record

MESSAGE_CHARACTERS = 2_000
MESSAGES_CHARACTERS = 4_000_000
"""Of all tests together; beyond it messages are cut short."""


def plugins(
    record: Record, places: Places, alarm: Alarm, lines: Lines | None, survey_path: str
) -> list[object]:
    """What to hand to pytest; the survey, if there are `lines`, is written in the end."""
    asked = Asked()
    innermost: list[object] = [Innermost(record, places, asked)]
    if lines:
        innermost.append(Tracing(lines, survey_path))
    return [*innermost, asked, Outermost(record, places, alarm)]


class Asked:
    """Notes for which test pytest asked last that its function be called."""

    def __init__(self) -> None:
        self.test = ""

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: Any) -> Generator[None, Any, None]:
        self.test = pyfuncitem.nodeid
        yield


class Innermost:
    """Sees what a test itself did, before any plugin of the repository can say otherwise."""

    def __init__(self, record: Record, places: Places, asked: Asked) -> None:
        self._record = record
        self._places = places
        self._asked = asked
        self._reached = ""

    @pytest.hookimpl
    def pytest_pyfunc_call(self, pyfuncitem: Any) -> None:
        self._reached = pyfuncitem.nodeid

    @pytest.hookimpl(hookwrapper=True, trylast=True)
    def pytest_runtest_call(self, item: Any) -> Generator[None, Any, None]:
        self._reached = self._asked.test = ""
        outcome = yield
        raised = type(outcome.excinfo[1]).__name__ if outcome.excinfo else ""
        if not raised and not self._reached and self._is_claimed(item):
            raised = "nothing: the function was not called"
        self._record.write("called", id=self._record.short(item.nodeid), raised=raised)

    def _is_claimed(self, item: Any) -> bool:
        """Whether somebody keeps pytest from calling a plain function: pytest was not even asked
        to, or the repository answers for it.
        """
        if type(item) is not pytest.Function or inspect.iscoroutinefunction(item.obj):
            return False
        if self._asked.test != item.nodeid:
            return True
        calls = item.config.hook.pytest_pyfunc_call.get_hookimpls()
        return any(self._places.relative(inspect.getfile(call.function)) for call in calls)


class Tracing:
    """Traces lines while files are collected and while tests run, but not pytest between them."""

    def __init__(self, lines: Lines, survey_path: str) -> None:
        self._lines = lines
        self._survey_path = survey_path

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: Any) -> Generator[None, Any, None]:
        sys.settrace(None)
        self._lines.switch(item.nodeid)
        yield
        self._lines.switch("")
        sys.settrace(self._lines.trace)

    @pytest.hookimpl(hookwrapper=True, trylast=True)
    def pytest_runtest_setup(self) -> Generator[None, Any, None]:
        sys.settrace(self._lines.trace)
        yield
        sys.settrace(None)

    @pytest.hookimpl(hookwrapper=True, trylast=True)
    def pytest_runtest_call(self) -> Generator[None, Any, None]:
        sys.settrace(self._lines.trace)
        yield
        sys.settrace(None)

    @pytest.hookimpl(hookwrapper=True, trylast=True)
    def pytest_runtest_teardown(self) -> Generator[None, Any, None]:
        sys.settrace(self._lines.trace)
        yield
        sys.settrace(None)

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_sessionfinish(self) -> Generator[None, Any, None]:
        yield
        self._lines.save(self._survey_path)


class Outermost:
    """Sees what pytest says of a test in the end."""

    def __init__(self, record: Record, places: Places, alarm: Alarm) -> None:
        self._record = record
        self._places = places
        self._alarm = alarm
        self._words_left = MESSAGES_CHARACTERS

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_make_collect_report(self, collector: Any) -> Generator[None, Any, None]:
        self._alarm.set()
        outcome = yield
        self._alarm.stop()
        report = outcome.get_result()
        call = getattr(report, "call", None)
        if report.outcome == "failed":
            error = call.excinfo.value if call is not None and call.excinfo else None
            path, line = self._places.of(error) if error else ("", 0)
            self._record.write(
                "broken",
                id=collector.nodeid or str(collector.path),
                message=_message(report, error),
                path=path,
                line=line,
            )

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[Any]) -> Generator[None, Any, None]:
        before = list(items)
        yield
        kept = {id(item) for item in items}
        for item in before:
            self._places.test_files.add(self._places.relative(str(item.path)))
        ids = list(dict.fromkeys(item.nodeid for item in before))
        dropped = [item.nodeid for item in before if id(item) not in kept]
        self._record.write("collected", ids=ids, dropped=dropped)
        self._record.numbers = {test_id: number for number, test_id in enumerate(ids)}

    @pytest.hookimpl(tryfirst=True)
    def pytest_deselected(self, items: list[Any]) -> None:
        self._record.write("deselected", ids=[item.nodeid for item in items])

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: Any) -> Generator[None, Any, None]:
        self._record.write("start", id=self._record.short(item.nodeid))
        yield
        self._alarm.stop()
        self._record.write("done")

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: Any) -> Generator[None, Any, None]:
        self._alarm.set()
        yield
        self._alarm.stop()

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: Any) -> Generator[None, Any, None]:
        self._alarm.set()
        yield
        self._alarm.stop()

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: Any) -> Generator[None, Any, None]:
        self._alarm.set()
        yield
        self._alarm.stop()

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: Any, call: Any) -> Generator[None, Any, None]:
        outcome = yield
        report = outcome.get_result()
        error = call.excinfo.value if call.excinfo else None
        if error is not None:
            report.anton_error = error

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.outcome not in ("passed", "failed", "skipped"):
            return
        if report.passed and report.when != "call":
            return
        facts = {
            "id": self._record.short(report.nodeid),
            "when": report.when,
            "outcome": report.outcome,
            "seconds": round(getattr(report, "duration", 0.0), 6),
        }
        if not report.passed:
            error = getattr(report, "anton_error", None)
            facts["path"], facts["line"] = self._places.of(error) if error else ("", 0)
            facts["message"] = _message(report, error)[: max(100, self._words_left)]
            self._words_left -= len(facts["message"])
            report.anton_error = None
        self._record.write("report", **facts)


def _message(report: Any, error: BaseException | None) -> str:
    """What went wrong, in the report's own words where it has some."""
    longrepr = getattr(report, "longrepr", None)
    crash = getattr(longrepr, "reprcrash", None)
    if crash is not None:
        text = str(crash.message)
    elif isinstance(longrepr, tuple):
        text = str(longrepr[-1])
    else:
        text = str(longrepr) if longrepr else repr(error)
    return text[:MESSAGE_CHARACTERS]
