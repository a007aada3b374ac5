"""Wheels put into a folder on the host: no build, no setup script, nothing of them is run here."""

import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from core.errors import AntonError, EnvironmentUnprepared
from observability import host_programs
from sandbox.programs import Programs

SECONDS = 300.0
MAX_BUILDS = 12
"""Packages without a wheel that are built for one environment."""
_WANTING = re.compile(r"Wheels are required for `([A-Za-z0-9._-]+)`")
_UNREACHABLE = re.compile(
    r"error sending request|failed to fetch|request failed|dns error|connection|could not connect"
    r"|timed? ?out|temporary failure|name resolution|unreachable|network was disabled",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Installed:
    """How an installation ended."""

    ok: bool
    unreachable: bool = False
    """Whether it failed for want of a package index rather than of a fitting wheel."""
    reason: str = ""


def index_address() -> str:
    """Address of the index that uv is set up to ask; raises EnvironmentUnprepared without uv."""
    uv = Path(sys.executable).with_name("uv")
    command = [str(uv), "pip", "compile", "--quiet", "--no-header", "--offline"]
    try:
        said = subprocess.run(
            [*command, "--emit-index-url", "-"],
            input="",
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
            cwd="/",
            env=host_programs.of_python(),
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise EnvironmentUnprepared(
            f"uv does not tell which package index it asks: {error}.",
            remedy="Run `make install`, which brings uv.",
        ) from error
    found = re.search(r"^--index-url (\S+)", said, re.MULTILINE)
    return found[1] if found else ""


class Builds(Protocol):
    """Makes a wheel of what has none."""

    def wheel(self, project: str, allowed: SpecifierSet) -> Path:
        """The folder with a wheel of a project; raises AntonError with the reason."""
        ...


class Installer:
    """Calls uv, or pip where uv is missing."""

    def __init__(
        self,
        python: Path,
        target: Path,
        programs: Programs,
        *,
        index_allowed: bool,
        indexes: Sequence[str] = (),
        builds: Builds | None = None,
    ) -> None:
        """Fill `target` for the interpreter `python`; without an index, from uv's cache alone.

        Only `indexes` are asked where any are named; what has no wheel goes to `builds`.
        """
        self.refused: dict[str, str] = {}
        """Why what has no wheel cannot be built either, by canonical name."""
        self._programs = programs
        self._python = python
        self._target = target
        self._index_allowed = index_allowed
        self._indexes = indexes
        self._builds = builds
        self._wheels: list[Path] = []

    def install(
        self, lines: Sequence[str], folder: Path, locked: Mapping[str, str] | None = None
    ) -> Installed:
        """Bring requirements, each a line of a requirements file, with all that they need.

        What is `locked` is taken in that version or not at all. What has no wheel is built, where
        that can be done.
        """
        for _ in range(MAX_BUILDS):
            done = self._once(lines, folder, locked or {})
            wanting = _WANTING.search(done.reason)
            if done.ok or not wanting or not self._has_built(wanting[1], lines, locked or {}):
                return done
        return done

    def _has_built(self, name: str, lines: Sequence[str], locked: Mapping[str, str]) -> bool:
        """Whether there is a wheel now of what had none."""
        name = canonicalize_name(name)
        if self._builds is None or not self._index_allowed or name in self.refused:
            return False
        allowed = [SpecifierSet(f"=={locked[name]}")] if name in locked else []
        allowed += [one.specifier for one in map(_requirement, lines) if one and one.name == name]
        try:
            wheel = self._builds.wheel(name, allowed[0] if allowed else SpecifierSet())
        except AntonError as error:
            self.refused[name] = error.message
            return False
        if wheel in self._wheels:
            return False
        self._wheels.append(wheel)
        return True

    def _once(self, lines: Sequence[str], folder: Path, locked: Mapping[str, str]) -> Installed:
        listed = folder / "requirements.txt"
        listed.write_text("".join(f"{line}\n" for line in lines))
        pins = folder / "constraints.txt"
        pins.write_text("".join(f"{name}=={version}\n" for name, version in locked.items()))
        try:
            code, said = self._programs.run(
                self._argv(listed, pins),
                host_programs.of_python(),
                cwd=folder,
                timeout_s=SECONDS,
            )
        except subprocess.TimeoutExpired:
            return Installed(ok=False, unreachable=True, reason=f"no end after {SECONDS:g} s")
        except OSError as error:
            raise EnvironmentUnprepared(
                f"No installer for Python packages starts: {error}.",
                remedy="Run `make install`, which brings uv.",
            ) from error
        finally:
            listed.unlink(missing_ok=True)
            pins.unlink(missing_ok=True)
        if code == 0:
            return Installed(ok=True)
        words = said.strip()
        unreachable = not self._index_allowed or bool(_UNREACHABLE.search(words))
        return Installed(ok=False, unreachable=unreachable, reason=words[-500:])

    def _argv(self, listed: Path, pins: Path) -> list[str]:
        uv = Path(sys.executable).with_name("uv")
        if uv.exists():
            return [
                *(str(uv), "pip", "install", "--quiet", "--color", "never"),
                *("--python", str(self._python), "--target", str(self._target)),
                *("--only-binary", ":all:", "--link-mode", "copy"),
                *(() if self._index_allowed else ("--offline",)),
                *self._places(default="--default-index", more="--index"),
                *("--requirement", str(listed), "--constraint", str(pins)),
            ]
        return [
            *(sys.executable, "-m", "pip", "--python", str(self._python), "install", "--quiet"),
            *("--target", str(self._target), "--upgrade", "--only-binary", ":all:"),
            *("--no-input", "--disable-pip-version-check"),
            *(() if self._index_allowed else ("--no-index",)),
            *self._places(default="--index-url", more="--extra-index-url"),
            *("--requirement", str(listed), "--constraint", str(pins)),
        ]

    def _places(self, *, default: str, more: str) -> list[str]:
        """Options that say where packages come from."""
        asked = [
            word
            for number, index in enumerate(self._indexes)
            for word in (more if number else default, index)
        ]
        return [*asked, *(word for wheel in self._wheels for word in ("--find-links", str(wheel)))]


def _requirement(line: str) -> Requirement | None:
    try:
        found = Requirement(re.sub(r"\s--hash=\S+", "", line))
    except InvalidRequirement:
        return None
    found.name = canonicalize_name(found.name)
    return found
