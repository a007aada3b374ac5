"""Which real file a model means by a path, and which paths nobody may write."""

import re
from collections.abc import Callable, Iterable
from difflib import get_close_matches

from agents.edits.values import Refused, Why
from core.trees import Tree

_DECORATION = " \t`'\"*<>"
_TAIL = re.compile(r"\s*\((?:new|modified|updated|changed|full|complete)[^()]*\)\s*$", re.I)
_SHAPE = re.compile(r"^[^\s`'\"*<>|?:;,(){}\[\]]+$")
NEAREST = 3
_USUAL = frozenset("__init__.py __main__.py conftest.py README.md index.js".split())
"""Names that many folders have a file by, so that one more is nothing odd."""


def cleaned(written: str) -> str:
    """A path without the decoration that models put around it."""
    text = _TAIL.sub("", written.strip()).strip(_DECORATION)
    text = re.sub(r":\d*(?:-\d+)?$", "", text).strip(_DECORATION)
    return re.sub(r"^(?:\./)+", "", text.replace("\\", "/"))


def looks_like_path(text: str) -> bool:
    """Whether a word can only be a file's path: an extension or folders, and nothing odd."""
    return bool(_SHAPE.match(text)) and bool(
        re.search(r"[^/.]\.[A-Za-z][A-Za-z0-9]{0,9}$", text)
        or re.search(r"(?:^|/)(?:Dockerfile|Makefile|README|LICENSE)$", text)
    )


def require_safe(path: str) -> None:
    """Refuse a path that leaves the repository or reaches into git's own folder."""
    parts = path.split("/")
    if path.startswith("/") or re.match(r"^[A-Za-z]:", path) or ".." in parts:
        raise Refused(Why.PATH, f"`{path}` lies outside of the repository. Name a file within it.")
    if any(_is_git(part) for part in parts):
        raise Refused(Why.PATH, f"`{path}` belongs to git itself and is never written.")
    if not all(parts) or "." in parts or re.search(r"[\x00-\x1f\x7f\u200b-\u202e]", path):
        raise Refused(Why.PATH, f"`{path!r}` is no path of a file.")


def _is_git(part: str) -> bool:
    """Whether some file system takes this name for `.git`."""
    name = re.sub(r"[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]", "", part).casefold()
    return name.split(":")[0].rstrip(". ") in (".git", "git~1")


def resolved(written: str, tree: Tree, fits: Callable[[str], bool]) -> tuple[str, bool]:
    """The path that is meant, and whether it is a file of the tree.

    A path with folders missing, or with others in front, is taken for the one real file that it
    ends like, provided that the edit `fits` it. Raises Refused with the nearest real paths.
    """
    path = cleaned(written)
    if path in tree:
        _require_regular(path, tree)
        return path, True
    for prefix in ("a/", "b/"):
        if path.startswith(prefix) and path.removeprefix(prefix) in tree:
            return resolved(path.removeprefix(prefix), tree, fits)
    alike = [real for real in tree if _ends_alike(path, real)]
    if len(alike) == 1 and tree[alike[0]].is_regular and fits(alike[0]):
        require_safe(alike[0])
        return alike[0], True
    require_safe(path)
    rivals = [real for real in _same_name(path, tree) if fits(real)]
    usual = path.rpartition("/")[2] in _USUAL
    if path in _folders(tree) or rivals or (alike and not usual):
        raise no_such_file(path, tree, first=alike or rivals)
    if any(parent in tree for parent in _parents(path)):
        raise Refused(Why.PATH, f"`{path}` lies within something that is a file, not a folder.")
    folded = [real for real in tree if real.casefold() == path.casefold()]
    if folded:
        raise no_such_file(path, tree, first=folded)
    return path, False


def no_such_file(path: str, tree: Tree, first: Iterable[str] = ()) -> Refused:
    """Say that a file does not exist, and which ones do."""
    near = nearest(path, tree, first)
    hint = f" Did you mean {' or '.join(f'`{real}`' for real in near)}?" if near else ""
    return Refused(Why.PATH, f"There is no file `{path}`.{hint} Write the path exactly.")


def nearest(path: str, tree: Iterable[str], first: Iterable[str] = ()) -> list[str]:
    """Real paths that resemble one which does not exist, nearest first."""
    real = list(tree)
    close = get_close_matches(path, real, n=NEAREST, cutoff=0.5)
    return list(dict.fromkeys([*first, *_same_name(path, real), *close]))[:NEAREST]


def _same_name(path: str, tree: Iterable[str]) -> list[str]:
    name = path.rpartition("/")[2]
    return [real for real in tree if real.rpartition("/")[2] == name]


def _ends_alike(path: str, real: str) -> bool:
    return real.endswith("/" + path.lstrip("/")) or ("/" + path.lstrip("/")).endswith("/" + real)


def _parents(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


def _folders(tree: Tree) -> set[str]:
    return {parent for path in tree for parent in _parents(path)}


def _require_regular(path: str, tree: Tree) -> None:
    require_safe(path)
    if not tree[path].is_regular:
        raise Refused(Why.PATH, f"`{path}` is a link or a submodule and is never written.")
