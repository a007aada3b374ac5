from flags.rollout import bucket, sees
from flags.store import Flags

COMMON = """
new_cart = on          # for all
new_cart.percentage = 100%
"""


def test_values_and_overrides():
    flags = Flags(COMMON, "new_cart = beta")
    assert flags.value("new_cart") == "beta"
    assert flags.value("missing", "x") == "x"


def test_enabled():
    assert Flags(COMMON).enabled("new_cart") is True
    assert Flags(COMMON).enabled("missing") is False


def test_sees():
    assert sees(Flags(COMMON), "new_cart", 7)
    assert 0 <= bucket("x") < 100
