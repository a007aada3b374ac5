"""Artifacts: kept by content, whole or not at all."""

import asyncio
import hashlib
from pathlib import Path

import pytest

from core.errors import NotFound, StoreUnusable
from memory.artifacts import FileArtifactStore


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "artifacts"


def only_file(folder: Path) -> Path:
    (file,) = [path for path in folder.rglob("*") if path.is_file()]
    return file


@pytest.mark.parametrize("data", [b"", b"\0\xff", b"x" * 3_000_000])
async def test_what_was_put_comes_back(folder, data):
    store = FileArtifactStore(folder)
    ref = await store.put(data)
    assert ref == "sha256:" + hashlib.sha256(data).hexdigest()
    assert await FileArtifactStore(folder).get(ref) == data
    assert only_file(folder).stat().st_mode & 0o777 == 0o600


async def test_the_same_content_is_kept_once_however_often_it_comes(folder):
    store = FileArtifactStore(folder)
    refs = await asyncio.gather(*(store.put(b"same") for _ in range(50)))
    assert len(set(refs)) == 1
    assert only_file(folder).read_bytes() == b"same"


async def test_damage_is_noticed_and_mended_by_the_next_put(folder):
    store = FileArtifactStore(folder)
    ref = await store.put(b"content")
    only_file(folder).write_bytes(b"c0ntent")
    with pytest.raises(StoreUnusable, match="damaged"):
        await store.get(ref)
    await store.put(b"content")
    assert await store.get(ref) == b"content"


@pytest.mark.parametrize(
    "ref",
    [
        "",
        "sha256:" + "0" * 64,
        "sha256:" + "0" * 63,
        "sha256:../../../../etc/passwd",
        "/etc/passwd",
        "sha256:" + "A" * 64,
        "sha256:" + "0" * 64 + "\n",
    ],
)
async def test_a_reference_that_names_nothing_is_not_found(folder, ref):
    with pytest.raises(NotFound):
        await FileArtifactStore(folder).get(ref)
