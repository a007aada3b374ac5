"""A registry of npm over HTTP: packages that a test writes, and those of an installed folder."""

import base64
import hashlib
import io
import json
import tarfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote


class Registry:
    """Serves manifests at `/name` and archives at `/name/-/name-version.tgz`."""

    def __init__(self, installed: Path | None = None) -> None:
        """Know the packages of an `installed` node_modules, each in the version that is there."""
        self._installed = installed
        self._written: dict[str, dict[str, bytes]] = {}
        self.asked: list[str] = []
        """Paths of all requests."""
        self.url = ""

    def add(self, name: str, files: Mapping[str, str] | None = None, **manifest: Any) -> None:
        """Publish version 1.0.0 of a package."""
        package = {"name": name, "version": "1.0.0", **manifest}
        texts = {"package.json": json.dumps(package), **(files or {})}
        self._written[name] = {path: text.encode() for path, text in texts.items()}

    @contextmanager
    def serving(self) -> Iterator["Registry"]:
        """The registry at its address."""
        registry = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = unquote(self.path).strip("/")
                registry.asked.append(path)
                body = registry._answer(path)
                self.send_response(404 if body is None else 200)
                self.end_headers()
                self.wfile.write(b"{}" if body is None else body)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def _answer(self, path: str) -> bytes | None:
        name, _, archive = path.partition("/-/")
        files = self._files(name)
        if files is None:
            return None
        packed = _packed(tuple(sorted(files.items())))
        if archive:
            return packed
        manifest = json.loads(files["package.json"])
        version = manifest["version"]
        digest = base64.b64encode(hashlib.sha512(packed).digest()).decode()
        short = name.rpartition("/")[2]
        tarball = f"{self.url}/{name}/-/{short}-{version}.tgz"
        manifest["dist"] = {"tarball": tarball, "integrity": f"sha512-{digest}"}
        whole = {"name": name, "dist-tags": {"latest": version}, "versions": {version: manifest}}
        return json.dumps(whole).encode()

    def _files(self, name: str) -> dict[str, bytes] | None:
        folder = self._installed / name if self._installed else None
        if name in self._written or folder is None or not (folder / "package.json").is_file():
            return self._written.get(name)
        return {
            str(path.relative_to(folder)): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
            and path.suffix != ".map"
            and "node_modules" not in path.relative_to(folder).parts
        }


@cache
def _packed(files: tuple[tuple[str, bytes], ...]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=0) as tar:
        for path, data in files:
            member = tarfile.TarInfo(f"package/{path}")
            member.size, member.mode = len(data), 0o755
            tar.addfile(member, io.BytesIO(data))
    return buffer.getvalue()
