"""Accounts and what is booked on them."""

from dataclasses import dataclass, field
from datetime import date


class BankError(Exception):
    """The bank refuses."""


class InsufficientFunds(BankError):
    def __init__(self, account, missing):
        super().__init__(f"{account.number}: {missing} cents short")
        self.missing = missing


class AccountClosed(BankError):
    pass


@dataclass(frozen=True)
class Booking:
    """An amount in cents, positive when money comes in."""

    day: date
    amount: int
    text: str


@dataclass
class Account:
    number: str
    owner: str
    overdraft: int = 0
    closed: bool = False
    bookings: list = field(default_factory=list)

    @property
    def balance(self):
        return sum(booking.amount for booking in self.bookings)

    def balance_on(self, day):
        """The balance at the end of `day`."""
        return sum(booking.amount for booking in self.bookings if booking.day <= day)

    def deposit(self, day, amount, text="deposit"):
        if amount <= 0:
            raise ValueError("amount must be positive")
        if self.closed:
            raise AccountClosed(self.number)
        self.bookings.append(Booking(day, amount, text))

    def withdraw(self, day, amount, text="withdrawal"):
        if amount <= 0:
            raise ValueError("amount must be positive")
        if self.closed:
            raise AccountClosed(self.number)
        left = self.balance + self.overdraft - amount
        if left < 0:
            raise InsufficientFunds(self, -left)
        self.bookings.append(Booking(day, -amount, text))

    def close(self):
        if self.balance != 0:
            raise BankError("balance must be zero")
        self.closed = True
