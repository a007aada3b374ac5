"""The image that containers start from: a named one, or one made of this machine's own programs."""

import asyncio
import hashlib
import io
import os
import re
import shutil
import subprocess
import sysconfig
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from core.errors import SandboxUnavailable
from observability import host_programs
from sandbox.docker_engine import Engine
from sandbox.slots import COUNT, FIRST_UID, LOW_UID
from sandbox.walls import SYSTEM_FILES, SYSTEM_FOLDERS

REPOSITORY = "anton-sandbox"
PIECE = 1 << 20
PROGRAMS = (
    *("sh", "bash", "dash", "env", "true", "false", "test", "[", "echo", "printf", "yes"),
    *("cat", "cp", "mv", "rm", "ln", "ls", "mkdir", "mkfifo", "mktemp", "rmdir", "touch", "chmod"),
    *("chown", "install", "readlink", "realpath", "dirname", "basename", "stat", "truncate", "dd"),
    *("head", "tail", "sort", "uniq", "wc", "cut", "tr", "tee", "seq", "paste", "comm", "join"),
    *("expr", "date", "sleep", "timeout", "nproc", "id", "whoami", "uname", "hostname", "pwd"),
    *("find", "xargs", "grep", "egrep", "fgrep", "sed", "awk", "mawk", "gawk", "diff", "cmp"),
    *("patch", "tar", "gzip", "gunzip", "bzip2", "xz", "zip", "unzip", "file", "which", "less"),
    *("md5sum", "sha1sum", "sha256sum", "base64", "od", "xxd", "ps", "kill", "pgrep", "pkill"),
    *("setsid", "nohup", "nice", "env", "tty", "stty", "df", "du", "free", "top", "su", "mount"),
    *("git", "make", "node", "openssl", "sqlite3", "ldd", "locale", "getent"),
)
"""What tests are known to call; those which this machine lacks are left out."""
LIBRARIES = (
    *("libstdc++.so.6", "libgcc_s.so.1", "libgomp.so.1", "libffi.so.8", "libatomic.so.1"),
    *("libm.so.6", "libdl.so.2", "librt.so.1", "libpthread.so.0", "libutil.so.1"),
    *("libresolv.so.2", "libz.so.1", "libexpat.so.1"),
)
"""What compiled packages of Python want besides: what wheels may link with, by PEP 599."""
SKIPPED = {"test", "idlelib", "tkinter", "turtledemo"}
EMPTY_FOLDERS = ("dev", "etc", "home", "home/sandbox", "opt", "proc", "run", "sys", "tmp", "work")

USER = "sandbox:x:{0}:{0}::/home/sandbox:/bin/sh\n"
GROUP = "sandbox:x:{0}:\n"
USERS = (*range(LOW_UID, LOW_UID + COUNT), *range(FIRST_UID + COUNT, FIRST_UID + 2 * COUNT))


class OwnImage:
    """The image of one engine, made at its first use."""

    def __init__(self, engine: Engine, named: str = "") -> None:
        """Use the image that is `named`, and make none then."""
        self._engine = engine
        self._named = named
        self._turn = asyncio.Lock()

    async def name(self) -> str:
        """Name of an image that the engine has; raises SandboxUnavailable."""
        async with self._turn:
            if not self._named:
                paths = await asyncio.to_thread(lambda: sorted(_programs()))
                self._named = await self._imported(paths)
            return self._named

    async def _imported(self, programs: list[Path]) -> str:
        tag = await asyncio.to_thread(_fingerprint, programs)
        if not await self._engine.has_image(f"{REPOSITORY}:{tag}"):
            with tempfile.TemporaryFile() as archive:
                await asyncio.to_thread(_pack, archive, programs)
                archive.seek(0)
                pieces = iter(lambda: archive.read(PIECE), b"")
                await self._engine.call(
                    "import_image_from_stream", pieces, repository=REPOSITORY, tag=tag
                )
        return f"{REPOSITORY}:{tag}"


def _programs() -> Iterator[Path]:
    """Every program that goes in, under the name that it is called by."""
    folders = os.pathsep.join(("/usr/bin", "/bin", "/usr/sbin", "/sbin"))
    for name in (*PROGRAMS, *(path.name for path in Path("/usr/bin").glob("python3*"))):
        if found := shutil.which(name, path=folders):
            yield Path(found)


