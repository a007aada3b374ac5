"""Compute the value of an expression."""

import operator

from calculator.errors import CalculatorError, UnknownName
from calculator.postfix import to_postfix
from calculator.tokens import tokenize

BINARY = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "%": operator.mod,
    "^": operator.pow,
}
FUNCTIONS = {"min": (min, 2), "max": (max, 2), "abs": (abs, 1), "round": (round, 1)}
CONSTANTS = {"pi": 3.141592653589793}


def evaluate(text, variables=None):
    """The value of `text`; `variables` come before the constants of the same name."""
    names = {**CONSTANTS, **(variables or {})}
    values = []
    for token in to_postfix(tokenize(text)):
        if token.kind == "number":
            values.append(float(token.text) if "." in token.text else int(token.text))
        elif token.kind == "name":
            if token.text not in names:
                raise UnknownName(token.text)
            values.append(names[token.text])
        elif token.kind == "call":
            values.append(call(token.text, values))
        elif token.text == "neg":
            values.append(-take(values))
        else:
            right = take(values)
            left = take(values)
            values.append(apply(token.text, left, right))
    if len(values) != 1:
        raise CalculatorError("operands without an operator")
    return values[0]


def apply(symbol, left, right):
    try:
        return BINARY[symbol](left, right)
    except ZeroDivisionError as error:
        raise CalculatorError("division by zero") from error


def call(name, values):
    if name not in FUNCTIONS:
        raise UnknownName(name)
    function, arity = FUNCTIONS[name]
    arguments = [take(values) for _ in range(arity)]
    return function(*reversed(arguments))


def take(values):
    if not values:
        raise CalculatorError("an operand is missing")
    return values.pop()
