"""A bounded mapping that forgets what was used longest ago, with optional expiry."""

from collections import OrderedDict


class LRUCache:
    """Keep at most `capacity` entries; `clock` is read only when a time to live is given."""

    def __init__(self, capacity, ttl=None, clock=None):
        if capacity < 1:
            raise ValueError("capacity must be positive")
        self.capacity = capacity
        self.ttl = ttl
        self.clock = clock or (lambda: 0)
        self.hits = 0
        self.misses = 0
        self._entries = OrderedDict()

    def __len__(self):
        return len(self._entries)

    def __contains__(self, key):
        return key in self._entries and not self._expired(key)

    def _expired(self, key):
        if self.ttl is None:
            return False
        _, stored_at = self._entries[key]
        return self.clock() - stored_at >= self.ttl

    def get(self, key, default=None):
        if key not in self._entries:
            self.misses += 1
            return default
        if self._expired(key):
            del self._entries[key]
            self.misses += 1
            return default
        self.hits += 1
        self._entries.move_to_end(key)
        return self._entries[key][0]

    def put(self, key, value):
        if key in self._entries:
            self._entries.move_to_end(key)
        self._entries[key] = (value, self.clock())
        while len(self._entries) > self.capacity:
            self._entries.popitem(last=False)

    def resize(self, capacity):
        if capacity < 1:
            raise ValueError("capacity must be positive")
        self.capacity = capacity
        while len(self._entries) > self.capacity:
            self._entries.popitem(last=False)

    def keys(self):
        """Keys from the least to the most recently used."""
        return list(self._entries)

    def hit_rate(self):
        asked = self.hits + self.misses
        return self.hits / asked if asked else 0.0

    def purge(self):
        """Drop what has expired and return how many entries went."""
        stale = [key for key in self._entries if self._expired(key)]
        for key in stale:
            del self._entries[key]
        return len(stale)
