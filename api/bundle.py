"""The built dashboard, read once into memory: no path of a request ever reaches the disk.

`python -m api.bundle` writes down what a fresh build was built from.
"""

import gzip
import json
import mimetypes
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

DASHBOARD = Path(__file__).resolve().parent.parent / "dashboard"
BUILT = DASHBOARD / "dist"
BUILD_FILE = "BUILD.json"
SOURCES = (
    *("index.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts"),
    *("src", "public"),
)
"""What the bundle is built from, below `dashboard/`."""
UNBUILT = (".test.ts", ".test.tsx")
TYPES = {".js": "text/javascript", ".webmanifest": "application/manifest+json"}


@dataclass(frozen=True)
class Asset:
    """One file as it is sent."""

    plain: bytes
    packed: bytes
    """The same by gzip."""
    media_type: str
    digest: str


def read_bundle(folder: Path = BUILT) -> dict[str, Asset]:
    """The files of a bundle by their path below it; empty when nothing was built."""
    if not (folder / "index.html").is_file():
        return {}
    files = (file for file in folder.rglob("*") if file.is_file() and file.name != BUILD_FILE)
    return {file.relative_to(folder).as_posix(): _asset(file) for file in files}


def _asset(file: Path) -> Asset:
    data = file.read_bytes()
    guessed = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    kind = TYPES.get(file.suffix, guessed)
    charset = "; charset=utf-8" if kind.startswith("text/") else ""
    digest = sha256(data).hexdigest()[:32]
    return Asset(data, gzip.compress(data, mtime=0), kind + charset, digest)


def source_digest(dashboard: Path = DASHBOARD) -> str:
    """One hash over everything that a bundle is built from, names included."""
    total = sha256()
    for file in _sources(dashboard):
        name = file.relative_to(dashboard).as_posix()
        data = file.read_bytes().replace(b"\r\n", b"\n")
        total.update(f"{name}\0{sha256(data).hexdigest()}\n".encode())
    return total.hexdigest()


def built_from(folder: Path = BUILT) -> str:
    """The hash that a bundle says it was built from."""
    return str(json.loads((folder / BUILD_FILE).read_text())["sources"])


def _sources(dashboard: Path) -> list[Path]:
    roots = [dashboard / name for name in SOURCES]
    files = [root for root in roots if root.is_file()]
    files += [file for root in roots if root.is_dir() for file in root.rglob("*")]
    built = (file for file in files if file.is_file() and not file.name.endswith(UNBUILT))
    return sorted(built, key=lambda file: file.relative_to(dashboard).as_posix())


if __name__ == "__main__":
    (BUILT / BUILD_FILE).write_text(json.dumps({"sources": source_digest()}) + "\n")
