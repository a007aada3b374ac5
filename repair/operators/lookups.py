"""Subscripts, slices and lookups: bounds, keys and defaults."""

from collections.abc import Iterator

import libcst as cst

from repair.edits import Edit
from repair.operators.site import Site

DEFAULTS = ("None", "0", '""', "[]", "{}", "()", "1", "False", "True")


def slice_bound(site: Site) -> Iterator[Edit]:
    """A bound of a slice moved, dropped or added; the slice dropped."""
    for node in site.expressions:
        if not isinstance(node, cst.Subscript) or len(node.slice) != 1:
            continue
        cut = node.slice[0].slice
        if not isinstance(cut, cst.Slice):
            continue
        base = site.atom(node.value)
        low = site.code(cut.lower) if cut.lower else ""
        high = site.code(cut.upper) if cut.upper else ""
        step = f":{site.code(cut.step)}" if cut.step else ""
        for text, prior in _cuts(low, high, step):
            yield from site.put(node, f"{base}[{text}]", "slice", prior)
        yield from site.put(node, site.code(node.value), "slice", 0.3)
        if low and high and not isinstance(cut.upper, cst.Integer | cst.UnaryOperation):
            yield from site.put(node, f"{base}[{low}:{low} + {high}{step}]", "slice", 0.45)
        for name, near in site.names():
            if near > 0.5 and name not in ("self", "cls"):
                if not low:
                    yield from site.put(node, f"{base}[{name}:{high}{step}]", "slice", 0.15)
                if not high:
                    yield from site.put(node, f"{base}[{low}:{name}{step}]", "slice", 0.15)
                if high and low:
                    yield from site.put(node, f"{base}[{low}:{low} + {name}{step}]", "slice", 0.15)


def _cuts(low: str, high: str, step: str) -> list[tuple[str, float]]:
    cuts = [(f"{low}:{step}", 0.4), (f":{high}{step}", 0.4), (f"{high}:{low}{step}", 0.2)]
    if high:
        cuts += [(f"{low}:{high} + 1{step}", 0.6), (f"{low}:{high} - 1{step}", 0.6)]
        cuts += [(f"{high}:{step}", 0.25), (f"{low}:-({high}){step}", 0.1)]
    else:
        cuts += [(f"{low}:-1{step}", 0.45)]
    if low:
        cuts += [(f"{low} + 1:{high}{step}", 0.6), (f"{low} - 1:{high}{step}", 0.55)]
        cuts += [(f":{low}{step}", 0.25)]
    else:
        cuts += [(f"1:{high}{step}", 0.45)]
    if step:
        cuts += [(f"{low}:{high}", 0.35), (f"{low}:{high}:-1", 0.2), (f"{low}:{high}:2", 0.1)]
    else:
        cuts += [(f"{low}:{high}:-1", 0.12)]
    return cuts


def subscript(site: Site) -> Iterator[Edit]:
    """Another index or key; a lookup with a default for one without, and back."""
    for node in site.expressions:
        if not isinstance(node, cst.Subscript) or len(node.slice) != 1:
            continue
        index = node.slice[0].slice
        if not isinstance(index, cst.Index):
            continue
        base, key = site.atom(node.value), site.code(index.value)
        is_target = isinstance(site.parent(node), cst.AssignTarget | cst.AugAssign | cst.Del)
        for other, prior in (("0", 0.25), ("-1", 0.3), ("1", 0.15), (f"-{key}", 0.06)):
            yield from site.put(node, f"{base}[{other}]", "subscript", prior)
        if not is_target:
            yield from site.put(node, site.code(node.value), "subscript", 0.2)
            yield from site.put(node, key, "subscript", 0.2)
            yield from site.put(node, f"{base}[:{key}]", "subscript", 0.08)
            yield from site.put(node, f"{base}[{key}:]", "subscript", 0.1)
            if not isinstance(index.value, cst.Integer | cst.UnaryOperation):
                yield from site.put(node, f"{base}.get({key})", "lookup", 0.35)
                for default in DEFAULTS:
                    text = f"{base}.get({key}, {default})"
                    yield from site.put(node, text, "lookup", 0.3)
                for name in site.locals:
                    text = f"{base}.get({key}, {name})"
                    yield from site.put(node, text, "lookup", 0.2)


def lookup(site: Site) -> Iterator[Edit]:
    """Key and default of `get`, `pop`, `setdefault` and `getattr` changed, added or dropped."""
    for node in site.expressions:
        if not isinstance(node, cst.Call) or not isinstance(node.func, cst.Attribute):
            continue
        if node.func.attr.value not in ("get", "pop", "setdefault") or not node.args:
            continue
        base, key = site.atom(node.func.value), site.code(node.args[0].value)
        method = node.func.attr.value
        values = [*DEFAULTS, *site.locals]
        for rank, default in enumerate(values):
            text = f"{base}.{method}({key}, {default})"
            prior = 0.35 if rank < len(DEFAULTS) else 0.2
            yield from site.put(node, text, "lookup", prior)
        yield from site.put(node, f"{base}[{key}]", "lookup", 0.35)
        if len(node.args) == 1 and method == "get":
            text = f"{site.code(node)} or"
            for default in ("[]", "{}", "0", '""', "()"):
                yield from site.put(node, f"{text} {default}", "lookup", 0.12)
