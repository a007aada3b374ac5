"""Node.js as a sandbox finds it: this machine's own program, copied once into a layer."""

import hashlib
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from observability import host_programs
from sandbox.storage import publish, world_readable

INSIDE = "/opt/anton/node"
OLDEST = 18


@dataclass(frozen=True)
class NodeProgram:
    """One Node.js, with npm where this machine has that."""

    version: str
    """As `20.20.2`."""
    layer: tuple[Path, str]
    """Folder of the host, and where it is seen inside."""

    @property
    def thrifty(self) -> dict[str, str]:
        """Variables with which it keeps to a limit of address space, where it can.

        WebAssembly, which the tools of tests are made of, else reserves ten gigabytes for each use.
        """
        major, minor = (int(part) for part in self.version.split(".")[:2])
        able = (major, minor) >= (22, 2) or (major == 20 and minor >= 15)
        return {"NODE_OPTIONS": "--disable-wasm-trap-handler"} if able else {}


def found_node(cache: Path, node: str | None = None) -> NodeProgram | None:
    """Node.js of this machine, or None; a sandbox sees a copy, as its own system may have none.

    Of npm only what runs a script of a package is needed, and all of it is copied.
    """
    program = shutil.which(node or "node")
    version = _version(program) if program else ""
    if not program or not version or int(version.split(".")[0]) < OLDEST:
        return None
    real = Path(program).resolve()
    place = hashlib.sha256(f"{real} {real.stat().st_mtime_ns}".encode()).hexdigest()[:8]
    target = cache / f"node-{version}-{place}"
    if not target.exists():
        with publish(target) as fresh:
            (fresh / "bin").mkdir()
            shutil.copy2(real, fresh / "bin" / "node")
            _add_npm(fresh)
            world_readable(fresh)
    return NodeProgram(version, (target, INSIDE))


def _add_npm(fresh: Path) -> None:
    found = shutil.which("npm")
    home = Path(found).resolve().parent.parent if found else Path()
    if not (home / "bin" / "npm-cli.js").is_file():
        return
    shutil.copytree(
        home,
        fresh / "lib" / "node_modules" / "npm",
        symlinks=True,
        ignore=shutil.ignore_patterns("docs", "man"),
    )
    for name in ("npm", "npx"):
        (fresh / "bin" / name).symlink_to(f"../lib/node_modules/npm/bin/{name}-cli.js")


def _version(program: str) -> str:
    """What it says of its version; empty when it does not start."""
    try:
        done = subprocess.run(
            [program, "--version"],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            cwd="/",
            env=host_programs.plain(),
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    words = done.stdout.strip().removeprefix("v")
    return words if done.returncode == 0 and words.partition(".")[0].isdigit() else ""
