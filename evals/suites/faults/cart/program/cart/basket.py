"""What somebody wants to buy, and what it costs."""

from dataclasses import dataclass

from cart.money import Money

FREE_POSTAGE_FROM = Money.of(50)
POSTAGE = Money.of("4.95")


class VoucherRefused(Exception):
    pass


@dataclass(frozen=True)
class Product:
    sku: str
    price: Money
    tax: int = 19
    """Percent, contained in the price."""
    bulk: tuple = ()
    """Pairs of least amount and percent off."""


@dataclass(frozen=True)
class Voucher:
    code: str
    percent: int = 0
    off: Money | None = None
    minimum: Money = Money.of(0)
    uses: int | None = None


class Basket:
    def __init__(self):
        self.lines = {}
        self.voucher = None

    def add(self, product, amount=1):
        if amount < 1:
            raise ValueError("amount must be positive")
        _, before = self.lines.get(product.sku, (product, 0))
        self.lines[product.sku] = (product, before + amount)

    def set_amount(self, sku, amount):
        """Change an amount; 0 removes the line."""
        product, _ = self.lines[sku]
        if amount == 0:
            del self.lines[sku]
        else:
            self.lines[sku] = (product, amount)

    def line_price(self, sku):
        product, amount = self.lines[sku]
        off = 0
        for least, percent in product.bulk:
            if amount >= least:
                off = max(off, percent)
        full = product.price * amount
        return full - full.percent(off)

    def subtotal(self):
        total = Money.of(0)
        for sku in self.lines:
            total = total + self.line_price(sku)
        return total

    def redeem(self, voucher, used=0):
        if voucher.uses is not None and used >= voucher.uses:
            raise VoucherRefused("used up")
        if self.subtotal() < voucher.minimum:
            raise VoucherRefused(f"from {voucher.minimum}")
        self.voucher = voucher

    def discount(self):
        """What the voucher takes off, never more than the goods cost."""
        if self.voucher is None:
            return Money.of(0)
        subtotal = self.subtotal()
        off = subtotal.percent(self.voucher.percent)
        if self.voucher.off is not None:
            off = off + self.voucher.off
        return min(off, subtotal)

    def postage(self):
        """Free from a certain worth of goods on, before vouchers; nothing for nothing."""
        if not self.lines or not self.subtotal() < FREE_POSTAGE_FROM:
            return Money.of(0)
        return POSTAGE

    def total(self):
        return self.subtotal() - self.discount() + self.postage()

    def taxes(self):
        """Tax contained in the goods by rate, without regard to vouchers."""
        gross = {}
        for sku, (product, _) in self.lines.items():
            gross[product.tax] = gross.get(product.tax, Money.of(0)) + self.line_price(sku)
        return {rate: sum_ - sum_ * (100 / (100 + rate)) for rate, sum_ in sorted(gross.items())}
