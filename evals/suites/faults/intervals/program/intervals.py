"""Half-open intervals of whole numbers and what calendars do with them."""

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Interval:
    """The numbers from `start` up to but without `end`."""

    start: int
    end: int

    def __post_init__(self):
        if self.end < self.start:
            raise ValueError(f"end {self.end} before start {self.start}")

    @property
    def length(self):
        return self.end - self.start

    def contains(self, point):
        return self.start <= point < self.end

    def overlaps(self, other):
        return self.start < other.end and other.start < self.end

    def touches(self, other):
        return self.start <= other.end and other.start <= self.end

    def intersection(self, other):
        """The common part, or None where there is none."""
        if not self.overlaps(other):
            return None
        return Interval(max(self.start, other.start), min(self.end, other.end))


def merge(intervals):
    """The same points with as few intervals as possible, in order."""
    merged = []
    for interval in sorted(intervals):
        if merged and merged[-1].touches(interval):
            last = merged.pop()
            interval = Interval(last.start, max(last.end, interval.end))
        merged.append(interval)
    return merged


def covered(intervals):
    """How many points lie in at least one interval."""
    return sum(interval.length for interval in merge(intervals))


def gaps(intervals, within):
    """The free parts of `within`."""
    free = []
    cursor = within.start
    for interval in merge(intervals):
        if interval.end <= within.start:
            continue
        if interval.start >= within.end:
            break
        if interval.start > cursor:
            free.append(Interval(cursor, interval.start))
        cursor = interval.end
    if cursor < within.end:
        free.append(Interval(cursor, within.end))
    return free


def first_fit(intervals, within, length):
    """The earliest free interval of this length, or None."""
    for gap in gaps(intervals, within):
        if gap.length >= length:
            return Interval(gap.start, gap.start + length)
    return None


def busiest(intervals):
    """The greatest number of intervals that hold at one point."""
    changes = []
    for interval in intervals:
        changes.append((interval.start, 1))
        changes.append((interval.end, -1))
    depth = best = 0
    for _, change in sorted(changes):
        depth += change
        best = max(best, depth)
    return best
