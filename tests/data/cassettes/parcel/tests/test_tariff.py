import pytest

from parcel.tariff import TooHeavy, is_bulky, price


def test_bands():
    assert price(800, "DE") == 4.50
    assert price(1000, "DE") == 4.50
    assert price(1001, "de") == 7.00


def test_zones():
    assert price(800, "FR") == 7.20
    assert price(800, "BR") == 11.25


def test_bulky():
    assert is_bulky(130, 10, 10)
    assert price(800, "DE", (130, 10, 10)) == 5.62


def test_too_heavy():
    with pytest.raises(TooHeavy):
        price(40000, "DE")
