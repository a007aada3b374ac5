"""A queue of jobs: the most urgent first, equals in order of arrival, failures retried with patience."""

import heapq
from dataclasses import dataclass, field
from itertools import count


class QueueEmpty(Exception):
    pass


@dataclass
class Job:
    name: str
    priority: int = 5
    """Lower is more urgent."""
    attempts: int = 0
    not_before: float = 0
    needs: frozenset = field(default_factory=frozenset)


class JobQueue:
    def __init__(self, max_attempts=3, delay_s=10, factor=2, longest_s=60):
        self.max_attempts = max_attempts
        self.delay_s = delay_s
        self.factor = factor
        self.longest_s = longest_s
        self.finished = []
        self.dead = []
        self._heap = []
        self._arrival = count()
        self._cancelled = set()

    def __len__(self):
        return sum(1 for *_, job in self._heap if job.name not in self._cancelled)

    def push(self, job):
        self._cancelled.discard(job.name)
        heapq.heappush(self._heap, (job.priority, next(self._arrival), job))

    def add(self, name, priority=5, needs=()):
        self.push(Job(name, priority, needs=frozenset(needs)))

    def cancel(self, name):
        """Forget a waiting job; False where there is none of this name."""
        waiting = any(job.name == name for *_, job in self._heap)
        if waiting:
            self._cancelled.add(name)
        return waiting

    def ready(self, job, now):
        return job.not_before <= now and job.needs <= set(self.finished)

    def pop(self, now=0):
        """Take the most urgent job that may run now; QueueEmpty where there is none."""
        later = []
        found = None
        while self._heap and found is None:
            entry = heapq.heappop(self._heap)
            job = entry[-1]
            if job.name in self._cancelled:
                continue
            if self.ready(job, now):
                found = job
            else:
                later.append(entry)
        for entry in later:
            heapq.heappush(self._heap, entry)
        if found is None:
            raise QueueEmpty
        found.attempts += 1
        return found

    def succeed(self, job):
        self.finished.append(job.name)

    def backoff(self, attempts):
        """Seconds to wait after so many attempts."""
        return min(self.delay_s * self.factor ** (attempts - 1), self.longest_s)

    def fail(self, job, now):
        """Put a failed job back with a delay, or give it up after its last attempt."""
        if job.attempts >= self.max_attempts:
            self.dead.append(job.name)
            return False
        job.not_before = now + self.backoff(job.attempts)
        self.push(job)
        return True

    def promote(self, name, priority):
        """Give a waiting job another priority; it keeps its place among equals."""
        self._heap = [
            (priority if job.name == name else old, arrival, job)
            for old, arrival, job in self._heap
        ]
        heapq.heapify(self._heap)

    def drain(self, now=0):
        """Take everything that can run now, as if each job succeeded at once."""
        names = []
        while True:
            try:
                job = self.pop(now)
            except QueueEmpty:
                return names
            self.succeed(job)
            names.append(job.name)
