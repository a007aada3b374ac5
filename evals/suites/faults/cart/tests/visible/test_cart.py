import pytest

from cart.basket import Basket, Product, Voucher, VoucherRefused
from cart.money import CurrencyMismatch, Money

TEA = Product("tea", Money.of("4.50"), tax=7, bulk=((10, 5), (20, 10)))
POT = Product("pot", Money.of(30))


def eur(amount):
    return Money.of(amount)


@pytest.fixture
def basket():
    basket = Basket()
    basket.add(TEA, 2)
    basket.add(POT)
    return basket


def test_half_a_cent_goes_up():
    assert eur("0.125") == eur("0.13")
    assert eur("1.15") * 0.5 == eur("0.58")
    assert eur("-0.125") == eur("-0.13")


def test_currencies_do_not_mix():
    with pytest.raises(CurrencyMismatch):
        eur(1) + Money.of(1, "USD")


def test_money_as_text():
    assert str(eur("1234.5")) == "1,234.50 EUR"


def test_split():
    assert eur(10).split(3) == [eur("3.34"), eur("3.33"), eur("3.33")]


def test_subtotal(basket):
    assert basket.subtotal() == eur(39)


def test_adding_again_adds_up(basket):
    basket.add(TEA, 3)
    assert basket.lines["tea"][1] == 5


def test_set_amount(basket):
    basket.set_amount("tea", 4)
    assert basket.subtotal() == eur(48)
    basket.set_amount("tea", 0)
    assert list(basket.lines) == ["pot"]


def test_bulk_price():
    basket = Basket()
    basket.add(TEA, 10)
    assert basket.line_price("tea") == eur("42.75")
    basket.add(TEA, 10)
    assert basket.line_price("tea") == eur(81)


def test_percent_voucher(basket):
    basket.redeem(Voucher("TEN", percent=10))
    assert basket.discount() == eur("3.90")
    assert basket.total() == eur("40.05")


def test_voucher_with_a_minimum(basket):
    basket.redeem(Voucher("OK", off=eur(5), minimum=eur(39)))
    assert basket.discount() == eur(5)
    with pytest.raises(VoucherRefused):
        basket.redeem(Voucher("NO", off=eur(5), minimum=eur(40)))


def test_voucher_that_is_used_up(basket):
    with pytest.raises(VoucherRefused, match="used up"):
        basket.redeem(Voucher("ONCE", percent=5, uses=1), used=1)
    basket.redeem(Voucher("TWICE", percent=5, uses=2), used=1)
    assert basket.voucher.code == "TWICE"


def test_voucher_takes_no_more_than_the_goods_cost(basket):
    basket.redeem(Voucher("BIG", off=eur(100)))
    assert basket.discount() == eur(39)
    assert basket.total() == eur("4.95")


def test_postage_is_free_from_fifty(basket):
    assert basket.postage() == eur("4.95")
    basket.add(Product("cup", eur(11)))
    assert basket.postage() == eur(0)
    basket.redeem(Voucher("TEN", percent=10))
    assert basket.postage() == eur(0)
    assert Basket().postage() == eur(0)


def test_taxes(basket):
    assert basket.taxes() == {7: eur("0.59"), 19: eur("4.79")}
    basket.add(Product("cup", eur("11.90")))
    assert basket.taxes()[19] == eur("6.69")
