from datetime import date, timedelta

import pytest

from stock.items import Article, Batch, OutOfStock
from stock.reports import bestsellers, movements, orders, value
from stock.warehouse import Warehouse

TODAY = date(2025, 2, 10)


def day(offset):
    return TODAY + timedelta(days=offset)


def stocked(*batches, **options):
    warehouse = Warehouse([Article("x", "Thing", 10, **options), Article("y", "Other", 7)])
    for sku, amount, best_before in batches:
        warehouse.receive(sku, amount, best_before)
    return warehouse


@pytest.mark.parametrize("amount", [0, -2])
def test_received_amount_must_be_positive(amount):
    with pytest.raises(ValueError):
        stocked().receive("x", amount)


def test_batches_without_date_never_expire():
    assert Batch(Article("x", "X", 1), 1).is_good(date.max)
    assert Batch(Article("x", "X", 1), 1, TODAY).is_good(TODAY)
    assert not Batch(Article("x", "X", 1), 1, TODAY).is_good(day(1))


def test_undated_goods_go_last():
    warehouse = stocked(("x", 2, None), ("x", 2, day(9)), ("x", 2, day(3)))
    assert warehouse.ship("x", 5, TODAY) == [(2, day(3)), (2, day(9)), (1, None)]


def test_expired_goods_are_not_shipped():
    warehouse = stocked(("x", 2, day(-1)), ("x", 1, day(0)))
    with pytest.raises(OutOfStock) as caught:
        warehouse.ship("x", 2, TODAY)
    assert caught.value.available == 1
    assert warehouse.ship("x", 1, TODAY) == [(1, day(0))]


def test_shipping_everything():
    warehouse = stocked(("x", 2, day(1)), ("x", 2, day(2)), ("y", 1, None))
    warehouse.ship("x", 4, TODAY)
    assert [b.article.sku for b in warehouse.batches] == ["y"]
    assert warehouse.log[-1] == ("out", "x", 4)


def test_exact_batch_leaves_the_next_untouched():
    warehouse = stocked(("x", 2, day(1)), ("x", 2, day(2)))
    assert warehouse.ship("x", 2, TODAY) == [(2, day(1))]


def test_everything_may_be_reserved():
    warehouse = stocked(("x", 5, None))
    warehouse.reserve("x", 2, TODAY)
    warehouse.reserve("x", 3, TODAY)
    assert warehouse.available("x", TODAY) == 0
    assert warehouse.on_hand("x", TODAY) == 5


def test_release_never_goes_below_zero():
    warehouse = stocked(("x", 5, None))
    warehouse.reserve("x", 1, TODAY)
    warehouse.release("x", 4)
    assert warehouse.available("x", TODAY) == 5


def test_reserved_shipment_uses_up_its_reservation():
    warehouse = stocked(("x", 5, None))
    warehouse.reserve("x", 3, TODAY)
    with pytest.raises(OutOfStock):
        warehouse.ship("x", 3, TODAY)
    warehouse.ship("x", 2, TODAY, reserved=True)
    assert warehouse.available("x", TODAY) == 2
    assert warehouse.reserved["x"] == 1


def test_discard_sums_by_article():
    warehouse = stocked(("x", 1, day(-1)), ("y", 4, day(-5)), ("x", 2, day(-2)), ("x", 9, day(4)))
    assert warehouse.discard_expired(TODAY) == {"x": 3, "y": 4}
    assert [b.amount for b in warehouse.batches] == [9]
    assert movements(warehouse.log)["gone"] == 7


def test_expired_stock_has_no_value():
    warehouse = stocked(("x", 3, day(-1)), ("x", 2, None), ("y", 1, day(5)))
    assert value(warehouse, TODAY) == 27


@pytest.mark.parametrize(("have", "ordered"), [(11, {}), (10, 4), (7, 4), (6, 8), (2, 12)])
def test_orders_are_whole_packs(have, ordered):
    warehouse = stocked(("x", have, None), ("y", 1, None), reorder_at=10, reorder_amount=4)
    assert orders(warehouse, TODAY) == ({"x": ordered} if ordered else {})


def test_reserved_goods_are_reordered():
    warehouse = stocked(("x", 11, None), ("y", 1, None), reorder_at=10, reorder_amount=4)
    warehouse.reserve("x", 1, TODAY)
    assert orders(warehouse, TODAY) == {"x": 4}


def test_movements_of_one_article():
    log = [("in", "x", 5), ("out", "y", 2), ("out", "x", 1), ("gone", "x", 3)]
    assert movements(log, "x") == {"in": 5, "out": 1, "gone": 3}
    assert movements(log) == {"in": 5, "out": 3, "gone": 3}


def test_three_bestsellers_by_default_and_names_decide():
    log = [("out", sku, 2) for sku in "dacb"] + [("out", "c", 1), ("out", "d", 1)]
    assert bestsellers(log) == [("c", 3), ("d", 3), ("a", 2)]
