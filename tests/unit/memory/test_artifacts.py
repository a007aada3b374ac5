"""Artifacts: kept by content, whole or not at all."""

import asyncio
import hashlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.errors import Expired, NotFound, StoreUnusable
from memory.artifacts import FileArtifactStore

NOW = datetime.now(UTC)


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


def aged(folder: Path, ref: str, days: int) -> None:
    digest = ref.removeprefix("sha256:")
    then = (NOW - timedelta(days=days)).timestamp()
    os.utime(folder / digest[:2] / digest[2:], (then, then))


async def test_what_is_too_old_goes_but_for_what_is_needed_and_what_that_names(folder):
    store = FileArtifactStore(folder)
    inner = await store.put(b"inner")
    middle = await store.put(b'{"ref": "%s"}' % inner.encode())
    outer = await store.put(b"\x93" + middle.encode() + b"\x01")
    old, young = await store.put(b"old"), await store.put(b"young")
    draft = folder / young.removeprefix("sha256:")[:2] / ".half"
    draft.write_bytes(b"ha")
    os.utime(draft, (0, 0))
    for ref in (inner, middle, outer, old):
        aged(folder, ref, 91)
    aged(folder, young, 89)
    assert await store.forget(NOW - timedelta(days=90), [outer, "sha256:" + "0" * 64]) == 2
    assert not draft.exists()
    assert [await store.has(ref) for ref in (inner, middle, outer, old, young)] == [
        *(True, True, True),
        *(False, True),
    ]
    with pytest.raises(Expired):
        await store.get(old)
    assert not await store.has("../../etc/passwd")
    assert await store.forget(NOW - timedelta(days=90), []) == 3


async def test_what_is_put_again_is_kept_from_then_on(folder):
    store = FileArtifactStore(folder)
    ref = await store.put(b"same")
    aged(folder, ref, 91)
    await store.put(b"same")
    assert await store.forget(NOW - timedelta(days=90), []) == 0
    assert await store.get(ref) == b"same"


async def test_nothing_is_forgotten_in_the_moment_in_which_it_is_put_again(folder):
    store = FileArtifactStore(folder)
    contents = [b"%d" % number for number in range(40)]
    refs = [await store.put(content) for content in contents]
    for ref in refs:
        aged(folder, ref, 91)
    await asyncio.gather(
        *(store.put(content) for content in contents),
        *(store.forget(NOW - timedelta(days=90), []) for _ in range(4)),
    )
    assert [await store.get(ref) for ref in refs] == contents


async def test_before_anything_is_kept_nothing_is_forgotten(folder):
    assert await FileArtifactStore(folder).forget(NOW, []) == 0
