"""A calculator for people: numbers, brackets, names and a few functions."""

from calculator.errors import CalculatorError
from calculator.evaluate import evaluate

__all__ = ["CalculatorError", "evaluate"]
