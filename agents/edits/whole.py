"""Whole files from a model: new ones, and those that it was shown and sent back complete."""

import ast
from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher

from agents.edits.code import Code, qualified
from agents.edits.elisions import filled, is_marker
from agents.edits.imports import bound_by
from agents.edits.texts import Source, trimmed
from agents.edits.values import Refused, Why

DROPPED_LINES = 1
"""Lines in a row that may go with nothing in their place; more of them look forgotten."""


def python_file(source: Source, old: Code, new: Code, path: str) -> Source:
    """The file as the model sent it, provided that nothing of it was left out; raises Refused."""
    lost = _lost(old, new)
    if lost:
        raise Refused(
            Why.INCOMPLETE,
            f"What you sent for `{path}` is neither the whole file nor only whole functions: "
            f"{lost} missing. Send only the functions that change, or SEARCH/REPLACE blocks.",
        )
    lines = filled(new.lines, source.bare, f"`{path}`")
    return source.replaced(0, len(source.lines), trimmed(lines))


def text_file(source: Source, body: Sequence[str], path: str) -> Source:
    """A file in any other language as the model sent it, if it is evidently whole."""
    lines = trimmed(filled(trimmed(body), source.bare, f"`{path}`"))
    old = [line for line in source.bare if line.strip()]
    new = [line for line in lines if line.strip()]
    if not new:
        raise Refused(Why.INCOMPLETE, f"The fence for `{path}` is empty.")
    if old and (_same_edges(old, new) < 2 or _dropped(old, new) > DROPPED_LINES):
        raise Refused(
            Why.INCOMPLETE,
            f"What you sent for `{path}` does not seem to be the whole file. "
            "Send SEARCH/REPLACE blocks for the lines that change.",
        )
    return source.replaced(0, len(source.lines), lines)


def new_file(body: Sequence[str], path: str, code: Code | None) -> Source:
    """A file that does not exist yet; raises Refused when something was left out."""
    lines = trimmed(code.lines if code else body)
    stubs = code is not None and not _loose_ellipses(code.module)
    if any(is_marker(line) and not (stubs and line.strip() == "...") for line in lines):
        raise Refused(Why.ELIDED, f"`{path}` is new, yet has lines left out. Write it out.")
    if not lines:
        raise Refused(Why.INCOMPLETE, f"The fence for `{path}` is empty.")
    return Source.of("").replaced(0, 0, lines)


def require_end(body: Sequence[str], old: Sequence[str], path: str) -> None:
    """Refuse a fence that was never closed, unless its last line is that of what it replaces."""
    sent, real = trimmed(body)[-1:], trimmed(old)[-1:]
    if not sent or not real or sent[0].rstrip() != real[0].rstrip():
        raise Refused(
            Why.CUT_OFF,
            f"The fence for `{path}` has no end, so the code may be cut off. "
            "Send it again, with ``` on a line of its own behind it.",
        )


def _lost(old: Code, new: Code) -> str:
    """What the file has and the reply lacks, in words; empty when it is whole."""
    gone = [f"`{name}`" for name in qualified(old.module) if name not in qualified(new.module)]
    gone += [f"`{name}`" for name in _names(old) if name not in _names(new)]
    used = {node.id for node in ast.walk(new.module) if isinstance(node, ast.Name)}
    dropped = bound_by(old.module, imports_only=True) - bound_by(new.module)
    gone += [f"the import of `{name}`" for name in sorted(dropped & used)]
    ours, theirs = _kinds(old), _kinds(new)
    if ours - theirs:
        gone.append("a statement")
    if not gone:
        return ""
    return f"{', '.join(gone[:4])} {'is' if len(gone) == 1 else 'are'}"


def _names(code: Code) -> list[str]:
    return [piece.name for piece in code.pieces(code.module) if piece.key[0] == "name"]


def _kinds(code: Code) -> Counter[str]:
    return Counter(
        type(piece.node).__name__
        for piece in code.pieces(code.module)
        if piece.key[0] in ("other", "doc")
    )


def _same_edges(old: Sequence[str], new: Sequence[str]) -> int:
    return (old[0] == new[0]) + (old[-1] == new[-1])


def _dropped(old: Sequence[str], new: Sequence[str]) -> int:
    """Most lines in a row that are gone beyond what came in their place."""
    codes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return max((last - first) - (stop - start) for _, first, last, start, stop in codes)


def _loose_ellipses(module: ast.Module) -> bool:
    """Whether some `...` stands among other statements, where it is no empty body."""

    def is_dots(node: ast.AST) -> bool:
        return (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and node.value.value is ...
        )

    return any(
        any(map(is_dots, body))
        and sum(not isinstance(one, ast.Expr) or is_dots(one) for one in body) > 1
        for node in ast.walk(module)
        if isinstance(body := getattr(node, "body", None), list)
    ) or any(map(is_dots, module.body))