def _fingerprint(programs: Iterable[Path]) -> str:
    """Differs when a program was replaced, or when this file packs otherwise."""
    found = hashlib.sha256(Path(__file__).read_bytes())
    for path in programs:
        status = path.stat()
        found.update(f"{path} {status.st_size} {status.st_mtime_ns}\n".encode())
    return found.hexdigest()[:12]


def _pack(archive: IO[bytes], programs: Iterable[Path]) -> None:
    """Write the image: programs, the libraries they are linked with, Python, a few of /etc."""
    trees = [Path("/usr/lib", path.name) for path in programs if path.name.startswith("python3")]
    trees += [
        Path("/usr/lib/git-core"),
        Path("/usr/share/git-core"),
        Path("/usr/lib/locale/C.utf8"),
    ]
    files = {*programs, *_trees(trees), *_known_libraries()}
    files |= {file for path in SYSTEM_FILES for file in _trees([Path(path)])}
    files |= _linked(files)
    with tarfile.open(fileobj=archive, mode="w") as tar:
        seen = {Path("/", name) for name in EMPTY_FOLDERS}
        for name in EMPTY_FOLDERS:
            _folder(tar, name)
        for name in SYSTEM_FOLDERS:
            if Path("/", name).is_symlink():
                _link(tar, name, str(Path("/", name).readlink()))
        _text(tar, "etc/passwd", "".join(USER.format(uid) for uid in USERS))
        _text(tar, "etc/group", "".join(GROUP.format(uid) for uid in USERS))
        _text(tar, "etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n")
        for file in sorted(files):
            _add(tar, file, seen)


def _trees(roots: Iterable[Path]) -> Iterator[Path]:
    for root in roots:
        if root.is_file():
            yield root
        for parent, folders, names in os.walk(root):
            folders[:] = [name for name in folders if name not in SKIPPED]
            yield from (Path(parent, name) for name in names)


def _known_libraries() -> Iterator[Path]:
    folder = Path("/usr/lib", str(sysconfig.get_config_var("MULTIARCH") or ""))
    yield from (folder / name for name in LIBRARIES if (folder / name).exists())


def _linked(files: Iterable[Path]) -> set[Path]:
    """The libraries that the dynamic loader would take for these programs and libraries."""
    wanted = [str(file) for file in files if file.is_file() and _is_elf(file)]
    try:
        said = subprocess.run(
            ["ldd", *wanted],
            capture_output=True,
            text=True,
            check=False,
            env=host_programs.plain(),
        ).stdout
    except OSError as error:
        raise SandboxUnavailable(
            f"No image can be made of this machine's programs: {error}.",
            remedy="Name an image in SANDBOX_IMAGE.",
        ) from error
    found = re.findall(r"(/\S+) \(0x", said)
    return {Path(path) for path in found}


def _is_elf(file: Path) -> bool:
    with file.open("rb") as content:
        return content.read(4) == b"\x7fELF"


def _add(tar: tarfile.TarFile, file: Path, seen: set[Path]) -> None:
    """Add a file at its true place, and where it is a link, that and what it points at."""
    place = file.parent.resolve() / file.name
    if place in seen or not file.exists():
        return
    for folder in reversed(place.parents[:-1]):
        if folder not in seen:
            seen.add(folder)
            _folder(tar, str(folder)[1:])
    seen.add(place)
    if place.is_symlink():
        _link(tar, str(place)[1:], str(place.readlink()))
        _add(tar, place.parent / place.readlink(), seen)
        return
    member = tar.gettarinfo(str(place), str(place)[1:])
    member.type, member.linkname = tarfile.REGTYPE, ""
    member.size = place.stat().st_size
    member.mode &= 0o755
    member.uid = member.gid = 0
    with place.open("rb") as content:
        tar.addfile(member, content)


def _folder(tar: tarfile.TarFile, name: str) -> None:
    member = tarfile.TarInfo(name)
    member.type, member.mode = tarfile.DIRTYPE, 0o755
    tar.addfile(member)


def _link(tar: tarfile.TarFile, name: str, target: str) -> None:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = tarfile.SYMTYPE, target
    tar.addfile(member)


def _text(tar: tarfile.TarFile, name: str, text: str) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(text), 0o644
    tar.addfile(member, io.BytesIO(text.encode()))
