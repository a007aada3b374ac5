import pytest

from lru_cache import LRUCache


class Clock:
    def __init__(self):
        self.now = 100

    def __call__(self):
        return self.now


def test_stores_and_returns():
    cache = LRUCache(2)
    cache.put("a", 1)
    assert cache.get("a") == 1


def test_missing_key_gives_the_default():
    assert LRUCache(2).get("nope", default="x") == "x"


def test_holds_as_many_as_its_capacity():
    cache = LRUCache(3)
    for key in "abc":
        cache.put(key, key.upper())
    assert len(cache) == 3
    assert cache.keys() == ["a", "b", "c"]


def test_reading_keeps_an_entry_alive():
    cache = LRUCache(2)
    cache.put("a", 1)
    cache.put("b", 2)
    cache.get("a")
    cache.put("c", 3)
    assert cache.keys() == ["a", "c"]


def test_overwriting_counts_as_use():
    cache = LRUCache(2)
    cache.put("a", 1)
    cache.put("b", 2)
    cache.put("a", 10)
    cache.put("c", 3)
    assert "b" not in cache
    assert cache.get("a") == 10


def test_entry_expires_when_its_time_is_up():
    clock = Clock()
    cache = LRUCache(2, ttl=10, clock=clock)
    cache.put("a", 1)
    clock.now = 109
    assert cache.get("a") == 1
    clock.now = 110
    assert cache.get("a") is None
    assert len(cache) == 0


def test_purge_counts_what_went():
    clock = Clock()
    cache = LRUCache(5, ttl=10, clock=clock)
    cache.put("a", 1)
    cache.put("b", 2)
    clock.now = 105
    cache.put("c", 3)
    clock.now = 112
    assert cache.purge() == 2
    assert cache.keys() == ["c"]


def test_shrinking_forgets_the_oldest():
    cache = LRUCache(4)
    for key in "abcd":
        cache.put(key, 0)
    cache.resize(2)
    assert cache.keys() == ["c", "d"]


def test_hit_rate():
    cache = LRUCache(1)
    assert cache.hit_rate() == 0.0
    cache.put("a", 1)
    cache.get("a")
    cache.get("a")
    cache.get("a")
    cache.get("b")
    assert cache.hit_rate() == 0.75


def test_capacity_must_be_positive():
    with pytest.raises(ValueError):
        LRUCache(0)
