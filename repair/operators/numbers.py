"""Numbers: one more, one less, another constant of the file."""

from collections.abc import Iterator

import libcst as cst

from repair.edits import Edit
from repair.kinds import NUMBERS
from repair.operators.site import Site


def one_off(site: Site) -> Iterator[Edit]:
    """An integer one greater or smaller; a `+ 1` or `- 1` dropped."""
    for node in site.expressions:
        parent = site.parent(node)
        if isinstance(node, cst.Integer) and not _in_negation(parent):
            value = int(node.value.replace("_", ""), 0)
            boost = 1.0 if value <= 2 or _counts(parent) else 0.6
            yield from site.put(node, str(value + 1), "one-off", 0.7 * boost)
            yield from site.put(node, str(value - 1), "one-off", 0.7 * boost)
        elif isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Minus):
            if isinstance(node.expression, cst.Integer):
                value = -int(node.expression.value.replace("_", ""), 0)
                for text, prior in ((value + 1, 0.6), (value - 1, 0.6), (-value, 0.4)):
                    yield from site.put(node, str(text), "one-off", prior)
        elif isinstance(node, cst.BinaryOperation) and is_one(node.right):
            if isinstance(node.operator, cst.Add | cst.Subtract):
                yield from site.put(node, site.code(node.left), "one-off", 0.75)


def _in_negation(parent: cst.CSTNode | None) -> bool:
    return isinstance(parent, cst.UnaryOperation) and isinstance(parent.operator, cst.Minus)


def _counts(parent: cst.CSTNode | None) -> bool:
    return isinstance(parent, cst.Index | cst.Slice | cst.Arg | cst.ComparisonTarget)


def is_one(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Integer) and node.value == "1"


def shifted(site: Site) -> Iterator[Edit]:
    """An expression plus one or minus one, where a count or a position is meant."""
    for node in site.expressions:
        prior = _position_prior(site, node)
        if not prior or not may_be_number(site, node):
            continue
        for sign in ("+", "-"):
            text = f"{_product(site, node)} {sign} 1"
            yield from site.put(node, text, "shifted", prior)


def _product(site: Site, node: cst.BaseExpression) -> str:
    loose = isinstance(node, cst.IfExp | cst.BooleanOperation | cst.Comparison | cst.Lambda)
    return f"({site.code(node)})" if loose else site.code(node)


def _position_prior(site: Site, node: cst.BaseExpression) -> float:
    """How likely one is missing here, by what the place is used for."""
    match site.parent(node):
        case cst.Index() | cst.Slice():
            return 0.55
        case cst.ComparisonTarget():
            return 0.4
        case cst.Comparison():
            return 0.3
        case cst.Arg() as arg:
            call = site.parent(arg)
            is_range = isinstance(call, cst.Call) and site.code(call.func) == "range"
            return 0.6 if is_range else 0.3
        case cst.Return():
            return 0.4
        case cst.Assign() | cst.AugAssign():
            return 0.35
        case cst.BinaryOperation():
            return 0.25
        case _:
            return 0.0


def may_be_number(site: Site, node: cst.BaseExpression) -> bool:
    """Whether an expression can be a number, by its form and the types that were seen."""
    if isinstance(node, cst.BinaryOperation) and is_one(node.right):
        return False
    kinds = site.kinds(node)
    if kinds:
        return bool(kinds & NUMBERS) and kinds != {"bool"}
    unknown = cst.Name | cst.Attribute | cst.Subscript | cst.IfExp | cst.BinaryOperation | cst.Call
    return isinstance(node, unknown)


def other_number(site: Site) -> Iterator[Edit]:
    """Another number of the file, a named constant, or a common one."""
    common = ["0", "1", "2", "-1", "10", "100"]
    for node in site.expressions:
        if not isinstance(node, cst.Integer | cst.Float):
            continue
        others = [text for text, _ in site.vocabulary.integers.most_common(12)]
        for rank, text in enumerate(dict.fromkeys([*common[:4], *others, *common[4:]])):
            yield from site.put(node, text, "other-number", 0.3 / (1 + 0.15 * rank))
        for name in site.vocabulary.constants[:12]:
            yield from site.put(node, name, "other-number", 0.2)
        if isinstance(node, cst.Integer):
            value = int(node.value.replace("_", ""), 0)
            for other in (value * 2, value // 2, value * 10, value // 10, value + 2, -value):
                yield from site.put(node, str(other), "other-number", 0.1)
            for other in _round_neighbours(value):
                yield from site.put(node, str(other), "other-number", 0.3)
        else:
            for text in (f"{float(node.value) * 10:g}", f"{float(node.value) / 10:g}"):
                yield from site.put(node, text, "other-number", 0.1)


def _round_neighbours(value: int) -> list[int]:
    """The next numbers that are as round: 300 and 500 for 400."""
    unit = 1
    while value and value % (unit * 10) == 0:
        unit *= 10
    return [value + unit, value - unit] if unit > 1 else []
