"""Wheels put into a folder on the host: no build, no setup script, nothing of them is run here."""

import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import EnvironmentUnprepared
from sandbox.programs import Programs

SECONDS = 300.0
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


class Installer:
    """Calls uv, or pip where uv is missing."""

    def __init__(
        self, python: Path, target: Path, programs: Programs, *, index_allowed: bool
    ) -> None:
        """Fill `target` for the interpreter `python`; without an index, from uv's cache alone."""
        self._programs = programs
        self._python = python
        self._target = target
        self._index_allowed = index_allowed

    def install(self, lines: Sequence[str], folder: Path) -> Installed:
        """Bring requirements, each a line of a requirements file, with all that they need."""
        listed = folder / "requirements.txt"
        listed.write_text("".join(f"{line}\n" for line in lines))
        try:
            code, said = self._programs.run(self._argv(listed), cwd=folder, timeout_s=SECONDS)
        except subprocess.TimeoutExpired:
            return Installed(ok=False, unreachable=True, reason=f"no end after {SECONDS:g} s")
        except OSError as error:
            raise EnvironmentUnprepared(
                f"No installer for Python packages starts: {error}.",
                remedy="Run `make install`, which brings uv.",
            ) from error
        finally:
            listed.unlink(missing_ok=True)
        if code == 0:
            return Installed(ok=True)
        words = said.strip()
        unreachable = not self._index_allowed or bool(_UNREACHABLE.search(words))
        return Installed(ok=False, unreachable=unreachable, reason=words[-500:])

    def _argv(self, listed: Path) -> list[str]:
        uv = Path(sys.executable).with_name("uv")
        if uv.exists():
            return [
                *(str(uv), "pip", "install", "--quiet", "--color", "never"),
                *("--python", str(self._python), "--target", str(self._target)),
                *("--only-binary", ":all:", "--link-mode", "copy"),
                *(() if self._index_allowed else ("--offline",)),
                *("--requirement", str(listed)),
            ]
        return [
            *(sys.executable, "-m", "pip", "--python", str(self._python), "install", "--quiet"),
            *("--target", str(self._target), "--upgrade", "--only-binary", ":all:"),
            *("--no-input", "--disable-pip-version-check"),
            *(() if self._index_allowed else ("--no-index",)),
            *("--requirement", str(listed)),
        ]
