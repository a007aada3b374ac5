"""Money in exact amounts."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")


class CurrencyMismatch(TypeError):
    pass


def rounded(amount):
    """To a cent, half a cent away from zero."""
    return Decimal(amount).quantize(CENT, rounding=ROUND_HALF_UP)


@dataclass(frozen=True)
class Money:
    amount: Decimal
    currency: str = "EUR"

    @classmethod
    def of(cls, amount, currency="EUR"):
        return cls(rounded(str(amount)), currency)

    def _check(self, other):
        if self.currency != other.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency}")

    def __add__(self, other):
        self._check(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other):
        self._check(other)
        return Money(self.amount - other.amount, self.currency)

    def __mul__(self, factor):
        return Money(rounded(self.amount * Decimal(str(factor))), self.currency)

    def __lt__(self, other):
        self._check(other)
        return self.amount < other.amount

    def __str__(self):
        return f"{self.amount:,.2f} {self.currency}"

    def percent(self, rate):
        return self * (Decimal(str(rate)) / 100)

    def split(self, parts):
        """So many amounts as equal as cents allow, the greater ones first; they sum to this one."""
        cents = int(self.amount / CENT)
        each, rest = divmod(cents, parts)
        return [
            Money((each + (1 if n < rest else 0)) * CENT, self.currency) for n in range(parts)
        ]
