"""Trees and patches agree with git to the byte."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.patches import Patch, file_sizes
from core.trees import EXECUTABLE, SYMLINK, File, Tree

NAMES = st.text("abc.-_", min_size=1, max_size=4).filter(lambda name: name not in (".", ".."))
CONTENT = st.binary(max_size=60) | st.text("ab\n +-@", max_size=60).map(str.encode)


def git(folder: Path, *argv: str, stdin: bytes = b"") -> bytes:
    return subprocess.run(
        ["git", "-C", str(folder), *argv], input=stdin, capture_output=True, check=True
    ).stdout


def git_tree_id(folder: Path, tree: Tree) -> str:
    git(folder, "init", "-q", ".")
    for path, file in tree.files.items():
        blob = git(folder, "hash-object", "-w", "--stdin", stdin=file.data).decode().strip()
        git(folder, "update-index", "--add", "--cacheinfo", f"{file.mode},{blob},{path}")
    return git(folder, "write-tree").decode().strip()


def test_tree_id_is_that_of_git(tmp_path: Path) -> None:
    tree = Tree(
        {
            "a.py": File(b"x = 1\n"),
            "a/b": File(b""),
            "a.b/c d": File(b"\0\xff", EXECUTABLE),
            "link": File(b"a.py", SYMLINK),
            "deep/er/est/file": File("ü\n".encode()),
        }
    )
    assert tree.id == git_tree_id(tmp_path, tree)


def test_empty_tree_has_its_well_known_id() -> None:
    assert Tree().id == "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


@pytest.mark.parametrize("newline", ["\n", ""])
def test_diff_can_be_applied_by_git(tmp_path: Path, newline: str) -> None:
    base = Tree({"a.py": File(b"one\ntwo\nthree\n"), "gone": File(b"bye\n")})
    result = base.with_files(
        {"a.py": File(f"one\n2\nthree\n++ four{newline}".encode()), "gone": None}
    ).with_texts({"new/x": f"fresh{newline}"})
    patch = Patch.between("0" * 40, base, result)
    for path, file in base.files.items():
        (tmp_path / path).write_bytes(file.data)
    git(tmp_path, "init", "-q", ".")
    git(tmp_path, "apply", stdin=patch.diff.encode())
    found = {
        str(p.relative_to(tmp_path)): File(p.read_bytes())
        for p in tmp_path.rglob("*")
        if p.is_file() and ".git" not in p.parts
    }
    assert Tree(found) == result


@given(st.dictionaries(NAMES, CONTENT, max_size=4), st.dictionaries(NAMES, CONTENT, max_size=4))
def test_applying_a_patch_gives_the_result(
    before: dict[str, bytes], after: dict[str, bytes]
) -> None:
    base = Tree({name: File(data) for name, data in before.items()})
    result = Tree({name: File(data) for name, data in after.items()})
    patch = Patch.between("0" * 40, base, result)
    assert patch.apply(base) == result
    assert Patch.load(patch.dump()) == patch


def test_hash_changes_with_every_byte_of_a_binary_file() -> None:
    base = Tree({"x.bin": File(b"\0a")})
    one, two = (
        Patch.between("0" * 40, base, base.with_files({"x.bin": File(data)}))
        for data in (b"\0b", b"\0c")
    )
    assert one.sha256 != two.sha256


def test_lines_that_look_like_headers_are_counted() -> None:
    base = Tree({"sql": File(b"-- old\nkeep\n")})
    patch = Patch.between("0" * 40, base, base.with_texts({"sql": "++ new\nkeep\n"}))
    assert patch.size == (1, 1)
    assert file_sizes(patch.diff) == {"sql": (1, 1)}


def test_a_name_cannot_forge_lines_of_the_diff() -> None:
    name = "x\n+++ b/other b/y"
    base = Tree({name: File(b"a\n")})
    patch = Patch.between("0" * 40, base, base.with_texts({name: "b\n"}))
    assert patch.diff.count("\n+++ ") == 1
    assert list(file_sizes(patch.diff).values()) == [(1, 1)]


def test_one_changed_line_among_many_alike_gives_one_hunk() -> None:
    base = Tree({"long.py": File(b"x = 1\n" * 600)})
    changed = "x = 1\n" * 300 + "x = 2\n" + "x = 1\n" * 299
    patch = Patch.between("0" * 40, base, base.with_texts({"long.py": changed}))
    assert patch.size == (1, 1)
    assert patch.diff.count("@@ -") == 1
