"""Parameters: another default, and a default that all calls share."""

from collections.abc import Iterator

import libcst as cst

from repair.edits import Edit, Splice
from repair.operators.site import Site

VALUES = ("None", "True", "False", "0", "1", "-1", '""', "[]", "{}", "()", "2", "10", "100")


def default_value(site: Site) -> Iterator[Edit]:
    """Another default for a parameter."""
    node = site.small
    if not isinstance(node, cst.FunctionDef):
        return
    listed = [*node.params.posonly_params, *node.params.params, *node.params.kwonly_params]
    for param in listed:
        if param.default is None:
            continue
        here = site.code(param.default)
        if isinstance(param.default, cst.Integer):
            value = int(param.default.value.replace("_", ""), 0)
            for number in (value + 1, value - 1):
                yield from site.put(param.default, str(number), "default", 0.5)
        for rank, text in enumerate([*VALUES, *site.vocabulary.constants]):
            prior = 0.4 if {here, text} <= {"True", "False", "None"} else 0.25 / (1 + 0.05 * rank)
            yield from site.put(param.default, text, "default", prior)
        for text in site.vocabulary.strings:
            if here[:1] in "'\"":
                yield from site.put(param.default, text, "default", 0.2)


def shared_default(site: Site) -> Iterator[Edit]:
    """`None` and a new value for each call, in place of one that all calls change."""
    node = site.small
    if not isinstance(node, cst.FunctionDef) or not isinstance(node.body, cst.IndentedBlock):
        return
    for param in [*node.params.params, *node.params.kwonly_params]:
        if param.default is None or not _mutable(param.default):
            continue
        first = _after_docstring(node.body)
        if first is None:
            continue
        name, made = param.name.value, site.code(param.default)
        line = site.source.range(first).start.line
        at = site.source.line_start(line)
        text = site.source.lines[line - 1]
        indent = text[: len(text) - len(text.lstrip())]
        guard = f"{indent}if {name} is None:\n{indent}{site.source.one_indent}{name} = {made}\n"
        default = Splice(*site.source.span(param.default), "None")
        yield site.edit("shared-default", 0.9, default, Splice(at, at, guard))


def _mutable(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.List | cst.Dict | cst.Set | cst.Call)


def _after_docstring(block: cst.IndentedBlock) -> cst.BaseStatement | None:
    for statement in block.body:
        small = None
        if isinstance(statement, cst.SimpleStatementLine) and statement.body:
            small = statement.body[0]
        if not (isinstance(small, cst.Expr) and isinstance(small.value, cst.BaseString)):
            return statement
    return None


def fresh_copy(site: Site) -> Iterator[Edit]:
    """A copy at the start of what a function is given, so that the caller's stays as it is."""
    node = site.small
    if not isinstance(node, cst.FunctionDef) or not isinstance(node.body, cst.IndentedBlock):
        return
    first = _after_docstring(node.body)
    if first is None:
        return
    line = site.source.range(first).start.line
    at = site.source.line_start(line)
    text = site.source.lines[line - 1]
    indent = text[: len(text) - len(text.lstrip())]
    for param in node.params.params:
        name = param.name.value
        if name not in ("self", "cls"):
            for made, prior in ((f"list({name})", 0.15), (f"dict({name})", 0.12)):
                yield site.edit("fresh-copy", prior, Splice(at, at, f"{indent}{name} = {made}\n"))
