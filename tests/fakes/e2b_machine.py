"""A machine of the E2B double: a folder as its disk, and bubblewrap around each command."""

import asyncio
import shutil
import signal
from pathlib import Path
from typing import Any

USERS = {"root": "0", "user": "1000"}
FOLDERS = ("usr", "proc", "dev", "tmp", "work", "home/sandbox", "etc", "opt", "root")
WRITABLE = ("work", "tmp", "home")
"""What somebody other than root may change."""
SYSTEM = ("bin", "sbin", "lib", "lib64")
PASSWD = "root:x:0:0::/root:/bin/bash\nuser:x:1000:1000::/home/user:/bin/bash\n"
VARIABLES = {"PATH": "/usr/local/bin:/usr/bin:/bin", "E2B_SANDBOX": "true", "HOME": "/root"}


class Machine:
    """One running sandbox."""

    def __init__(self, sandbox_id: str, disk: Path, asked: dict[str, Any]) -> None:
        self.sandbox_id = sandbox_id
        self.disk = disk
        self.metadata: dict[str, str] = asked.get("metadata", {})
        self.lifetimes: list[int] = [asked.get("timeout", 300)]
        """Seconds it was given, at first and each time it was kept."""
        self.token = f"token-of-{sandbox_id}"
        self.processes: dict[int, asyncio.subprocess.Process] = {}
        self.cut = asyncio.Event()
        for name in FOLDERS:
            (disk / name).mkdir(parents=True)
        (disk / "etc/passwd").write_text(PASSWD)

    def path(self, inside: str) -> Path:
        """Where a file of the machine lies; the double is asked for plain absolute paths alone."""
        assert inside.startswith("/") and ".." not in inside
        return self.disk / inside[1:]

    async def start(self, argv: list[str], user: str, *, stdin: bool) -> asyncio.subprocess.Process:
        """Run a command; its disk is read-only for all but root."""
        process = await asyncio.create_subprocess_exec(
            *("bwrap", "--unshare-all", "--unshare-user", "--die-with-parent", "--clearenv"),
            "--as-pid-1",
            *("--uid", USERS[user], "--gid", USERS[user], "--cap-drop", "ALL"),
            *self._disk(user),
            *(word for name, value in VARIABLES.items() for word in ("--setenv", name, value)),
            *("--chdir", "/", "--", *argv),
            stdin=asyncio.subprocess.PIPE if stdin else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={"PATH": "/usr/bin:/bin:/usr/local/bin"},
        )
        self.processes[process.pid] = process
        return process

    async def end(self) -> None:
        """Pull the plug."""
        for process in self.processes.values():
            if process.returncode is None:
                process.send_signal(signal.SIGKILL)
            await process.wait()
        await asyncio.to_thread(shutil.rmtree, self.disk, ignore_errors=True)

    def _disk(self, user: str) -> list[str]:
        disk = str(self.disk)
        words = ["--bind" if user == "root" else "--ro-bind", disk, "/"]
        if user != "root":
            words += [w for name in WRITABLE for w in ("--bind", f"{disk}/{name}", f"/{name}")]
        words += ["--ro-bind", "/usr", "/usr", "--proc", "/proc", "--dev", "/dev"]
        for name in SYSTEM:
            link = self.disk / name
            if not link.is_symlink() and Path("/", name).is_symlink():
                link.symlink_to(Path("/", name).readlink())
        return words
