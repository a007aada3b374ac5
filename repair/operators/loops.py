"""Loops: what they run over, and `if`, `while` and `for` in each other's place."""

import re
from collections.abc import Iterator

import libcst as cst

from repair.edits import Edit, Splice
from repair.operators.site import Site


def iterated(site: Site) -> Iterator[Edit]:
    """What a loop or comprehension runs over: cut, turned, enumerated from elsewhere."""
    for node in site.own:
        if not isinstance(node, cst.For | cst.CompFor):
            continue
        over = node.iter
        text, atom = site.code(over), site.atom(over)
        if isinstance(over, cst.Call) and site.code(over.func) == "range":
            yield from _ranged(site, over)
        else:
            for made, prior in (
                (f"{atom}[1:]", 0.3), (f"{atom}[:-1]", 0.25), (f"reversed({text})", 0.3),
                (f"sorted({text})", 0.35), (f"list({text})", 0.3), (f"{atom}[::-1]", 0.2),
                (f"set({text})", 0.15), (f"{atom}.copy()", 0.12), (f"{atom}.items()", 0.2),
                (f"{atom}.values()", 0.2), (f"range({text})", 0.15), (f"range(len({text}))", 0.15),
            ):  # fmt: skip
                yield from site.put(over, made, "iterated", prior)
        for name, near in site.names():
            if near > 0.5 and name not in ("self", "cls") and name != text:
                yield from site.put(over, name, "iterated", 0.2)


def _ranged(site: Site, over: cst.Call) -> Iterator[Edit]:
    texts = [site.code(argument) for argument in over.args]
    low, high = ("0", texts[0]) if len(texts) == 1 else (texts[0], texts[1])
    step = f", {texts[2]}" if len(texts) == 3 else ""
    for bounds, prior in (
        (f"{low}, {high} + 1{step}", 0.6),
        (f"{low}, {high} - 1{step}", 0.5),
        (f"1, {high}{step}", 0.45),
        (f"1, {high} + 1{step}", 0.35),
        (f"{low} + 1, {high}{step}", 0.4),
        (f"{low}, {high}", 0.3),
        (f"{high} - 1, {low} - 1, -1", 0.3),
        (f"{high}, {low}, -1", 0.25),
        (f"{low} - 1, {high}{step}", 0.25),
        (f"2, {high}{step}", 0.15),
    ):
        made = bounds if step else bounds.removeprefix("0, ")
        yield from site.put(over, f"range({made})", "iterated", prior)


def keyword(site: Site) -> Iterator[Edit]:
    """`while` for `if`, `if` for `while`, `elif` for `if`, and back."""
    node = site.small
    start = site.source.span(node)[0] if isinstance(node, cst.If | cst.While) else 0
    if isinstance(node, cst.If):
        is_elif = site.statement.branch == "elif"
        word = "elif" if is_elif else "if"
        if not is_elif and node.orelse is None:
            yield site.edit("loop-for-if", 0.4, Splice(start, start + 2, "while"))
        if is_elif and site.source.text.startswith("elif", start):
            yield site.edit("elif", 0.3, Splice(start, start + 4, "if"))
        elif not is_elif and _follows_if(site):
            yield site.edit("elif", 0.35, Splice(start, start + len(word), "elif"))
    elif isinstance(node, cst.While):
        yield site.edit("loop-for-if", 0.4, Splice(start, start + 5, "if"))
    elif isinstance(node, cst.For):
        yield from _once(site, node)


def _follows_if(site: Site) -> bool:
    at = site.statement.index
    return at > 0 and isinstance(site.statement.siblings[at - 1].node, cst.If)


def _once(site: Site, node: cst.For) -> Iterator[Edit]:
    if isinstance(node.body, cst.IndentedBlock):
        start = site.source.span(node)[0]
        colon = site.source.span(node.iter)[1]
        match = re.match(r"[\s)]*:", site.source.text[colon:])
        if match:
            text = f"if {site.code(node.iter)}:"
            yield site.edit("loop-for-if", 0.08, Splice(start, colon + match.end(), text))


def comprehension(site: Site) -> Iterator[Edit]:
    """The filter of a comprehension dropped; one kind of comprehension for another."""
    for node in site.own:
        if isinstance(node, cst.CompFor):
            for test in node.ifs:
                start, end = site.source.span(test)
                before = site.source.text[:start].rstrip(" ")
                yield site.edit("filter", 0.35, Splice(len(before), end, ""))
            yield from _filtered(site, node)
        elif isinstance(node, cst.ListComp):
            inner = site.code(node)[1:-1]
            yield from site.put(node, f"{{{inner}}}", "comprehension", 0.15)
        elif isinstance(node, cst.SetComp):
            yield from site.put(node, f"[{site.code(node)[1:-1]}]", "comprehension", 0.2)


def _filtered(site: Site, node: cst.CompFor) -> Iterator[Edit]:
    if node.ifs:
        return
    end = site.source.span(node.iter)[1] + len(node.iter.rpar)
    targets = [n.value for n in _names(node.target)]
    names = [name for name, near in site.names() if near > 0.5 and name not in ("self", "cls")]
    tests = [(name, 0.25) for name in targets] + [(f"{name} is not None", 0.2) for name in targets]
    for name in targets:
        for other in names:
            if other != name:
                tests += [(f"{name} != {other}", 0.12), (f"{name} not in {other}", 0.12)]
                tests += [(f"{name} in {other}", 0.1)]
    for text, prior in tests:
        yield site.edit("filter", prior, Splice(end, end, f" if {text}"))


def _names(node: cst.BaseExpression) -> list[cst.Name]:
    if isinstance(node, cst.Name):
        return [node]
    if isinstance(node, cst.Tuple):
        return [name for element in node.elements for name in _names(element.value)]
    return []
