"""Only plain files cross the border of a sandbox, whatever the archive says."""

import io
import tarfile
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ArchiveRefused
from core.trees import EXECUTABLE, REGULAR, SUBMODULE, SYMLINK, File, Tree
from sandbox.workspace import (
    MAX_BYTES,
    MAX_FILES,
    flaw,
    left_outside,
    manifest,
    merge,
    pack,
    unpack,
)


def archive(*members: tarfile.TarInfo | tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for member in members:
            if isinstance(member, tuple):
                info = tarfile.TarInfo(member[0])
                info.size = len(member[1])
                tar.addfile(info, io.BytesIO(member[1]))
            else:
                tar.addfile(member)
    return buffer.getvalue()


def special(kind: bytes, name: str = "thing", target: str = "/etc/passwd") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/etc/passwd",
        "..",
        "../x",
        "a/../../x",
        "a/./b",
        "a//b",
        "a/",
        ".git",
        ".git/config",
        "a/.git/hooks/post-checkout",
        ".GIT/config",
        ".git /config",
        ".git./config",
        "git~1/config",
        "a\0b",
        "a\nb",
        "a\x1b[2Jb",
        "a\u202eb",
        "a\u200bb",
        "a\udcffb",
        "x" * 256,
        "/".join("x" * 9 for _ in range(200)),
    ],
)
def test_odd_paths_are_refused(path: str) -> None:
    assert flaw(path)
    if "\0" not in path and path:
        with pytest.raises(ArchiveRefused):
            unpack(archive((path, b"x")))


@pytest.mark.parametrize("path", ["a", "a/b.py", ".github/x", ".gitignore", "git", "ü/ñ", "a b"])
def test_plain_paths_cross(path: str) -> None:
    assert unpack(archive((path, b"x"))) == {path: File(b"x")}


@pytest.mark.parametrize(
    "kind",
    [
        tarfile.SYMTYPE,
        tarfile.LNKTYPE,
        tarfile.FIFOTYPE,
        tarfile.CHRTYPE,
        tarfile.BLKTYPE,
        tarfile.DIRTYPE,
        tarfile.CONTTYPE,
        tarfile.AREGTYPE,
        b"Z",
    ],
)
def test_nothing_but_regular_files_comes_out(kind: bytes) -> None:
    with pytest.raises(ArchiveRefused, match="thing"):
        unpack(archive(special(kind)))


def test_a_link_and_a_file_through_it_are_refused() -> None:
    with pytest.raises(ArchiveRefused):
        unpack(archive(special(tarfile.SYMTYPE, "out", "/tmp"), ("out/file", b"x")))


def test_the_same_path_twice_is_refused() -> None:
    with pytest.raises(ArchiveRefused, match="twice"):
        unpack(archive(("a", b"1"), ("a", b"2")))


def test_too_many_files_are_refused() -> None:
    assert len(unpack(archive(*((f"{n}", b"") for n in range(MAX_FILES))))) == MAX_FILES
    with pytest.raises(ArchiveRefused, match="files"):
        unpack(archive(*((f"{n}", b"") for n in range(MAX_FILES + 1))))


