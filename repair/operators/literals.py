"""Literals: truth values, texts, elements added, removed and exchanged."""

from collections.abc import Iterator
from difflib import SequenceMatcher

import libcst as cst

from repair.edits import Edit, Splice
from repair.operators.site import Site

FAMILIES = (
    ("ROUND_HALF_UP", "ROUND_HALF_EVEN", "ROUND_HALF_DOWN", "ROUND_UP", "ROUND_DOWN",
     "ROUND_CEILING", "ROUND_FLOOR"),
    ("r", "w", "a", "x", "rb", "wb", "ab", "r+", "w+"),
    ("utf-8", "ascii", "latin-1", "utf-8-sig", "utf-16"),
    ("strict", "ignore", "replace", "surrogateescape", "backslashreplace"),
    ("left", "right", "center", "top", "bottom"),
    ("asc", "desc"), ("GET", "POST", "PUT", "PATCH", "DELETE"),
)  # fmt: skip
"""Texts of which a call takes one."""
EMPTY = ("[]", "{}", "set()", "()", '""', "0", "None")


def truth(site: Site) -> Iterator[Edit]:
    """`True` for `False`; a constant where something is toggled."""
    for node in site.expressions:
        parent = site.parent(node)
        if isinstance(node, cst.Name) and node.value in ("True", "False"):
            other = "False" if node.value == "True" else "True"
            yield from site.put(node, other, "truth", 0.6)
            yield from site.put(node, "None", "truth", 0.1)
        elif isinstance(node, cst.Name) and node.value == "None":
            for text, prior in (
                ("True", 0.15),
                ("False", 0.2),
                ("0", 0.25),
                ("[]", 0.25),
                ('""', 0.25),
                ("{}", 0.15),
            ):
                yield from site.put(node, text, "truth", prior)
        elif isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Not):
            if isinstance(parent, cst.Assign | cst.Return | cst.Arg):
                yield from site.put(node, "True", "toggle", 0.6)
                yield from site.put(node, "False", "toggle", 0.5)
        elif isinstance(parent, cst.Return | cst.Assign) and not isinstance(node, cst.Tuple):
            if isinstance(parent, cst.Return) or parent.value is node:
                prior = 0.2 if isinstance(parent, cst.Return) else 0.12
                for text in ("True", "False", "None"):
                    yield from site.put(node, text, "truth", prior)


def empty(site: Site) -> Iterator[Edit]:
    """One empty value for another, as what a loop starts with."""
    for node in site.expressions:
        text = site.code(node)
        if text in ("[]", "{}", "set()", "()", '""', "''", "0", "dict()", "list()"):
            for other in EMPTY:
                yield from site.put(node, other, "empty", 0.18)
            if isinstance(site.small, cst.Assign) and site.small.value is node:
                for name, near in site.names():
                    if near > 0.5 and name not in ("self", "cls"):
                        yield from site.put(node, name, "empty", 0.15)
                        if text in ("[]", "{}", "set()", "()"):
                            left, right = tuple(
                                "()" if text == "()" else "[]" if text == "[]" else "{}"
                            )
                            filled = f"{left}{name}{',' if text == '()' else ''}{right}"
                            if text != "{}":
                                yield from site.put(node, filled, "empty", 0.2)
                for number in ("1", "-1", "float('inf')", "float('-inf')"):
                    if text == "0":
                        yield from site.put(node, number, "empty", 0.15)
                if text == "[]":
                    yield from site.put(node, "[[]]", "empty", 0.1)
                    yield from site.put(node, "[0]", "empty", 0.08)


def text_value(site: Site) -> Iterator[Edit]:
    """Another text of the file, one that is close to it, a blank more or less."""
    for node in site.expressions:
        if not isinstance(node, cst.SimpleString) or isinstance(site.small, cst.Expr):
            continue
        here = site.code(node)
        if here.startswith(('"""', "'''")):
            continue
        for group in FAMILIES:
            for other in group if here[1:-1] in group else ():
                yield from site.put(node, f"{here[0]}{other}{here[-1]}", "text", 0.3)
        for other in site.vocabulary.strings:
            if other != here:
                close = SequenceMatcher(None, here, other).ratio()
                yield from site.put(node, other, "text", 0.15 + 0.3 * close)
        yield from _tweaked(site, node, here)


