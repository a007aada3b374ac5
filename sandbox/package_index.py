"""A Python package index, asked for source archives; nothing of what it gives is run here.

The Simple repository API, in JSON or HTML: https://peps.python.org/pep-0691/ and pep-0503.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from http.client import HTTPException
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urljoin, urlsplit
from urllib.request import Request, urlopen

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import InvalidSdistFilename, canonicalize_name, parse_sdist_filename
from packaging.version import InvalidVersion, Version

from core.errors import AntonError

FORMS = "application/vnd.pypi.simple.v1+json, text/html;q=0.5"
SECONDS = 60.0
MAX_PAGE_BYTES = 50_000_000
MAX_ARCHIVE_BYTES = 100_000_000
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class IndexUnreachable(AntonError):
    """The package index cannot be reached."""


class SourceRefused(AntonError):
    """There is no source archive that may be taken."""


@dataclass(frozen=True)
class SourceArchive:
    """One source archive, as the index lists it."""

    name: str
    version: Version
    filename: str
    url: str
    sha256: str
    """Empty where the index does not tell."""


class PackageIndex:
    """One index by its address, as `https://host/simple`."""

    def __init__(self, address: str) -> None:
        self._address = _checked(address).rstrip("/")

    def newest(self, name: str, allowed: SpecifierSet, python: str = "") -> SourceArchive:
        """The newest source archive of a project, for a version of Python where one is given.

        Raises SourceRefused, IndexUnreachable.
        """
        found = sorted(self._listed(name, python), key=lambda archive: archive.version)
        fitting = [one for one in found if allowed.contains(one.version, prereleases=True)]
        final = [one for one in fitting if not one.version.is_prerelease] or fitting
        if not final:
            raise SourceRefused(f"The index has no source archive of {name}{allowed}.")
        return final[-1]

    def fetch(self, archive: SourceArchive) -> bytes:
        """The bytes of an archive, held against the digest that the index gives."""
        data = _got(archive.url, "*/*", MAX_ARCHIVE_BYTES)
        if archive.sha256 and hashlib.sha256(data).hexdigest() != archive.sha256:
            raise SourceRefused(f"{archive.filename} is not what the index says that it is.")
        return data

    def _listed(self, name: str, python: str) -> Iterator[SourceArchive]:
        page = f"{self._address}/{canonicalize_name(name)}/"
        data = _got(page, FORMS, MAX_PAGE_BYTES)
        try:
            entries = _of_json(data) if data.lstrip().startswith(b"{") else _of_html(data)
        except (ValueError, KeyError, TypeError) as error:
            raise SourceRefused(
                f"The index does not list {name} in a form that is known here."
            ) from error
        for entry in entries:
            if archive := _archive(entry, page, python):
                yield archive


@dataclass(frozen=True)
class _Entry:
    """One file of a list, as the index has it."""

    filename: str
    url: str
    sha256: str
    python: str
    yanked: bool


def _of_json(data: bytes) -> list[_Entry]:
    return [
        _Entry(
            str(file["filename"]),
            str(file["url"]),
            str(file.get("hashes", {}).get("sha256", "")),
            str(file.get("requires-python") or ""),
            bool(file.get("yanked")),
        )
        for file in json.loads(data)["files"]
    ]


def _of_html(data: bytes) -> list[_Entry]:
    reader = _Anchors()
    reader.feed(data.decode("utf-8", "replace"))
    found = []
    for attributes in reader.anchors:
        url, _, fragment = (attributes.get("href") or "").partition("#")
        filename = unquote(urlsplit(url).path.rpartition("/")[2])
        digest = fragment.removeprefix("sha256=") if fragment.startswith("sha256=") else ""
        python = attributes.get("data-requires-python") or ""
        found.append(_Entry(filename, url, digest, python, "data-yanked" in attributes))
    return found


class _Anchors(HTMLParser):
    """Collects the attributes of all links of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.anchors: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a link."""
        if tag == "a":
            self.anchors.append(dict(attrs))


def _archive(entry: _Entry, page: str, python: str) -> SourceArchive | None:
    """The source archive that an entry is, if it is one that may be taken."""
    try:
        name, version = parse_sdist_filename(entry.filename)
        url = _checked(urljoin(page, entry.url))
        fits = not (python and entry.python) or SpecifierSet(entry.python).contains(python)
    except (InvalidSdistFilename, InvalidVersion, InvalidSpecifier, SourceRefused):
        return None
    if entry.yanked or not fits or not re.fullmatch(r"([0-9a-f]{64})?", entry.sha256):
        return None
    return SourceArchive(name, version, entry.filename, url, entry.sha256)


def _checked(address: str) -> str:
    """An address that may be asked: https, or http on this machine."""
    parts = urlsplit(address)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK):
        return address
    raise SourceRefused("Source archives are taken over https alone.")


def _got(url: str, accept: str, most: int) -> bytes:
    request = Request(_checked(url), headers={"Accept": accept, "User-Agent": "anton"})  # noqa: S310
    try:
        with urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
            _checked(answer.url)
            data: bytes = answer.read(most + 1)
    except HTTPError as error:
        with error:
            if error.code in (403, 404, 410):
                raise SourceRefused(f"The index has no {urlsplit(url).path}.") from error
            raise IndexUnreachable(f"The package index answers {error.code}.") from error
    except (URLError, TimeoutError, ConnectionError, HTTPException) as error:
        raise IndexUnreachable(f"The package index was not reached: {error}.") from error
    if len(data) > most:
        raise SourceRefused(f"{urlsplit(url).path} has more than {most:,} bytes.")
    return data
