from datetime import datetime, timedelta

import pytest

from orders.machine import Machine, Rule, TransitionRefused
from orders.order import LIFE, Order

NOON = datetime(2025, 7, 1, 12)


def order_with(*items):
    order = Order("B7", NOON)
    for sku, amount, price in items:
        order.add(sku, amount, price)
    return order


def light():
    return Machine(
        [
            Rule("tick", ("green",), "yellow"),
            Rule("tick", ("yellow",), "red"),
            Rule("tick", ("red",), "green", lambda ok: ok),
            Rule("tick", ("red",), "red"),
            Rule("break", ("*",), "dark"),
        ],
        initial="red",
        final=["dark"],
    )


def test_states_of_a_machine():
    assert light().states() == {"green", "yellow", "red", "dark"}


def test_first_rule_whose_guard_agrees():
    assert light().next_state("red", "tick", True) == "green"
    assert light().next_state("red", "tick", False) == "red"


def test_star_fits_every_state_that_is_not_final():
    assert light().next_state("yellow", "break") == "dark"
    with pytest.raises(TransitionRefused, match="over"):
        light().next_state("dark", "break")


def test_unknown_event():
    with pytest.raises(TransitionRefused, match="not possible"):
        light().next_state("green", "jump")


def test_events_are_listed_once_and_in_order():
    assert light().events("red", True) == ["tick", "break"]
    assert light().events("dark") == []


def test_guarded_events_are_left_out():
    machine = Machine([Rule("go", ("a",), "b", bool), Rule("stay", ("a",), "a")], "a")
    assert machine.events("a", False) == ["stay"]
    assert machine.events("a", True) == ["go", "stay"]


def test_reachable_from_the_start_and_from_the_end():
    assert light().reachable() == {"green", "yellow", "red", "dark"}
    assert light().reachable("dark") == set()
    assert LIFE.reachable("delivered") == {"returned", "lost"}


def test_amounts_of_one_article_add_up():
    order = order_with(("x", 1, 10), ("y", 2, 5), ("x", 4, 10))
    assert order.items == {"x": (5, 10), "y": (2, 5)}
    assert order.total == 60
    order.handle("submit")
    with pytest.raises(ValueError):
        order.add("x", 1, 10)


def test_exact_payment_is_enough():
    order = order_with(("x", 3, 7))
    order.handle("submit")
    assert order.pay(20) == "open"
    assert order.due == 1
    assert order.pay(1) == "paid"


def test_overdue_order_can_be_paid():
    order = order_with(("x", 1, 7))
    order.handle("submit")
    order.handle("remind")
    assert order.pay(9) == "paid"
    assert order.due == 0


@pytest.mark.parametrize("amount", [0, -1])
def test_payments_are_positive(amount):
    order = order_with(("x", 1, 7))
    order.handle("submit")
    with pytest.raises(ValueError):
        order.pay(amount)
    assert order.paid == 0


def test_shipped_order_cannot_be_cancelled():
    order = order_with(("x", 1, 7))
    order.handle("submit")
    order.pay(7)
    order.handle("ship")
    with pytest.raises(TransitionRefused):
        order.handle("cancel")
    assert order.refunded == 0


@pytest.mark.parametrize(("days", "state"), [(0, "returned"), (14, "returned"), (15, "delivered")])
def test_return_period(days, state):
    order = order_with(("x", 1, 7))
    for event in ("submit", "pay", "ship", "deliver"):
        order.now += timedelta(days=10)
        order.paid = 7
        order.handle(event)
    order.now += timedelta(days=days)
    try:
        order.handle("return")
    except TransitionRefused:
        assert order.history[-1][1] == "deliver"
    assert order.state == state
    assert order.refunded == (7 if state == "returned" else 0)


def test_history_tells_what_happened():
    order = order_with(("x", 1, 7))
    order.handle("submit")
    order.now += timedelta(hours=1)
    order.handle("cancel")
    assert order.history == [
        (NOON, "submit", "draft", "open"),
        (NOON + timedelta(hours=1), "cancel", "open", "cancelled"),
    ]


def test_last_entry_into_a_state_and_time_in_it():
    order = order_with(("x", 1, 70))
    order.handle("submit")
    for event in ("remind", "pay", "remind"):
        order.now += timedelta(hours=2)
        order.handle(event)
    order.now += timedelta(hours=7)
    assert order.entered("overdue") == NOON + timedelta(hours=6)
    assert order.entered("paid") is None
    assert order.time_in("open") == timedelta(hours=4)
    assert order.time_in("overdue") == timedelta(hours=9)
    assert order.time_in("paid") == timedelta(0)


def test_nothing_is_shared_between_orders():
    order_with(("x", 1, 7)).handle("submit")
    fresh = Order("C", NOON)
    assert (fresh.items, fresh.history, fresh.total) == ({}, [], 0)
