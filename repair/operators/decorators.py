"""Decorators: added, dropped, another one."""

from collections.abc import Iterator

import libcst as cst

from repair.edits import Edit, Splice
from repair.operators.site import Site


def decorated(site: Site) -> Iterator[Edit]:
    """`property`, `staticmethod` and `classmethod` added, others of the file dropped."""
    node = site.small
    if not isinstance(node, cst.FunctionDef):
        return
    for decorator in node.decorators:
        line = site.source.range(decorator).start.line
        start = site.source.line_start(line)
        end = site.source.line_start(site.source.range(decorator).end.line + 1)
        yield site.edit("decorator", 0.1, Splice(start, end, ""))
    if site.statement.parent is not None and isinstance(site.statement.parent.node, cst.ClassDef):
        line = site.source.span(node)[0]
        start = site.source.line_start(site.source.line_at(line))
        for name in ("property", "staticmethod", "classmethod"):
            text = f"{site.indent}@{name}\n"
            yield site.edit("decorator", 0.1, Splice(start, start, text))
