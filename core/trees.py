"""Snapshots of a repository's files, and the git tree id that names one exactly."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, cast

Mode = Literal["100644", "100755", "120000", "160000"]

REGULAR: Mode = "100644"
EXECUTABLE: Mode = "100755"
SYMLINK: Mode = "120000"
SUBMODULE: Mode = "160000"


def object_id(kind: str, body: bytes) -> str:
    """The id that git gives an object: SHA-1 over its header and body, in hex."""
    return hashlib.sha1(f"{kind} {len(body)}\0".encode() + body, usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class File:
    """One entry of a tree: content and git file mode."""

    data: bytes
    """Content; the target for a symlink, the commit id in hex for a submodule."""
    mode: Mode = REGULAR

    @property
    def is_regular(self) -> bool:
        """Whether it is an ordinary file, executable or not."""
        return self.mode in (REGULAR, EXECUTABLE)

    @cached_property
    def id(self) -> str:
        """Its git object id, in hex."""
        return self.data.decode() if self.mode == SUBMODULE else object_id("blob", self.data)


@dataclass(frozen=True)
class Tree(Mapping[str, File]):
    """All files of a snapshot by path (relative, `/` between parts)."""

    files: Mapping[str, File] = field(default_factory=dict)

    def __getitem__(self, path: str) -> File:
        return self.files[path]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self.files))

    def __len__(self) -> int:
        return len(self.files)

    def __hash__(self) -> int:
        return hash(self.id)

    @cached_property
    def id(self) -> str:
        """The git tree id of exactly these files, in hex: the `tree_hash` of all evidence."""
        return tree_id({path: (file.mode, file.id) for path, file in self.files.items()})

    def text(self, path: str) -> str:
        """The file as text; what is not UTF-8 is replaced."""
        return self.files[path].data.decode("utf-8", "replace")

    def with_files(self, files: Mapping[str, File | None]) -> "Tree":
        """A tree with these files put in; None takes the file out."""
        merged = {**self.files, **{p: f for p, f in files.items() if f is not None}}
        return Tree({p: f for p, f in merged.items() if files.get(p, f) is not None})

    def with_texts(self, texts: Mapping[str, str]) -> "Tree":
        """A tree with these contents put in, keeping the modes of files that were there."""
        return self.with_files(
            {
                path: File(text.encode(), self.files[path].mode if path in self.files else REGULAR)
                for path, text in texts.items()
            }
        )


_Folder = dict[str, "tuple[Mode, str] | _Folder"]


def tree_id(entries: Mapping[str, tuple[Mode, str]]) -> str:
    """The git tree id of these entries, each a path with its mode and object id, in hex."""
    nested: _Folder = {}
    for path, entry in entries.items():
        *folders, name = path.split("/")
        folder = nested
        for part in folders:
            folder = cast(_Folder, folder.setdefault(part, {}))
        folder[name] = entry
    return _folder_id(nested)


def _folder_id(folder: _Folder) -> str:
    entries = []
    for name, entry in folder.items():
        mode, digest = entry if isinstance(entry, tuple) else ("40000", _folder_id(entry))
        order = name if isinstance(entry, tuple) else name + "/"
        entries.append((order.encode(), f"{mode} {name}".encode() + b"\0" + bytes.fromhex(digest)))
    return object_id("tree", b"".join(body for _, body in sorted(entries)))
