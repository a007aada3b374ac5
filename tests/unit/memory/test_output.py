"""The output folder: files land below it, and nowhere else."""

from pathlib import Path

import pytest

from core.errors import StoreError
from memory.output import OutputFolder

TASK = "0b6f4c3e-0000-4000-8000-000000000001"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "out"


async def test_files_land_below_the_task_with_their_folders(root):
    output = OutputFolder(root)
    files = {"report.md": b"# ok", "patch/fix.diff": b"--- a\n"}
    where = await output.write(TASK, files, directory="team/a")
    assert where == root / "team" / "a" / TASK
    assert {path: (where / path).read_bytes() for path in files} == files
    await output.write(TASK, {"report.md": b"# anew"}, directory="team/a")
    assert (where / "report.md").read_bytes() == b"# anew"
    assert sorted(path.name for path in where.rglob("*")) == ["fix.diff", "patch", "report.md"]


@pytest.mark.parametrize(
    "path",
    [
        "../x",
        "a/../../x",
        "/etc/x",
        "//x",
        "a/..",
        "..",
        "",
        ".",
        "a\\..\\x",
        "a\0b",
        "n" * 256,
        "ä" * 128,
    ],
)
async def test_a_path_that_leads_elsewhere_is_refused_before_anything_is_written(root, path):
    with pytest.raises(StoreError):
        await OutputFolder(root).write(TASK, {"good.txt": b"x", path: b"x"})
    assert not root.exists()


@pytest.mark.parametrize("directory", ["..", "/tmp", "a/../../b"])
async def test_a_directory_outside_is_refused(root, directory):
    with pytest.raises(StoreError):
        await OutputFolder(root).write(TASK, {"x": b"x"}, directory=directory)


@pytest.mark.parametrize("task_id", ["", "..", "a/b"])
async def test_a_task_id_is_one_folder(root, task_id):
    with pytest.raises(StoreError):
        await OutputFolder(root).write(task_id, {"x": b"x"})


@pytest.mark.parametrize("link", ["team", f"team/{TASK}", f"team/{TASK}/sub", f"team/{TASK}/sub/f"])
async def test_a_link_on_the_way_is_refused(root, tmp_path, link):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "f").write_bytes(b"precious")
    planted = root / link
    planted.parent.mkdir(parents=True)
    planted.symlink_to(outside / "f" if link.endswith("/f") else outside)
    with pytest.raises(StoreError, match="link"):
        await OutputFolder(root).write(TASK, {"sub/f": b"evil"}, directory="team")
    assert (outside / "f").read_bytes() == b"precious"
    assert list(outside.iterdir()) == [outside / "f"]


async def test_a_folder_where_a_file_should_be_is_refused(root):
    (root / TASK / "f").mkdir(parents=True)
    with pytest.raises(StoreError):
        await OutputFolder(root).write(TASK, {"f": b"x"})
