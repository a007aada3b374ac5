"""How long is waited before a model is asked again."""

from dataclasses import dataclass
from secrets import SystemRandom

RETRY_AFTER_MAX_S = 300.0
"""A server that asks for more is left to the next model."""

_random = SystemRandom()


@dataclass(frozen=True)
class Patience:
    """How often and how long, in seconds."""

    retries: int = 6
    base_s: float = 5.0
    max_s: float = 60.0

    def pause(self, failures: int, retry_after_s: float | None = None) -> float | None:
        """How long to wait after so many failures in a row; None to wait no longer.

        Full jitter: anything up to a bound that doubles, so that callers who failed together do
        not come back together (AWS, "Exponential Backoff And Jitter"). What a server asks for is
        the least, and the jitter comes on top.
        """
        if failures > self.retries or (retry_after_s or 0) > RETRY_AFTER_MAX_S:
            return None
        bound = min(self.max_s, self.base_s * 2.0 ** min(failures - 1, 32))
        if retry_after_s is not None:
            return retry_after_s + _random.uniform(0, min(bound, self.base_s))
        return _random.uniform(0, bound)
