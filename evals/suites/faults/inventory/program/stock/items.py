"""Articles and batches of them."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Article:
    sku: str
    name: str
    price: int
    """In cents."""
    reorder_at: int = 0
    reorder_amount: int = 1


@dataclass
class Batch:
    article: Article
    amount: int
    best_before: date | None = None

    def is_good(self, day):
        return self.best_before is None or day <= self.best_before


class StockError(Exception):
    pass


class OutOfStock(StockError):
    def __init__(self, sku, wanted, available):
        super().__init__(f"{sku}: {wanted} wanted, {available} available")
        self.sku = sku
        self.available = available
