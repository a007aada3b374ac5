"""Projects below the root are found, read like the root, and never asked of an index."""

from collections.abc import Iterator

import pytest

from core.evidence import RunEnd
from sandbox.environment import Environments
from sandbox.members import all_roots, home_of, members_of, named_projects, seen_from
from sandbox.project import project_of
from sandbox.pytest_options import configured
from sandbox.requirements import Declared, declared
from tests.unit.sandbox.rooms import Rooms, open_folder, tree_of

VARIABLES = {"python_version": "3.11", "python_full_version": "3.11.4"}
UV = """
[project]
name = "whole"
version = "1"
dependencies = ["part-a", "six"]
[tool.uv.workspace]
members = ["packages/*"]
exclude = ["packages/old"]
[tool.uv.sources]
part-a = { workspace = true }
away = { git = "https://ann:secret@code.example/away" }
"""
PART = '[project]\nname = "Part_A"\nversion = "2.5"\ndependencies = ["attrs", "away"]\n'


def read(texts: dict[str, str]) -> Declared:
    tree = tree_of(texts)
    return declared(project_of(tree), tree, VARIABLES)


def lines(texts: dict[str, str]) -> list[str]:
    return sorted(want.line for want in read(texts).wanted)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ({"pyproject.toml": UV, "packages/a/pyproject.toml": PART}, ("packages/a",)),
        ({"pyproject.toml": UV, "packages/old/pyproject.toml": PART}, ()),
        ({"pyproject.toml": UV, "other/pyproject.toml": PART}, ()),
        (
            {
                "pyproject.toml": "[tool.poetry.dependencies]\na = {path = './libs/a/'}\n",
                "libs/a/setup.py": "",
            },
            ("libs/a",),
        ),
        ({"requirements.txt": "-e ./libs/a[x]  # why\nsix\n", "libs/a/setup.py": ""}, ("libs/a",)),
        ({"requirements/dev.txt": "--editable=../libs/a\n", "libs/a/setup.cfg": ""}, ("libs/a",)),
        ({"requirements.txt": "./../a\n-e ../a\n-e .\nlibs\n", "libs/setup.py": ""}, ()),
        ({"backend/requirements.txt": "", "docs/requirements.txt": "", "x.py": ""}, ("backend",)),
        ({"services/a/setup.py": "", "services/b/setup.py": ""}, ("services/a", "services/b")),
        ({"a/b/c/setup.py": ""}, ()),
        ({"setup.py": "", "backend/requirements.txt": ""}, ()),
        ({"pyproject.toml": "[tool.uv.workspace]\nmembers = 3\n", "a/setup.py": ""}, ()),
    ],
)
def test_projects_below_the_root_are_found(
    texts: dict[str, str], expected: tuple[str, ...]
) -> None:
    assert members_of(tree_of(texts)) == expected


def test_what_a_workspace_holds_is_never_asked_of_an_index() -> None:
    texts = {"pyproject.toml": UV, "packages/a/pyproject.toml": PART}
    found = read(texts)
    assert sorted(want.line for want in found.wanted) == ["attrs", "six"]
    [note] = found.notes
    assert note.startswith("packages/a/pyproject.toml: left out away: it comes from")
    assert "secret" not in note


def test_a_project_by_path_is_read_and_not_left_out() -> None:
    texts = {"requirements.txt": "-e ./lib\nsix\n", "lib/setup.py": "setup(install_requires=['a'])"}
    assert lines(texts) == ["a", "six"]
    assert read(texts).notes == ()


def test_the_lock_file_below_the_root_holds_where_the_root_has_none() -> None:
    lock = '[[package]]\nname = "six"\nversion = "1.16"\n'
    found = read({"api/pyproject.toml": "", "api/poetry.lock": lock, "api/a.py": ""})
    assert (found.lock_file, dict(found.locked)) == ("api/poetry.lock", {"six": "1.16"})


def test_code_below_the_root_is_found_where_an_installation_would_have_it() -> None:
    tree = tree_of(
        {"pyproject.toml": UV, "packages/a/pyproject.toml": PART, "packages/a/src/a.py": ""}
    )
    assert all_roots(project_of(tree), tree) == ("packages/a/src", ".")
    assert [(one.name, version) for one, version in named_projects(project_of(tree), tree)] == [
        ("whole", "1"),
        ("Part_A", "2.5"),
    ]
    flat = tree_of({"backend/requirements.txt": "", "backend/app.py": "", "src/x.py": ""})
    assert all_roots(project_of(flat), flat) == ("src", "backend", ".")


def test_the_one_project_of_a_repository_is_at_home_in_its_folder() -> None:
    texts = {"backend/pyproject.toml": "[tool.pytest.ini_options]\nxfail_strict = true\n"}
    texts |= {"backend/app.py": "", "frontend/package.json": "{}"}
    assert home_of(tree_of(texts)) == "backend"
    assert configured(tree_of(texts)) == {"xfail_strict": True}
    for more in ("pytest.ini", "requirements.txt", "tool.py", "conftest.py"):
        assert home_of(tree_of({**texts, more: ""})) == ""


def test_a_test_is_named_as_its_folder_sees_it() -> None:
    assert seen_from("", "-a.py::test") == "./-a.py::test"
    assert seen_from("b", "b/t/x.py::T::test[a/../b]") == "./t/x.py::T::test[a/../b]"
    assert seen_from("b", "c/x.py") == "./../c/x.py"


@pytest.fixture(scope="module")
def rooms() -> Iterator[Rooms]:
    with open_folder() as folder:
        environments = Environments(folder / "environments", index_allowed=False)
        yield Rooms("bubblewrap", folder, environments)
        environments.close()


@pytest.mark.needs_bubblewrap
async def test_a_backend_beside_a_frontend_is_tested_as_if_it_were_the_root(rooms: Rooms) -> None:
    test = (
        "import pytest\nfrom app.calc import add\n\n"
        "@pytest.mark.odd\ndef test_add():\n    assert add(1, 2) == 3\n\n"
        "def test_place():\n    assert open('data.txt').read() == 'here'\n"
    )
    texts = {
        "backend/requirements.txt": "",
        "backend/pytest.ini": "[pytest]\nmarkers = odd\naddopts = --strict-markers\n",
        "backend/app/calc.py": "def add(a, b):\n    return a + b\n",
        "backend/data.txt": "here",
        "backend/tests/test_calc.py": test,
        "frontend/package.json": "{}",
    }
    run = await rooms.run(texts)
    assert run.end is RunEnd.PASSED, run.output
    assert run.passed == tuple(
        f"backend/tests/test_calc.py::test_{one}" for one in ("add", "place")
    )
    survey = await rooms.survey(texts, [run.passed[0]])
    assert survey.run.passed == run.passed[:1]
    assert "backend/app/calc.py" in survey.lines[run.passed[0]]
