"""Statements put in: jumps, guards, steps, and statements of the same file."""

from collections.abc import Iterator

import libcst as cst

from repair.blocks import Statement
from repair.edits import Edit, Splice, Watch
from repair.operators.logic import made_conditions
from repair.operators.site import Site
from repair.purity import pure
from repair.vocabulary import names_in

JUMPS = cst.Return | cst.Raise | cst.Break | cst.Continue


def inside(site: Site) -> bool:
    """Whether a line can be put next to the statement, in a function."""
    return site.statement.in_block and not site.statement.function.is_module


def ends_block(statement: Statement) -> bool:
    """Whether it is the last of its block."""
    return bool(statement.siblings) and statement.siblings[-1] is statement


def jump(site: Site) -> Iterator[Edit]:
    """A missing `return`, `break` or `continue`, behind or before the statement."""
    if not inside(site):
        return
    is_jump = isinstance(site.small, cst.Return | cst.Raise | cst.Break | cst.Continue)
    nested = site.statement.parent is not None and site.statement.depth > 0
    if ends_block(site.statement) and not is_jump:
        if site.statement.loop() is not None:
            prior = 0.4 if nested and isinstance(_parent_node(site), cst.If) else 0.25
            yield from site.insert("break", "jump", prior, after=True)
            yield from site.insert("continue", "jump", prior, after=True)
        for text, prior in _results(site):
            yield from site.insert(f"return {text}", "jump", prior, after=True)
        if site.statement.depth:
            yield from site.insert("return", "jump", 0.2, after=True)
    if isinstance(site.small, cst.Break | cst.Continue):
        other = "continue" if isinstance(site.small, cst.Break) else "break"
        span = site.source.span(site.small)
        yield site.edit("jump", 0.5, Splice(*span, other))
        for text, prior in _results(site):
            yield site.edit("jump", prior * 0.7, Splice(*span, f"return {text}"))
        yield site.edit("jump", 0.25, Splice(*span, "return"))
    if isinstance(site.small, cst.Return) and site.statement.loop() is not None:
        span = site.source.span(site.small)
        yield site.edit("jump", 0.25, Splice(*span, "continue"))
        yield site.edit("jump", 0.25, Splice(*span, "break"))


def _parent_node(site: Site) -> cst.CSTNode | None:
    return site.statement.parent.node if site.statement.parent else None


def _results(site: Site) -> list[tuple[str, float]]:
    """What the function may return: what it returns elsewhere, what it builds."""
    found: dict[str, float] = {}
    for statement in site.statement.function.statements:
        small = statement.small
        if isinstance(small, cst.Return) and small.value is not None:
            found.setdefault(site.code(small.value), 0.4)
    for name in site.own_names:
        parameter = name in site.statement.function.parameters
        found.setdefault(name, 0.15 if parameter else 0.3)
    for name in ("True", "False", "None", "[]", "0", '""', "{}", "1", "set()"):
        found.setdefault(name, 0.15)
    return list(found.items())


def guard(site: Site) -> Iterator[Edit]:
    """`if …: return`, `continue` or `break` put before a statement."""
    if not inside(site) or isinstance(site.small, cst.Break | cst.Continue):
        return
    conditions = made_conditions(site)
    known = site.vocabulary.known(site.statement.function)
    for text, statement in site.vocabulary.conditions:
        if names_in(text) <= known:
            near = statement.function is site.statement.function
            conditions.append((text, 0.16 if near else 0.1))
    in_loop = site.statement.loop() is not None
    results = [(f"return {text}", prior) for text, prior in _results(site)[:8]]
    jumps = [*results, ("return", 0.1), *((("continue", 0.4), ("break", 0.25)) if in_loop else ())]
    for test, likely in conditions:
        for text, prior in jumps:
            lines = f"if {test}:\n{site.source.one_indent}{text}"
            yield from site.insert(
                lines,
                "guard",
                1.2 * likely * prior,
                guard=site.crashed and "None" in test,
                watch=_truth(test, "False", f"guard {text}"),
            )


def conditional(site: Site) -> Iterator[Edit]:
    """The statement put under a condition."""
    if not inside(site) or isinstance(site.small, cst.FunctionDef | cst.ClassDef):
        return
    body = site.indented(site.plain(site.statement), 1)
    cut = site.whole(site.statement)
    known = site.vocabulary.known(site.statement.function)
    tests = made_conditions(site)
    tests += [(t, 0.2) for t, _ in site.vocabulary.conditions if names_in(t) <= known]
    for test, prior in tests:
        text = f"{site.indent}if {test}:\n{body}"
        yield site.edit(
            "conditional",
            prior * 0.6,
            Splice(cut.start, cut.end, text),
            guard=site.crashed,
            watch=_truth(test, "True", "conditional") if site.watchable else None,
        )


def _truth(test: str, neutral: str, tag: str) -> Watch | None:
    return Watch(f"bool({test})", neutral, tag) if pure(test) else None


def declared(site: Site) -> Iterator[Edit]:
    """A missing `global` or `nonlocal`."""
    function = site.statement.function
    if (
        function.is_module
        or not function.statements
        or function.statements[0] is not site.statement
    ):
        return
    for name in site.scope.own:
        if name in site.vocabulary.constants and name not in function.parameters:
            yield from site.insert(f"global {name}", "declared", 0.5)
    outer = function.outer
    if outer is not None and not outer.is_module:
        for name in site.scope.own:
            if name in site.vocabulary.scope(outer).own and name not in function.parameters:
                yield from site.insert(f"nonlocal {name}", "declared", 0.6)
