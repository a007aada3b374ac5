"""Results: what a function returns, yields and raises."""

import re
from collections.abc import Iterator

import libcst as cst

from repair.edits import Edit, Splice
from repair.operators.site import Site

WITH_EFFECT = (cst.Call, cst.Await, cst.Yield, cst.BaseString, cst.Ellipsis)
"""Expressions that make sense as statements."""
EXCEPTIONS = (
    "ValueError", "KeyError", "TypeError", "IndexError", "AttributeError", "LookupError",
    "Exception", "OSError", "FileNotFoundError", "ZeroDivisionError", "StopIteration",
    "RuntimeError", "NotImplementedError", "ArithmeticError", "OverflowError", "UnicodeError",
    "UnicodeDecodeError", "ImportError", "AssertionError", "PermissionError", "TimeoutError",
)  # fmt: skip


def decided(site: Site) -> Iterator[Edit]:
    """`if x: return True` for `return x`, so that a loop or what follows can go on."""
    small = site.small
    if not isinstance(small, cst.Return) or small.value is None or not site.statement.in_block:
        return
    value, rest = small.value, ""
    if isinstance(value, cst.Tuple) and value.elements:
        rest = "".join(f", {site.code(element.value)}" for element in value.elements[1:])
        value = value.elements[0].value
    if isinstance(value, cst.Name | cst.BaseNumber | cst.BaseString):
        return
    text, whole = site.code(value), site.whole(site.statement)
    inner = site.source.one_indent
    in_loop = site.statement.loop() is not None
    for test, result in ((text, "True"), (f"not ({text})", "False"), (text, text)):
        lines = site.indented(f"if {test}:\n{inner}return {result}{rest}")
        prior = (0.45 if in_loop else 0.06) * (0.6 if result == text else 1.0)
        yield site.edit("decided", prior, Splice(whole.start, whole.end, lines))


def returned(site: Site) -> Iterator[Edit]:
    """Another value returned: a variable, an attribute, an empty value."""
    small = site.small
    if not isinstance(small, cst.Return):
        return
    values = [(name, 0.3 * near) for name, near in site.names() if name not in ("cls",)]
    values += [(t, 0.15) for t in ("[]", "{}", "0", '""', "()", "1", "-1", "set()", "[[]]")]
    for base, names in site.vocabulary.attributes.items():
        if base in site.locals:
            values += [(f"{base}.{name}", 0.15) for name in names]
    if small.value is not None:
        for text, prior in values:
            yield from site.put(small.value, text, "returned", prior)
        if isinstance(small.value, cst.Tuple) and len(small.value.elements) > 1:
            for element in small.value.elements:
                yield from site.put(small.value, site.code(element.value), "returned", 0.2)
        else:
            for name, near in site.names():
                text = f"{site.code(small.value)}, {name}"
                if near > 0.5 and name not in ("self", "cls"):
                    yield from site.put(small.value, text, "returned", 0.06)
        yield from _yielded(site, small)
        return
    end = site.source.span(small)[1]
    for text, prior in [*values, ("True", 0.3), ("False", 0.3), ("None", 0.0)]:
        if prior:
            yield site.edit("returned", prior, Splice(end, end, f" {text}"))


def _yielded(site: Site, small: cst.Return) -> Iterator[Edit]:
    start = site.source.span(small)[0]
    yield site.edit("yielded", 0.15, Splice(start, start + len("return"), "yield"))
    yield site.edit("yielded", 0.1, Splice(start, start + len("return"), "yield from"))
    yield site.edit("yielded", 0.12, Splice(start, start + len("return "), ""))


def yielded(site: Site) -> Iterator[Edit]:
    """`yield from` for `yield`, and back; a result used for one that is dropped."""
    for node in site.expressions:
        if isinstance(node, cst.Yield) and node.value is not None:
            yield from _yields_otherwise(site, node)
    small = site.small
    if isinstance(small, cst.Expr) and not isinstance(small.value, WITH_EFFECT):
        start = site.source.span(small)[0]
        yield site.edit("yielded", 0.9, Splice(start, start, "return "))
        yield site.edit("yielded", 0.4, Splice(start, start, "yield "))
        for name in site.own_names:
            if name not in ("self", "cls"):
                yield site.edit("result-kept", 0.3, Splice(start, start, f"{name} = "))
    if isinstance(small, cst.Expr) and isinstance(small.value, cst.Call):
        start = site.source.span(small)[0]
        own = site.statement.function.name.rpartition(".")[2]
        recursive = site.code(small.value.func).rpartition(".")[2] == own
        for text, prior in (("return ", 0.4), ("yield from ", 0.3), ("yield ", 0.12)):
            boost = 1.0 if recursive else 0.5
            yield site.edit("yielded", prior * boost, Splice(start, start, text))
        for name in site.own_names:
            if name not in ("self", "cls"):
                yield site.edit("result-kept", 0.12, Splice(start, start, f"{name} = "))
                yield site.edit("result-kept", 0.08, Splice(start, start, f"{name} += "))


def _yields_otherwise(site: Site, node: cst.Yield) -> Iterator[Edit]:
    start = site.source.span(node)[0]
    text = site.code(node)
    if isinstance(node.value, cst.From):
        if head := re.match(r"yield\s+from\s+", text):
            yield site.edit("yielded", 0.4, Splice(start, start + head.end(), "yield "))
    elif head := re.match(r"yield\s+", text):
        at = start + head.end()
        yield site.edit("yielded", 0.45, Splice(start, at, "yield from "))
        yield site.edit("yielded", 0.15, Splice(start, at, "return "))


def exception_type(site: Site) -> Iterator[Edit]:
    """Another exception raised or caught."""
    known = [name for name in site.vocabulary.globals if name.endswith(("Error", "Exception"))]
    known += [name for name in site.vocabulary.classes if name not in known]
    nodes: list[cst.BaseExpression] = []
    small = site.small
    if isinstance(small, cst.ExceptHandler) and small.type is not None:
        nodes = [small.type]
    elif isinstance(small, cst.Raise) and small.exc is not None:
        nodes = [small.exc.func if isinstance(small.exc, cst.Call) else small.exc]
    for node in nodes:
        here = site.code(node)
        for rank, name in enumerate(dict.fromkeys([*known, *EXCEPTIONS])):
            prior = 0.5 if name in known else 0.5 / (1 + 0.1 * (rank - len(known)))
            yield from site.put(node, name, "exception-type", prior)
            if isinstance(small, cst.ExceptHandler) and name not in here:
                inner = here.strip("()")
                text = f"({inner}, {name})"
                yield from site.put(node, text, "exception-type", prior * 0.7)
        for element in node.elements if isinstance(node, cst.Tuple) else ():
            yield from site.put(node, site.code(element.value), "exception-type", 0.2)
