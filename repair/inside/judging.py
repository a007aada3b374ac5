"""The two ways to judge a candidate: in modules that are imported already, or by a new import."""

import os
from collections.abc import Callable
from functools import partial

import pytest

from .difference import FreshImportNeeded
from .examination import Examination, Items, Loop, Reports
from .lines import WORDS, Line
from .live import LiveCode, load_instead
from .looking import Look
from .probing import Probe
from .settings import Job, Settings
from .state import State
from .watching import Watch

WATCHED_TESTS = 3
WATCH_S = 2.0
"""Processor seconds that watching one test may take."""
PROBE_TEST_S = 0.5
PROBES_S = 5.0
LOOK_S = 2.0
"""Processor seconds that looking at variables may take."""


class Warm:
    """Changes the code of live functions, then runs the tests that are collected already."""

    def __init__(self, settings: Settings, items: Items, reports: Reports, live: LiveCode) -> None:
        self._settings = settings
        self._items = items
        self._reports = reports
        self._live = live
        self._state = State(settings.root)
        self._all_red = all(test in items for test in settings.red)

    def work(self, jobs: list[Job], line: Line) -> None:
        """Judge one job to the end, or screen several by the red tests.

        Several share this process, and none is trusted to leave it clean: what passes here is
        judged again alone, and when something was left behind the rest is left to others.
        """
        if len(jobs) == 1:
            work = self._judge
            if "look" in jobs[0]:
                work = self._look
            elif "watch" in jobs[0]:
                work = self._watch
            elif "probe" in jobs[0]:
                work = self._probe
            work(jobs[0], line)
            return
        for job in jobs:
            self._screen(job, line)
            if not (self._state.small and self._state.untouched()):
                return

    def _judge(self, job: Job, line: Line) -> None:
        if self._changed(job, line):
            examination = self._examination(job, line)
            if examination.red():
                examination.green(self._settings.green(job))

    def _look(self, job: Job, line: Line) -> None:
        line.tell(deadline=LOOK_S * 4 + 10)
        look = Look(self._settings.sources, self._settings.root)
        seen = look.at(self._examination(job, line), job["look"], LOOK_S)
        line.tell(job=job["id"], verdict="looked", seen=seen)

    def _watch(self, job: Job, line: Line) -> None:
        line.tell(deadline=WATCH_S * 4 + 10)
        watch = Watch(job["watch"], self._settings.root)
        examination = self._examination(job, line)
        for test in self._settings.red[:WATCHED_TESTS]:
            watch.during(partial(examination.run, test), WATCH_S)
        line.tell(job=job["id"], verdict="watched", seen=watch.seen())

    def _probe(self, job: Job, line: Line) -> None:
        line.tell(deadline=PROBES_S * 4 + 10)
        tests = {os.path.realpath(str(item.path)) for item in self._items.values()}
        probe = Probe(self._settings.sources, tests, self._live)
        examination = self._examination(job, line)
        for test in job["probe"]:
            red = test in self._settings.red
            probe.listen(partial(examination.run, test), PROBE_TEST_S, red)
        line.tell(deadline=PROBES_S * 4 + 10)
        if self._changed(job, line):
            line.tell(deadline=PROBES_S * 4 + 10)
            line.unlimited()
            origins, outcomes = probe.outcomes()
            line.tell(job=job["id"], verdict="probed", origins=origins, outcomes=outcomes)

    def _screen(self, job: Job, line: Line) -> None:
        line.tell(job=job["id"])
        if self._changed(job, line) and self._examination(job, line).red():
            line.tell(job=job["id"], verdict="promising")
        self._live.restore()

    def _examination(self, job: Job, line: Line) -> Examination:
        return Examination(self._settings, self._items, self._reports, line, job["id"])

    def _changed(self, job: Job, line: Line) -> bool:
        """Put the change in; tells a verdict when that cannot be done."""
        line.limit(self._settings.import_limit)
        verdict, sign = "cold", ""
        try:
            if self._all_red and not self._settings.needs_import(job):
                self._live.change(self._settings.splices(job))
                return True
        except FreshImportNeeded:
            pass
        except (SyntaxError, ValueError) as error:
            verdict, sign = "invalid", str(error)[:WORDS]
        except Exception as error:  # a definition was executed anew, and it is the candidate's
            verdict, sign = "crash", f"{type(error).__name__}: {error}"[:WORDS]
        self._live.restore()
        line.tell(job=job["id"], verdict=verdict, sign=sign)
        return False


class Cold:
    """Imports everything anew with the changed sources in place of those on the disk."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def work(self, jobs: list[Job], line: Line) -> None:
        """Tell a verdict on the one job; a process of its own sees the red tests first."""
        (job,) = jobs
        if "look" in job or "watch" in job or "probe" in job:
            line.tell(job=job["id"], verdict="looked", seen={})
            return
        try:
            changed = self._settings.changed(job)
            for path, text in changed.items():
                compile(text, path, "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            line.tell(job=job["id"], verdict="invalid", sign=str(error)[:WORDS])
            return
        load_instead(changed)
        if not self._red_pass(job, line):
            return
        if tests := self._settings.green(job):
            self._session(job, line, tests, lambda examination: examination.green(tests))
        else:
            line.tell(job=job["id"], verdict="green")

    def _red_pass(self, job: Job, line: Line) -> bool:
        child = os.fork()
        if not child:
            tests = self._settings.red
            self._session(job, line, tests, lambda examination: os._exit(not examination.red()))
            line.tell(job=job["id"], verdict="red", at=tests[0], passed=[], sign="not collected")
            os._exit(1)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0

    def _session(
        self, job: Job, line: Line, tests: list[str], examine: Callable[[Examination], object]
    ) -> None:
        reports = Reports()

        def run(items: Items) -> None:
            line.unlimited()
            examine(Examination(self._settings, items, reports, line, job["id"]))

        line.limit(self._settings.import_limit)
        files = dict.fromkeys(self._settings.placed(test.split("::")[0]) for test in tests)
        pytest.main([*self._settings.args, *files], plugins=[Loop(run), reports])
        line.unlimited()
