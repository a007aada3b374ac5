"""Fork a child for each job, so many at a time, end the overdue, and pass the verdicts on."""

import contextlib
import json
import os
import select
import signal
import time
import warnings
from collections import deque
from collections.abc import Callable
from typing import Any

from .lines import Line, die_with_parent, limit_memory, write_all
from .settings import Job

Work = Callable[[list[Job], Line], None]
FIRST_WORD_S = 30.0
"""Wall time until a child must have said something."""


class Inbox:
    """Whole lines out of a file descriptor."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.open = True
        self._rest = b""

    def lines(self) -> list[bytes]:
        """What is there; blocks when nothing is."""
        data = os.read(self.fd, 1 << 20)
        self.open = bool(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        return lines

    def left(self) -> list[bytes]:
        """Whole lines that were read with an earlier one."""
        *lines, self._rest = self._rest.split(b"\n")
        return lines

    def first(self) -> bytes:
        """One line, and only that; raises EOFError."""
        while b"\n" not in self._rest:
            data = os.read(self.fd, 1 << 20)
            if not data:
                raise EOFError
            self._rest += data
        line, self._rest = self._rest.split(b"\n", 1)
        return line


class Child:
    """A forked process at work on some jobs, one after the other."""

    def __init__(self, pid: int, fd: int, jobs: list[Job]) -> None:
        self.fd = fd
        self.jobs = {job["id"]: job for job in jobs}
        """Those that have no verdict yet."""
        self.deadline = time.monotonic() + FIRST_WORD_S
        self._pid = pid
        self._current: Job | None = jobs[0] if len(jobs) == 1 else None
        self._started = False
        self._test = ""
        self._rest = b""

    def hear(self, data: bytes) -> list[tuple[Job, dict[str, Any]]]:
        """Take up what it told; verdicts, with their jobs."""
        verdicts = []
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            facts = json.loads(line)
            if "deadline" in facts:
                self.deadline = time.monotonic() + facts["deadline"]
            elif "test" in facts:
                self._test = facts["test"]
            elif "verdict" not in facts:
                self._current, self._test = self.jobs.get(facts["job"]), ""
            elif job := self.jobs.pop(facts.pop("job"), None):
                self._current = None
                self._started = True
                verdicts.append((job, facts))
        return verdicts

    def end(self) -> tuple[Job, dict[str, Any]] | None:
        """End and reap it; the verdict on the job that it died of."""
        for kill in (os.killpg, os.kill):
            with contextlib.suppress(OSError):
                kill(self._pid, signal.SIGKILL)
        _, status = os.waitpid(self._pid, 0)
        os.close(self.fd)
        if self._current is None and self.jobs and not self._started:
            self._current = next(iter(self.jobs.values()))
        if self._current is None:
            return None
        del self.jobs[self._current["id"]]
        return self._current, {"verdict": ended_by(status), "at": self._test}


def ended_by(status: int) -> str:
    """What a child that gave no verdict died of."""
    slow = (signal.SIGPROF, signal.SIGALRM, signal.SIGKILL)
    return "hang" if os.WIFSIGNALED(status) and os.WTERMSIG(status) in slow else "crash"


class Nursery:
    """Judges batches of jobs in children; what they call `cold` goes to an annex.

    A batch is screened by one child; what is promising, and what a child left undone, is judged
    by further children.
    """

    def __init__(
        self,
        inbox: Inbox,
        outbox: int,
        workers: int,
        work: Work,
        annex: tuple[Inbox, int] | None = None,
    ) -> None:
        self._inbox = inbox
        self._outbox = outbox
        self._workers = workers
        self._work = work
        self._annex = annex
        self._waiting: deque[list[Job]] = deque()
        self._children: dict[int, Child] = {}
        self._sent_on: dict[int, Job] = {}

    def serve(self) -> None:
        """Work until the inbox is closed and everything is judged."""
        self._take(self._inbox.left())
        while self._inbox.open or self._children or self._waiting or self._sent_on:
            while self._waiting and len(self._children) + len(self._sent_on) < self._workers:
                self._start(self._waiting.popleft())
            for fd in self._ready():
                if fd == self._inbox.fd:
                    self._take(self._inbox.lines())
                elif fd in self._children:
                    self._listen(self._children[fd])
                else:
                    self._hear_annex()
            self._end_overdue()

    def _ready(self) -> list[int]:
        poll = select.poll()
        fds = [*self._children, *([self._inbox.fd] if self._inbox.open else [])]
        if self._annex and self._sent_on:
            fds.append(self._annex[0].fd)
        for fd in fds:
            poll.register(fd, select.POLLIN)
        now = time.monotonic()
        wait = min((child.deadline - now for child in self._children.values()), default=60.0)
        return [fd for fd, _ in poll.poll(max(0.0, wait) * 1000)]

    def _take(self, lines: list[bytes]) -> None:
        for line in lines:
            self._waiting.append(json.loads(line)["jobs"])

    def _start(self, jobs: list[Job]) -> None:
        mine, theirs = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pid = os.fork()
        if not pid:
            os.close(mine)
            be_a_child(Line(theirs), self._work, jobs)
        os.close(theirs)
        self._children[mine] = Child(pid, mine, jobs)

    def _listen(self, child: Child) -> None:
        data = os.read(child.fd, 1 << 16)
        for job, verdict in child.hear(data):
            self._settle(job, verdict)
        if not child.jobs or not data:
            self._finish(child)

    def _end_overdue(self) -> None:
        now = time.monotonic()
        for child in [child for child in self._children.values() if child.deadline < now]:
            self._finish(child)

    def _finish(self, child: Child) -> None:
        del self._children[child.fd]
        if ended := child.end():
            self._settle(*ended)
        if child.jobs:
            self._waiting.appendleft(list(child.jobs.values()))

    def _settle(self, job: Job, verdict: dict[str, Any]) -> None:
        if verdict["verdict"] == "promising":
            self._waiting.appendleft([job])
        elif verdict["verdict"] == "cold" and self._annex:
            self._send_on(job)
        else:
            self._tell({"id": job["id"], **verdict})

    def _send_on(self, job: Job) -> None:
        if self._annex:
            self._sent_on[job["id"]] = job
            write_all(self._annex[1], (json.dumps({"jobs": [job]}) + "\n").encode())

    def _hear_annex(self) -> None:
        if not self._annex:
            return
        for line in self._annex[0].lines():
            verdict = json.loads(line)
            self._sent_on.pop(verdict["id"], None)
            self._tell({**verdict, "cold": True})
        if not self._annex[0].open:
            self._annex = None
            for number in self._sent_on:
                self._tell({"id": number, "verdict": "crash", "sign": "annex gone"})
            self._sent_on.clear()

    def _tell(self, verdict: dict[str, Any]) -> None:
        write_all(self._outbox, (json.dumps(verdict) + "\n").encode())


def be_a_child(line: Line, work: Work, jobs: list[Job]) -> None:
    """Do some jobs and end, whatever the code under repair does."""
    try:
        os.setpgid(0, 0)
        die_with_parent()
        limit_memory()
        work(jobs, line)
    finally:
        os._exit(0)  # whatever was raised, sys.exit and KeyboardInterrupt too, is the candidate's
