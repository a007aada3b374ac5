import pytest

from lru_cache import LRUCache


def filled(capacity, keys, **options):
    cache = LRUCache(capacity, **options)
    for position, key in enumerate(keys):
        cache.put(key, position)
    return cache


def test_capacity_of_one_keeps_the_last():
    cache = filled(1, ["x", "y", "z"])
    assert cache.keys() == ["z"]
    assert cache.get("z") == 2


def test_long_run_keeps_the_most_recent():
    assert filled(5, range(50)).keys() == [45, 46, 47, 48, 49]


def test_order_follows_reads_and_writes():
    cache = filled(3, "abc")
    cache.get("a")
    cache.put("b", 7)
    assert cache.keys() == ["c", "a", "b"]


def test_a_miss_does_not_change_the_order():
    cache = filled(3, "abc")
    assert cache.get("q") is None
    assert cache.keys() == ["a", "b", "c"]


def test_expired_key_is_not_contained():
    now = [0]
    cache = filled(3, "a", ttl=5, clock=lambda: now[0])
    assert "a" in cache
    now[0] = 5
    assert "a" not in cache


def test_writing_again_renews_the_time():
    now = [0]
    cache = filled(3, "a", ttl=5, clock=lambda: now[0])
    now[0] = 4
    cache.put("a", "again")
    now[0] = 8
    assert cache.get("a") == "again"


def test_purge_of_nothing():
    cache = filled(3, "ab")
    assert cache.purge() == 0
    assert len(cache) == 2


def test_purge_of_everything():
    now = [0]
    cache = filled(9, "abcd", ttl=1, clock=lambda: now[0])
    now[0] = 50
    assert cache.purge() == 4
    assert cache.keys() == []


def test_expired_read_is_a_miss():
    now = [0]
    cache = filled(2, "a", ttl=3, clock=lambda: now[0])
    cache.get("a")
    now[0] = 3
    cache.get("a")
    assert (cache.hits, cache.misses) == (1, 1)
    assert cache.hit_rate() == 0.5


def test_growing_keeps_everything():
    cache = filled(2, "ab")
    cache.resize(3)
    cache.put("c", 2)
    assert cache.keys() == ["a", "b", "c"]


def test_shrinking_to_one():
    cache = filled(3, "abc")
    cache.get("a")
    cache.resize(1)
    assert cache.keys() == ["a"]
    with pytest.raises(ValueError):
        cache.resize(0)
