"""What GitHub Actions says of a revision: its last run, and the logs of one that failed."""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

from core.errors import Conflict, Forbidden, HostUnreachable
from core.ports import CiRun
from integrations.github.client import GitHubClient

NEEDS = "actions: read"
MAX_ZIP_BYTES = 20_000_000
MAX_FILES = 500
MAX_FILE_BYTES = 10_000_000
MAX_BYTES = 60_000_000
NO_LOGS = "no CI logs"
FAILED = ("failure", "timed_out", "startup_failure")
LOG_HOSTS = (
    "*.actions.githubusercontent.com",
    "productionresultssa*.blob.core.windows.net",
)
"""Where GitHub keeps logs; it redirects there, and credentials stay behind."""


async def last_run(client: GitHubClient, commit: str, branch: str) -> CiRun:
    """The run of a commit, a failed one first, else the last failed one of the branch."""
    asked = [{"head_sha": commit}]
    asked += [{"branch": branch, "status": "failure"}] if branch else []
    for question in asked:
        answer = await client.get(
            "actions/runs", needs=NEEDS, params={**question, "per_page": "20"}
        )
        listed = answer.get("workflow_runs") if isinstance(answer, dict) else None
        runs = [run for run in listed if isinstance(run, dict)] if isinstance(listed, list) else []
        if runs:
            failed = [run for run in runs if run.get("conclusion") in FAILED]
            return await _told(client, (failed or runs)[0])
    return CiRun(note=NO_LOGS)


async def _told(client: GitHubClient, run: dict[str, Any]) -> CiRun:
    status = str(run.get("conclusion") or run.get("status") or "")
    url, commit = str(run.get("html_url") or ""), str(run.get("head_sha") or "")
    if status not in FAILED or not isinstance(run.get("id"), int):
        return CiRun(status, url, commit)
    try:
        data = await client.download(f"actions/runs/{run['id']}/logs", MAX_ZIP_BYTES)
        return CiRun(status, url, commit, dict(texts(data)))
    except (Forbidden, HostUnreachable, Conflict) as error:
        return CiRun(status, url, commit, note=f"{NO_LOGS}: {error.message}")


def texts(data: bytes) -> Iterator[tuple[str, str]]:
    """The logs of an archive by name, read in memory and within limits; raises HostUnreachable.

    Of a bomb nothing is kept: sizes are what is read, never what the archive says of itself.
    """
    room = MAX_BYTES
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = [one for one in archive.infolist() if one.filename.endswith(".txt")]
            if len(entries) > MAX_FILES:
                raise HostUnreachable(f"the archive of logs holds more than {MAX_FILES} files")
            for entry in entries:
                with archive.open(entry) as file:
                    text = file.read(min(MAX_FILE_BYTES, room) + 1)
                room -= len(text)
                if room < 0 or len(text) > MAX_FILE_BYTES:
                    raise HostUnreachable("the archive of logs unpacks to too much")
                yield (
                    re.sub(r"[^\w ./()-]", "?", entry.filename)[:200],
                    text.decode("utf-8", "replace"),
                )
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise HostUnreachable("the archive of logs cannot be read") from error
