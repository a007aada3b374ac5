"""How tightly expressions bind, so that a text can be put in place of another."""

import ast
from functools import lru_cache

import libcst as cst

LOOSEST, TERNARY, OR, AND, NOT, COMPARE, BIT_OR, BIT_XOR, BIT_AND, SHIFT = range(10)
SUM, PRODUCT, UNARY, POWER, AWAIT, ATOM = range(10, 16)

_BINARY: dict[type, int] = {
    ast.BitOr: BIT_OR, ast.BitXor: BIT_XOR, ast.BitAnd: BIT_AND, ast.LShift: SHIFT,
    ast.RShift: SHIFT, ast.Add: SUM, ast.Sub: SUM, ast.Mult: PRODUCT, ast.Div: PRODUCT,
    ast.FloorDiv: PRODUCT, ast.Mod: PRODUCT, ast.MatMult: PRODUCT, ast.Pow: POWER,
}  # fmt: skip
_NAMED: dict[str, int] = {
    "BitOr": BIT_OR, "BitXor": BIT_XOR, "BitAnd": BIT_AND, "LeftShift": SHIFT,
    "RightShift": SHIFT, "Add": SUM, "Subtract": SUM, "Multiply": PRODUCT, "Divide": PRODUCT,
    "FloorDivide": PRODUCT, "Modulo": PRODUCT, "MatrixMultiply": PRODUCT, "Power": POWER,
}  # fmt: skip


@lru_cache(maxsize=50_000)
def strength(text: str) -> int | None:
    """How tightly this expression binds; None when it is none."""
    try:
        node = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return _strength(node, text.strip())


def _strength(node: ast.expr, text: str) -> int:
    match node:
        case ast.Tuple():
            return ATOM if text.startswith("(") and text.endswith(")") else LOOSEST
        case ast.NamedExpr() | ast.Starred() | ast.Yield() | ast.YieldFrom():
            return LOOSEST
        case ast.Lambda() | ast.IfExp():
            return TERNARY
        case ast.BoolOp():
            return OR if isinstance(node.op, ast.Or) else AND
        case ast.UnaryOp():
            return NOT if isinstance(node.op, ast.Not) else UNARY
        case ast.Compare():
            return COMPARE
        case ast.BinOp():
            return _BINARY[type(node.op)]
        case ast.Await():
            return AWAIT
        case ast.Constant(value=int() | float()) if not text.startswith("("):
            return ATOM - 1 if "." not in text else ATOM
        case _:
            return ATOM


def needed(node: cst.CSTNode, parent: cst.CSTNode | None) -> int:  # noqa: C901 a flat table
    """How tightly a text must bind to stand in the place of `node`."""
    if getattr(node, "lpar", ()):
        return LOOSEST
    match parent:
        case cst.BinaryOperation(left=left, operator=operator):
            level = _NAMED.get(type(operator).__name__, SUM)
            is_left = left is node
            if level == POWER:
                return POWER + is_left
            return level + (not is_left)
        case cst.Comparison() | cst.ComparisonTarget():
            return BIT_OR
        case cst.BooleanOperation(operator=operator):
            return AND if isinstance(operator, cst.Or) else NOT
        case cst.UnaryOperation(operator=operator):
            return NOT if isinstance(operator, cst.Not) else UNARY
        case cst.Await() | cst.Attribute():
            return ATOM
        case cst.Call(func=called) if called is node:
            return ATOM
        case cst.Subscript(value=value) if value is node:
            return ATOM
        case cst.IfExp(orelse=orelse):
            return TERNARY if orelse is node else OR
        case cst.CompFor() | cst.CompIf():
            return OR
        case cst.StarredElement() | cst.StarredDictElement():
            return BIT_OR
        case cst.Arg(star=star):
            return BIT_OR if star else TERNARY
        case cst.Element() | cst.DictElement() | cst.Lambda() | cst.Param() | cst.NamedExpr():
            return TERNARY
        case cst.FormattedStringExpression():
            return OR
        case cst.Assert() | cst.Raise():
            return TERNARY
        case _:
            return LOOSEST


def fitted(text: str, level: int) -> str | None:
    """The text, in parentheses where its place asks for them; None when it is no expression."""
    binds = strength(text)
    if binds is None:
        return None
    return text if binds >= level else f"({text})"
