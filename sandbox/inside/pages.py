"""Serves the pages of a folder, and of what lies beside them only what pages are made of."""

import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import PurePosixPath

KINDS = frozenset(
    ".html .htm .css .js .mjs .map .wasm .webmanifest .svg .png .jpg .jpeg .gif .webp .avif .ico "
    ".woff .woff2 .ttf .otf .mp3 .mp4 .webm .pdf .txt .xml".split()
)


class Pages(SimpleHTTPRequestHandler):
    """Gives no list of a folder, nothing hidden, and no file of another kind: such is source."""

    def send_head(self):  # type: ignore[no-untyped-def]
        path = PurePosixPath(self.translate_path(self.path)).relative_to(self.directory)
        hidden = any(part.startswith(".") for part in path.parts)
        if hidden or (path.suffix and path.suffix.lower() not in KINDS):
            self.send_error(404)
            return None
        return super().send_head()

    def list_directory(self, path):  # type: ignore[no-untyped-def]
        self.send_error(404)


if __name__ == "__main__":
    folder, port = sys.argv[1:]
    ThreadingHTTPServer(("", int(port)), partial(Pages, directory=folder)).serve_forever()
