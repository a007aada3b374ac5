"""Which Python runs the code under repair: one that an unprivileged user can read."""

import hashlib
import json
import shutil
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import EnvironmentUnprepared
from observability import host_programs
from sandbox.storage import publish, reachable, world_readable

OLDEST = (3, 11)
SYSTEM_PYTHON = Path("/usr/bin/python3")
MOUNTED = ("/usr/", "/bin/", "/lib/")
"""Folders of the host that every sandbox sees at their own place."""
LEFT_OUT = ("test", "idlelib", "tkinter", "turtledemo", "site-packages", "ensurepip")

_PROBE = """
import json, platform, sys, unittest, ctypes, sqlite3, zlib, xml.etree.ElementTree
print(json.dumps({
    "version": platform.python_version(), "base": sys.base_prefix, "executable": sys.executable,
    "markers": {
        "python_version": ".".join(platform.python_version_tuple()[:2]),
        "python_full_version": platform.python_version(),
        "implementation_version": platform.python_version(),
        "implementation_name": sys.implementation.name,
        "platform_python_implementation": platform.python_implementation(),
    },
}))
"""


@dataclass(frozen=True)
class Interpreter:
    """A Python as a sandbox finds it."""

    executable: Path
    """The same path on the host and in a sandbox."""
    version: str
    markers: dict[str, str]
    """What requirement markers say of it."""
    layers: tuple[tuple[Path, str], ...] = ()
    """What a sandbox must see besides the system's own folders."""

    @property
    def minor(self) -> str:
        """As `3.11`."""
        return ".".join(self.version.split(".")[:2])

    @property
    def fits_own_wheels(self) -> bool:
        """Whether what is compiled for the running interpreter runs in this one."""
        same = self.minor == f"{sys.version_info[0]}.{sys.version_info[1]}"
        return same and self.markers["implementation_name"] == sys.implementation.name


def choose(cache: Path, asked: str | None = None) -> Interpreter:
    """The interpreter asked for; else the running one, or the system's if that is alike.

    Of one that an unprivileged user cannot read, a copy is made once below `cache`; a sandbox sees
    it in the place of the original, for which it was built.
    """
    if asked:
        return _asked(cache, asked)
    running = Path(sys.base_prefix)
    own = Path(sys.executable).resolve()
    if _is_open(own) and reachable(running):
        return _in_place(own)
    if SYSTEM_PYTHON.exists():
        system = _probed(SYSTEM_PYTHON.resolve())
        minor = f"{sys.version_info[0]}.{sys.version_info[1]}"
        if system and system["markers"]["python_version"] == minor:
            return _in_place(SYSTEM_PYTHON.resolve(), system)
    return _copied(own, cache)


def _asked(cache: Path, asked: str) -> Interpreter:
    found = shutil.which(asked)
    if not found:
        raise EnvironmentUnprepared(
            f"There is no Python at {asked!r}.", remedy="Name one that is installed, by its path."
        )
    facts = _probed(Path(found))
    if facts is None:
        raise EnvironmentUnprepared(
            f"{asked!r} does not start, or lacks parts of the standard library.",
            remedy="Name a complete Python 3.11 or later.",
        )
    real = Path(facts["base"], "bin", f"python{facts['markers']['python_version']}")
    if _is_open(real) and reachable(Path(facts["base"])):
        return _in_place(real, facts)
    return _copied(real, cache)


def _is_open(executable: Path) -> bool:
    return executable.exists() and bool(executable.stat().st_mode & stat.S_IXOTH)


def _in_place(executable: Path, facts: dict[str, Any] | None = None) -> Interpreter:
    facts = facts or _known(executable)
    base = str(facts["base"])
    layers = () if f"{base}/".startswith(MOUNTED) else ((Path(base), base),)
    return _interpreter(executable, facts, layers)


def _copied(executable: Path, cache: Path) -> Interpreter:
    """A readable copy of the interpreter's own folder, without tests and installed packages."""
    facts = _known(executable)
    base = Path(str(facts["base"]))
    place = hashlib.sha256(str(base).encode()).hexdigest()[:8]
    target = cache / f"python-{facts['version']}-{place}"
    if not target.exists():
        with publish(target) as fresh:
            library = f"python{str(facts['version']).rpartition('.')[0]}"
            for part in ("bin", "lib"):
                (fresh / part).mkdir()
            shutil.copy2(executable, fresh / "bin" / executable.name)
            for shared in (base / "lib").glob("libpython*.so*"):
                shutil.copy2(shared, fresh / "lib" / shared.name, follow_symlinks=True)
            shutil.copytree(
                base / "lib" / library,
                fresh / "lib" / library,
                ignore=shutil.ignore_patterns(*LEFT_OUT, "config-*"),
            )
            (fresh / "lib" / library / "site-packages").mkdir()
            world_readable(fresh)
    return _interpreter(executable, facts, ((target, str(base)),))


def _interpreter(
    executable: Path, facts: dict[str, Any], layers: tuple[tuple[Path, str], ...] = ()
) -> Interpreter:
    version = str(facts["version"])
    if tuple(map(int, version.split(".")[:2])) < OLDEST:
        raise EnvironmentUnprepared(
            f"Python {version} is too old for the sandbox.",
            remedy=f"Use Python {OLDEST[0]}.{OLDEST[1]} or later.",
        )
    return Interpreter(executable, version, facts["markers"], layers)


def _known(executable: Path) -> dict[str, Any]:
    facts = _probed(executable)
    if facts is None:
        raise EnvironmentUnprepared(
            f"{executable} does not start, or lacks parts of the standard library.",
            remedy="Install a complete Python 3.11 or later.",
        )
    return facts


def _probed(executable: Path) -> dict[str, Any] | None:
    """What an interpreter says of itself; None when it does not start or is not complete."""
    try:
        done = subprocess.run(
            [str(executable), "-I", "-S", "-c", _PROBE],
            capture_output=True,
            check=False,
            timeout=60,
            cwd="/",
            env=host_programs.plain(),
        )
        facts = json.loads(done.stdout) if done.returncode == 0 else None
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return facts if isinstance(facts, dict) else None
