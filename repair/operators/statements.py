"""Whole statements: deleted, swapped, moved, taken out of a block or put into one, unwrapped."""

from collections.abc import Iterator

import libcst as cst

from repair.blocks import Statement
from repair.edits import Edit, Splice
from repair.operators.site import Site

HARMLESS = (cst.Import, cst.ImportFrom, cst.FunctionDef, cst.ClassDef, cst.ExceptHandler)


def _movable(site: Site) -> bool:
    statement = site.statement
    is_docstring = isinstance(site.small, cst.Expr) and isinstance(site.small.value, cst.BaseString)
    return (
        statement.in_block
        and not is_docstring
        and not isinstance(site.small, HARMLESS)
        and not statement.function.is_module
    )


def deleted(site: Site) -> Iterator[Edit]:
    """The statement left out."""
    if not _movable(site):
        return
    cut = site.whole(site.statement)
    prior = 0.12 if isinstance(site.small, cst.Return | cst.Raise) else 0.25
    if isinstance(site.small, cst.BaseCompoundStatement):
        prior = 0.15
    if len(site.statement.siblings) > 1:
        yield site.edit("deleted", prior, cut)
    else:
        yield site.edit("deleted", prior, Splice(cut.start, cut.end, site.indented("pass")))


def swapped(site: Site) -> Iterator[Edit]:
    """The statement and one of the next ones exchanged."""
    if not _movable(site):
        return
    siblings, at = site.statement.siblings, site.statement.index
    for distance, other in enumerate(siblings[at + 1 : at + 4]):
        if isinstance(other.small, HARMLESS):
            return
        first, second = site.whole(site.statement), site.whole(other)
        here, there = site.source.lines_of(site.statement), site.source.lines_of(other)
        between = site.source.text[first.end : second.start]
        yield site.edit(
            "swapped",
            0.35 if distance == 0 else 0.2,
            Splice(first.start, first.end, there),
            Splice(second.start, second.end, here),
        )
        if distance == 0 or between.strip():
            moved = [Splice(first.start, first.end, ""), Splice(second.end, second.end, here)]
            if distance:
                yield site.edit("moved", 0.2, *moved)
                yield site.edit(
                    "moved",
                    0.2,
                    Splice(first.start, first.start, there),
                    Splice(second.start, second.end, ""),
                )


def outdented(site: Site) -> Iterator[Edit]:
    """The statement moved out of its block, behind or before it."""
    statement = site.statement
    around = statement.parent
    if (
        not _movable(site)
        or around is None
        or isinstance(around.node, cst.FunctionDef | cst.ClassDef)
    ):
        return
    head = around
    while not head.in_block and head.parent is not None:
        head = head.parent
    if not head.in_block:
        return
    siblings = statement.siblings
    alone = len(siblings) == 1
    is_last, is_first = siblings[-1] is statement, siblings[0] is statement
    outer = site.source.indent(head)
    text = "".join(
        f"{outer}{line}\n" if line.strip() else "\n" for line in site.plain(statement).split("\n")
    )
    cut = site.whole(statement)
    if alone:
        cut = Splice(cut.start, cut.end, site.indented("pass"))
    end = site.source.line_start(head.end + 1)
    start = site.source.line_start(head.first)
    text_after = text if site.source.text[:end].endswith("\n") else "\n" + text
    is_jump = isinstance(site.small, cst.Return | cst.Raise | cst.Continue | cst.Break)
    prior = 0.45 if is_last else 0.2
    if end >= cut.end:
        if end == cut.end:
            yield site.edit("outdented", prior, Splice(cut.start, cut.end, cut.text + text))
        else:
            yield site.edit("outdented", prior, cut, Splice(end, end, text_after))
    if not is_jump:
        yield site.edit("outdented", 0.35 if is_first else 0.15, Splice(start, start, text), cut)