def test_too_many_bytes_are_refused() -> None:
    half = bytes(MAX_BYTES // 2)
    assert unpack(archive(("a", half), ("b", half)))
    with pytest.raises(ArchiveRefused, match="bytes"):
        unpack(archive(("a", half), ("b", half), ("c", b"x")))


def test_a_size_that_is_not_there_is_refused() -> None:
    bomb = tarfile.TarInfo("bomb")
    bomb.size = 10 * 1024**3
    with pytest.raises(ArchiveRefused):
        unpack(bomb.tobuf(tarfile.GNU_FORMAT) + bytes(1024))
    short = tarfile.TarInfo("short")
    short.size = 1000
    with pytest.raises(ArchiveRefused):
        unpack(short.tobuf(tarfile.GNU_FORMAT) + b"only this")


def test_a_sparse_file_is_refused() -> None:
    sparse = tarfile.TarInfo("sparse")
    sparse.pax_headers = {
        "GNU.sparse.major": "0",
        "GNU.sparse.minor": "0",
        "GNU.sparse.numblocks": "1",
        "GNU.sparse.size": str(10 * 1024**3),
        "GNU.sparse.map": "0,0",
    }
    with pytest.raises(ArchiveRefused):
        unpack(archive(sparse))


@pytest.mark.parametrize("wrap", [lambda data: b"\x1f\x8b" + data, lambda data: data[:700]])
def test_what_is_no_whole_archive_is_refused(wrap: Callable[[bytes], bytes]) -> None:
    with pytest.raises(ArchiveRefused):
        unpack(wrap(archive(("a", b"x" * 2000))))


@given(st.binary(max_size=4096))
def test_noise_gives_files_or_a_refusal(noise: bytes) -> None:
    try:
        files = unpack(noise)
    except ArchiveRefused:
        return
    assert all(not flaw(path) for path in files)


@given(st.integers(0, 2047), st.integers(0, 255))
def test_a_changed_byte_gives_files_or_a_refusal(place: int, value: int) -> None:
    data = bytearray(archive(("a/b", b"content" * 50), ("c", b"more")))
    data[place] = value
    try:
        files = unpack(bytes(data))
    except ArchiveRefused:
        return
    assert all(not flaw(path) for path in files)


def test_content_and_executable_bit_survive_the_way_in_and_out() -> None:
    files = {"a": File(b"\0\xff"), "b/c": File(b"", EXECUTABLE), "long/" + "x" * 200: File(b"1")}
    assert unpack(pack(files)) == files


@pytest.mark.parametrize("target", ["a", "../b/c", "./x/", ".", "..", "nowhere", "d/../a"])
def test_a_link_within_the_tree_enters_as_it_is(target: str) -> None:
    files = {"a": File(b"1"), "d/link": File(target.encode(), SYMLINK)}
    assert manifest(Tree(files)).keys() == files.keys()
    with tarfile.open(fileobj=io.BytesIO(pack(files))) as tar:
        link = tar.getmember("d/link")
        assert link.issym() and link.linkname == target
    assert left_outside(Tree(files)) == ()


@pytest.mark.parametrize(
    "target", [b"/etc/passwd", b"../../x", b"..//..", b"", b"\xff", b"a\0b", b"../.git/config"]
)
def test_a_link_that_leads_elsewhere_stays_outside_and_is_named(target: bytes) -> None:
    tree = Tree({"d/link": File(target, SYMLINK)})
    assert not manifest(tree)
    [note] = left_outside(tree)
    assert "d/link" in note


def test_a_name_of_any_language_enters_and_one_that_acts_is_written_out_in_notes() -> None:
    names = ("a\u00a0b", "\u3000", "x\u202e", "two\nlines", "\x1b[31m")
    assert manifest(Tree({name: File(b"") for name in names})).keys() == set(names)
    [note] = left_outside(Tree({name: File(b"/", SYMLINK) for name in names[2:]}))
    assert "\x1b" not in note and "\u202e" not in note and "\n" not in note


def test_pointers_of_git_lfs_are_named() -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
    [note] = left_outside(Tree({f"{number}.bin": File(pointer) for number in range(5)}))
    assert "0.bin, 1.bin, 2.bin and 2 more" in note and "Git LFS" in note


def test_links_that_lead_out_submodules_and_git_do_not_enter() -> None:
    files = {
        "a": File(b"1"),
        "link": File(b"/a", SYMLINK),
        "sub": File(b"0" * 40, SUBMODULE),
        ".git/config": File(b"[core]"),
    }
    assert unpack(pack(files)).keys() == {"a"}
    assert manifest(Tree(files)).keys() == {"a"}


def test_what_never_went_in_stays_as_it_was() -> None:
    base = Tree({"a": File(b"1"), "link": File(b"a", SYMLINK), "sub": File(b"0" * 40, SUBMODULE)})
    assert merge(base, {}, []).id == base.id
    changed = merge(base, {"a": File(b"2", EXECUTABLE), "new": File(b"3")}, [])
    assert changed["link"] == base["link"] and changed["sub"] == base["sub"]
    assert changed["a"] == File(b"2", EXECUTABLE) and changed["new"] == File(b"3")
    assert set(merge(base, {}, ["a"])) == {"link", "sub"}


def test_a_link_that_became_a_file_is_that_file() -> None:
    base = Tree({"link": File(b"a", SYMLINK)})
    assert merge(base, {"link": File(b"text")}, [])["link"] == File(b"text", REGULAR)


@pytest.mark.parametrize("gone", [["never"], ["link"], ["../x"]])
def test_only_what_went_in_can_be_gone(gone: list[str]) -> None:
    base = Tree({"a": File(b"1"), "link": File(b"/a", SYMLINK)})
    with pytest.raises(ArchiveRefused):
        merge(base, {}, gone)


def test_a_file_below_a_file_is_refused() -> None:
    base = Tree({"link": File(b"folder", SYMLINK)})
    with pytest.raises(ArchiveRefused, match="link/x"):
        merge(base, {"link/x": File(b"")}, [])


def test_a_file_where_a_folder_was_is_fine_once_the_folder_is_gone() -> None:
    base = Tree({"a/b": File(b"1")})
    assert set(merge(base, {"a": File(b"2")}, ["a/b"])) == {"a"}
    with pytest.raises(ArchiveRefused):
        merge(base, {"a": File(b"2")}, [])


def test_new_paths_may_not_differ_by_case_alone() -> None:
    base = Tree({"Readme": File(b"1"), "README": File(b"2")})
    assert merge(base, {"README": File(b"3")}, [])["README"] == File(b"3")
    with pytest.raises(ArchiveRefused, match="case"):
        merge(base, {"readme": File(b"4")}, [])
    with pytest.raises(ArchiveRefused, match="case"):
        merge(Tree(), {"new": File(b""), "NEW": File(b"")}, [])
