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


def at(second, host="10.1.1.1", page="/p", status=200, ms=0, method="GET"):
    when = datetime(2025, 12, 31, 22) + timedelta(seconds=second)
    return Hit(host, when, method, page, status, 0, ms)


@pytest.mark.parametrize(
    "line",
    [
        "",
        'h [2024-02-01T09:00:00] "GET /" 20 1 1',
        'h 2024-02-01T09:00:00 "GET /" 200 1 1',
        'h [2024-02-01T09:00:00] "GET /" 200 1 1 more',
    ],
)
def test_lines_of_another_form(line):
    assert parse_line(line) is None
    skipped = []
    assert list(read([line], skipped)) == []
    assert skipped == [line]
    assert list(read([line])) == []


def test_page_keeps_later_question_marks_out():
    hit = parse_line('h [2025-01-01T00:00:00] "GET /q?a=1?b=2" 301 - 7')
    assert (hit.page, hit.size, hit.status, hit.ms) == ("/q", 0, 301, 7)


def test_other_bots():
    hits = [at(0, "spider.example"), at(1, "probe-7"), at(2, "me")]
    assert [h.host for h in people(hits)] == ["probe-7", "me"]
    assert [h.host for h in people(hits, bots=["probe"])] == ["spider.example", "me"]


def test_pause_is_measured_from_the_last_hit():
    seconds = [0, 1700, 3400, 5200, 7001]
    assert [len(v) for v in visits([at(s) for s in seconds])] == [4, 1]


def test_visits_are_in_order_and_by_host():
    hits = [at(9000, "b"), at(0, "b"), at(5, "a"), at(10, "b"), at(8, "a")]
    assert [[v[0].host, len(v)] for v in visits(hits)] == [["b", 2], ["a", 2], ["b", 1]]


def test_five_top_pages_and_names_decide():
    hits = [at(0, page=f"/{name}") for name in "gfedcbaa"]
    assert top_pages(hits) == [("/a", 2), ("/b", 1), ("/c", 1), ("/d", 1), ("/e", 1)]


def test_redirects_count_as_found():
    hits = [at(0, status=399), at(0, status=400), at(0, method="HEAD")]
    assert top_pages(hits) == [("/p", 1)]


@pytest.mark.parametrize(
    ("percent", "value"), [(0, 10), (1, 10), (25, 10), (26, 20), (50, 20), (75, 30), (99, 40), (100, 40)]
)
def test_percentiles(percent, value):
    assert percentile([40, 10, 30, 20], percent) == value


def test_percentile_of_nothing():
    with pytest.raises(ValueError):
        percentile([], 50)


def test_hours_over_midnight():
    hours = by_hour([at(3 * 3600), at(0), at(60)])
    assert [(hour.hour, n) for hour, n in hours.items()] == [(22, 2), (23, 0), (0, 0), (1, 1)]
    assert by_hour([]) == {}


def test_window_slides():
    hits = [at(second) for second in (0, 5, 9, 10, 11, 12)]
    assert [when.second for _, when in bursts(hits)] == [11]


def test_second_burst_needs_new_hits():
    assert len(list(bursts([at(0) for _ in range(8)]))) == 2
    assert len(list(bursts([at(0) for _ in range(7)]))) == 1


def test_bursts_of_two_hosts():
    hits = [at(n, host) for n in range(3) for host in "xy"]
    assert [host for host, _ in bursts(hits, limit=2)] == ["x", "y"]
    assert list(bursts(hits, limit=1, seconds=1)) == []


def test_client_errors_are_no_failures():
    assert error_rate([at(0, status=s) for s in (499, 500, 599, 200, 404)]) == 0.4


def test_error_rate_of_a_generator():
    assert error_rate(at(n, status=500) for n in range(3)) == 1.0


def test_slowest_three_from_a_hundred_ms():
    hits = [at(0, page=f"/{ms}", ms=ms) for ms in (50, 100, 400, 300, 200)]
    assert slowest(hits) == [("/400", 400), ("/300", 300), ("/200", 200)]
    assert slowest(hits, least_ms=350, count=9) == [("/400", 400)]
    assert slowest([at(n, ms=150) for n in range(3)]) == [("/p", 150)]
    assert slowest(hits[:2]) == [("/100", 100)]


def test_delays_with_another_factor():
    assert list(retry_delays(1, 4, factor=10, limit_s=50)) == [1, 10, 50]
    assert list(retry_delays(100, 3)) == [60, 60]
    assert list(retry_delays(5, 1)) == []
