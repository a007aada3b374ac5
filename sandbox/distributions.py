"""The distributions installed beside Anton himself, which can fill an environment offline."""

import re
import shutil
from collections.abc import Iterable, Mapping
from importlib import metadata
from importlib.util import cache_from_source
from pathlib import Path, PurePosixPath

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from sandbox.interpreter import Interpreter


class OwnDistributions:
    """What could be copied for a given interpreter."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter
        self._known: dict[str, metadata.Distribution] = {}
        for found in metadata.distributions():
            if name := _name(found):
                self._known.setdefault(canonicalize_name(name), found)

    def version(self, name: str) -> str:
        """The version of an installed distribution; empty when there is none."""
        found = self._known.get(canonicalize_name(name))
        return found.version if found else ""

    def closure(
        self, wanted: Iterable[Requirement], locked: Mapping[str, str] | None = None
    ) -> dict[str, metadata.Distribution] | None:
        """All that these requirements need, by name; None when something is missing or misfits.

        What is `locked` fits in that version alone.
        """
        chosen: dict[str, metadata.Distribution] = {}
        asked: set[tuple[str, str]] = set()
        queue = list(wanted)
        while queue:
            requirement = queue.pop()
            name = canonicalize_name(requirement.name)
            found = self._known.get(name)
            if found is None or not self._fits(found):
                return None
            if not requirement.specifier.contains(found.version, prereleases=True):
                return None
            if locked and locked.get(name, found.version) != found.version:
                return None
            chosen[name] = found
            for extra in ("", *sorted(requirement.extras)):
                if (name, extra) not in asked:
                    asked.add((name, extra))
                    queue += self._needs(found, extra)
        return chosen

    def _needs(self, found: metadata.Distribution, extra: str) -> list[Requirement]:
        needs = []
        for text in found.requires or ():
            try:
                requirement = Requirement(text)
            except InvalidRequirement:
                continue
            variables: Mapping[str, str] = {**self._interpreter.markers, "extra": extra}
            holds = requirement.marker is None or requirement.marker.evaluate(dict(variables))
            if holds and (not extra or (requirement.marker and "extra" in str(requirement.marker))):
                needs.append(requirement)
        return needs

    def _fits(self, found: metadata.Distribution) -> bool:
        """Whether its files are on record, lie here, and run there."""
        if not found.files or "editable" in (found.read_text("direct_url.json") or ""):
            return False
        if self._interpreter.fits_own_wheels:
            return True
        tags = [line for line in (found.read_text("WHEEL") or "").splitlines() if "Tag:" in line]
        return bool(tags) and all(tag.endswith("-none-any") and "py3" in tag for tag in tags)


def _name(found: metadata.Distribution) -> str:
    """As its metadata say, whose long descriptions are not parsed for that."""
    told = found.read_text("METADATA") or found.read_text("PKG-INFO") or ""
    line = re.search(r"^Name:[ \t]*(\S+)", told.partition("\n\n")[0], re.MULTILINE)
    return line[1] if line else ""


def copy(found: metadata.Distribution, site_packages: Path) -> None:
    """Put the files of a distribution into another folder, with bytecode that is there already."""
    for file in found.files or ():
        inside = PurePosixPath(str(file))
        if inside.is_absolute() or ".." in inside.parts or inside.suffix in (".pyc", ".pth"):
            continue
        source = Path(str(found.locate_file(file)))
        if not source.is_file():
            continue
        _copy_file(source, site_packages / inside)
        if source.suffix == ".py":
            compiled = Path(cache_from_source(str(source)))
            if compiled.is_file():
                _copy_file(compiled, site_packages / inside.parent / "__pycache__" / compiled.name)


def _copy_file(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)
    target.chmod((source.stat().st_mode & 0o755) | 0o644)
