"""Bring tokens into postfix order with the shunting-yard algorithm."""

from calculator.errors import BadNesting
from calculator.tokens import Token

PRECEDENCE = {"+": 1, "-": 1, "*": 2, "/": 2, "%": 2, "neg": 3, "^": 4}
RIGHT = {"^", "neg"}


def to_postfix(tokens):
    output = []
    stack = []
    previous = None
    for token in tokens:
        if token.kind == "number":
            output.append(token)
        elif token.kind == "name":
            stack.append(token)
        elif token.kind == "operator":
            if token.text == "-" and starts_operand(previous):
                token = Token("operator", "neg", token.position)
            else:
                flush_names(stack, output)
                while stack and binds_before(stack[-1], token):
                    output.append(stack.pop())
            stack.append(token)
        elif token.kind == "(":
            stack.append(token)
        elif token.kind == ",":
            flush_names(stack, output)
            unwind(stack, output)
        else:
            flush_names(stack, output)
            unwind(stack, output)
            stack.pop()
            if stack and stack[-1].kind == "name":
                name = stack.pop()
                output.append(Token("call", name.text, name.position))
        previous = token
    flush_names(stack, output)
    while stack:
        token = stack.pop()
        if token.kind == "(":
            raise BadNesting("a bracket is not closed")
        output.append(token)
    return output


def starts_operand(previous):
    """Whether an operand, and no binary operator, is due after this token."""
    return previous is None or previous.kind in ("operator", "(", ",")


def binds_before(waiting, token):
    if waiting.kind != "operator":
        return False
    if token.text in RIGHT:
        return PRECEDENCE[waiting.text] > PRECEDENCE[token.text]
    return PRECEDENCE[waiting.text] >= PRECEDENCE[token.text]


def flush_names(stack, output):
    """A name on top of the stack that no bracket followed is a variable."""
    if stack and stack[-1].kind == "name":
        output.append(stack.pop())


def unwind(stack, output):
    while stack and stack[-1].kind != "(":
        output.append(stack.pop())
    if not stack:
        raise BadNesting("a bracket was never opened")
