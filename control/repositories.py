"""Which repositories a request may name: no text ever adds one."""

import re
from collections.abc import Iterable
from pathlib import Path

from core.errors import PayloadInvalid

SLUG = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")


class RepositoryMissing(PayloadInvalid):
    """No repository is named, and there is no default."""


class RepositoryUnknown(PayloadInvalid):
    """The repository is not among those that may be worked on."""


class Repositories:
    """The known repositories, and whether any other local path will do."""

    def __init__(
        self, known: Iterable[str] = (), *, default: str = "", any_path: bool = False
    ) -> None:
        """`known` are absolute paths, addresses and `owner/repo`; `default` is for no name."""
        self._known = tuple(known)
        self._default = default
        self._any_path = any_path

    def resolve(self, asked: str, *, anywhere: bool) -> str:
        """The repository as it is configured, or as a real path.

        Only a caller who may go `anywhere` can name a path that is not listed. Raises
        RepositoryMissing and RepositoryUnknown, with what is listed.
        """
        anywhere = anywhere and self._any_path
        if not asked:
            if self._default:
                return self._default
            raise RepositoryMissing(remedy=self._hint(anywhere))
        for known in self._known:
            if identity_of(known) == identity_of(asked):
                return known
        if anywhere and Path(asked).is_absolute():
            return str(Path(asked).resolve())
        raise RepositoryUnknown(remedy=self._hint(anywhere))

    def lists(self, name: str) -> bool:
        """Whether a request can lead to the repository of this name at all."""
        if self._any_path and Path(name).is_absolute():
            return True
        return identity_of(name) in map(identity_of, self._known)

    def _hint(self, anywhere: bool) -> str:
        listed = f"Listed are: {', '.join(self._known)}. " if self._known else ""
        path = "Any absolute path on this machine will do." if anywhere else ""
        return listed + (path or "The setting REPOSITORIES adds more.")


def identity_of(name: str) -> str:
    """What two spellings of one repository have in common."""
    web = re.fullmatch(r"https?://([^/@]+)/(.+?)(?:\.git)?/?", name)
    if web:
        return f"{web[1]}/{web[2]}".lower().removeprefix("www.").removeprefix("github.com/")
    if SLUG.fullmatch(name):
        return name.lower()
    return str(Path(name).resolve()) if Path(name).is_absolute() else name
