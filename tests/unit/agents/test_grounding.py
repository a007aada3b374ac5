"""What a model names is looked up; what does not exist is refused with the nearest real names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.grounding import Claim, checked
from core.trees import Tree

SHOP = '''"""Prices."""
import math

RATE = 0.19


class Cart:
    limit = 3

    def total_price(self, items):
        return sum(items) * (1 + RATE)


def round_up(value):
    return math.ceil(value)
'''
TREE = Tree().with_texts({"shop/prices.py": SHOP, "shop/cart.js": "function addItem() {}\n"})


@pytest.mark.parametrize(
    ("claim", "line"),
    [
        (Claim("shop/prices.py"), 0),
        (Claim("./shop/prices.py", quote="return sum(items) * (1 + RATE)"), 11),
        (Claim("shop/prices.py", quote="    return  sum(items) *  (1 + RATE)  "), 11),
        (Claim("shop/prices.py", quote="11: return sum(items) * (1 + RATE)"), 11),
        (Claim("shop/prices.py", quote="\n\ndef round_up(value):\n    return"), 14),
        (Claim("`shop/prices.py`", symbol="Cart.total_price"), 10),
        (Claim("shop/prices.py", symbol="total_price()"), 10),
        (Claim("shop/prices.py", symbol="prices.Cart.total_price"), 10),
        (Claim("shop/prices.py", symbol="shop.prices.round_up"), 14),
        (Claim("shop/prices.py", symbol="RATE"), 4),
        (Claim("shop/prices.py", symbol="Cart.limit"), 8),
        (Claim("shop/cart.js", symbol="addItem"), 1),
    ],
)
def test_what_is_there_stands_with_its_line(claim: Claim, line: int) -> None:
    found = checked(claim, TREE)
    assert not found.refusal
    assert found.line == line


@pytest.mark.parametrize(
    ("claim", "near"),
    [
        (Claim("shop/price.py"), "`shop/prices.py`"),
        (Claim("src/prices.py"), "`shop/prices.py`"),
        (Claim("shop/prices.py", symbol="totalPrice"), "`Cart.total_price`"),
        (Claim("shop/prices.py", symbol="roundUpwards"), "`round_up`"),
        (Claim("shop/prices.py", symbol="Basket.total_price"), "`Cart.total_price`"),
        (Claim("shop/prices.py", symbol="store.prices.round_up"), "`round_up`"),
        (Claim("shop/prices.py", quote="return sum(items) + RATE"), "`return sum(items) * (1 + R"),
    ],
)
def test_what_is_not_there_is_refused_with_what_comes_nearest(claim: Claim, near: str) -> None:
    found = checked(claim, TREE)
    assert found.line == 0
    assert near in found.refusal


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyzABCDEFGH_", min_size=1, max_size=30))
def test_invented_names_never_stand(name: str) -> None:
    real = {"Cart", "Cart.limit", "Cart.total_price", "RATE", "limit", "round_up", "total_price"}
    found = checked(Claim("shop/prices.py", symbol=name), TREE)
    assert bool(found.refusal) == (name not in real)


@given(st.text(min_size=1, max_size=60))
def test_invented_quotes_never_stand(quote: str) -> None:
    found = checked(Claim("shop/prices.py", quote=quote), TREE)
    if quote.strip() and not found.refusal:
        assert found.quote in [line.strip() for line in SHOP.split("\n")]
        assert found.quote
