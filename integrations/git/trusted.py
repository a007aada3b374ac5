"""Git with a directory of our own: the repository's configuration, hooks and filters never count.

The repository lends its objects and refs by links; HEAD is copied as text. What git would read to
run something (config, hooks, info/attributes) is ours and empty, so nothing in a repository runs.
New objects land in our directory first, and reach the repository only once they are known good.
"""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from core.errors import HostUnreachable, RepositoryInvalid
from integrations.git.layout import Layout, read_small

_CONFIG = """\
[core]
\trepositoryformatversion = 0
\tbare = true
\thooksPath = /dev/null
\tfsmonitor = false
\tlogAllRefUpdates = false
\tattributesFile = /dev/null
\texcludesFile = /dev/null
\tuntrackedCache = false
[protocol]
\tallow = never
[safe]
\tbareRepository = explicit
[gc]
\tauto = 0
[maintenance]
\tauto = false
"""


class TrustedGit:
    """The git program over one repository, blind to everything in it that could run."""

    def __init__(self, layout: Layout, folder: Path, timeout_s: float) -> None:
        program = shutil.which("git")
        if program is None:
            raise RepositoryInvalid("The git program is missing.", remedy="install git")
        self.layout = layout
        self.folder = folder
        self._program = program
        self._timeout_s = timeout_s
        self._lend()

    def _lend(self) -> None:
        common = self.layout.common_dir
        (self.folder / "objects" / "info").mkdir(parents=True)
        (self.folder / "objects" / "info" / "alternates").write_text("../lent\n")
        for name, target in (
            ("lent", "objects"),
            ("refs", "refs"),
            ("packed-refs", "packed-refs"),
            ("shallow", "shallow"),
        ):
            (self.folder / name).symlink_to(common / target)
        (self.folder / "HEAD").write_bytes(read_small(self.layout.git_dir / "HEAD"))
        (self.folder / "config").write_text(_CONFIG)

    def _argv(self, arguments: Sequence[str]) -> list[str]:
        return [self._program, f"--git-dir={self.folder}", "--no-pager", *arguments]

    @property
    def _environment(self) -> dict[str, str]:
        return {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.folder),
            "LC_ALL": "C",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_INDEX_FILE": str(self.folder / "index"),
        }

    def attempt(
        self, *arguments: str, stdin: bytes = b"", timeout_s: float | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        """Run to the end, however it ends; raises HostUnreachable when it takes too long."""
        seconds = timeout_s or self._timeout_s
        try:
            return subprocess.run(
                self._argv(arguments),
                input=stdin,
                capture_output=True,
                cwd=self.folder,
                env=self._environment,
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise HostUnreachable(
                f"git {arguments[0]} took more than {seconds:g} s in {self.layout.root}."
            ) from error

    def run(self, *arguments: str, stdin: bytes = b"") -> bytes:
        """Its output; raises RepositoryInvalid with git's own words when it fails."""
        done = self.attempt(*arguments, stdin=stdin)
        if done.returncode:
            raise RepositoryInvalid(f"{self.layout.root}: {_words(done.stderr)}")
        return done.stdout

    @contextmanager
    def stream(self, *arguments: str, stdin: IO[bytes]) -> Iterator[IO[bytes]]:
        """Its output while it runs; the end of it comes early when git fails."""
        with subprocess.Popen(
            self._argv(arguments),
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=self.folder,
            env=self._environment,
        ) as process:
            try:
                yield cast(IO[bytes], process.stdout)
            finally:
                process.kill()


def _words(stderr: bytes) -> str:
    text = stderr.decode("utf-8", "replace").strip()
    return text.removeprefix("fatal: ")[:500] or "git failed without a word"


@contextmanager
def trusted_git(
    layout: Layout, scratch: Path | None = None, *, timeout_s: float = 600.0
) -> Iterator[TrustedGit]:
    """Git over this repository for as long as the block runs, with its own files in `scratch`."""
    if scratch:
        scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="anton-git-", dir=scratch) as folder:
        try:
            git = TrustedGit(layout, Path(folder), timeout_s)
        except PermissionError as error:
            raise RepositoryInvalid(
                f"{error.filename} cannot be read.", remedy="give this user access to it"
            ) from error
        yield git
