"""Expressions: others of the same file, and small ones made from the names in scope."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import permutations

import libcst as cst

from repair.edits import Edit
from repair.operators.site import Site
from repair.vocabulary import names_in

LITERALS = cst.Integer | cst.SimpleString | cst.Float
CONSTANTS = ("None", "True", "False", "self", "cls")
TRIVIAL = cst.Name | LITERALS


def expression(site: Site) -> Iterator[Edit]:
    """An expression of the same function or file in place of one that is alike."""
    known = site.vocabulary.known(site.statement.function)
    for node in _places(site):
        here = site.code(node)
        words = names_in(here) | {here}
        seen: set[str] = set()
        for text, other, statement in site.vocabulary.expressions:
            if text == here or text in seen or len(text) > 80 or isinstance(other, TRIVIAL):
                continue
            if not names_in(text) <= known or "yield" in text:
                continue
            seen.add(text)
            near = statement.function is site.statement.function
            shared = len(words & names_in(text)) / max(len(words), 1)
            same_kind = type(other) is type(node)
            prior = (0.16 if near else 0.08) * (0.6 + 0.6 * shared) * (1.3 if same_kind else 1.0)
            yield from site.put(node, text, "expression", prior)


def _places(site: Site) -> list[cst.BaseExpression]:
    """Expressions that stand for a value of their own."""
    found = []
    for node in site.expressions:
        parent = site.parent(node)
        if isinstance(parent, cst.Attribute | cst.AssignTarget | cst.Annotation | cst.Param):
            continue
        if isinstance(parent, cst.Call) and parent.func is node:
            continue
        if isinstance(parent, cst.Arg) and parent.keyword is node:
            continue
        if isinstance(parent, cst.For | cst.CompFor | cst.AugAssign) and parent.target is node:
            continue
        if isinstance(parent, cst.ConcatenatedString | cst.Decorator | cst.AsName | cst.Expr):
            continue
        found.append(node)
    return found


def made(site: Site) -> Iterator[Edit]:
    """A small expression made from names in scope."""
    names = [name for name, near in site.names() if near > 0.5 and name not in ("self", "cls")]
    attributes = site.vocabulary.attributes
    for node in _places(site):
        if isinstance(node, cst.Lambda | cst.Tuple | cst.ListComp | cst.GeneratorExp):
            continue
        inner = names_in(site.code(node))
        for name in names:
            boost = 1.3 if name in inner else 1.0
            for text, prior in _made_of(site, name, names):
                yield from site.put(node, text, "made", prior * boost)
            for attribute in attributes.get(name, Counter()):
                yield from site.put(node, f"{name}.{attribute}", "made", 0.16 * boost)
        for attribute in attributes.get("self", Counter()) if "self" in site.locals else ():
            yield from site.put(node, f"self.{attribute}", "made", 0.14)
        for name, other in permutations(names, 2):
            if _numbers(site, name, other):
                for sign, prior in (("+", 0.1), ("-", 0.1), ("*", 0.06)):
                    yield from site.put(node, f"{name} {sign} {other}", "made", prior)


def _made_of(site: Site, name: str, names: Sequence[str]) -> Iterator[tuple[str, float]]:
    """Expressions over one name, with their priors, as far as its type is known to allow."""
    types = site.types(name)
    if not types or types & {"str", "list", "tuple", "dict", "set", "deque"}:
        yield f"len({name})", 0.16
        yield f"len({name}) - 1", 0.1
        yield f"{name}[0]", 0.12
        yield f"{name}[-1]", 0.14
        yield from ((f"{name}[{other}]", 0.1) for other in names if other != name)
    if not types or types & {"int", "float"}:
        for text in (f"{name} + 1", f"{name} - 1", f"{name} * 2", f"{name} // 2"):
            yield text, 0.1


def _numbers(site: Site, *names: str) -> bool:
    return all(not site.types(n) or site.types(n) & {"int", "float"} for n in names)


JOINS = ('"/"', '"\\n"', '" "', '","', '", "', '"-"', '"_"', '"."', '":"')
"""Texts that are often missing between others."""


def appended(site: Site) -> Iterator[Edit]:
    """Something more added to an expression: a term, a factor, a text."""
    terms = _terms(site)
    for node in site.expressions:
        if not _extendable(site, node):
            continue
        here, atom = site.code(node), site.atom(node)
        for term, types, prior in terms:
            if term == here or f"len({here})" == term:
                continue
            fit = (
                1.0
                if not types or not site.kinds(node)
                else (1.2 if types & site.kinds(node) else 0.15)
            )
            yield from site.put(node, f"{here} + {term}", "appended", prior * fit)
            yield from site.put(node, f"{here} - {term}", "appended", 0.75 * prior * fit)
            yield from site.put(node, f"{term} + {here}", "appended", 0.6 * prior * fit)
            if "str" not in types and "list" not in types:
                yield from site.put(node, f"{atom} * {term}", "appended", 0.5 * prior * fit)
                yield from site.put(node, f"{atom} or {term}", "appended", 0.6 * prior * fit)
        if not isinstance(node, cst.BinaryOperation) or isinstance(node.operator, cst.Add):
            strings = site.kinds(node)
            if not strings or "str" in strings:
                yield from _texts_added(site, node, here)
        for text, prior in (("or []", 0.08), ("or 0", 0.06), ("* 2", 0.06), ("// 2", 0.06),
                            ("* 100", 0.04), ("/ 100", 0.04), ("% 2", 0.02)):  # fmt: skip
            yield from site.put(node, f"{atom} {text}", "appended", prior)


def _texts_added(site: Site, node: cst.BaseExpression, here: str) -> Iterator[Edit]:
    certain = 1.0 if "str" in site.kinds(node) else 0.5
    for rank, text in enumerate(dict.fromkeys([*list(site.vocabulary.strings)[:12], *JOINS])):
        prior = 0.14 * certain / (1 + 0.03 * rank)
        yield from site.put(node, f"{here} + {text}", "appended", prior)
        yield from site.put(node, f"{text} + {here}", "appended", 0.8 * prior)


def _terms(site: Site) -> list[tuple[str, frozenset[str], float]]:
    """What can be added, with its types and prior."""
    terms: list[tuple[str, frozenset[str], float]] = []
    number = frozenset({"int"})
    for name, near in site.names():
        if name in ("self", "cls"):
            continue
        types = site.types(name)
        terms.append((name, types, 0.16 * near))
        if near > 0.5 and (not types or types & {"list", "str", "dict", "set", "tuple"}):
            terms.append((f"len({name})", number, 0.1))
    for base, found in site.vocabulary.attributes.items():
        if base in site.locals:
            terms += [(f"{base}.{attribute}", frozenset(), 0.12) for attribute in found]
    return terms


def _extendable(site: Site, node: cst.BaseExpression) -> bool:
    parent = site.parent(node)
    simple = cst.Name | cst.Attribute | cst.Subscript | cst.Call | cst.BinaryOperation
    if not isinstance(node, simple | cst.ListComp | cst.List) or site.code(node) in CONSTANTS:
        return False
    places = cst.Return | cst.Assign | cst.AugAssign | cst.Arg | cst.Slice | cst.Index
    if not isinstance(parent, places | cst.Element | cst.DictElement | cst.ComparisonTarget):
        return False
    if isinstance(parent, cst.Arg) and parent.keyword is node:
        return False
    return not (isinstance(parent, cst.AugAssign) and parent.target is node)
