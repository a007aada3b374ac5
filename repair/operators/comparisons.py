"""Comparisons: another operator, a shifted boundary, operands swapped."""

from collections.abc import Iterator

import libcst as cst

from repair.edits import Edit
from repair.operators.site import Site

LIKELY: dict[str, tuple[tuple[str, float], ...]] = {
    "<": (("<=", 0.9), (">", 0.45), (">=", 0.45), ("!=", 0.2), ("==", 0.12)),
    "<=": (("<", 0.9), (">=", 0.45), (">", 0.45), ("==", 0.2), ("!=", 0.12)),
    ">": ((">=", 0.9), ("<", 0.45), ("<=", 0.45), ("!=", 0.2), ("==", 0.12)),
    ">=": ((">", 0.9), ("<=", 0.45), ("<", 0.45), ("==", 0.2), ("!=", 0.12)),
    "==": (
        *(("!=", 0.55), ("<=", 0.35), (">=", 0.35), ("is", 0.25)),
        *(("in", 0.2), ("<", 0.15), (">", 0.15)),
    ),
    "!=": (
        *(("==", 0.55), ("<", 0.3), (">", 0.3), ("is not", 0.25)),
        *(("not in", 0.2), ("<=", 0.1), (">=", 0.1)),
    ),
    "is": (("is not", 0.5), ("==", 0.6)),
    "is not": (("is", 0.5), ("!=", 0.6)),
    "in": (("not in", 0.6), ("==", 0.3)),
    "not in": (("in", 0.6), ("!=", 0.3)),
}  # fmt: skip


def comparison(site: Site) -> Iterator[Edit]:
    """Another comparison operator in place of the one that is there."""
    for node in site.expressions:
        if not isinstance(node, cst.Comparison):
            continue
        left: cst.BaseExpression = node.left
        for target in node.comparisons:
            sign = " ".join(_between(site, left, target.comparator).split())
            for other, prior in LIKELY.get(sign, ()):
                yield from site.between(left, target.comparator, other, "comparison", prior)
            left = target.comparator


def _between(site: Site, left: cst.CSTNode, right: cst.CSTNode) -> str:
    start, end = site.source.span(left)[1], site.source.span(right)[0]
    return site.source.text[start:end].strip(" \t()\\\n")


def compared_side(site: Site) -> Iterator[Edit]:
    """The operands of a comparison swapped, or one of them wrapped as its neighbours are."""
    for node in site.expressions:
        if isinstance(node, cst.Comparison) and len(node.comparisons) == 1:
            left, right = node.left, node.comparisons[0].comparator
            sign = _between(site, left, right)
            if sign in ("in", "not in"):
                text = f"{site.atom(right)} {sign} {site.atom(left)}"
                yield from site.put(node, text, "comparison-sides", 0.2)
                for method, prior in (("values", 0.25), ("keys", 0.1), ("items", 0.05)):
                    text = f"{site.atom(right)}.{method}()"
                    yield from site.put(right, text, "comparison-sides", prior)
            elif sign == "==":
                for text in (f"{site.code(left)} is None", f"{site.code(right)} is None"):
                    yield from site.put(node, text, "comparison-sides", 0.05)
