from decimal import Decimal

import pytest

from cart.basket import Basket, Product, Voucher, VoucherRefused
from cart.money import CurrencyMismatch, Money, rounded


def eur(amount):
    return Money.of(amount)


def filled(*prices, **options):
    basket = Basket()
    for number, price in enumerate(prices):
        basket.add(Product(f"p{number}", eur(price), **options))
    return basket


@pytest.mark.parametrize(
    ("raw", "cents"), [("0.005", "0.01"), ("2.675", "2.68"), ("-2.675", "-2.68"), ("0.345", "0.35")]
)
def test_rounding(raw, cents):
    assert rounded(raw) == Decimal(cents)


def test_floats_are_taken_at_their_word():
    assert Money.of(0.1) + Money.of(0.2) == Money.of(0.3)
    assert Money.of(19.99) * 3 == Money.of("59.97")


def test_subtraction_and_order_check_the_currency():
    with pytest.raises(CurrencyMismatch):
        eur(1) - Money.of(1, "CHF")
    with pytest.raises(CurrencyMismatch):
        _ = eur(1) < Money.of(2, "CHF")
    assert eur(1) < eur(2)
    assert eur(5) - eur(7) == eur(-2)


@pytest.mark.parametrize("parts", [1, 2, 3, 7, 11])
def test_split_sums_to_the_whole(parts):
    pieces = eur("100.01").split(parts)
    assert len(pieces) == parts
    assert sum(piece.amount for piece in pieces) == Decimal("100.01")
    assert pieces == sorted(pieces, key=lambda piece: piece.amount, reverse=True)
    assert pieces[0].amount - pieces[-1].amount <= Decimal("0.01")


def test_text_of_small_and_large_amounts():
    assert str(Money.of(0, "USD")) == "0.00 USD"
    assert str(Money.of("-1000000.5")) == "-1,000,000.50 EUR"


def test_amount_must_be_positive():
    with pytest.raises(ValueError):
        Basket().add(Product("x", eur(1)), 0)


def test_adding_the_same_twice():
    basket = filled("2.50", "2.50")
    basket.add(Product("p0", eur("2.50")), 2)
    assert basket.subtotal() == eur(10)
    assert len(basket.lines) == 2


def test_setting_an_amount_replaces_it():
    basket = filled(3)
    basket.add(Product("p0", eur(3)), 4)
    basket.set_amount("p0", 2)
    assert basket.subtotal() == eur(6)
    basket.set_amount("p0", 0)
    assert basket.total() == eur(0)
    with pytest.raises(KeyError):
        basket.set_amount("other", 1)


@pytest.mark.parametrize(("amount", "price"), [(4, 40), (5, 40), (6, 48), (9, 63), (12, 84)])
def test_best_bulk_price_counts(amount, price):
    basket = Basket()
    basket.add(Product("x", eur(10), bulk=((5, 20), (9, 30), (12, 25))), amount)
    assert basket.line_price("x") == eur(price)


def test_percent_and_fixed_discount_add_up():
    basket = filled(20, 20)
    basket.redeem(Voucher("BOTH", percent=25, off=eur(2)))
    assert basket.discount() == eur(12)
    assert basket.total() == eur("32.95")


def test_voucher_at_its_minimum_and_last_use():
    basket = filled(20)
    basket.redeem(Voucher("MIN", percent=50, minimum=eur(20), uses=3), used=2)
    assert basket.discount() == eur(10)


def test_refused_voucher_leaves_the_old_one():
    basket = filled(20)
    basket.redeem(Voucher("OLD", percent=10))
    with pytest.raises(VoucherRefused):
        basket.redeem(Voucher("NEW", percent=90, minimum=eur("20.01")))
    with pytest.raises(VoucherRefused):
        basket.redeem(Voucher("NEW", percent=90, uses=2), used=2)
    assert basket.voucher.code == "OLD"


def test_nothing_left_to_pay_but_postage():
    basket = filled(5)
    basket.redeem(Voucher("BIG", percent=80, off=eur(3)))
    assert basket.discount() == eur(5)
    assert basket.total() == eur("4.95")


def test_postage_depends_on_goods_before_the_voucher():
    basket = filled(50)
    basket.redeem(Voucher("HALF", percent=50))
    assert basket.total() == eur(25)
    assert filled("49.99").postage() == eur("4.95")


def test_taxes_are_summed_by_rate():
    basket = filled("10.70", "21.40", tax=7)
    basket.add(Product("z", eur("11.90")))
    basket.add(Product("y", eur(3), tax=0))
    assert basket.taxes() == {0: eur(0), 7: eur("2.10"), 19: eur("1.90")}
