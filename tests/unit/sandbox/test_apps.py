"""What can be shown of a repository, by its files."""

import threading
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from core.errors import NothingToShow
from core.trees import File, Tree
from sandbox.apps import BESIDE, FASTAPI, STATIC, app_of
from sandbox.inside.pages import Pages

INSTANCE = "from fastapi import FastAPI\napp = FastAPI()\n"
FACTORY = "import fastapi\ndef create(store=None) -> fastapi.FastAPI: ...\n"
PAGE = "<html></html>"


def of(files: dict[str, str]) -> Tree:
    return Tree({path: File(text.encode()) for path, text in files.items()})


@pytest.mark.parametrize(
    ("files", "place", "named"),
    [
        ({"main.py": INSTANCE}, "main.py:app", ["main:app", "--app-dir", "/work"]),
        (
            {"pkg/__init__.py": "", "pkg/web.py": INSTANCE},
            "pkg/web.py:app",
            ["pkg.web:app", "--app-dir", "/work"],
        ),
        (
            {"back/app/__init__.py": "", "back/app/main.py": INSTANCE},
            "back/app/main.py:app",
            ["app.main:app", "--app-dir", "/work/back"],
        ),
        (
            {"src/pkg/__init__.py": "", "src/pkg/main.py": INSTANCE},
            "src/pkg/main.py:app",
            ["pkg.main:app", "--app-dir", "/work/src"],
        ),
        ({"app/main.py": INSTANCE}, "app/main.py:app", ["app.main:app", "--app-dir", "/work"]),
        (
            {"app/main.py": f"import db\n{INSTANCE}", "app/db.py": ""},
            "app/main.py:app",
            ["main:app", "--app-dir", "/work/app"],
        ),
        ({"api.py": FACTORY}, "api.py:create", ["api:create", "--app-dir", "/work"]),
        (
            {"api.py": f"{FACTORY}server: 'x' = create()\n"},
            "api.py:server",
            ["api:server", "--app-dir", "/work"],
        ),
        (
            {"pkg/__init__.py": INSTANCE, "tests/main.py": INSTANCE},
            "pkg/__init__.py:app",
            ["pkg:app", "--app-dir", "/work"],
        ),
    ],
)
def test_a_fastapi_app_is_found_by_where_it_is_made(
    files: dict[str, str], place: str, named: list[str]
) -> None:
    app = app_of(of(files))
    assert (app.kind, app.place) == (FASTAPI, place)
    argv = app.argv("python", 8000)
    assert argv[3:6] == named
    assert ("--factory" in argv) is place.endswith(":create")
    assert argv[-4:] == ["--host", "0.0.0.0", "--port", "8000"]
    assert {".anton-demo/uvicorn/__init__.py", ".anton-demo/h11/__init__.py"} <= set(app.files)


@pytest.mark.parametrize(
    ("files", "place"),
    [
        ({"index.html": PAGE}, "index.html"),
        ({"index.html": PAGE, "dist/index.html": PAGE}, "dist/index.html"),
        ({"web/dist/index.html": PAGE, "docs/index.html": PAGE}, "web/dist/index.html"),
        ({"public/index.html": PAGE, "build/index.html": PAGE}, "build/index.html"),
    ],
)
def test_pages_are_found_built_ones_first(files: dict[str, str], place: str) -> None:
    app = app_of(of(files))
    assert (app.kind, app.place) == (STATIC, place)
    folder = f"/work/{place}".removesuffix("/index.html")
    served = ("-m", "http.server", "--directory", folder, "--bind", "0.0.0.0")
    words = served if "/" in place else BESIDE
    assert app.argv("python", 8000) == ["python", *words, "8000"]


async def test_pages_beside_sources_are_served_without_the_sources(tmp_path: Path) -> None:
    shown = ("index.html", "style.css", "docs/index.html")
    kept = (".env", "app.py", "package.json", ".git/config.txt", "docs/notes.md", "Makefile.lock")
    for name in (*shown, *kept):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "empty").mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Pages, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.server_port}") as client:
            found = {name: (await client.get(f"/{name}")).status_code for name in (*shown, *kept)}
            assert found == dict.fromkeys(shown, 200) | dict.fromkeys(kept, 404)
            for path in ("/empty/", "/docs/../app.py", "/%2e%2e/etc/passwd", "/app.py?x=.css"):
                assert (await client.get(path)).status_code == 404, path
            assert (await client.get("/docs/")).text == "docs/index.html"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"lib.py": "def add(a, b): return a + b\n"}, "no FastAPI app"),
        ({"main.py": "def create(store) -> FastAPI: ...\n"}, "no FastAPI app"),
        ({"main.py": "from fastapi import FastAPI\ndef ("}, "no FastAPI app"),
        ({"tests/app.py": INSTANCE, "deep/er/still/more/index.html": PAGE}, "no FastAPI app"),
        ({"index.html": PAGE, "package.json": '{"scripts": {"build": "vite build"}}'}, "built"),
    ],
)
def test_where_nothing_can_be_shown_it_says_why(files: dict[str, str], why: str) -> None:
    with pytest.raises(NothingToShow, match=why):
        app_of(of(files))
