"""Arithmetic: another operator, operands swapped or dropped, regrouped."""

from collections.abc import Iterator

import libcst as cst

from repair.edits import Edit, Splice
from repair.operators.site import Site

LIKELY: dict[str, tuple[tuple[str, float], ...]] = {
    "+": (("-", 0.6), ("*", 0.25), ("|", 0.05)),
    "-": (("+", 0.6), ("*", 0.15), ("//", 0.1), ("%", 0.12), ("/", 0.08)),
    "*": (("+", 0.35), ("/", 0.4), ("**", 0.3), ("//", 0.3), ("-", 0.15)),
    "/": (("//", 0.6), ("*", 0.5), ("%", 0.25), ("-", 0.1)),
    "//": (("/", 0.5), ("%", 0.45), ("*", 0.35), (">>", 0.05)),
    "%": (("//", 0.5), ("/", 0.2), ("-", 0.12), ("*", 0.1)),
    "**": (("*", 0.5), ("^", 0.1)),
    "&": (("|", 0.5), ("^", 0.4), ("and", 0.1)),
    "|": (("&", 0.5), ("^", 0.35), ("or", 0.1), ("+", 0.1)),
    "^": (("&", 0.5), ("|", 0.45), ("**", 0.3)),
    "<<": ((">>", 0.5), ("*", 0.05)),
    ">>": (("<<", 0.5), ("//", 0.05)),
    "@": (("*", 0.1),),
}
AUGMENTED: dict[str, tuple[tuple[str, float], ...]] = {
    "+=": (("-=", 0.55), ("=", 0.5), ("*=", 0.2), ("|=", 0.05)),
    "-=": (("+=", 0.55), ("=", 0.4), ("//=", 0.08), ("*=", 0.05)),
    "*=": (("+=", 0.35), ("=", 0.3), ("/=", 0.3), ("**=", 0.1), ("//=", 0.1)),
    "/=": (("//=", 0.5), ("*=", 0.4), ("=", 0.2)),
    "//=": (("/=", 0.3), ("*=", 0.3), ("%=", 0.2), ("-=", 0.2), (">>=", 0.05)),
    "%=": (("//=", 0.4), ("=", 0.2)),
    "&=": (("|=", 0.5), ("^=", 0.4), ("=", 0.3)),
    "|=": (("&=", 0.5), ("^=", 0.3), ("=", 0.3), ("+=", 0.1)),
    "^=": (("&=", 0.5), ("|=", 0.5), ("=", 0.2)),
    "<<=": ((">>=", 0.5),),
    ">>=": (("<<=", 0.5),),
    "=": (("+=", 0.45), ("-=", 0.15), ("|=", 0.06), ("*=", 0.08)),
}


def operator(site: Site) -> Iterator[Edit]:
    """Another arithmetic operator."""
    for node in site.expressions:
        if isinstance(node, cst.BinaryOperation):
            start, end = site.source.span(node.left)[1], site.source.span(node.right)[0]
            sign = site.source.text[start:end].strip(" \t()\\\n")
            for other, prior in LIKELY.get(sign, ()):
                yield from site.between(node.left, node.right, other, "arithmetic", prior)


def augmented(site: Site) -> Iterator[Edit]:
    """Another augmented assignment, a plain one for an augmented one, and back."""
    small = site.small
    if isinstance(small, cst.AugAssign):
        target = small.target
    elif isinstance(small, cst.Assign) and len(small.targets) == 1:
        target = small.targets[0].target
        if not isinstance(target, cst.Name | cst.Attribute | cst.Subscript):
            return
    else:
        return
    start, end = site.source.span(target)[1], site.source.span(small.value)[0]
    gap = site.source.text[start:end]
    sign = gap.strip(" \t()\\\n")
    for other, prior in AUGMENTED.get(sign, ()):
        at = start + gap.index(sign)
        yield site.edit("augmented", prior, Splice(at, at + len(sign), other))


def operands(site: Site) -> Iterator[Edit]:
    """Operands swapped or dropped; a sum or product grouped the other way."""
    for node in site.expressions:
        if not isinstance(node, cst.BinaryOperation):
            continue
        left, right = site.atom(node.left), site.atom(node.right)
        sign = _sign(site, node)
        swaps = sign in ("-", "/", "//", "%", "**", "<<", ">>", "@", "+")
        if swaps and site.code(node.left) != site.code(node.right):
            prior = 0.2 if sign == "+" else 0.45
            yield from site.put(node, f"{right} {sign} {left}", "operands-swapped", prior)
        yield from site.put(node, site.code(node.left), "operand-dropped", 0.3)
        yield from site.put(node, site.code(node.right), "operand-dropped", 0.25)
        yield from _regrouped(site, node)


def _sign(site: Site, node: cst.BinaryOperation) -> str:
    start, end = site.source.span(node.left)[1], site.source.span(node.right)[0]
    return site.source.text[start:end].strip(" \t()\\\n")


def _regrouped(site: Site, node: cst.BinaryOperation) -> Iterator[Edit]:
    """`(a + b) * c` for `a + b * c`, and the like."""
    sign = _sign(site, node)
    for inner, is_left in ((node.left, True), (node.right, False)):
        if isinstance(inner, cst.BinaryOperation):
            first, second = site.atom(inner.left), site.atom(inner.right)
            other, inner_sign = site.atom(node.right if is_left else node.left), _sign(site, inner)
            text = (
                f"{first} {inner_sign} ({second} {sign} {other})"
                if is_left
                else f"({other} {sign} {first}) {inner_sign} {second}"
            )
            if sign != inner_sign or sign in "-/%":
                yield from site.put(node, text, "regrouped", 0.25)


def rounded(site: Site) -> Iterator[Edit]:
    """A sign added or dropped; a division that rounds up."""
    for node in site.expressions:
        parent = site.parent(node)
        if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Minus):
            yield from site.put(node, site.code(node.expression), "sign", 0.4)
        elif isinstance(parent, cst.Arg | cst.Return | cst.Index | cst.Assign | cst.Tuple):
            if isinstance(node, cst.Name | cst.Attribute | cst.Subscript | cst.BinaryOperation):
                yield from site.put(node, f"-{site.atom(node)}", "sign", 0.12)
        if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.FloorDivide):
            left, right = site.atom(node.left), site.atom(node.right)
            text = f"({left} + {right} - 1) // {right}"
            yield from site.put(node, text, "rounded", 0.2)
            first = site.code(node.left)
            loose = isinstance(node.left, cst.BinaryOperation) and isinstance(
                node.left.operator, cst.Add | cst.Subtract
            )
            text = f"-(-({first}) // {right})" if loose else f"-(-{first} // {right})"
            yield from site.put(node, text, "rounded", 0.2)
