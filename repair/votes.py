"""Order changes that several attempts gave: what the tests say, then how many say the same."""

import ast
import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from core.patches import Patch
from core.trees import Tree


@dataclass(frozen=True)
class Judged:
    """A change with what its tests said."""

    patch: Patch
    red_passed: int
    """How many of the red tests pass."""
    regressions: int
    form: str
    """Digest of the changed files without comments, docstrings and layout."""

    @property
    def holds(self) -> bool:
        """Whether it breaks nothing; that the red tests pass is for the caller to compare."""
        return self.regressions == 0


def form_of(base: Tree, patch: Patch) -> str:
    """Digest of what a change does to the syntax trees; alike for changes that read alike."""
    result = patch.apply(base)
    parts = [f"{path} {_form(path, result)}" for path in patch.paths]
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _form(path: str, result: Tree) -> str:
    text = result.text(path) if path in result else ""
    try:
        module = ast.parse(text if path.endswith(".py") else "?")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return " ".join(text.split())
    for node in ast.walk(module):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and _is_docstring(body[0]):
            del body[0]
    return ast.dump(module)


def _is_docstring(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def in_order(judged: Sequence[Judged]) -> list[Judged]:
    """Best first, one of each form: by regressions, red tests passed, votes, and size."""
    votes = Counter(one.form for one in judged)
    first: dict[str, Judged] = {}
    for one in sorted(judged, key=lambda one: sum(one.patch.size)):
        first.setdefault(one.form, one)
    return sorted(
        first.values(),
        key=lambda one: (
            one.regressions,
            -one.red_passed,
            -votes[one.form],
            sum(one.patch.size),
            one.patch.sha256,
        ),
    )
