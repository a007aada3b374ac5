"""Lines of a web server's log: read, group into visits, count, watch."""

import re
from collections import Counter, deque
from dataclasses import dataclass
from datetime import datetime, timedelta

LINE = re.compile(
    r'(?P<host>\S+) \[(?P<when>[^\]]+)\] "(?P<method>[A-Z]+) (?P<path>\S+)" '
    r"(?P<status>\d{3}) (?P<size>\d+|-) (?P<ms>\d+)"
)
BOTS = ("bot", "crawler", "spider")
VISIT_GAP = timedelta(minutes=30)


@dataclass(frozen=True)
class Hit:
    host: str
    when: datetime
    method: str
    path: str
    status: int
    size: int
    ms: int

    @property
    def failed(self):
        return self.status >= 500

    @property
    def page(self):
        """The path without what follows a question mark."""
        return self.path.split("?", 1)[0]


def parse_line(line):
    """The hit of a line, or None for a line of another form."""
    match = LINE.fullmatch(line.strip())
    if match is None:
        return None
    size = match["size"]
    return Hit(
        match["host"],
        datetime.fromisoformat(match["when"]),
        match["method"],
        match["path"],
        int(match["status"]),
        0 if size == "-" else int(size),
        int(match["ms"]),
    )


def read(lines, skipped=None):
    """Yield hits; lines of another form go into `skipped`, if it is given."""
    for line in lines:
        hit = parse_line(line)
        if hit is not None:
            yield hit
        elif skipped is not None:
            skipped.append(line)


def people(hits, bots=BOTS):
    return (hit for hit in hits if not any(bot in hit.host.lower() for bot in bots))


def visits(hits):
    """Lists of hits of one host with pauses of at most half an hour, by their beginning."""
    open_visits = {}
    found = []
    for hit in sorted(hits, key=lambda hit: hit.when):
        visit = open_visits.get(hit.host)
        if visit is None or hit.when - visit[-1].when > VISIT_GAP:
            visit = []
            open_visits[hit.host] = visit
            found.append(visit)
        visit.append(hit)
    return found


def top_pages(hits, count=5):
    """The pages asked for most often with GET that were found, with their counts."""
    counted = Counter(hit.page for hit in hits if hit.method == "GET" and hit.status < 400)
    return sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))[:count]


def percentile(values, percent):
    """The least value that at least so many percent of the values do not exceed."""
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    rank = -(-len(ordered) * percent // 100)
    return ordered[max(rank, 1) - 1]


def by_hour(hits):
    """Counts for every hour from the first to the last, also where nothing happened."""
    hours = Counter(hit.when.replace(minute=0, second=0, microsecond=0) for hit in hits)
    if not hours:
        return {}
    result = {}
    hour = min(hours)
    while hour <= max(hours):
        result[hour] = hours[hour]
        hour += timedelta(hours=1)
    return result


def bursts(hits, limit=3, seconds=10):
    """Yield (host, when) where a host makes more than `limit` hits within a sliding window."""
    recent = {}
    for hit in hits:
        window = recent.setdefault(hit.host, deque())
        window.append(hit.when)
        while hit.when - window[0] >= timedelta(seconds=seconds):
            window.popleft()
        if len(window) > limit:
            yield hit.host, hit.when
            window.clear()


def error_rate(hits):
    """The share of hits that failed, from 0.0 to 1.0."""
    total = failed = 0
    for hit in hits:
        total += 1
        if hit.failed:
            failed += 1
    return failed / total if total else 0.0


def slowest(hits, least_ms=100, count=3):
    """Pages by their mean time, the slowest first, without those below `least_ms`."""
    times = {}
    for hit in hits:
        times.setdefault(hit.page, []).append(hit.ms)
    means = {page: sum(spent) / len(spent) for page, spent in times.items()}
    slow = [(page, mean) for page, mean in means.items() if mean >= least_ms]
    return sorted(slow, key=lambda pair: pair[1], reverse=True)[:count]


def retry_delays(first_s, attempts, factor=2, limit_s=60):
    """Yield how long to wait before each further attempt to fetch a log."""
    delay = first_s
    for _ in range(attempts - 1):
        yield min(delay, limit_s)
        delay *= factor
