"""Paths as a model writes them: relative to the workspace, plain, and never of git."""

from typing import Annotated

from pydantic import AfterValidator

from sandbox.workspace import WORKSPACE, flaw


def plain(path: str) -> str:
    """The path as the workspace knows it; raises ValueError, saying what is expected."""
    shorter = path.removeprefix("./").removesuffix("/")
    if reason := flaw(shorter):
        raise ValueError(
            f"the path {path!r} {reason}; paths are relative to the workspace, such as src/app.py"
            f"{_hint(path)}"
        )
    return shorter


def folder(path: str) -> str:
    """A folder's path; empty for the workspace itself."""
    return "" if path in ("", ".", "./") else plain(path)


def _hint(path: str) -> str:
    rest = path.removeprefix(WORKSPACE + "/")
    return f"; did you mean {rest!r}?" if rest != path and not flaw(rest) else ""


FilePath = Annotated[str, AfterValidator(plain)]
FolderPath = Annotated[str, AfterValidator(folder)]
