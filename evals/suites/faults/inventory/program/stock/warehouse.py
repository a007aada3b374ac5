"""A warehouse that gives out the oldest goods first."""

from collections import Counter
from datetime import date

from stock.items import Batch, OutOfStock, StockError


class Warehouse:
    def __init__(self, articles):
        self.articles = {article.sku: article for article in articles}
        self.batches = []
        self.reserved = Counter()
        self.log = []

    def article(self, sku):
        if sku not in self.articles:
            raise StockError(f"no article {sku}")
        return self.articles[sku]

    def receive(self, sku, amount, best_before=None):
        if amount <= 0:
            raise ValueError("amount must be positive")
        self.batches.append(Batch(self.article(sku), amount, best_before))
        self.log.append(("in", sku, amount))

    def on_hand(self, sku, day):
        """How much is there on `day` and still good."""
        return sum(b.amount for b in self.batches if b.article.sku == sku and b.is_good(day))

    def available(self, sku, day):
        return self.on_hand(sku, day) - self.reserved[sku]

    def reserve(self, sku, amount, day):
        free = self.available(sku, day)
        if amount > free:
            raise OutOfStock(sku, amount, free)
        self.reserved[sku] += amount

    def release(self, sku, amount):
        self.reserved[sku] = max(0, self.reserved[sku] - amount)

    def ship(self, sku, amount, day, reserved=False):
        """Take goods out, first what expires first; returns (amount, best before) per batch."""
        free = self.on_hand(sku, day) if reserved else self.available(sku, day)
        if amount > free:
            raise OutOfStock(sku, amount, free)
        taken = []
        left = amount
        good = [b for b in self.batches if b.article.sku == sku and b.is_good(day)]
        for batch in sorted(good, key=lambda b: b.best_before or date.max):
            if left == 0:
                break
            piece = min(batch.amount, left)
            batch.amount -= piece
            left -= piece
            taken.append((piece, batch.best_before))
        self.batches = [b for b in self.batches if b.amount > 0]
        if reserved:
            self.release(sku, amount)
        self.log.append(("out", sku, amount))
        return taken

    def discard_expired(self, day):
        """Throw away what is no longer good; returns amounts by article."""
        gone = Counter()
        kept = []
        for batch in self.batches:
            if batch.is_good(day):
                kept.append(batch)
                continue
            gone[batch.article.sku] += batch.amount
            self.log.append(("gone", batch.article.sku, batch.amount))
        self.batches = kept
        return dict(gone)
