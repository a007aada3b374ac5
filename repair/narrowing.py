"""A change that mends the red test and breaks others, made only under a condition."""

from collections.abc import Iterator
from dataclasses import replace

from repair.doubts import NARROWED
from repair.edits import Edit, Splice, spliced
from repair.operators.logic import conditions
from repair.operators.site import Site
from repair.proposals import Proposals

MOST = 120
"""Conditions that are tried for one change."""


def narrowed(edit: Edit, proposals: Proposals) -> Iterator[Edit]:
    """The change under each condition that means something there, most likely first."""
    site = next((p.site for p in proposals.places if _made_at(edit, p.site)), None)
    if site is None or len(edit.splices) != 1 or not site.watchable:
        return
    for test, prior in sorted(conditions(site), key=lambda pair: -pair[1])[:MOST]:
        made = _under(edit, site, test)
        if made is not None:
            yield replace(edit, splices=(made,), operator=f"{edit.operator}{NARROWED}", prior=prior)


def _made_at(edit: Edit, site: Site) -> bool:
    return edit.path == site.source.path and edit.line == site.statement.first


def _under(edit: Edit, site: Site, test: str) -> Splice | None:
    (splice,) = edit.splices
    source, indent = site.source, site.source.one_indent
    whole_lines = splice.text.endswith("\n") and splice.start == splice.end
    if whole_lines:
        lead = splice.text[: len(splice.text) - len(splice.text.lstrip())]
        body = "".join(f"{indent}{line}" for line in splice.text.splitlines(keepends=True))
        return Splice(splice.start, splice.end, f"{lead}if {test}:\n{body}")
    if not site.statement.in_block or site.statement.children:
        return None
    cut = site.whole(site.statement)
    if splice.start < cut.start or splice.end > cut.end:
        return None
    old = source.text[cut.start : cut.end]
    new = spliced(old, [Splice(splice.start - cut.start, splice.end - cut.start, splice.text)])
    then, otherwise = (
        "".join(f"{indent}{line}" for line in text.splitlines(keepends=True)) for text in (new, old)
    )
    return Splice(
        cut.start, cut.end, f"{site.indent}if {test}:\n{then}{site.indent}else:\n{otherwise}"
    )
