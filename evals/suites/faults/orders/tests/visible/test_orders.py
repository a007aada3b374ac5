from datetime import datetime, timedelta

import pytest

from orders.machine import TransitionRefused
from orders.order import LIFE, Order

START = datetime(2024, 1, 10, 12)


def open_order():
    order = Order("A1", START)
    order.add("book", 2, 1500)
    order.handle("submit")
    return order


def delivered_order():
    order = open_order()
    order.pay(3000)
    order.handle("ship")
    order.handle("deliver")
    return order


def test_total():
    order = Order("A1", START)
    order.add("book", 2, 1500)
    order.add("pen", 1, 200)
    order.add("book", 1, 1500)
    assert order.total == 4700
    assert order.items["book"] == (3, 1500)


def test_empty_order_cannot_be_submitted():
    with pytest.raises(TransitionRefused, match="condition"):
        Order("A1", START).handle("submit")


def test_only_drafts_change():
    with pytest.raises(ValueError):
        open_order().add("pen", 1, 200)


def test_payment_in_parts():
    order = open_order()
    assert order.pay(1000) == "open"
    assert order.due == 2000
    assert order.pay(2000) == "paid"
    assert order.due == 0


def test_overpaid_order_owes_nothing():
    order = open_order()
    assert order.pay(5000) == "paid"
    assert order.due == 0


def test_part_payment_of_an_overdue_order():
    order = open_order()
    order.handle("remind")
    assert order.pay(1) == "open"


def test_unpaid_orders_are_not_shipped():
    with pytest.raises(TransitionRefused) as caught:
        open_order().handle("ship")
    assert (caught.value.state, caught.value.event) == ("open", "ship")


def test_return_on_the_last_day():
    order = delivered_order()
    order.now += timedelta(days=14)
    assert order.handle("return") == "returned"
    assert order.refunded == 3000


def test_return_after_the_period():
    order = delivered_order()
    order.now += timedelta(days=14, seconds=1)
    with pytest.raises(TransitionRefused, match="condition"):
        order.handle("return")
    assert order.state == "delivered"


def test_cancelled_order_is_refunded_and_over():
    order = open_order()
    order.pay(1000)
    order.handle("cancel")
    assert order.refunded == 1000
    with pytest.raises(TransitionRefused, match="over"):
        order.handle("lose")


def test_any_order_may_be_lost():
    assert delivered_order().handle("lose") == "lost"
    assert Order("A1", START).handle("lose") == "lost"


def test_possible_events():
    assert LIFE.events("open", open_order()) == ["pay", "remind", "cancel", "lose"]
    assert LIFE.events("cancelled") == []


def test_reachable_states():
    assert LIFE.reachable("shipped") == {"delivered", "returned", "lost"}


def test_time_in_a_state():
    order = open_order()
    order.now += timedelta(hours=5)
    order.handle("remind")
    order.now += timedelta(hours=3)
    assert order.time_in("open") == timedelta(hours=5)
    assert order.time_in("overdue") == timedelta(hours=3)


def test_orders_have_their_own_items():
    first, second = Order("A1", START), Order("A2", START)
    first.add("pen", 1, 200)
    assert second.items == {}
