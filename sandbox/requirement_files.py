"""Requirements files of a repository: which it has, what they include, and what they constrain."""

import codecs
import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any

from core.trees import Tree
from sandbox.members import is_local
from sandbox.project import Project
from sandbox.tool_tables import included_by_tox

FILES = re.compile(
    r"(requirements/)?(requirements|base|main|common|prod|production|runtime)\.(txt|in)|"
    r"(?P<test>(requirements/|tests?/)?((requirements[-_.])?(tests?|testing|dev|develop|ci)"
    r"([-_.]requirements)?|requirements)\.(txt|in))",
    re.IGNORECASE,
)
NOT_FOR_TESTS = re.compile(r"\b(docs?|typing|types|lint|style|format|build|release)\b", re.I)
"""In the names of included files: what these ask for is not read."""
MAX_BYTES = 1_000_000
_MARKS = ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_INCLUDED = re.compile(r"(?:-r|--requirement)[\s=]*(\S+)")
_CONSTRAINED = re.compile(r"(?:-c|--constraint)[\s=]*(\S+)")
_ITSELF = re.compile(r"(-e |--editable[ =])?\.(\[[\w,\s-]+\])?")


class RequirementFiles:
    """Reads each file of a tree once."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._seen: set[str] = set()
        self.constraints: list[str] = []
        """Lines that only narrow what is asked for elsewhere."""

    def entries(self, project: Project) -> Iterator[tuple[str, str, bool]]:
        """The file, a line of it, and whether only tests need it."""
        for path in included_by_tox(self._tree):
            for source, line in self._file(path):
                yield source, line, True
        for path in _dynamic(project):
            for source, line in self._file(path):
                yield source, line, False
        for path in self._tree:
            match = FILES.fullmatch(path)
            if match and not (path.endswith(".in") and f"{path[:-3]}.txt" in self._tree):
                for source, line in self._file(path):
                    yield source, line, match["test"] is not None

    def _file(self, path: str) -> Iterator[tuple[str, str]]:
        """The lines of a file and of those it includes."""
        if path in self._seen:
            return
        self._seen.add(path)
        for line in logical_lines(self._text(path)):
            included, constrained = _INCLUDED.fullmatch(line), _CONSTRAINED.fullmatch(line)
            if included and (target := _beside(path, included[1])) in self._tree:
                if not NOT_FOR_TESTS.search(target):
                    yield from self._file(target)
            elif constrained and (target := _beside(path, constrained[1])) in self._tree:
                self.constraints += logical_lines(self._text(target))
            elif not _ITSELF.fullmatch(line) and not is_local(line, path, self._tree):
                yield path, line

    def _text(self, path: str) -> str:
        """A file as text, also one that a shell of Windows wrote; empty for no small file."""
        file = self._tree.get(path)
        if file is None or not file.is_regular or len(file.data) > MAX_BYTES:
            return ""
        coding = next((name for mark, name in _MARKS if file.data.startswith(mark)), "utf-8")
        return file.data.decode(coding, "replace")


def logical_lines(text: str) -> Iterator[str]:
    """Lines without comments, those that go on joined."""
    for line in text.removeprefix("\ufeff").replace("\\\n", " ").splitlines():
        bare = re.sub(r"(^|\s)#.*$", "", line).strip()
        if bare:
            yield bare


def _beside(path: str, name: str) -> str:
    """A path that is given relative to a file."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), name))


def _dynamic(project: Project) -> Iterator[str]:
    """Files that setuptools reads the needs of the code from."""
    table = project.section("tool", "setuptools", "dynamic").get("dependencies")
    files: Any = table.get("file") if isinstance(table, Mapping) else None
    named = [files] if isinstance(files, str) else files
    yield from map(str, named if isinstance(named, list) else ())
    said = project.setup_cfg.get("options", {}).get("install_requires", "")
    if said.strip().startswith("file:"):
        yield from (name.strip() for name in said.strip()[5:].split(","))
