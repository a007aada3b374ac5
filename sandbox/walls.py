"""What bubblewrap builds a sandbox of: a system to read, places to write, and what is hidden."""

import io
import marshal
import os
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import lru_cache
from importlib.util import MAGIC_NUMBER, source_hash
from pathlib import Path

from core.ports import Environment, Limits
from sandbox.limits import places
from sandbox.workspace import HOME, WORKSPACE

HERE = Path(__file__).parent
UNCHECKED = (1).to_bytes(4, "little")
SUPERVISOR = "/run/supervisor.zip"
BOOT = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from sandbox.inside.supervisor import main; main()"
)
NAMESPACES = (
    *("--unshare-all", "--unshare-user", "--die-with-parent", "--new-session", "--as-pid-1"),
    *("--uid", "1000", "--gid", "1000", "--cap-drop", "ALL", "--hostname", "sandbox", "--clearenv"),
)
SYSTEM_FOLDERS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
SYSTEM_FILES = (
    "/etc/ld.so.cache",
    "/etc/alternatives",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/etc/mime.types",
)
WRITTEN = {
    "/etc/passwd": "sandbox:x:1000:1000::/home/sandbox:/bin/sh\n",
    "/etc/group": "sandbox:x:1000:\n",
    "/etc/hosts": "127.0.0.1 localhost\n::1 localhost\n",
    "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
}
HIDDEN = (
    *("cmdline", "config.gz", "interrupts", "iomem", "ioports", "kallsyms", "kcore", "key-users"),
    *("keys", "kmsg", "kpagecgroup", "kpagecount", "kpageflags", "latency_stats", "modules"),
    *("partitions", "sched_debug", "slabinfo", "softirqs", "swaps", "sysrq-trigger", "timer_list"),
    *("vmallocinfo", "zoneinfo"),
)
"""Files of /proc that speak of the host."""


class Walls:
    """The arguments for one sandbox, with the descriptors that they name."""

    def __init__(self, environment: Environment, limits: Limits, *, nested_off: bool) -> None:
        """Build for this environment; `nested_off` where bubblewrap can forbid user namespaces."""
        self._environment = environment
        self._limits = limits
        self._nested_off = nested_off
        self._files = ExitStack()
        self.descriptors: list[int] = []
        """To be inherited by bubblewrap."""

    def __enter__(self) -> "Walls":
        return self

    def __exit__(self, *_: object) -> None:
        self._files.close()

    def arguments(self, filter_program: bytes, info: int, block: int) -> list[str]:
        """All arguments but the program's own name."""
        self.descriptors += [info, block]
        return [
            *NAMESPACES,
            *(["--disable-userns"] if self._nested_off else []),
            *("--info-fd", str(info), "--block-fd", str(block)),
            *("--seccomp", str(self._content(filter_program))),
            *self._system(),
            *self._layers(),
            *self._writable(),
            *("--file", str(self._content(supervisor_archive())), SUPERVISOR),
            *("--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/", "--"),
            *(self._environment.python, "-I", "-S", "-X", "utf8", "-c", BOOT, SUPERVISOR),
        ]

    def _system(self) -> Iterator[str]:
        yield from ("--ro-bind", "/usr", "/usr")
        for name in SYSTEM_FOLDERS:
            folder = Path("/", name)
            if folder.is_symlink():
                yield from ("--symlink", str(folder.readlink()), str(folder))
            elif folder.is_dir():
                yield from ("--ro-bind", str(folder), str(folder))
        for file in SYSTEM_FILES:
            yield from ("--ro-bind-try", file, file)
        for file, text in WRITTEN.items():
            yield from ("--file", str(self._content(text.encode())), file)
        yield from ("--proc", "/proc", "--dev", "/dev")
        for name in HIDDEN:
            if (Path("/proc") / name).exists():
                yield from ("--ro-bind", "/dev/null", f"/proc/{name}")

    def _layers(self) -> Iterator[str]:
        for host, inside in self._environment.layers:
            yield from ("--ro-bind", str(host), inside)

    def _writable(self) -> Iterator[str]:
        for path, size, mode in writable(self._limits):
            yield from ("--perms", mode, "--size", str(size), "--tmpfs", path)

    def _content(self, data: bytes) -> int:
        fd = os.memfd_create("content")
        self._files.callback(os.close, fd)
        os.write(fd, data)
        os.lseek(fd, 0, os.SEEK_SET)
        self.descriptors.append(fd)
        return fd


def writable(limits: Limits) -> Sequence[tuple[str, int, str]]:
    """Each place that can be written: its path, its size in bytes, its permissions."""
    size = places(limits)
    return (
        (WORKSPACE, size.work, "0755"),
        ("/tmp", size.temporary, "1777"),
        (HOME, size.home, "0755"),
        ("/dev/shm", size.shared, "1777"),
    )


@lru_cache
def supervisor_archive() -> bytes:
    """The supervisor's modules as a zip that Python can import from.

    Bytecode goes with the source, for a Python that is like ours; any other compiles anew.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("sandbox/__init__.py", "")
        for file in sorted((HERE / "inside").glob("*.py")):
            inside = f"sandbox/inside/{file.name}"
            source = file.read_bytes()
            archive.writestr(inside, source)
            archive.writestr(f"{inside}c", _bytecode(source, inside))
    return buffer.getvalue()


def _bytecode(source: bytes, name: str) -> bytes:
    """What Python would cache of a module, never checked against its source (PEP 552)."""
    code = marshal.dumps(compile(source, name, "exec", dont_inherit=True))
    return MAGIC_NUMBER + UNCHECKED + source_hash(source) + code
