"""Truth: `and` for `or`, `not`, and conditions added, dropped or taken from elsewhere."""

from collections.abc import Iterator

import libcst as cst

from repair.edits import Edit
from repair.operators.numbers import may_be_number
from repair.operators.site import Site
from repair.vocabulary import is_condition, names_in

OPPOSITE = {"is None": "is not None", "is not None": "is None"}


def and_or(site: Site) -> Iterator[Edit]:
    """`and` for `or`, and an operand dropped."""
    for node in site.expressions:
        if isinstance(node, cst.BooleanOperation):
            other = "or" if isinstance(node.operator, cst.And) else "and"
            yield from site.between(node.left, node.right, other, "and-or", 0.65)
            yield from site.put(node, site.code(node.left), "operand-dropped", 0.45)
            yield from site.put(node, site.code(node.right), "operand-dropped", 0.45)


def negation(site: Site) -> Iterator[Edit]:
    """`not` added to a condition, or dropped from anything."""
    for node in site.expressions:
        parent = site.parent(node)
        if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Not):
            yield from site.put(node, site.code(node.expression), "negation", 0.65)
        elif isinstance(parent, cst.UnaryOperation) and isinstance(parent.operator, cst.Not):
            continue
        elif is_condition(node, parent):
            prior = 0.35 if isinstance(node, cst.Comparison) else 0.5
            if isinstance(parent, cst.BooleanOperation):
                prior -= 0.1
            yield from site.put(node, f"not {_loose(site, node)}", "negation", prior)
        elif isinstance(parent, cst.Return | cst.Arg | cst.Assign) and _boolean(site, node):
            yield from site.put(node, f"not {_loose(site, node)}", "negation", 0.3)


def _loose(site: Site, node: cst.BaseExpression) -> str:
    return (
        f"({site.code(node)})"
        if isinstance(node, cst.BooleanOperation | cst.IfExp)
        else site.code(node)
    )


def _boolean(site: Site, node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Comparison | cst.Call | cst.BooleanOperation | cst.Attribute) or (
        isinstance(node, cst.Name)
        and ("bool" in site.types(node.value) or node.value in site.locals)
    )


def ternary(site: Site) -> Iterator[Edit]:
    """The branches of a ternary swapped, or one of them alone; a ternary from `x or y`."""
    for node in site.expressions:
        if isinstance(node, cst.IfExp):
            yes, test, no = (site.code(part) for part in (node.body, node.test, node.orelse))
            yield from site.put(node, f"{no} if {test} else {yes}", "ternary", 0.4)
            yield from site.put(node, yes, "ternary", 0.35)
            yield from site.put(node, no, "ternary", 0.35)
        elif isinstance(node, cst.BooleanOperation) and isinstance(node.operator, cst.Or):
            left, right = site.code(node.left), site.code(node.right)
            text = f"{left} if {site.atom(node.left)} is not None else {right}"
            yield from site.put(node, text, "ternary", 0.35)
            for text, prior in ((f"max({left}, {right})", 0.2), (f"min({left}, {right})", 0.2)):
                yield from site.put(node, text, "ternary", prior)
            yield from site.put(
                node, f"{site.atom(node.left)} + {site.atom(node.right)}", "ternary", 0.12
            )


def truth_test(site: Site) -> Iterator[Edit]:
    """`x` for `x is None`, `x is not None` for `x`, a length for what has one."""
    for node in site.expressions:
        if not is_condition(node, site.parent(node)):
            continue
        text = site.code(node)
        if isinstance(node, cst.Name | cst.Attribute | cst.Call | cst.Subscript):
            yield from site.put(node, f"{text} is not None", "truth-test", 0.4)
            yield from site.put(node, f"{text} is None", "truth-test", 0.3)
            yield from site.put(node, f"len({text}) > 1", "truth-test", 0.06)
            if may_be_number(site, node):
                yield from site.put(node, f"{text} > 0", "truth-test", 0.12)
                yield from site.put(node, f"{text} > 1", "truth-test", 0.08)
        elif isinstance(node, cst.Comparison):
            left = site.code(node.left)
            yield from site.put(node, left, "truth-test", 0.2)
            yield from site.put(node, f"not {left}", "truth-test", 0.15)


def _taken(site: Site) -> list[tuple[str, float]]:
    """Conditions of the file that mean something here, nearest first."""
    known = site.vocabulary.known(site.statement.function)
    found = []
    for text, statement in site.vocabulary.conditions:
        if names_in(text) <= known:
            near = statement.function is site.statement.function
            found.append((text, 0.3 if near else 0.15))
    return found


def conditions(site: Site) -> list[tuple[str, float]]:
    """Conditions that mean something here: those of the file, and those made from names."""
    found: dict[str, float] = {}
    for text, prior in [*_taken(site), *made_conditions(site)]:
        found[text] = max(found.get(text, 0.0), prior)
    return list(found.items())


