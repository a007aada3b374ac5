from datetime import datetime, timedelta

import pytest

from weblog import (
    Hit,
    bursts,
    by_hour,
    error_rate,
    parse_line,
    people,
    percentile,
    read,
    retry_delays,
    slowest,
    top_pages,
    visits,
)

NINE = datetime(2024, 2, 1, 9)


def hit(host="h", minutes=0, path="/", status=200, ms=10, method="GET", seconds=0):
    when = NINE + timedelta(minutes=minutes, seconds=seconds)
    return Hit(host, when, method, path, status, 0, ms)


def test_parse_line():
    line = '10.0.0.1 [2024-02-01T09:00:00] "GET /a?x=1" 200 512 33\n'
    assert parse_line(line) == Hit("10.0.0.1", NINE, "GET", "/a?x=1", 200, 512, 33)
    assert parse_line(line).page == "/a"


def test_no_size():
    assert parse_line('h [2024-02-01T09:00:00] "POST /" 204 - 1').size == 0


def test_other_lines_are_skipped():
    skipped = []
    lines = ['h [2024-02-01T09:00:00] "GET /" 200 1 1', "restarted", ""]
    assert len(list(read(lines, skipped))) == 1
    assert skipped == ["restarted", ""]


def test_people():
    hosts = ["GoogleBot-1", "ann", "x-crawler", "bob"]
    assert [h.host for h in people(map(hit, hosts))] == ["ann", "bob"]


def test_visits():
    hits = [hit("a"), hit("b", 10), hit("a", 30), hit("a", 61)]
    assert [[h.host for h in v] for v in visits(hits)] == [["a", "a"], ["b"], ["a"]]


def test_visits_of_unsorted_hits():
    assert [len(v) for v in visits([hit("a", 50), hit("a", 0), hit("a", 25)])] == [3]


def test_top_pages():
    hits = [hit(path=p) for p in ("/a", "/b", "/b?x", "/c")]
    hits += [hit(path="/c", method="POST"), hit(path="/a", status=404)]
    assert top_pages(hits, 2) == [("/b", 2), ("/a", 1)]


def test_percentile():
    assert percentile([5, 1, 4, 2, 3], 50) == 3
    assert percentile(list(range(1, 101)), 95) == 95
    assert percentile([7], 0) == 7


def test_empty_hours_count():
    hours = by_hour([hit(minutes=5), hit(minutes=130), hit(minutes=59)])
    assert [(hour.hour, n) for hour, n in hours.items()] == [(9, 2), (10, 0), (11, 1)]


def test_bursts():
    hits = [hit("a", seconds=s) for s in (0, 1, 2, 3, 40)]
    assert list(bursts(hits)) == [("a", NINE + timedelta(seconds=3))]


def test_slow_hits_are_no_burst():
    assert list(bursts([hit("a", seconds=s) for s in (0, 4, 8, 12, 16)])) == []


def test_bursts_by_host():
    hits = [hit(host, seconds=n) for n, host in enumerate("abab")]
    assert list(bursts(hits, limit=2)) == []


def test_error_rate():
    assert error_rate([hit(), hit(status=500), hit(status=404), hit(status=503)]) == 0.5
    assert error_rate([]) == 0.0


def test_slowest():
    hits = [hit(path="/a", ms=100), hit(path="/b", ms=900), hit(path="/b", ms=100), hit(ms=99)]
    hits += [hit(path="/c", ms=300), hit(path="/c", ms=300)]
    assert slowest(hits) == [("/b", 500), ("/c", 300), ("/a", 100)]


def test_retry_delays():
    assert list(retry_delays(10, 5)) == [10, 20, 40, 60]
    with pytest.raises(StopIteration):
        next(retry_delays(1, 1))
