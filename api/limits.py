"""How much one caller may ask: token buckets, bounded in number."""

from collections import OrderedDict
from collections.abc import Callable


class Buckets:
    """A bucket of tokens for each name, refilled steadily; the longest unused goes first."""

    def __init__(
        self, per_minute: int, now: Callable[[], float], *, names_max: int = 10_000
    ) -> None:
        """`now` gives seconds that never step back; a full bucket holds one minute's worth."""
        self._capacity = float(per_minute)
        self._per_s = per_minute / 60
        self._now = now
        self._names_max = names_max
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, name: str) -> float:
        """Take a token: 0.0 when there was one, else the seconds until there is."""
        now = self._now()
        tokens, since = self._buckets.pop(name, (self._capacity, now))
        tokens = min(self._capacity, tokens + (now - since) * self._per_s)
        missing = max(0.0, 1 - tokens)
        self._buckets[name] = (tokens if missing else tokens - 1, now)
        if len(self._buckets) > self._names_max:
            self._buckets.popitem(last=False)
        return missing / self._per_s

    def __len__(self) -> int:
        return len(self._buckets)
