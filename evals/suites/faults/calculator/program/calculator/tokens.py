"""Cut an expression into tokens."""

from dataclasses import dataclass

from calculator.errors import BadSymbol

OPERATORS = "+-*/%^"


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    position: int


def tokenize(text):
    """Yield numbers, names, operators, commas and brackets; spaces separate."""
    at = 0
    while at < len(text):
        char = text[at]
        start = at
        if char.isspace():
            at += 1
            continue
        if char.isdigit() or char == ".":
            while at < len(text) and (text[at].isdigit() or text[at] == "."):
                at += 1
            yield Token("number", text[start:at], start)
        elif char.isalpha():
            while at < len(text) and text[at].isalnum():
                at += 1
            yield Token("name", text[start:at], start)
        elif char in OPERATORS:
            at += 1
            yield Token("operator", char, start)
        elif char in "(),":
            at += 1
            yield Token(char, char, start)
        else:
            raise BadSymbol(char, start)
