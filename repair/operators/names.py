"""Names: another variable or attribute of the same scope."""

import re
from collections import Counter
from collections.abc import Iterator

import libcst as cst

from repair.edits import Edit, Splice
from repair.operators.site import Site, alike
from repair.vocabulary import BUILTIN_CALLS

TYPE_NAMES = ("int", "str", "float", "list", "dict", "tuple", "set", "bool", "bytes")


def variable(site: Site) -> Iterator[Edit]:
    """Another variable of the scope."""
    for node in site.expressions:
        if not isinstance(node, cst.Name) or not _is_variable(site, node):
            continue
        own = site.types(node.value)
        for rank, (name, near) in enumerate(site.names()):
            if name != node.value and (name not in ("self", "cls")):
                fit = alike(own, site.types(name)) * near * (1 - min(rank, 20) * 0.02)
                yield from site.put(node, name, "variable", 0.5 * fit)


def whole_variable(site: Site) -> Iterator[Edit]:
    """A variable in place of an attribute, a lookup or a call."""
    kinds = cst.Attribute | cst.Subscript | cst.Call | cst.BinaryOperation
    for node in site.expressions:
        parent = site.parent(node)
        if not isinstance(node, kinds) or isinstance(
            parent, cst.Attribute | cst.AssignTarget | cst.Expr
        ):
            continue
        if isinstance(parent, cst.Call) and parent.func is node:
            continue
        if isinstance(parent, cst.AugAssign | cst.For | cst.CompFor) and parent.target is node:
            continue
        own = site.kinds(node)
        for name, near in site.names():
            if name not in ("self", "cls"):
                fit = alike(own, site.types(name))
                yield from site.put(node, name, "whole-variable", 0.25 * near * fit)


def _is_variable(site: Site, node: cst.Name) -> bool:
    parent = site.parent(node)
    if isinstance(parent, cst.Attribute) and parent.attr is node:
        return False
    if isinstance(parent, cst.Call) and parent.func is node:
        return False
    if isinstance(parent, cst.Arg) and parent.keyword is node:
        return False
    if isinstance(
        parent, cst.Param | cst.FunctionDef | cst.ClassDef | cst.AsName | cst.ImportAlias
    ):
        return getattr(parent, "default", None) is node
    if isinstance(parent, cst.Annotation):
        return False
    names = {*site.scope.own, *site.locals, *site.comprehended, *site.vocabulary.constants}
    return node.value in names and node.value not in ("self", "cls")


def attribute(site: Site) -> Iterator[Edit]:
    """Another attribute that this file reads or writes, of the same object first."""
    for node in site.expressions:
        if not isinstance(node, cst.Attribute):
            continue
        parent = site.parent(node)
        if isinstance(parent, cst.Call) and parent.func is node:
            continue
        base = site.code(node.value)
        seen = site.vocabulary.attributes
        same = seen.get(base, Counter())
        for rank, name in enumerate(same):
            if name != node.attr.value:
                prior = 0.45 * (1 - min(rank, 20) * 0.02)
                yield from site.put(node, f"{site.atom(node.value)}.{name}", "attribute", prior)
        others = {name for names in seen.values() for name in names} - set(same)
        for name in sorted(others):
            yield from site.put(node, f"{site.atom(node.value)}.{name}", "attribute", 0.15)
        if base in ("self", "cls"):
            class_name = site.statement.function.class_name
            for name, method in site.vocabulary.methods.get(class_name, {}).items():
                is_property = any("property" in site.code(d) for d in method.decorators)
                text = f"{base}.{name}" if is_property else f"{base}.{name}()"
                if name != site.statement.function.name.rpartition(".")[2]:
                    yield from site.put(node, text, "attribute", 0.12)


def owner(site: Site) -> Iterator[Edit]:
    """`x.a` for `y.a`; `self.x` for `x`, and back; `x.a` for `x`."""
    attributes = site.vocabulary.attributes
    of_self = attributes.get("self", Counter()) if "self" in site.locals else {}
    for node in site.expressions:
        parent = site.parent(node)
        if isinstance(node, cst.Name) and _is_variable(site, node):
            if node.value in of_self:
                yield from site.put(node, f"self.{node.value}", "owner", 0.4)
            for name in attributes.get(node.value, Counter()):
                if not isinstance(parent, cst.Attribute):
                    yield from site.put(node, f"{node.value}.{name}", "owner", 0.25)
        elif isinstance(node, cst.Attribute):
            is_call = isinstance(parent, cst.Call) and parent.func is node
            if node.attr.value in site.locals:
                yield from site.put(node, node.attr.value, "owner", 0.3)
            if isinstance(node.value, cst.Name) and not is_call:
                yield from site.put(node, node.value.value, "owner", 0.2)
            for base, names in attributes.items():
                if (
                    base in site.locals
                    and node.attr.value in names
                    and base != site.code(node.value)
                ):
                    yield from site.put(node, f"{base}.{node.attr.value}", "owner", 0.3)


