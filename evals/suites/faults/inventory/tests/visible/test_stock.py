from datetime import date

import pytest

from stock.items import Article, OutOfStock, StockError
from stock.reports import bestsellers, movements, orders, value
from stock.warehouse import Warehouse

JUNE = date(2024, 6, 1)
JULY = date(2024, 7, 1)
AUGUST = date(2024, 8, 1)


@pytest.fixture
def warehouse():
    warehouse = Warehouse(
        [
            Article("milk", "Milk", 120, reorder_at=10, reorder_amount=6),
            Article("salt", "Salt", 80),
        ]
    )
    warehouse.receive("milk", 5, AUGUST)
    warehouse.receive("milk", 8, JULY)
    warehouse.receive("salt", 3)
    return warehouse


def test_on_hand(warehouse):
    assert warehouse.on_hand("milk", JUNE) == 13
    assert warehouse.on_hand("salt", JUNE) == 3


def test_goods_are_good_on_their_last_day(warehouse):
    assert warehouse.on_hand("milk", JULY) == 13
    assert warehouse.on_hand("milk", date(2024, 7, 2)) == 5


def test_unknown_article(warehouse):
    with pytest.raises(StockError):
        warehouse.receive("beer", 1)


def test_reservation_lowers_what_is_available(warehouse):
    warehouse.reserve("milk", 4, JUNE)
    assert warehouse.available("milk", JUNE) == 9
    warehouse.release("milk", 1)
    assert warehouse.available("milk", JUNE) == 10


def test_reserving_too_much(warehouse):
    warehouse.reserve("salt", 3, JUNE)
    with pytest.raises(OutOfStock) as caught:
        warehouse.reserve("salt", 1, JUNE)
    assert caught.value.available == 0


def test_first_expired_first_out(warehouse):
    assert warehouse.ship("milk", 10, JUNE) == [(8, JULY), (2, AUGUST)]
    assert warehouse.on_hand("milk", JUNE) == 3


def test_shipping_part_of_a_batch(warehouse):
    assert warehouse.ship("milk", 2, JUNE) == [(2, JULY)]
    assert warehouse.ship("milk", 6, JUNE) == [(6, JULY)]


def test_shipping_what_was_reserved(warehouse):
    warehouse.reserve("salt", 3, JUNE)
    with pytest.raises(OutOfStock):
        warehouse.ship("salt", 1, JUNE)
    warehouse.ship("salt", 3, JUNE, reserved=True)
    assert warehouse.available("salt", JUNE) == 0


def test_discard_expired(warehouse):
    assert warehouse.discard_expired(date(2024, 7, 15)) == {"milk": 8}
    assert warehouse.on_hand("milk", JUNE) == 5
    assert warehouse.log[-1] == ("gone", "milk", 8)


def test_value(warehouse):
    assert value(warehouse, JUNE) == 13 * 120 + 3 * 80


def test_orders(warehouse):
    assert orders(warehouse, JUNE) == {}
    warehouse.ship("milk", 3, JUNE)
    assert orders(warehouse, JUNE) == {"milk": 6}
    warehouse.ship("milk", 6, JUNE)
    assert orders(warehouse, JUNE) == {"milk": 12}
    warehouse.ship("milk", 4, JUNE)
    assert orders(warehouse, JUNE) == {"milk": 12}


def test_movements(warehouse):
    warehouse.ship("milk", 3, JUNE)
    assert movements(warehouse.log) == {"in": 16, "out": 3, "gone": 0}
    assert movements(warehouse.log, "salt") == {"in": 3, "out": 0, "gone": 0}


def test_bestsellers():
    log = [("out", "a", 1), ("out", "b", 5), ("in", "a", 50), ("out", "a", 2), ("out", "c", 1)]
    assert bestsellers(log, 2) == [("b", 5), ("a", 3)]
