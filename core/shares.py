"""Shares of counts, and how far a share of few can be trusted."""

import math


def wilson(hits: int, count: int, z: float = 1.96) -> tuple[float, float]:
    """The interval in which the true share lies, by Wilson's score; 95 % for the given `z`.

    Wilson, "Probable inference, the law of succession, and statistical inference", 1927.
    """
    if not count:
        return 0.0, 1.0
    share, square = hits / count, z * z
    middle = share + square / (2 * count)
    half = z * math.sqrt(share * (1 - share) / count + square / (4 * count * count))
    whole = 1 + square / count
    return max(0.0, (middle - half) / whole), min(1.0, (middle + half) / whole)
