"""One prepared folder, laid out as a virtual environment that works wherever it is mounted."""

import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from core.errors import EnvironmentUnprepared
from observability import host_programs
from sandbox.interpreter import Interpreter
from sandbox.programs import Programs
from sandbox.storage import world_readable

COMPILE_SECONDS = 300.0
_SCRIPT = """\
#!/bin/sh
'''exec' "$(dirname -- "$(realpath -- "$0")")"/python "$0" "$@"
' '''
import sys
from {module} import {first}
sys.exit({object}())
"""


class Virtualenv:
    """Builds a virtual environment without running anything that goes into it."""

    def __init__(self, folder: Path, interpreter: Interpreter, programs: Programs) -> None:
        """Build in an empty folder."""
        self._programs = programs
        self._folder = folder
        self._interpreter = interpreter
        self.site_packages = folder / "lib" / f"python{interpreter.minor}" / "site-packages"

    def lay_out(self, witness: Sequence[Path]) -> None:
        """Everything but distributions."""
        self.site_packages.mkdir(parents=True)
        (self._folder / "bin").mkdir()
        (self._folder / "anton").mkdir()
        for part in witness:
            (self._folder / "anton" / part.name).write_bytes(part.read_bytes())
        for name in ("python", "python3", f"python{self._interpreter.minor}"):
            (self._folder / "bin" / name).symlink_to(self._interpreter.executable)
        (self._folder / "pyvenv.cfg").write_text(
            f"home = {self._interpreter.executable.parent}\ninclude-system-site-packages = false\n"
            f"version = {self._interpreter.version}\n"
        )
        # Found before one that the repository may have, which would run in every interpreter.
        for name in ("sitecustomize", "usercustomize"):
            (self.site_packages / f"{name}.py").write_text("")

    def version(self, name: str) -> str:
        """The version of a distribution that is in it; empty without it."""
        found = self._found(name)
        return found.version if found else ""

    def holds(self, name: str) -> bool:
        """Whether a distribution is there."""
        return self._found(name) is not None

    def drop(self, name: str) -> None:
        """Take out a distribution which the repository itself is."""
        found = self._found(name)
        for file in (found.files or ()) if found else ():
            path = Path(str(found.locate_file(file))).resolve() if found else Path()
            if path.is_relative_to(self.site_packages.resolve()):
                path.unlink(missing_ok=True)

    def add_project(
        self,
        name: str,
        version: str,
        scripts: Mapping[str, Mapping[str, str]],
        headers: Sequence[tuple[str, str]] = (),
    ) -> None:
        """What an installation would tell of the repository: version, headers, entry points."""
        if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", name):
            return
        try:
            version = str(Version(version))
        except InvalidVersion:
            version = "0"
        stem = re.sub(r"[-_.]+", "_", name)
        info = self.site_packages / f"{stem}-{version}.dist-info"
        info.mkdir(exist_ok=True)
        told = [("Metadata-Version", "2.4"), ("Name", name), ("Version", version), *headers]
        (info / "METADATA").write_text("".join(f"{key}: {value}\n" for key, value in told))
        (info / "INSTALLER").write_text("anton\n")
        lines = []
        for group, names in scripts.items():
            safe = {k: v for k, v in names.items() if _is_one_line(k + v)}
            lines += [f"[{group}]", *(f"{k} = {v}" for k, v in safe.items()), ""]
        if lines and all(_is_one_line(group) for group in scripts):
            (info / "entry_points.txt").write_text("\n".join(lines))

    def finish(self, notes: Sequence[str]) -> None:
        """Write start scripts, compile, note, and close it for writing."""
        self._write_scripts()
        self._compile()
        (self._folder / "notes.json").write_text(json.dumps(list(notes)))
        world_readable(self._folder)

    def _found(self, name: str) -> metadata.Distribution | None:
        wanted = canonicalize_name(name)
        for found in metadata.distributions(path=[str(self.site_packages)]):
            if canonicalize_name(found.metadata["Name"] or "") == wanted:
                return found
        return None

    def _write_scripts(self) -> None:
        for found in metadata.distributions(path=[str(self.site_packages)]):
            for entry in found.entry_points:
                is_plain = re.fullmatch(r"[\w.-]+", entry.name) and re.fullmatch(
                    r"[\w.]+:[\w.]+", entry.value.replace(" ", "")
                )
                if entry.group != "console_scripts" or not is_plain:
                    continue
                path = self._folder / "bin" / entry.name
                if path.is_symlink():
                    continue
                path.write_text(
                    _SCRIPT.format(
                        module=entry.module, first=entry.attr.split(".")[0], object=entry.attr
                    )
                )
                path.chmod(0o755)

    def _compile(self) -> None:
        """Bytecode beforehand, since a read-only folder keeps none; it is compiled, not run."""
        python = str(self._interpreter.executable)
        try:
            self._programs.run(
                [
                    *(python, "-I", "-S", "-m", "compileall", "-q", "-j", "2"),
                    str(self.site_packages),
                ],
                host_programs.plain(),
                cwd=Path("/"),
                timeout_s=COMPILE_SECONDS,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise EnvironmentUnprepared(f"The environment cannot be compiled: {error}.") from error


def _is_one_line(text: str) -> bool:
    return text.isprintable() and "[" not in text
