"""Parameters: one that need not be given, and one that a caller has and the callee lacks."""

from collections.abc import Iterator

import libcst as cst

from repair.blocks import Statement
from repair.edits import Edit, Splice
from repair.operators.site import Site

DEFAULTS = (("None", 0.3), ("True", 0.08), ("False", 0.08), ("0", 0.06), ('""', 0.06), ("()", 0.05))
PLUMBED, PLUMBED_NAMED = 0.3, 0.6
"""How likely a flag is handed down, and one that the report or a red test speaks of."""


def optional(site: Site) -> Iterator[Edit]:
    """A default for the last parameters that have none."""
    node = site.small
    if not isinstance(node, cst.FunctionDef):
        return
    required = [p for p in node.params.params if p.default is None]
    required = [p for p in required if p.name.value not in ("self", "cls")]
    if not required:
        return
    last = required[-1]
    for text, prior in DEFAULTS:
        yield site.edit("optional", prior, _default(site, last, text))
        if len(required) > 1:
            splices = [_default(site, param, text) for param in required]
            yield site.edit("optional", prior * 0.5, *splices)


def _default(site: Site, param: cst.Param, text: str) -> Splice:
    end = _end(site, param)
    return Splice(end, end, f" = {text}" if param.annotation else f"={text}")


def _end(site: Site, param: cst.Param) -> int:
    """Where a parameter ends, its default with it."""
    if param.default is not None:
        return site.source.span(param.default)[1]
    if param.annotation is not None:
        return site.source.span(param.annotation.annotation)[1]
    return site.source.span(param.name)[1]


def plumbed(site: Site) -> Iterator[Edit]:
    """A condition that heeds a flag of the caller, which is handed down for it."""
    node, function = site.small, site.statement.function.node
    if not isinstance(node, cst.If) or not isinstance(function, cst.FunctionDef):
        return
    own = set(site.statement.function.parameters)
    for caller, call in _calls(site, function.name.value):
        for flag, default in _flags(site, caller):
            if flag in own:
                continue
            handed = _handed(site, function, call, flag, default)
            if handed is None:
                continue
            prior = PLUMBED_NAMED if site.hints.named(flag) else PLUMBED
            test = site.code(node.test)
            inner = f"({test})" if " or " in test else test
            start, end = site.source.span(node.test)
            for text, worth in ((f"{flag} and {inner}", 1.0), (f"not {flag} and {inner}", 0.9)):
                yield site.edit("plumbed", prior * worth, *handed, Splice(start, end, text))


def _calls(site: Site, name: str) -> Iterator[tuple[cst.FunctionDef, cst.Call]]:
    """Calls of a function by others of the same file, with the functions that make them."""
    for text, node, statement in site.vocabulary.expressions:
        if isinstance(node, cst.Call) and text.startswith((f"{name}(", f"self.{name}(")):
            around = statement.function.node
            if isinstance(around, cst.FunctionDef) and around.name.value != name:
                yield around, node


def _flags(site: Site, caller: cst.FunctionDef) -> Iterator[tuple[str, str]]:
    """Parameters of a function that are on or off by default."""
    for param in [*caller.params.params, *caller.params.kwonly_params]:
        if isinstance(param.default, cst.Name) and param.default.value in ("True", "False"):
            yield param.name.value, param.default.value


def _handed(
    site: Site, callee: cst.FunctionDef, call: cst.Call, flag: str, default: str
) -> list[Splice] | None:
    """The parameter added, and the argument; None where there is no place for them."""
    params = callee.params.params
    if not params or callee.params.kwonly_params or not call.args:
        return None
    if any(argument.keyword and argument.keyword.value == flag for argument in call.args):
        return None
    after = _end(site, params[-1])
    given = [argument for argument in call.args if argument.star != "**"]
    if not given:
        return None
    behind = site.source.span(given[-1])[1]
    return [
        Splice(after, after, f", {flag}={default}"),
        Splice(behind, behind, f", {flag}={flag}"),
    ]


def branch_dropped(site: Site) -> Iterator[Edit]:
    """An `if` or `elif` left out of a chain; what follows takes its place."""
    statement = site.statement
    if not isinstance(statement.node, cst.If) or statement.function.is_module:
        return
    body = [child for child in statement.children if child.branch == "body"]
    following = [child for child in statement.children if child.branch == "elif"]
    if not body or not (following or statement.branch == "elif"):
        return
    start = site.source.line_start(statement.first)
    end = site.source.line_start(body[-1].end + 1)
    if statement.branch == "elif":
        yield site.edit("branch-dropped", 0.3, Splice(start, end, ""))
    else:
        at = _keyword(site, following[0])
        yield site.edit("branch-dropped", 0.3, Splice(start, end, ""), Splice(at, at + 2, ""))


def _keyword(site: Site, statement: Statement) -> int:
    """Where the `elif` of a branch begins."""
    return site.source.line_start(statement.first) + len(site.source.indent(statement))
