"""What a cloud sandbox is furnished with: the supervisor, and the layers of an environment."""

import os
import shlex
import tarfile
import tempfile
from pathlib import Path, PurePosixPath

from core.errors import SandboxUnavailable
from core.ports import Environment
from sandbox.workspace import HOME, WORKSPACE

PLACE = "/opt/anton-supervisor"
SUPERVISOR = f"{PLACE}/supervisor.zip"
LAYERS = f"{PLACE}/layers.tar.gz"
MAX_LAYERS = 400_000_000
"""Bytes of an environment, unpacked, that are sent to a cloud; more calls for a template."""
MAX_KEPT = 5
"""Archives that are kept for the next sandbox."""
NO_PYTHON = 66
"""Exit code for an interpreter that does not start there."""
BOOT = "import sys; sys.path.insert(0, sys.argv[1]); from sandbox.inside.relay import main; main()"


def packed(environment: Environment, cache: Path) -> Path | None:
    """A compressed archive of all layers, made once for each environment; None without layers.

    Raises SandboxUnavailable for more than is sent to a cloud.
    """
    if not environment.layers:
        return None
    size = sum(_size(folder) for folder, _ in environment.layers)
    if size > MAX_LAYERS:
        raise SandboxUnavailable(
            f"The environment of this repository has {size / 1e6:.0f} MB, and no more than "
            f"{MAX_LAYERS / 1e6:.0f} MB are sent to E2B.",
            remedy="Use SANDBOX=bubblewrap for it.",
        )
    target = cache / f"{environment.environment_id}.tar.gz"
    if not target.exists():
        cache.mkdir(parents=True, exist_ok=True)
        descriptor, fresh = tempfile.mkstemp(dir=cache)
        os.close(descriptor)
        try:
            _pack(environment, Path(fresh))
            Path(fresh).rename(target)
        finally:
            Path(fresh).unlink(missing_ok=True)
        _prune(cache)
    return target


def furnishing(environment: Environment) -> str:
    """The shell command that makes the places, unpacks the layers and looks for the interpreter.

    Whoever is not root may pass through the folders above a layer, as `/root`, and list none.
    """
    places = f"mkdir -p {WORKSPACE} {HOME} && chmod 777 {WORKSPACE} {HOME}"
    above = {
        f"{folder}" for _, place in environment.layers for folder in PurePosixPath(place).parents
    }
    passed = f"chmod a+x {shlex.join(sorted(above))}"
    unpack = f"tar -xzf {LAYERS} -C / --no-same-owner && rm {LAYERS} && {passed}"
    python = shlex.quote(environment.python)
    start = f"{python} -I -S -c pass || exit {NO_PYTHON}"
    return " && ".join([places, *([unpack] if environment.layers else []), f"{{ {start}; }}"])


def start() -> str:
    """The shell command that becomes the supervisor, with nothing of the machine's variables."""
    path = "PATH=/usr/local/bin:/usr/bin:/bin"
    return f"cd / && exec env -i {path} python3 -I -S -X utf8 -c '{BOOT}' {SUPERVISOR}"


def _size(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*"))


def _prune(cache: Path) -> None:
    kept = sorted(cache.glob("*.tar.gz"), key=lambda file: file.stat().st_mtime, reverse=True)
    for file in kept[MAX_KEPT:]:
        file.unlink(missing_ok=True)


def _pack(environment: Environment, target: Path) -> None:
    with tarfile.open(target, "w:gz", compresslevel=1, format=tarfile.PAX_FORMAT) as tar:
        for folder, inside in environment.layers:
            tar.add(folder.resolve(), inside.lstrip("/"), filter=_bare)


def _bare(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Without the names of the host's users; root there may fill the folders that it makes."""
    member.uid = member.gid = 0
    if member.isdir():
        member.mode |= 0o200
    member.uname = member.gname = ""
    return member