def made_conditions(site: Site) -> list[tuple[str, float]]:
    """Conditions built from the names in scope."""
    made: list[tuple[str, float]] = []
    names = [name for name, near in site.names() if near > 0.5 and name not in ("self", "cls")]
    for name in names:
        made += [(name, 0.16), (f"not {name}", 0.16), (f"{name} is None", 0.12)]
        made += [(f"{name} is not None", 0.12)]
        if numberish(site, name):
            made += [(f"{name} > 0", 0.1), (f"{name} == 0", 0.1), (f"{name} < 0", 0.07)]
            made += [(f"{name} == 1", 0.05), (f"{name} > 1", 0.05)]
        else:
            made += [(f"len({name}) > 0", 0.05), (f"len({name}) == 1", 0.04)]
    for left in names:
        for right in names:
            if left != right:
                made += _pair(site, left, right)
    for base, attributes in site.vocabulary.attributes.items():
        if base in site.locals:
            for name in attributes:
                made += [(f"{base}.{name}", 0.12), (f"not {base}.{name}", 0.14)]
                made += [(f"{base}.{name} is None", 0.08), (f"{base}.{name} is not None", 0.08)]
    return made


def _pair(site: Site, left: str, right: str) -> list[tuple[str, float]]:
    made: list[tuple[str, float]] = []
    holders = frozenset(
        {"list", "dict", "set", "tuple", "str", "OrderedDict", "deque", "frozenset"}
    )
    kinds = site.types(right)
    if not kinds or kinds & holders or "dict" in str(kinds).lower():
        made += [(f"{left} in {right}", 0.1), (f"{left} not in {right}", 0.1)]
    if numberish(site, left) and numberish(site, right) and left < right:
        made += [(f"{left} {sign} {right}", 0.08) for sign in ("<", ">", "<=", ">=")]
    if left < right:
        made += [(f"{left} == {right}", 0.07), (f"{left} != {right}", 0.07)]
        if site.types(left) & holders and site.types(right) & holders:
            made += [
                (f"len({left}) {s} len({right})", p)
                for s, p in (("==", 0.1), ("<", 0.05), (">", 0.05))
            ]
    return made


def numberish(site: Site, name: str) -> bool:
    """Whether a variable was seen as a number, or not seen at all."""
    types = site.types(name)
    return not types or bool(types & {"int", "float", "bool", "Fraction", "Decimal"})


def condition_joined(site: Site) -> Iterator[Edit]:
    """A further condition, from the same file or made from names: `and` it, `or` it."""
    for node in site.expressions:
        parent = site.parent(node)
        is_whole = isinstance(parent, cst.If | cst.While | cst.IfExp | cst.CompIf)
        if not (is_whole and is_condition(node, parent)):
            continue
        here = site.code(node)
        for text, prior in [*_taken(site), *made_conditions(site)]:
            if text in here:
                continue
            tail = f"({text})" if " or " in text else text
            head = f"({here})" if " or " in here else here
            yield from site.put(node, f"{head} and {tail}", "condition-joined", prior)
            yield from site.put(node, f"{here} or {text}", "condition-joined", prior * 0.8)
            if text.startswith("not ") or " is " in text or " in " in text:
                yield from site.put(node, f"{tail} and {head}", "condition-joined", prior * 0.5)


def condition_replaced(site: Site) -> Iterator[Edit]:
    """Another condition of the file, or one made from names, in place of the whole one."""
    for node in site.expressions:
        parent = site.parent(node)
        if is_condition(node, parent):
            for text, prior in [*_taken(site), *made_conditions(site)]:
                yield from site.put(node, text, "condition-replaced", prior * 0.7)
            for text in ("True", "False"):
                yield from site.put(node, text, "condition-replaced", 0.06)
        elif isinstance(parent, cst.Return) and isinstance(node, cst.Comparison):
            for text, prior in _taken(site):
                yield from site.put(node, text, "condition-replaced", prior * 0.4)
        elif isinstance(parent, cst.Return) and site.code(node) in ("True", "False"):
            for text, prior in [*_taken(site), *made_conditions(site)]:
                yield from site.put(node, text, "condition-replaced", prior * 0.8)
        if isinstance(parent, cst.Return | cst.Arg) and isinstance(
            node, cst.Comparison | cst.BooleanOperation
        ):
            here = (
                f"({site.code(node)})"
                if isinstance(node, cst.BooleanOperation)
                else site.code(node)
            )
            for text, prior in [*_taken(site), *made_conditions(site)]:
                if text not in here:
                    yield from site.put(node, f"{here} and {text}", "condition-joined", prior * 0.6)
                    yield from site.put(node, f"{here} or {text}", "condition-joined", prior * 0.5)
