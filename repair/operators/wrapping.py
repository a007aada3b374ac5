"""Expressions wrapped in a call or freed of one."""

from collections.abc import Iterator

import libcst as cst

from repair.edits import Edit
from repair.kinds import MAPPINGS, NUMBERS, SEQUENCES, SETS, SIZED, Kinds
from repair.operators.site import Site

ITERATORS = frozenset({"generator", "zip", "map", "filter", "enumerate", "reversed"})
WRAPS = (
    ("len", 0.25), ("sorted", 0.3), ("list", 0.28), ("set", 0.22), ("str", 0.28), ("int", 0.28),
    ("abs", 0.3), ("reversed", 0.2), ("tuple", 0.2), ("sum", 0.12), ("min", 0.1), ("max", 0.1),
    ("float", 0.15), ("bool", 0.15), ("dict", 0.12), ("repr", 0.08), ("round", 0.15),
    ("enumerate", 0.12), ("iter", 0.05), ("next", 0.05), ("frozenset", 0.05), ("any", 0.05),
    ("all", 0.05),
)  # fmt: skip
SUFFIXES = (
    (".strip()", 0.28), (".lower()", 0.25), (".copy()", 0.25), (".items()", 0.2),
    (".values()", 0.15), (".keys()", 0.1), (".upper()", 0.1), (".rstrip()", 0.12),
    (".lstrip()", 0.1), ("[::-1]", 0.12), ("[1:]", 0.15), ("[:-1]", 0.15), ("[0]", 0.15),
    ("[-1]", 0.12), (".split()", 0.05), (".casefold()", 0.04),
)  # fmt: skip


def wrapped(site: Site) -> Iterator[Edit]:
    """A call put around an expression, or a method call behind it."""
    for node in site.expressions:
        if not _wrappable(site, node):
            continue
        seen = site.kinds(node)
        place = 1.0 if not isinstance(site.parent(node), cst.Attribute | cst.Call) else 0.4
        for name, prior in WRAPS:
            fit = wrap_fits(name, seen)
            yield from site.put(node, f"{name}({site.code(node)})", "wrapped", prior * place * fit)
        for suffix, prior in SUFFIXES:
            fit = suffix_fits(suffix, seen)
            yield from site.put(node, f"{site.atom(node)}{suffix}", "wrapped", prior * place * fit)
        functions = site.vocabulary.functions
        for name, function in functions.items():
            if len(function.params.params) == 1:
                text = f"{name}({site.code(node)})"
                yield from site.put(node, text, "wrapped", 0.15 * place)
        if site.statement.function.class_name and "self" in site.locals:
            for name, function in site.vocabulary.methods.get(
                site.statement.function.class_name, {}
            ).items():
                if len(function.params.params) == 2 and not name.startswith("__"):
                    text = f"self.{name}({site.code(node)})"
                    yield from site.put(node, text, "wrapped", 0.12 * place)


NUMERIC_WRAPS = frozenset({"abs", "round", "float", "int"})
FOLDING_WRAPS = frozenset({"len", "sorted", "list", "set", "reversed", "tuple", "sum", "min", "max",
                           "enumerate", "iter", "frozenset", "any", "all", "dict"})  # fmt: skip


def wrap_fits(name: str, seen: Kinds) -> float:
    """How well a function fits what it would be put around."""
    if not seen:
        return 0.5
    if seen == {name}:
        return 0.0
    if name in ("int", "float"):
        return float(bool(seen & {"str", "int", "float", "bool", "Decimal"}))
    if name in NUMERIC_WRAPS:
        return float(bool(seen & NUMBERS - {"bool"}))
    if name in FOLDING_WRAPS:
        many = seen & (SIZED | ITERATORS)
        if "str" in seen and name in ("list", "set", "tuple", "sum", "dict", "any", "all"):
            return 0.2
        return float(bool(many)) if name not in ("len", "reversed") else float(bool(seen & SIZED))
    return 0.6 if name == "bool" else 1.0


def suffix_fits(suffix: str, seen: Kinds) -> float:
    """How well a method or a cut fits what it would be put behind."""
    if not seen:
        return 0.4
    if suffix.startswith("["):
        return float(bool(seen & SEQUENCES))
    if suffix == ".copy()":
        return float(bool(seen & (MAPPINGS | SETS | {"list", "deque"})))
    if suffix in (".items()", ".values()", ".keys()"):
        return float(bool(seen & MAPPINGS))
    return float("str" in seen)


def _wrappable(site: Site, node: cst.BaseExpression) -> bool:
    parent = site.parent(node)
    places = (
        cst.Arg
        | cst.Return
        | cst.Assign
        | cst.AugAssign
        | cst.For
        | cst.Comparison
        | (cst.ComparisonTarget | cst.Index | cst.Element | cst.DictElement | cst.BinaryOperation)
    )
    more = (
        cst.CompFor
        | cst.Yield
        | cst.If
        | cst.While
        | cst.IfExp
        | cst.Attribute
        | (cst.FormattedStringExpression | cst.ListComp | cst.GeneratorExp | cst.From | cst.Call)
    )
    if not isinstance(parent, places | more):
        return False
    if isinstance(parent, cst.Attribute | cst.Call) and not isinstance(node, cst.Name | cst.Call):
        return False
    if isinstance(parent, cst.Call) and parent.func is node:
        return False
    if isinstance(parent, cst.Attribute) and parent.attr is node:
        return False
    if isinstance(parent, cst.Arg) and parent.keyword is node:
        return False
    if isinstance(parent, cst.For | cst.CompFor | cst.AugAssign) and parent.target is node:
        return False
    if isinstance(node, cst.Name) and node.value in ("self", "cls", "None", "True", "False"):
        return False
    kinds = (
        cst.Name
        | cst.Attribute
        | cst.Subscript
        | cst.Call
        | cst.BinaryOperation
        | (cst.GeneratorExp | cst.ListComp)
    )
    return isinstance(node, kinds)


def unwrapped(site: Site) -> Iterator[Edit]:
    """The argument alone in place of the call; the object alone in place of its method."""
    for node in site.expressions:
        if not isinstance(node, cst.Call):
            continue
        for argument in node.args:
            if not argument.star and not argument.keyword:
                prior = 0.45 if len(node.args) == 1 else 0.3
                yield from site.put(node, site.code(argument.value), "unwrapped", prior)
        if isinstance(node.func, cst.Attribute):
            yield from site.put(node, site.code(node.func.value), "unwrapped", 0.35)
        if not node.args:
            yield from site.put(node, site.code(node.func), "unwrapped", 0.2)
