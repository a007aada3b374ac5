"""Orders, their payments and their history."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from orders.machine import Machine, Rule

RETURN_PERIOD = timedelta(days=14)


def is_paid(order):
    return order.paid >= order.total


def in_return_period(order):
    delivered = order.entered("delivered")
    return delivered is not None and order.now - delivered <= RETURN_PERIOD


LIFE = Machine(
    [
        Rule("submit", ("draft",), "open", lambda order: order.items),
        Rule("pay", ("open", "overdue"), "paid", is_paid),
        Rule("pay", ("open", "overdue"), "open"),
        Rule("remind", ("open",), "overdue"),
        Rule("ship", ("paid",), "shipped"),
        Rule("deliver", ("shipped",), "delivered"),
        Rule("return", ("delivered",), "returned", in_return_period),
        Rule("cancel", ("draft", "open", "overdue", "paid"), "cancelled"),
        Rule("lose", ("*",), "lost"),
    ],
    initial="draft",
    final=("returned", "cancelled", "lost"),
)


@dataclass
class Order:
    number: str
    now: datetime
    items: dict = field(default_factory=dict)
    paid: int = 0
    refunded: int = 0
    state: str = "draft"
    history: list = field(default_factory=list)

    @property
    def total(self):
        return sum(amount * price for amount, price in self.items.values())

    @property
    def due(self):
        """What is still to be paid, never negative."""
        return max(0, self.total - self.paid)

    def add(self, sku, amount, price):
        if self.state != "draft":
            raise ValueError("only a draft can be changed")
        have, _ = self.items.get(sku, (0, price))
        self.items[sku] = (have + amount, price)

    def handle(self, event):
        before = self.state
        self.state = LIFE.next_state(before, event, self)
        self.history.append((self.now, event, before, self.state))
        if self.state in ("cancelled", "returned"):
            self.refunded = self.paid
        return self.state

    def pay(self, amount):
        if amount <= 0:
            raise ValueError("amount must be positive")
        self.paid += amount
        return self.handle("pay")

    def entered(self, state):
        """When the order last came into a state, or None."""
        for when, _, _, after in reversed(self.history):
            if after == state:
                return when
        return None

    def time_in(self, state):
        """How long the order has been in a state, all in all."""
        spent = timedelta(0)
        since = None
        for when, _, before, after in self.history:
            if after == state and before != state:
                since = when
            elif before == state and after != state and since is not None:
                spent += when - since
                since = None
        if since is not None:
            spent += self.now - since
        return spent