def indented(site: Site) -> Iterator[Edit]:
    """The statement moved into the block before or behind it."""
    if not _movable(site):
        return
    siblings, at = site.statement.siblings, site.statement.index
    cut = site.whole(site.statement)
    if at > 0:
        for block in _last_blocks(siblings[at - 1]):
            last = block[-1]
            if last.end < site.statement.first:
                text = _at_depth(site, site.statement, last)
                place = site.source.line_start(last.end + 1)
                yield site.edit("indented", 0.4, Splice(place, place, text), cut)
    if at + 1 < len(siblings) and len(siblings) > 1:
        following = siblings[at + 1]
        if following.children and not isinstance(following.small, HARMLESS):
            first = following.children[0]
            if first.in_block:
                text = _at_depth(site, site.statement, first)
                place = site.source.line_start(first.first)
                yield site.edit("indented", 0.35, cut, Splice(place, place, text))


def _last_blocks(statement: Statement) -> list[list[Statement]]:
    """The blocks that end where a statement ends, outer ones first."""
    blocks = []
    while statement.children and not isinstance(statement.small, HARMLESS):
        in_blocks = [child for child in statement.children if child.in_block]
        for block in {id(child.siblings): child.siblings for child in in_blocks}.values():
            blocks.append(block)
        statement = statement.children[-1]
    return blocks


def _at_depth(site: Site, statement: Statement, like: Statement) -> str:
    indent = site.source.indent(like)
    return "".join(
        f"{indent}{line}\n" if line.strip() else "\n" for line in site.plain(statement).split("\n")
    )


def unwrapped_block(site: Site) -> Iterator[Edit]:
    """The body alone in place of an `if`, a loop, a `with` or a `try` around it; no `else`."""
    statement = site.statement
    node = statement.node
    if not statement.in_block or not isinstance(
        node, cst.If | cst.While | cst.For | cst.With | cst.Try
    ):
        return
    body = [child for child in statement.children if child.branch == "body"]
    whole = site.whole(statement)
    prior = 0.35 if isinstance(node, cst.If) else 0.2
    if body:
        text = "".join(_at_depth(site, child, statement) for child in body)
        yield site.edit("unwrapped-block", prior, Splice(whole.start, whole.end, text))
    others = [child for child in statement.children if child.branch == "orelse"]
    if others and body:
        text = "".join(_at_depth(site, child, statement) for child in others)
        yield site.edit("unwrapped-block", 0.25, Splice(whole.start, whole.end, text))
        start = site.source.line_start(body[-1].end + 1)
        yield site.edit("else", 0.3, Splice(start, whole.end, text))
        yield site.edit("else", 0.2, Splice(start, whole.end, ""))
        here = "".join(site.source.lines_of(child) for child in body)
        there = "".join(site.source.lines_of(child) for child in others)
        first = site.source.line_start(body[0].first)
        last = site.source.line_start(others[0].first)
        yield site.edit(
            "else", 0.25, Splice(first, start, there), Splice(last, last + len(there), here)
        )


def into_else(site: Site) -> Iterator[Edit]:
    """What follows an `if` or a loop put into an `else` of it."""
    statement = site.statement
    at = statement.index
    if at <= 0 or not _movable(site):
        return
    before = statement.siblings[at - 1]
    node = before.node
    if isinstance(node, cst.If | cst.For | cst.While) and node.orelse is None:
        cut = site.whole(statement)
        body = site.indented(site.plain(statement), 1)
        text = f"{site.indent}else:\n{body}"
        yield site.edit("else", 0.25, Splice(cut.start, cut.end, text))


def in_loop(site: Site) -> Iterator[Edit]:
    """The statement, with or without those that follow, put under a loop over what it uses."""
    statement = site.statement
    if not _movable(site):
        return
    body = site.indented(site.plain(statement), 1)
    cut = site.whole(statement)
    own = [name for name in site.own_names if name not in ("self", "cls")]
    code = site.source.lines_of(statement)
    for name in own:
        if name in code:
            for over, prior in ((f"list({name})", 0.02), (name, 0.05)):
                text = f"{site.indent}for {name} in {over}:\n{body}"
                yield site.edit("loop-added", prior, Splice(cut.start, cut.end, text))
