"""What a repository on GitHub holds: entries by git trees, contents by archive and blobs."""

import asyncio
import base64
import binascii
import io
import re
import tarfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import Forbidden, HostUnreachable, RepositoryInvalid
from core.trees import EXECUTABLE, REGULAR, SUBMODULE, SYMLINK, File, Mode, Tree, object_id
from integrations.changes import Entries
from integrations.github.client import GitHubClient

_MODES: Mapping[str, Mode] = {
    "100644": REGULAR,
    "100755": EXECUTABLE,
    "120000": SYMLINK,
    "160000": SUBMODULE,
}
_ARCHIVE_FROM = 50
"""With so many contents to fetch, one archive is kinder than a request for each."""


@dataclass(frozen=True)
class Listing:
    """The entries of a tree, with the sizes of their contents."""

    entries: Entries
    sizes: Mapping[str, int]
    """By object id, in bytes."""


async def listing(client: GitHubClient, tree: str, *, max_files: int, max_bytes: int) -> Listing:
    """All entries of a tree; raises RepositoryInvalid for what cannot be held."""
    found: dict[str, tuple[Mode, str]] = {}
    sizes: dict[str, int] = {}
    await _walk(client, tree, "", found, sizes)
    total = sum(sizes.get(digest, 0) for _, digest in found.values())
    if len(found) > max_files or total > max_bytes:
        raise RepositoryInvalid(
            f"{client.repository} holds {len(found):,} files and {total:,} bytes; "
            f"the limits are {max_files:,} and {max_bytes:,}."
        )
    return Listing(found, sizes)


async def _walk(
    client: GitHubClient,
    tree: str,
    folder: str,
    found: dict[str, tuple[Mode, str]],
    sizes: dict[str, int],
) -> None:
    whole = await _tree(client, tree, {"recursive": "1"})
    cut = bool(whole.get("truncated"))
    if cut:
        whole = await _tree(client, tree, {})
        if whole.get("truncated"):
            raise RepositoryInvalid(f"{client.repository}: a folder is too big for GitHub's API.")
    below = []
    for entry in whole.get("tree", []):
        path = _checked(client, folder + str(entry["path"]))
        if entry["mode"] in ("040000", "40000"):
            below.append((str(entry["sha"]), path + "/"))
        elif entry["mode"] in _MODES:
            found[path] = (_MODES[entry["mode"]], str(entry["sha"]))
            sizes[str(entry["sha"])] = int(entry.get("size") or 0)
        else:
            raise RepositoryInvalid(f"{client.repository}: {path} has the mode {entry['mode']}.")
    if cut:
        await asyncio.gather(*(_walk(client, sha, path, found, sizes) for sha, path in below))


async def _tree(client: GitHubClient, tree: str, params: Mapping[str, str]) -> dict[str, Any]:
    answer = await client.get(f"git/trees/{tree}", params=params)
    if not isinstance(answer, dict) or not isinstance(answer.get("tree"), list):
        raise HostUnreachable(f"GitHub has no listing of tree {tree[:12]}.")
    return answer


def _checked(client: GitHubClient, path: str) -> str:
    if any(part.lower() in ("", ".", "..", ".git") for part in path.split("/")) or "\0" in path:
        raise RepositoryInvalid(f"{client.repository}: {path!r} is no path for a file.")
    return path


async def tree_of(client: GitHubClient, commit: str, listed: Listing) -> Tree:
    """The files of a listing, each content checked against its id."""
    wanted = {path: entry for path, entry in listed.entries.items() if entry[0] != SUBMODULE}
    ids = {digest for _, digest in wanted.values()}
    contents: dict[str, bytes] = {}
    if len(ids) >= _ARCHIVE_FROM:
        contents = await _from_archive(client, commit, wanted, listed.sizes)
    missing = sorted(ids - contents.keys())
    fetched = await asyncio.gather(*(_blob(client, digest) for digest in missing))
    contents |= dict(zip(missing, fetched, strict=True))
    return Tree(
        {
            path: File(digest.encode() if mode == SUBMODULE else contents[digest], mode)
            for path, (mode, digest) in listed.entries.items()
        }
    )


async def _blob(client: GitHubClient, digest: str) -> bytes:
    answer = await client.get(f"git/blobs/{digest}")
    try:
        data = base64.b64decode(answer["content"])
    except (TypeError, KeyError, binascii.Error) as error:
        raise HostUnreachable(f"GitHub gave no content for {digest[:12]}.") from error
    if object_id("blob", data) != digest:
        raise HostUnreachable(f"GitHub gave another content than {digest[:12]}.")
    return data


async def _from_archive(
    client: GitHubClient, commit: str, wanted: Entries, sizes: Mapping[str, int]
) -> dict[str, bytes]:
    """What the archive of a commit has unchanged; attributes may leave out or change some."""
    try:
        data = await client.download(f"tarball/{commit}", sum(sizes.values()) + 10_000_000)
    except (Forbidden, HostUnreachable):
        return {}
    return await asyncio.to_thread(_unpack, data, wanted, sizes)


def _unpack(data: bytes, wanted: Entries, sizes: Mapping[str, int]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r|gz") as archive:
            for member in archive:
                path = member.name.partition("/")[2]
                digest = wanted[path][1] if member.isreg() and path in wanted else ""
                if not digest or member.size != sizes.get(digest):
                    continue
                file = archive.extractfile(member)
                content = file.read() if file else b""
                if object_id("blob", content) == digest:
                    found[digest] = content
    except (tarfile.TarError, EOFError, OSError, zlib.error):
        return found
    return found


async def commit_tree(client: GitHubClient, commit: str) -> str:
    """The tree of a commit; empty when there is no such commit."""
    answer = await client.get(f"git/commits/{commit}")
    tree = answer.get("tree", {}).get("sha", "") if isinstance(answer, dict) else ""
    return tree if re.fullmatch(r"[0-9a-f]{40}", str(tree)) else ""
