"""What may be wrong with an expression."""


class CalculatorError(Exception):
    """The expression has no value."""


class BadSymbol(CalculatorError):
    def __init__(self, symbol, position):
        super().__init__(f"unexpected {symbol!r} at {position}")
        self.symbol = symbol
        self.position = position


class BadNesting(CalculatorError):
    pass


class UnknownName(CalculatorError):
    pass