def _tweaked(site: Site, node: cst.SimpleString, here: str) -> Iterator[Edit]:
    quote = here[-1]
    head = here[: here.index(quote) + 1]
    body = here[len(head) : -1]
    tweaks = [
        (body.lower(), 0.15), (body.upper(), 0.12), (body.capitalize(), 0.1), (body.strip(), 0.2),
        (body + " ", 0.12), (" " + body, 0.08), (body[:-1], 0.1), (body[1:], 0.08), ("", 0.15),
        (body + "\\n", 0.08), (body.replace("_", "-"), 0.08), (body.replace("-", "_"), 0.08),
        (body + "s", 0.06),
    ]  # fmt: skip
    if not body:
        tweaks += [
            (" ", 0.3),
            (",", 0.15),
            ("\\n", 0.15),
            ("-", 0.1),
            ("0", 0.1),
            (".", 0.1),
            ("_", 0.05),
        ]
    if len(body) == 1 or body.startswith("\\"):
        tweaks += [
            (c, 0.08) for c in (" ", ",", ".", ":", "-", "_", "/", "\\n", "0", ";", "=", "|")
        ]
    if any(mark in body for mark in "\\[(^$+*?.") and len(body) > 1:
        tweaks += [("^" + body, 0.1), (body + "$", 0.12), (body + "+", 0.06), (body + "*", 0.06)]
        for old, new in (
            ("+", "*"),
            ("*", "+"),
            ("+", "+?"),
            ("*", "*?"),
            ("\\d", "\\w"),
            ("\\w", "\\S"),
            ("?", ""),
        ):
            if old in body:
                tweaks.append((body.replace(old, new, 1), 0.12))
    if "%" in body or "{" in body:
        for old, new in (
            ("%d", "%s"),
            ("%s", "%r"),
            (":d", ""),
            (":.1f", ":.2f"),
            (":.2f", ":.1f"),
            ("%H", "%I"),
            ("%m", "%M"),
            ("%M", "%m"),
            ("%y", "%Y"),
        ):
            if old in body:
                tweaks.append((body.replace(old, new, 1), 0.12))
    for text, prior in dict.fromkeys(tweaks):
        if text != body:
            yield from site.put(node, f"{head}{text}{quote}", "text", prior)


def elements(site: Site) -> Iterator[Edit]:
    """An element of a literal removed, added or exchanged with its neighbour."""
    for node in site.expressions:
        if not isinstance(node, cst.List | cst.Tuple | cst.Set | cst.Dict):
            continue
        parent = site.parent(node)
        is_target = isinstance(parent, cst.For | cst.CompFor) and parent.target is node
        if is_target or isinstance(parent, cst.AssignTarget):
            continue
        texts = [_element(site, element) for element in node.elements]
        count = len(texts)
        for at in range(count):
            if count > 1:
                yield from _rebuilt(site, node, texts[:at] + texts[at + 1 :], "element", 0.25)
            if at + 1 < count:
                exchanged = [*texts[:at], texts[at + 1], texts[at], *texts[at + 2 :]]
                yield from _rebuilt(site, node, exchanged, "element", 0.35)
        if not isinstance(node, cst.Dict):
            for text, prior in _new_elements(site):
                if text not in texts:
                    yield from _rebuilt(site, node, [*texts, text], "element-added", prior)
                    if isinstance(node, cst.List | cst.Tuple) and texts:
                        yield from _rebuilt(
                            site, node, [text, *texts], "element-added", prior * 0.7
                        )
        else:
            yield from _new_items(site, node, texts)


def _new_items(site: Site, node: cst.Dict, texts: list[str]) -> Iterator[Edit]:
    names = [name for name, near in site.names() if near > 0.5 and name not in ("self", "cls")]
    quote = '"' if any('"' in text for text in texts) or not texts else "'"
    for name in names:
        for key in (f"{quote}{name}{quote}", name):
            item = f"{key}: {name}"
            if item not in texts:
                yield from _rebuilt(site, node, [*texts, item], "element-added", 0.15)
        for attribute in site.vocabulary.attributes.get(name, {}):
            item = f"{quote}{attribute}{quote}: {name}.{attribute}"
            if item not in texts:
                yield from _rebuilt(site, node, [*texts, item], "element-added", 0.15)


def _new_elements(site: Site) -> list[tuple[str, float]]:
    found = [(name, 0.2 * near) for name, near in site.names() if name not in ("self", "cls")]
    found += [(text, 0.18) for text in list(site.vocabulary.strings)[:20]]
    found += [(text, 0.15) for text, _ in site.vocabulary.integers.most_common(6)]
    return [*found, ("None", 0.12), ("True", 0.05), ("False", 0.05)]


def _element(site: Site, element: cst.BaseElement | cst.BaseDictElement) -> str:
    if isinstance(element, cst.DictElement):
        return f"{site.atom(element.key)}: {site.code(element.value)}"
    prefix = {"StarredElement": "*", "StarredDictElement": "**"}.get(type(element).__name__, "")
    return prefix + _whole(site, element.value)


def _whole(site: Site, node: cst.BaseExpression) -> str:
    return f"({site.code(node)})" if node.lpar else site.code(node)


def _rebuilt(
    site: Site, node: cst.BaseExpression, texts: list[str], operator: str, prior: float
) -> Iterator[Edit]:
    """The literal with these elements; one that spans lines keeps its way of writing."""
    code = site.code(node)
    joined = ", ".join(texts)
    if isinstance(node, cst.Tuple):
        text = f"{joined}," if len(texts) == 1 else joined
        if not texts:
            return
        start, end = site.source.span(node)
        level_free = node.lpar or isinstance(site.parent(node), cst.Return | cst.Assign | cst.Index)
        text = text if level_free else f"({text})"
        yield site.edit(operator, prior, Splice(start, end, text))
        return
    left, right = code[0], code[-1]
    if "\n" in code:
        blank = code[1 : len(code) - len(code[1:].lstrip())]
        lead = blank if "\n" in blank else f"\n{site.indent}{site.source.one_indent}"
        tail = code[:-1][len(code[:-1].rstrip()) :]
        joined = lead + f",{lead}".join(texts) + "," + tail
    if left == "{" and not texts:
        left, joined, right = "set(", "", ")"
    yield from site.put(node, f"{left}{joined}{right}", operator, prior)
