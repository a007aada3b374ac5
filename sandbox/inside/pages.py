"""Serves the pages of a folder, and of what lies beside them only what pages are made of."""

from __future__ import annotations

import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import PurePosixPath
from typing import BinaryIO

KINDS = frozenset(
    ".html .htm .css .js .mjs .map .wasm .webmanifest .svg .png .jpg .jpeg .gif .webp .avif .ico "
    ".woff .woff2 .ttf .otf .mp3 .mp4 .webm .pdf .txt .xml".split()
)


class Pages(SimpleHTTPRequestHandler):
    """Gives no list of a folder, nothing hidden, and no file of another kind: such is source."""

    def send_head(self) -> BytesIO | BinaryIO | None:
        path = PurePosixPath(self.translate_path(self.path)).relative_to(self.directory)
        hidden = any(part.startswith(".") for part in path.parts)
        if hidden or (path.suffix and path.suffix.lower() not in KINDS):
            self.send_error(404)
            return None
        return super().send_head()

    def list_directory(self, path: object) -> None:
        self.send_error(404)


if __name__ == "__main__":
    folder, port = sys.argv[1:]
    ThreadingHTTPServer(("", int(port)), partial(Pages, directory=folder)).serve_forever()
