"""The same change made to every part: all arguments of a call, all elements, both sides."""

from collections.abc import Iterator, Sequence

import libcst as cst

from repair.edits import Edit, Splice
from repair.operators.site import Site
from repair.operators.wrapping import suffix_fits, wrap_fits

WRAPS = (("int", 0.3), ("str", 0.3), ("float", 0.2), ("list", 0.15), ("abs", 0.15), ("set", 0.1),
         ("sorted", 0.1), ("len", 0.08), ("bool", 0.06))  # fmt: skip
SUFFIXES = ((".lower()", 0.3), (".strip()", 0.25), (".upper()", 0.1), (".copy()", 0.08))
MOST_PARTS = 6
SIMPLE = cst.Name | cst.Attribute | cst.Call | cst.Subscript | cst.BinaryOperation
CONSTANTS = frozenset({"None", "True", "False", "self", "cls"})


def uniform(site: Site) -> Iterator[Edit]:
    """Every part wrapped in the same call, or with the same method behind it."""
    for node in site.expressions:
        parts = [part for part in _parts(node) if isinstance(part, SIMPLE)]
        parts = [part for part in parts if site.code(part) not in CONSTANTS]
        if 1 < len(parts) <= MOST_PARTS:
            yield from _changed(site, parts)


def _parts(node: cst.BaseExpression) -> list[cst.BaseExpression]:
    """What belongs together: arguments, elements, or the sides of a comparison."""
    match node:
        case cst.Call():
            return [argument.value for argument in node.args if not argument.star]
        case cst.Tuple() | cst.List():
            return [e.value for e in node.elements if isinstance(e, cst.Element)]
        case cst.Comparison(left=left, comparisons=[target]):
            return [left, target.comparator]
        case _:
            return []


def _changed(site: Site, parts: Sequence[cst.BaseExpression]) -> Iterator[Edit]:
    kinds = [site.kinds(part) for part in parts]
    for name, prior in WRAPS:
        others = [p for p, seen in zip(parts, kinds, strict=True) if seen != {name}]
        fit = min((wrap_fits(name, site.kinds(part)) for part in others), default=0.0)
        if fit and len(others) > 1:
            texts = [f"{name}({site.code(part)})" for part in others]
            yield site.edit("uniform", prior * fit**2, *_splices(site, others, texts))
    for suffix, prior in SUFFIXES:
        fit = min(suffix_fits(suffix, seen) for seen in kinds)
        if fit:
            texts = [f"{site.atom(part)}{suffix}" for part in parts]
            yield site.edit("uniform", prior * fit**2, *_splices(site, parts, texts))


def _splices(site: Site, parts: Sequence[cst.BaseExpression], texts: Sequence[str]) -> list[Splice]:
    return [Splice(*site.source.span(part), text) for part, text in zip(parts, texts, strict=True)]
