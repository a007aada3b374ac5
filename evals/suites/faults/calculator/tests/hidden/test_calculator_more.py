import pytest

from calculator import CalculatorError, evaluate
from calculator.errors import BadNesting, BadSymbol, UnknownName


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7", 7),
        ("1 + 2 * 3 - 4", 3),
        ("8 - 2 + 1", 7),
        ("20 / 4 * 5", 25),
        ("17 % 5", 2),
        ("2 * 3 ^ 2", 18),
        ("3 ^ 2 ^ 0", 3),
        ("((1 + 1) * (2 + 2))", 8),
        ("9 - (3 - 1)", 7),
    ],
)
def test_arithmetic(text, value):
    assert evaluate(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [("-5", -5), ("--5", 5), ("2 - -3", 5), ("-(1 + 2)", -3), ("-2 * 3", -6), ("2 ^ -1", 0.5)],
)
def test_signs(text, value):
    assert evaluate(text) == value


def test_decimals_stay_decimals():
    assert evaluate(".5 + 1.25") == 1.75
    assert isinstance(evaluate("2 + 3"), int)


def test_variables_hide_constants():
    assert evaluate("pi + 1", {"pi": 3}) == 4


def test_name_before_bracket_end():
    assert evaluate("(a - b) * c", {"a": 9, "b": 4, "c": 2}) == 10


def test_arguments_are_expressions():
    assert evaluate("max(1 + 1, 2 * 5)") == 10
    assert evaluate("max(a, b)", {"a": 1, "b": 4}) == 4
    assert evaluate("min(max(1, 8), 5) + 1") == 6


def test_calls_among_operators():
    assert evaluate("2 * abs(3 - 10) - round(2.6)") == 11


def test_no_modulo_zero():
    with pytest.raises(CalculatorError):
        evaluate("5 % (2 - 2)")


@pytest.mark.parametrize("text", ["", "2 +", "* 3", "2 3"])
def test_operands_and_operators_must_match(text):
    with pytest.raises(CalculatorError):
        evaluate(text)


@pytest.mark.parametrize("text", ["((1)", "1)", ")", "abs(1"])
def test_brackets_must_match(text):
    with pytest.raises(BadNesting):
        evaluate(text)


def test_bad_symbol_after_spaces():
    with pytest.raises(BadSymbol) as caught:
        evaluate("   1 ? 2")
    assert (caught.value.symbol, caught.value.position) == ("?", 5)


def test_unknown_function():
    with pytest.raises(UnknownName):
        evaluate("sin(1)")
    with pytest.raises(UnknownName):
        evaluate("2 * rate")
