"""Small git repositories for tests, made by the real git program."""

import atexit
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

WHO = ("-c", "user.name=Test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false")
TODO = {
    "todo.py": "def complete(item):\n    item.done = not item.done\n",
    "tests/test_todo.py": "from todo import complete\n",
    "README.md": "A list.\n",
}


def git(folder: Path, *arguments: str, stdin: str = "") -> str:
    done = subprocess.run(
        ["git", *WHO, *arguments],
        cwd=folder,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        env={
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": str(folder),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_DATE": "1700000000 +0000",
            "GIT_COMMITTER_DATE": "1700000000 +0000",
        },
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def commit(folder: Path, files: Mapping[str, str], message: str = "Change") -> str:
    """Write files, commit all there is; the id."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    git(folder, "add", "--all", "--", ".")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", message)
    return git(folder, "rev-parse", "HEAD")


def repository(folder: Path, files: Mapping[str, str] = TODO) -> Path:
    """A repository with one commit on `main`; what is in the folder already goes in, too."""
    if folder.exists() and any(folder.iterdir()):
        return _made(folder, files)
    shutil.copytree(_pattern(tuple(files.items())), folder, dirs_exist_ok=True)
    git(folder, "update-index", "-q", "--refresh")
    return folder


@lru_cache
def _pattern(files: tuple[tuple[str, str], ...]) -> Path:
    """The same for all who ask in this process: it is copied faster than made."""
    folder = Path(tempfile.mkdtemp(prefix="anton-pattern-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return _made(folder, dict(files))


def _made(folder: Path, files: Mapping[str, str]) -> Path:
    git(folder, "init", "--quiet", "--initial-branch=main", "--template=")
    commit(folder, files, "Start")
    return folder
