import pytest

from calculator import CalculatorError, evaluate
from calculator.errors import BadNesting, BadSymbol, UnknownName
from calculator.tokens import tokenize


def test_tokens():
    assert [(t.kind, t.text) for t in tokenize("3.5+ab*(2)")] == [
        ("number", "3.5"),
        ("operator", "+"),
        ("name", "ab"),
        ("operator", "*"),
        ("(", "("),
        ("number", "2"),
        (")", ")"),
    ]


def test_product_before_sum():
    assert evaluate("2 + 3 * 4") == 14
    assert evaluate("2 * 3 + 4") == 10


def test_brackets():
    assert evaluate("(2 + 3) * 4") == 20


def test_subtraction_goes_from_the_left():
    assert evaluate("10 - 4 - 3") == 3
    assert evaluate("100 / 10 / 2") == 5


def test_power_goes_from_the_right():
    assert evaluate("2 ^ 3 ^ 2") == 512


def test_negative_numbers():
    assert evaluate("-3 + 5") == 2
    assert evaluate("4 * -2") == -8
    assert evaluate("-2 ^ 2") == -4


def test_names():
    assert evaluate("price * 2", {"price": 21}) == 42
    assert round(evaluate("pi"), 2) == 3.14


def test_functions():
    assert evaluate("max(3, 7) - abs(-2)") == 5
    assert evaluate("min(2, 1 + 4)") == 2


def test_division_by_zero():
    with pytest.raises(CalculatorError):
        evaluate("1 / 0")


def test_unknown_name():
    with pytest.raises(UnknownName):
        evaluate("x + 1")


def test_bad_symbol_tells_where():
    with pytest.raises(BadSymbol) as caught:
        evaluate("2 + $")
    assert caught.value.position == 4


def test_open_bracket():
    with pytest.raises(BadNesting):
        evaluate("(2 + 3")
    with pytest.raises(BadNesting):
        evaluate("2 + 3)")
