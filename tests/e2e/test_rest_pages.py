"""The built dashboard, as a browser loads it."""

import json
import re
from pathlib import Path

from api.app import description
from api.bundle import DASHBOARD, built_from, read_bundle, source_digest
from api.routes.ui import CONTENT_POLICY
from tests.e2e.rest import OPERATOR, serving


def test_the_types_are_made_from_the_description_of_this_server() -> None:
    known = json.loads((DASHBOARD / "openapi.json").read_text())
    assert known == json.loads(description()), "run `make web-types` and commit what it wrote"


def test_the_bundle_is_the_build_of_the_source() -> None:
    assert built_from() == source_digest(), "run `make web` and commit dashboard/dist"


async def test_the_page_answers_every_screen_and_loads_only_its_own_files(tmp_path: Path) -> None:
    async with serving(tmp_path, api_key=OPERATOR) as house:
        for path in ("/ui/", "/ui/board", "/ui/tasks/7c1e90ab", "/ui/tasks/x?tab=diff"):
            answer = await house.ask("GET", path)
            assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")
            assert answer.headers["content-security-policy"] == CONTENT_POLICY
        loaded = re.findall(r'(?:src|href)="([^"]+)"', answer.text)
        assert loaded
        for path in loaded:
            assert path.startswith("/ui/")
            file = await house.ask("GET", path, headers={"Accept-Encoding": "gzip"})
            assert file.status_code == 200
            assert file.headers["x-content-type-options"] == "nosniff"
            if "/assets/" in path:
                assert "immutable" in file.headers["cache-control"]
                assert "max-age=31536000" in file.headers["cache-control"]
                assert file.headers["content-encoding"] == "gzip"
            known = {"If-None-Match": file.headers["etag"]}
            assert (await house.ask("GET", path, headers=known)).status_code == 304
        assert "<script>" not in answer.text
        assert "style=" not in answer.text


async def test_what_is_no_file_of_the_bundle_is_404(tmp_path: Path) -> None:
    async with serving(tmp_path) as house:
        for path in (
            "/ui/assets/gone-abc123.js",
            "/ui/x.map",
            "/ui/BUILD.json",
            "/ui/..%2f..%2fconfig.py",
            "/ui/%2e%2e/%2e%2e/config.py",
            "/ui//etc/passwd.txt",
            "/uix",
        ):
            answer = await house.ask("GET", path)
            assert answer.status_code == 404, path
            assert answer.headers["content-type"] == "application/problem+json", path


STATIC_IMPORT = re.compile(r'(?:from|import)"\./([\w.-]+\.js)"')
LAZY_IMPORT = re.compile(r'import\([`"]\./([\w.-]+\.js)[`"]\)')
TASK_PAGE = "Parts of the task"
"""Words that only the page of a task has."""


def loaded_with(chunk: str, scripts: dict[str, str]) -> set[str]:
    """A chunk and all that it cannot begin without."""
    found, open_ = set[str](), [chunk]
    while open_:
        if (name := open_.pop()) not in found:
            found.add(name)
            open_ += STATIC_IMPORT.findall(scripts[name])
    return found


def test_the_first_load_the_task_page_and_every_part_stay_within_their_budgets() -> None:
    files = {path.removeprefix("assets/"): file for path, file in read_bundle().items()}
    scripts = {path: file.plain.decode() for path, file in files.items() if path.endswith(".js")}

    def weight(*chunks: str) -> int:
        with_all = set[str]().union(*(loaded_with(chunk, scripts) for chunk in chunks))
        return sum(len(files[name].packed) for name in with_all)

    (entry,) = re.findall(r'src="/ui/assets/([\w.-]+\.js)"', files["index.html"].plain.decode())
    page = next(name for name, text in scripts.items() if TASK_PAGE in text)
    lazy = {name for text in scripts.values() for name in LAZY_IMPORT.findall(text)}
    assert weight(entry) <= 130_000
    assert weight(entry, page) <= 200_000
    assert lazy
    assert all(weight(entry, name) - weight(entry) <= 120_000 for name in lazy)
