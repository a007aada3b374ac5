"""Expressions: others of the same file, and small ones made from the names in scope."""

from collections.abc import Iterator

import libcst as cst

from repair.edits import Edit
from repair.operators.site import Site
from repair.vocabulary import names_in

LITERALS = cst.Integer | cst.SimpleString | cst.Float
TRIVIAL = cst.Name | LITERALS


def expression(site: Site) -> Iterator[Edit]:
    """An expression of the same function or file in place of one that is alike."""
    known = site.vocabulary.known(site.statement.function)
    for node in _places(site):
        here = site.code(node)
        words = names_in(node) | {here}
        seen: set[str] = set()
        for text, other, statement in site.vocabulary.expressions:
            if text == here or text in seen or len(text) > 80 or isinstance(other, TRIVIAL):
                continue
            if not names_in(other) <= known or "yield" in text:
                continue
            seen.add(text)
            near = statement.function is site.statement.function
            shared = len(words & names_in(other)) / max(len(words), 1)
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
        inner = names_in(node)
        for name in names:
            boost = 1.3 if name in inner else 1.0
            types = site.types(name)
            holds = not types or bool(types & {"str", "list", "tuple", "dict", "set", "deque"})
            if holds:
                yield from site.put(node, f"len({name})", "made", 0.16 * boost)
                yield from site.put(node, f"len({name}) - 1", "made", 0.1 * boost)
                yield from site.put(node, f"{name}[0]", "made", 0.12 * boost)
                yield from site.put(node, f"{name}[-1]", "made", 0.14 * boost)
                for other in names:
                    if other != name:
                        yield from site.put(node, f"{name}[{other}]", "made", 0.1 * boost)
            if not types or types & {"int", "float"}:
                for text in (f"{name} + 1", f"{name} - 1", f"{name} * 2", f"{name} // 2"):
                    yield from site.put(node, text, "made", 0.1 * boost)
            for attribute in attributes.get(name, {}):
                yield from site.put(node, f"{name}.{attribute}", "made", 0.16 * boost)
        for attribute in attributes.get("self", {}) if "self" in site.locals else ():
            yield from site.put(node, f"self.{attribute}", "made", 0.14)
        for name in names:
            for other in names:
                if name != other and _numbers(site, name, other):
                    for sign, prior in (("+", 0.1), ("-", 0.1), ("*", 0.06)):
                        yield from site.put(node, f"{name} {sign} {other}", "made", prior)


def _numbers(site: Site, *names: str) -> bool:
    return all(not site.types(n) or site.types(n) & {"int", "float"} for n in names)


def appended(site: Site) -> Iterator[Edit]:
    """Something more added to an expression: a term, a factor, a text."""
    names = [name for name, near in site.names() if near > 0.5 and name not in ("self", "cls")]
    terms = list(names)
    for base, found in site.vocabulary.attributes.items():
        if base in site.locals:
            terms += [f"{base}.{attribute}" for attribute in found]
    for node in site.expressions:
        parent = site.parent(node)
        simple = cst.Name | cst.Attribute | cst.Subscript | cst.Call | cst.BinaryOperation
        if not isinstance(node, simple) or isinstance(node, cst.Name) and node.value == "None":
            continue
        if not isinstance(parent, cst.Return | cst.Assign | cst.AugAssign | cst.Arg | cst.Slice | cst.Index):
            continue
        if isinstance(parent, cst.Arg) and parent.keyword is node:
            continue
        if isinstance(parent, cst.AugAssign) and parent.target is node:
            continue
        here = site.code(node)
        for term in terms:
            if term != here:
                yield from site.put(node, f"{here} + {term}", "appended", 0.16)
                yield from site.put(node, f"{here} - {term}", "appended", 0.12)
                yield from site.put(node, f"{site.atom(node)} * {term}", "appended", 0.08)
                yield from site.put(node, f"{term} + {here}", "appended", 0.08)
                yield from site.put(node, f"{site.atom(node)} or {term}", "appended", 0.1)
        for text, prior in (("or []", 0.08), ("or 0", 0.06), ("% 2", 0.02), ("* 2", 0.06), ("// 2", 0.06), ("* 100", 0.04), ("/ 100", 0.04)):
            yield from site.put(node, f"{site.atom(node)} {text}", "appended", prior)
