"""A machine of the E2B double: a folder as its disk, and bubblewrap around each command."""

import asyncio
import os
import shutil
import signal
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

CHUNK = 1 << 16
END_S = 5.0
Said = tuple[str, bytes] | int
USERS = {"root": "0", "user": "1000"}
PLAIN_UID = 1_900_002_000
"""Who `user` is on this machine, where root may choose: nobody else, as in a machine of its own."""
FOLDERS = ("usr", "proc", "dev", "tmp", "work", "home/sandbox", "etc", "opt", "root")
WRITABLE = ("/work", "/tmp", "/home/sandbox", "/dev/shm")
"""What somebody other than root may change."""
DISK_BYTES = 1 << 30
SYSTEM = ("bin", "sbin", "lib", "lib64")
PASSWD = "root:x:0:0::/root:/bin/bash\nuser:x:1000:1000::/home/user:/bin/bash\n"
VARIABLES = {"PATH": "/usr/local/bin:/usr/bin:/bin", "E2B_SANDBOX": "true", "HOME": "/tmp"}


class Started:
    """One command: whoever hears it now gets what it says, and nobody later does."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self._hearing: list[asyncio.Queue[Said]] = []
        self._ended: int | None = None
        streams = {"stdout": process.stdout, "stderr": process.stderr}
        pumps = [self._pump(name, stream) for name, stream in streams.items() if stream]
        self._pumping = asyncio.create_task(self._pumped(pumps))

    def hear(self) -> asyncio.Queue[Said]:
        """What it says from now on: the stream and a part of it; last its exit code."""
        queue: asyncio.Queue[Said] = asyncio.Queue(maxsize=8)
        if self._ended is not None:
            queue.put_nowait(self._ended)
        self._hearing.append(queue)
        return queue

    def leave(self, queue: asyncio.Queue[Said]) -> None:
        """Hear no more; what is said goes on being told to the others."""
        self._hearing.remove(queue)

    async def end(self) -> None:
        """Kill it."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGKILL)
        await self.process.wait()
        await asyncio.wait([self._pumping], timeout=END_S)
        self._pumping.cancel()

    async def _pumped(self, pumps: list[Coroutine[Any, Any, None]]) -> None:
        await asyncio.gather(*pumps)
        self._ended = await self.process.wait()
        await self._tell(self._ended)

    async def _pump(self, name: str, stream: asyncio.StreamReader) -> None:
        while data := await stream.read(CHUNK):
            await self._tell((name, data))

    async def _tell(self, said: Said) -> None:
        for queue in list(self._hearing):
            while queue in self._hearing:
                with suppress(TimeoutError):
                    await asyncio.wait_for(queue.put(said), 0.05)
                    break


class Machine:
    """One running sandbox."""

    def __init__(self, sandbox_id: str, disk: Path, asked: dict[str, Any]) -> None:
        self.sandbox_id = sandbox_id
        self.disk = disk
        self.metadata: dict[str, str] = asked.get("metadata", {})
        self.lifetimes: list[int] = [asked.get("timeout", 300)]
        """Seconds it was given, at first and each time it was kept."""
        self.token = f"token-of-{sandbox_id}"
        self.processes: dict[int, Started] = {}
        self.connections: list[asyncio.Future[None]] = []
        """On each its commands are heard; one with a result is cut."""
        self.on = True
        for name in FOLDERS:
            (disk / name).mkdir(parents=True)
        (disk / "root").chmod(0o700)
        (disk / "etc/passwd").write_text(PASSWD)

    def path(self, inside: str) -> Path:
        """Where a file of the machine lies; the double is asked for plain absolute paths alone."""
        assert inside.startswith("/") and ".." not in inside
        return self.disk / inside[1:]

    async def start(self, argv: list[str], user: str, *, stdin: bool) -> Started:
        """Run a command; its disk is read-only for all but root, who is nobody on this machine."""
        identity: dict[str, Any] = {}
        if os.geteuid() == 0 and user != "root":
            identity = {"user": PLAIN_UID, "group": PLAIN_UID, "extra_groups": []}
        process = await asyncio.create_subprocess_exec(
            *("bwrap", "--unshare-all", "--unshare-user", "--die-with-parent", "--clearenv"),
            *("--as-pid-1", "--hostname", "e2b.local"),
            *("--uid", USERS[user], "--gid", USERS[user], "--cap-drop", "ALL"),
            *self._disk(user),
            *(word for name, value in VARIABLES.items() for word in ("--setenv", name, value)),
            *("--chdir", "/", "--", *argv),
            stdin=asyncio.subprocess.PIPE if stdin else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={"PATH": "/usr/bin:/bin:/usr/local/bin"},
            **identity,
        )
        self.processes[process.pid] = Started(process)
        return self.processes[process.pid]

    def holds(self, path: str) -> bool:
        """Whether the command that was started last sees this file."""
        pid = list(self.processes)[-1]
        with suppress(OSError):
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            return any(Path(f"/proc/{child}/root{path}").exists() for child in children)
        return False

    async def end(self) -> None:
        """Pull the plug."""
        self.on = False
        for started in self.processes.values():
            await started.end()
        await asyncio.to_thread(shutil.rmtree, self.disk, ignore_errors=True)

    def _disk(self, user: str) -> list[str]:
        disk = str(self.disk)
        words = ["--bind" if user == "root" else "--ro-bind", disk, "/"]
        words += ["--ro-bind", "/usr", "/usr", "--proc", "/proc", "--dev", "/dev"]
        if user != "root":
            places = (("--size", str(DISK_BYTES), "--tmpfs", place) for place in WRITABLE)
            words += [*(word for place in places for word in place), "--remount-ro", "/dev"]
        for name in SYSTEM:
            link = self.disk / name
            if not link.is_symlink() and Path("/", name).is_symlink():
                link.symlink_to(Path("/", name).readlink())
        return words