def type_name(site: Site) -> Iterator[Edit]:
    """Another type, as in `isinstance` and constructors."""
    for node in site.expressions:
        if isinstance(node, cst.Name) and node.value in TYPE_NAMES:
            for name in TYPE_NAMES:
                yield from site.put(node, name, "type-name", 0.15)
            for name in site.vocabulary.classes:
                yield from site.put(node, name, "type-name", 0.08)
        elif isinstance(node, cst.Name) and node.value in site.vocabulary.classes:
            for name in site.vocabulary.classes:
                yield from site.put(node, name, "type-name", 0.25)
        elif isinstance(node, cst.Name) and isinstance(site.parent(node), cst.Arg):
            functions = site.vocabulary.functions
            if node.value in functions or node.value in BUILTIN_CALLS:
                for name in functions:
                    yield from site.put(node, name, "type-name", 0.15)


def widened(site: Site) -> Iterator[Edit]:
    """A further type in `isinstance`, first of all one that the value was seen to have."""
    for node in site.expressions:
        if not isinstance(node, cst.Call) or site.code(node.func) != "isinstance":
            continue
        if len(node.args) != 2:
            continue
        checked, types = node.args[0].value, node.args[1].value
        inner = site.code(types).rstrip(" ,")
        known = set(re.findall(r"\w+", inner))
        seen = site.kinds(checked)
        for name in dict.fromkeys([*sorted(seen), *TYPE_NAMES, *site.vocabulary.classes]):
            nameable = name in TYPE_NAMES or name in site.vocabulary.classes
            if nameable and name not in known:
                prior = 0.4 if name in seen else 0.1
                text = f"{inner}, {name}"
                span = site.source.span(types)
                yield site.edit(
                    "widened", prior, Splice(*span, text if types.lpar else f"({text})")
                )


def target(site: Site) -> Iterator[Edit]:
    """Another target of an assignment or a loop; targets swapped."""
    small = site.small
    targets: list[cst.BaseExpression] = []
    if isinstance(small, cst.Assign):
        targets = [assigned.target for assigned in small.targets]
    elif isinstance(small, cst.AugAssign | cst.For):
        targets = [small.target]
    for node in targets:
        if isinstance(node, cst.Name):
            for name in site.own_names:
                if name not in ("self", "cls"):
                    fit = alike(site.types(node.value), site.types(name))
                    yield from site.put(node, name, "target", 0.2 * fit)
        elif isinstance(node, cst.Tuple) and len(node.elements) == 2:
            first, second = (site.code(element.value) for element in node.elements)
            yield from site.put(node, f"{second}, {first}", "target", 0.3)
    if isinstance(small, cst.Assign) and len(targets) == 1:
        yield from _reversed(site, small, targets[0])


def _reversed(site: Site, small: cst.Assign, node: cst.BaseExpression) -> Iterator[Edit]:
    both = (cst.Name, cst.Attribute, cst.Subscript)
    if isinstance(node, both) and isinstance(small.value, both):
        first = next(iter(site.put(node, site.code(small.value), "target", 0.2)), None)
        second = next(iter(site.put(small.value, site.code(node), "target", 0.2)), None)
        if first and second:
            yield site.edit("target", 0.2, *first.splices, *second.splices)


def swapped_names(site: Site) -> Iterator[Edit]:
    """Two different variables of the statement exchanged throughout."""
    names = [n for n in site.expressions if isinstance(n, cst.Name) and _is_variable(site, n)]
    distinct = list(dict.fromkeys(n.value for n in names))
    for at, left in enumerate(distinct):
        for right in distinct[at + 1 :]:
            splices = [
                splice
                for node in names
                if node.value in (left, right)
                for edit in site.put(node, right if node.value == left else left, "swap", 0.1)
                for splice in edit.splices
            ]
            if len(distinct) <= 6 and len(splices) > 1:
                yield site.edit("names-swapped", 0.2, *splices)
