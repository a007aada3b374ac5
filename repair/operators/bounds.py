"""A value kept within a bound."""

from collections.abc import Iterator

import libcst as cst

from repair.edits import Edit
from repair.kinds import NUMBERS, SIZED
from repair.operators.site import Site, alike


def bounded(site: Site) -> Iterator[Edit]:
    """`max(x, 0)`, `min(x, y)`, `max(x, y)` for `x`."""
    for node in site.expressions:
        if not _may_be_bounded(site, node):
            continue
        text, own = site.code(node), site.kinds(node)
        place = 1.0 if isinstance(site.parent(node), cst.Return | cst.Assign) else 0.7
        if not own or own & NUMBERS:
            for made, prior in (
                (f"max({text}, 0)", 0.18),
                (f"max(0, {text})", 0.18),
                (f"max(1, {text})", 0.08),
            ):
                yield from site.put(node, made, "bounded", prior * place)
        others = [(name, near) for name, near in site.names() if near > 0.5]
        for base, names in site.vocabulary.attributes.items():
            if base in site.locals:
                others += [(f"{base}.{name}", 0.6) for name in names]
        for name, near in others:
            if name != text and name not in ("self", "cls"):
                fit = alike(own, site.types(name)) * near * place
                yield from site.put(node, f"min({text}, {name})", "bounded", 0.2 * fit)
                yield from site.put(node, f"max({text}, {name})", "bounded", 0.2 * fit)


def _may_be_bounded(site: Site, node: cst.BaseExpression) -> bool:
    parent = site.parent(node)
    simple = cst.Name | cst.Attribute | cst.BinaryOperation | cst.Call | cst.Subscript
    places = cst.Return | cst.Assign | cst.Arg | cst.Index | cst.Slice | cst.AugAssign
    if not isinstance(node, simple) or not isinstance(parent, places):
        return False
    if isinstance(parent, cst.Arg) and parent.keyword is node:
        return False
    if isinstance(parent, cst.AugAssign) and parent.target is node:
        return False
    kinds = site.kinds(node)
    never = SIZED | {"bool", "NoneType", "function"}
    return site.code(node) not in ("None", "True", "False", "self", "cls") and not (
        kinds and kinds <= never
    )
