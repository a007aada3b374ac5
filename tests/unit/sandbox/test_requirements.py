"""Requirements and names are read from every usual place, as data, and nothing odd is taken."""

import json
import tomllib
from collections.abc import Iterator, Mapping
from functools import reduce
from operator import getitem
from textwrap import dedent
from typing import Any

import pytest

from core.trees import File, Tree
from sandbox.interpreter import choose
from sandbox.members import all_roots, named_projects
from sandbox.project import Project, import_roots, project_of, version_of
from sandbox.requirements import Declared, declared
from tests.unit.sandbox.rooms import tree_of

VARIABLES = {"python_version": "3.11", "python_full_version": "3.11.4"}


def read(texts: dict[str, str]) -> Declared:
    tree = tree_of(texts)
    return declared(project_of(tree), tree, VARIABLES)


def lines(texts: dict[str, str]) -> list[str]:
    return sorted(want.line for want in read(texts).wanted)


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("requirements.txt", "six>=1 # why\n\n# note\nattrs\n", ["attrs", "six>=1"]),
        ("requirements.txt", "six \\\n  >=1\n", ["six>=1"]),
        ("requirements-dev.txt", "six\n", ["six"]),
        ("requirements/tests.txt", "six\n", ["six"]),
        ("test_requirements.txt", "six\n", ["six"]),
        ("docs/requirements.txt", "six\n", []),
        ("requirements-docs.txt", "six\n", []),
        ("requirements.txt", "six; python_version < '3'\nattrs; python_version > '3'\n", ["attrs"]),
        ("requirements.txt", "\ufeffsix\n", ["six"]),
        ("requirements.txt", "six\nruff\nsphinx\nblack==23\n", ["six"]),
        ("pyproject.toml", '[project]\ndependencies = ["six", "a[b]>1"]', ["a[b]>1", "six"]),
        (
            "pyproject.toml",
            '[project]\nname="me"\n[project.optional-dependencies]\n'
            'test = ["six"]\ndocs = ["no"]\ndev = ["me[test,more]"]\nmore = ["attrs"]',
            ["attrs", "six"],
        ),
        (
            "pyproject.toml",
            '[dependency-groups]\ntest = ["six", {include-group = "base"}]\n'
            'base = ["attrs", {include-group = "test"}]\ndocs = ["no"]',
            ["attrs", "six"],
        ),
        (
            "pyproject.toml",
            '[tool.poetry.dependencies]\npython = "^3.9"\nsix = "^1.2.3"\n'
            'attrs = {version = "~22.1"}\n'
            'old = "^0.3"\nfree = "*"\nlocal = {path = "../x"}\n'
            '[tool.poetry.group.test.dependencies]\nmock = ">=4,<6"\nnose = "1.3.7"',
            [
                *("attrs<22.2,>=22.1", "free", "mock<6,>=4"),
                *("nose==1.3.7", "old<0.4,>=0.3", "six<2,>=1.2.3"),
            ],
        ),
        (
            "setup.cfg",
            "[options]\ninstall_requires =\n  six\n  attrs; python_version<'3'\n"
            "[options.extras_require]\ntest = mock\ndocs = no\n",
            ["mock", "six"],
        ),
        (
            "setup.py",
            "from setuptools import setup\nNEEDS = ['six']\nsetup(name='me', install_requires=NEEDS"
            " + ['attrs'], extras_require={'test': ['mock'], 'docs': ['no']})",
            ["attrs", "mock", "six"],
        ),
        ("setup.py", "setup(install_requires=open('x').read().split())", []),
        (
            "PKG-INFO",
            "Metadata-Version: 2.1\nName: me\nRequires-Dist: six\n"
            "Requires-Dist: mock; extra == 'test'\n"
            "Requires-Dist: nose; (python_version > '3') and extra == 'tests'\n"
            "Requires-Dist: no; extra == 'docs'\n",
            ["mock", "nose", "six"],
        ),
    ],
)
def test_plain_requirements_are_read(path: str, text: str, expected: list[str]) -> None:
    assert lines({path: text}) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('{version = "^2", extras = ["a", "b"]}', ["x[a,b]<3,>=2"]),
        ('">=1.2 <2"', ["x<2,>=1.2"]),
        ('">= 1.2, < 2"', ["x<2,>=1.2"]),
        ('"^1.2 || ^3"', ["x>=1.2"]),
        ('{version = "1", python = "<3"}', []),
        ('{version = "1", python = "^3.8"}', ["x==1"]),
        ('{version = "1", markers = "sys_platform == \'none\'"}', []),
        ('[{version = "1", python = "<3.5"}, {version = "2", python = ">=3.5"}]', ["x==2"]),
        ('{version = "1", optional = true}', []),
        ("{version = 3, extras = 4}", ["x==3"]),
    ],
)
def test_the_forms_of_poetry_are_read(value: str, expected: list[str]) -> None:
    assert lines({"pyproject.toml": f"[tool.poetry.dependencies]\nx = {value}\n"}) == expected


def test_an_extra_of_poetry_for_tests_is_taken() -> None:
    text = (
        "[tool.poetry.dependencies]\nmock = {version = '*', optional = true}\n"
        "[tool.poetry.extras]\ntest = ['mock']\n"
    )
    assert lines({"pyproject.toml": text}) == ["mock"]


@pytest.mark.parametrize("kind", ["git", "url", "path", "file"])
def test_what_poetry_takes_from_elsewhere_is_named(kind: str) -> None:
    text = f"[tool.poetry.dependencies]\nx = {{{kind} = '../x'}}\n"
    found = read({"pyproject.toml": text})
    assert found.wanted == () and len(found.notes) == 1 and "x @" in found.notes[0]


@pytest.mark.parametrize("coding", ["utf-16", "utf-8-sig"])
def test_a_file_that_a_shell_of_windows_wrote_is_read(coding: str) -> None:
    tree = Tree({"requirements.txt": File("six==1.16\r\nattrs\r\n".encode(coding))})
    found = declared(project_of(tree), tree, VARIABLES)
    assert sorted(want.line for want in found.wanted) == ["attrs", "six==1.16"]


def test_constraints_narrow_what_is_asked_for_and_ask_for_nothing() -> None:
    texts = {
        "requirements/base.txt": "-c ../limits.txt\nnumpy>1\nsix\n",
        "limits.txt": "numpy<2 # why\nabsent==3\n",
    }
    assert lines(texts) == ["numpy<2,>1", "six"]
    assert read(texts).notes == ()


def test_files_that_setuptools_reads_are_read() -> None:
    toml = "[tool.setuptools.dynamic]\ndependencies = {file = ['reqs/core.txt']}\n"
    assert lines({"pyproject.toml": toml, "reqs/core.txt": "six\n"}) == ["six"]
    cfg = "[options]\ninstall_requires = file: core.txt\n"
    assert lines({"setup.cfg": cfg, "core.txt": "six\n"}) == ["six"]


def test_a_marker_that_cannot_be_judged_does_not_end_the_task() -> None:
    assert lines({"requirements.txt": "six; python_version ~= 'abc'\n"}) == ["six"]


@pytest.mark.parametrize(
    "line",
    [
        "--index-url http://127.0.0.1/simple",
        "--extra-index-url=http://127.0.0.1/simple",
        "-f ./wheels",
        "-c constraints.txt",
        "-r ../outside.txt",
        "-e ./sub",
        "-e git+https://example.org/x#egg=x",
        "git+https://name:secret@example.org/x",
        "x @ https://example.org/x.whl",
        "./local.whl",
        "/abs/path",
        "../up",
        "six --global-option=evil",
        "six; import_os == 1",
        "$(touch x)",
        "\x1b[31msix",
    ],
)
def test_what_is_not_plain_is_left_out_and_noted_without_secrets(line: str) -> None:
    found = read({"requirements.txt": f"{line}\n"})
    assert found.wanted == ()
    [note] = found.notes
    assert note.startswith("requirements.txt: left out ")
    assert "secret" not in note and note.isprintable()


def test_hashes_are_kept() -> None:
    digest = "sha256:" + "a" * 64
    text = f"six==1.16.0 \\\n    --hash={digest} \\\n    --hash=sha256:{'b' * 64}\n"
    [want] = read({"requirements.txt": text}).wanted
    assert want.hashes == (digest, "sha256:" + "b" * 64)
    assert want.line == f"six==1.16.0 --hash={digest} --hash=sha256:{'b' * 64}"


def test_included_files_are_followed_once() -> None:
    texts = {
        "requirements/dev.txt": (
            "-r base.txt\n-r ../more.txt\n-r docs.txt\nmock\n-e .\n-e .[test]\n"
        ),
        "requirements/base.txt": "six\n-r dev.txt\n",
        "requirements/docs.txt": "theme\n",
        "more.txt": "attrs\n",
    }
    assert lines(texts) == ["attrs", "mock", "six"]
    assert read(texts).notes == ()


def test_a_tool_that_the_code_imports_is_wanted() -> None:
    texts = {
        "requirements-dev.txt": "mypy\nruff\n",
        "plugin.py": "from mypy.plugin import Plugin\n",
    }
    assert lines(texts) == ["mypy"]


def test_a_repository_does_not_want_itself() -> None:
    assert lines({"pyproject.toml": '[project]\nname = "My.Lib"\ndependencies = ["my-lib"]'}) == []


def test_needs_of_the_code_are_told_from_those_of_its_tests() -> None:
    found = read({"requirements.txt": "six\nmock\n", "requirements-test.txt": "mock\nnose\n"})
    assert {want.name: want.for_tests for want in found.wanted} == {
        "six": False,
        "mock": False,
        "nose": True,
    }


@pytest.mark.parametrize(
    ("path", "text"),
    [("pyproject.toml", "[project"), ("setup.cfg", "name = x"), ("setup.py", "def (")],
)
def test_a_malformed_file_is_noted_and_harms_nothing(path: str, text: str) -> None:
    project = project_of(tree_of({path: text}))
    assert project.notes and path in project.notes[0]
    assert project.name == ""


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ({"pyproject.toml": '[project]\nname = "a"\nversion = "1.2"'}, ("a", "1.2")),
        ({"setup.cfg": "[metadata]\nname = a\nversion = 3\n"}, ("a", "3")),
        (
            {
                "setup.cfg": "[metadata]\nname = a\nversion = attr: a.__version__\n",
                "src/a/__init__.py": "__version__ = '4.5'\n",
            },
            ("a", "4.5"),
        ),
        ({"setup.py": "import setuptools\nsetuptools.setup(name='a', version='6')"}, ("a", "6")),
        ({"PKG-INFO": "Name: a\nVersion: 7.0\n"}, ("a", "7.0")),
        ({"pyproject.toml": '[project]\nname = "a"\ndynamic = ["version"]'}, ("a", "0")),
        ({"pyproject.toml": '[tool.poetry]\nname = "a"\nversion = "8"'}, ("a", "8")),
        ({}, ("", "0")),
    ],
)
def test_name_and_version_are_found(texts: dict[str, str], expected: tuple[str, str]) -> None:
    tree = tree_of(texts)
    project = project_of(tree)
    assert (project.name, version_of(project, tree)) == expected


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ({"a.py": ""}, (".",)),
        ({"src/a.py": "", "a.py": ""}, ("src", ".")),
        ({"lib/a/__init__.py": ""}, ("lib", ".")),
        ({"src/main.c": ""}, (".",)),
        (
            {
                "pyproject.toml": '[tool.setuptools.packages.find]\nwhere = ["./code"]',
                "code/a.py": "",
            },
            ("code", "."),
        ),
        ({"setup.py": "setup(package_dir={'': 'python'})", "python/a.py": ""}, ("python", ".")),
        ({"setup.cfg": "[options]\npackage_dir =\n  =py\n", "py/a.py": ""}, ("py", ".")),
        ({"setup.py": "setup(package_dir={'': '../../etc'})", "a.py": ""}, (".",)),
    ],
)
def test_folders_to_import_from_are_found(texts: dict[str, str], expected: tuple[str]) -> None:
    tree = tree_of(texts)
    assert import_roots(project_of(tree), tree) == expected


def test_entry_points_come_from_every_style() -> None:
    new = project_of(
        tree_of(
            {
                "pyproject.toml": dedent("""
                    [project.scripts]
                    one = "a:main"
                    [project.entry-points.pytest11]
                    plug = "a.plugin"
                """),
                "setup.cfg": "[options.entry_points]\nconsole_scripts =\n  two = b:main\n",
            }
        )
    )
    assert new.scripts == {
        "console_scripts": {"one": "a:main", "two": "b:main"},
        "pytest11": {"plug": "a.plugin"},
    }
    old = project_of(tree_of({"setup.py": "setup(entry_points={'console_scripts': ['x = c:d']})"}))
    assert old.scripts == {"console_scripts": {"x": "c:d"}}


def test_markers_are_those_of_the_interpreter(tmp_path_factory: pytest.TempPathFactory) -> None:
    markers = choose(tmp_path_factory.mktemp("cache")).markers
    tree = tree_of({"requirements.txt": "six; python_version >= '3.11'\n"})
    assert len(declared(project_of(tree), tree, markers).wanted) == 1


@pytest.mark.parametrize(
    ("pin", "taken"),
    [
        ("pytest~=5.0.1", False),
        ("pytest==6.2.5", False),
        ("pytest<7", False),
        ("pytest>=6", True),
        ("pytest==8.3.4", True),
        ("pytest<9,>=7.4", True),
        ("coverage~=5.0.3", False),
        ("coverage>=7", True),
    ],
)
def test_a_test_tool_that_is_too_old_for_us_gives_way_to_ours(pin: str, taken: bool) -> None:
    found = read({"requirements.txt": f"{pin}\nsix\n"})
    names = [want.name for want in found.wanted]
    assert (len(names) == 2) is taken
    assert "six" in names
    assert bool(found.notes) is not taken


# --- what tools declare ---


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        (
            "pyproject.toml",
            '[project]\nname="me"\n[project.optional-dependencies]\nfast = ["six"]\n'
            '[tool.hatch.envs.default]\ndependencies = ["attrs"]\nfeatures = ["fast"]\n'
            '[tool.hatch.envs.hatch-test]\nextra-dependencies = ["mock"]\n'
            '[tool.hatch.envs.docs]\ndependencies = ["no"]',
            ["attrs", "mock", "six"],
        ),
        (
            "pyproject.toml",
            '[tool.pdm.dev-dependencies]\ntest = ["six"]\ndocs = ["no"]\n'
            '[tool.uv]\ndev-dependencies = ["attrs"]',
            ["attrs", "six"],
        ),
        (
            "pyproject.toml",
            '[tool.flit.metadata]\nrequires = ["six"]\n'
            '[tool.flit.metadata.requires-extra]\ntest = ["attrs"]\ndoc = ["no"]',
            ["attrs", "six"],
        ),
        (
            "Pipfile",
            '[packages]\nsix = "*"\nattrs = {version = ">=20"}\nlocal = {path = "."}\n'
            '[dev-packages]\nmock = "==4.0"',
            ["attrs>=20", "mock==4.0", "six"],
        ),
        (
            "tox.ini",
            "[testenv]\ndeps =\n    six # why\n    py38: no\n    {[base]deps}\n    -e .\n"
            "[testenv:docs]\ndeps = no",
            ["six"],
        ),
        (
            "environment.yml",
            "dependencies:\n- python=3.9\n- conda-forge::numpy=1.26\n- pandas>=2\n- six=1.1=py_0\n"
            "- libxml2\n- scipy\n- pip:\n  - mock==5\n  - -e .\n- 3\n",
            ["mock==5", "numpy==1.26.*", "pandas>=2", "scipy", "six==1.1.*"],
        ),
        ("environment.yml", "dependencies: {a: b}", []),
        ("environment.yml", "&a [*a", []),
    ],
)
def test_what_tools_need_for_tests_is_read(path: str, text: str, expected: list[str]) -> None:
    assert [line for line in lines({path: text}) if line != "local"] == expected


def test_what_pipenv_takes_from_elsewhere_is_named_and_never_asked_of_an_index() -> None:
    text = "[packages]\nx = {git = 'https://a:secret@code.example/x'}\ny = {extras = ['z']}\n"
    found = read({"Pipfile": text})
    assert [want.line for want in found.wanted] == ["y[z]"]
    [note] = found.notes
    assert "x @ https://" in note and "secret" not in note


@pytest.mark.parametrize(
    "text",
    [
        "[tool.poetry.dependencies]\nours = {version = '1', source = 'inner'}\nsix = '*'\n",
        "[project]\ndependencies = ['ours==1', 'six']\n"
        "[tool.uv.sources]\nours = {index = 'inner'}\nsix = {index = 'pypi'}\n",
    ],
)
def test_what_has_an_index_of_its_own_is_asked_only_of_those_that_the_operator_names(
    text: str,
) -> None:
    found = read({"pyproject.toml": text})
    assert [want.name for want in found.wanted] == ["six"]
    assert "inner" in found.notes[0] and "PACKAGE_INDEXES" in found.notes[0]
    tree = tree_of({"pyproject.toml": text.replace("inner", "PyPI")})
    assert len(declared(project_of(tree), tree, VARIABLES).wanted) == 2
    tree = tree_of({"pyproject.toml": text})
    named = declared(project_of(tree), tree, VARIABLES, are_indexes_named=True)
    assert {want.name for want in named.wanted} == {"ours", "six"}


def test_a_file_that_tox_includes_is_read_wherever_it_is() -> None:
    texts = {"tox.ini": "[testenv]\ndeps = -rci/needed.txt", "ci/needed.txt": "six\n"}
    assert lines(texts) == ["six"]


def test_a_repository_does_not_choose_where_packages_come_from() -> None:
    text = "--extra-index-url https://ann:pw@evil.example/simple\n-f http://evil.example\nsix\n"
    found = read({"requirements.txt": text})
    assert [want.line for want in found.wanted] == ["six"]
    assert len(found.notes) == 2 and all("PACKAGE_INDEXES" in note for note in found.notes)
    assert "ann:pw" not in str(found.notes)


# --- lock files ---

LOCKS = {
    "uv.lock": """
        [[package]]
        name = "Six_"
        version = "1.16.0"
        source = { registry = "https://index.example/simple" }
        [[package]]
        name = "me"
        version = "0.1"
        source = { editable = "." }
        [[package]]
        name = "forked"
        version = "1"
        [[package]]
        name = "forked"
        version = "2"
    """,
    "poetry.lock": """
        [[package]]
        name = "six_"
        version = "1.16.0"
        [[package]]
        name = "away"
        version = "3"
        [package.source]
        type = "git"
        url = "https://code.example/away"
    """,
    "pdm.lock": '[[package]]\nname = "six-"\nversion = "1.16"',
    "pylock.toml": '[[packages]]\nname = "six."\nversion = "1.16.0"',
    "Pipfile.lock": '{"default": {"six-": {"version": "==1.16.0"}, "local": {"path": "."}}}',
}


@pytest.mark.parametrize("path", LOCKS)
def test_a_lock_file_pins_what_it_says_once(path: str) -> None:
    found = read({path: dedent(LOCKS[path])})
    assert found.lock_file == path
    assert dict(found.locked) in ({"six-": "1.16.0"}, {"six-": "1.16"})


@pytest.mark.parametrize("path", LOCKS)
def test_a_lock_file_that_is_broken_is_noted(path: str) -> None:
    found = read({path: "}{"})
    assert not found.locked and found.notes[0].startswith(f"{path} cannot be read")


def test_a_locked_tool_that_is_too_old_gives_way() -> None:
    text = '[[package]]\nname = "pytest"\nversion = "5.4"\n[[package]]\nname = "six"\nversion = "1"'
    found = read({"poetry.lock": text})
    assert dict(found.locked) == {"six": "1"}
    assert found.notes == ("poetry.lock: pytest 5.4 runs on no Python that we have",)


@pytest.mark.parametrize("option", ["-i http://localhost:1/simple", "-r /proc/self/environ"])
def test_a_name_in_a_lock_file_brings_no_option_of_the_installer(option: str) -> None:
    name = json.dumps(f"a\n{option}\nb")
    poetry = f'[[package]]\nname = {name}\nversion = "1"\n[[package]]\nname = "-r"\nversion = "1"\n'
    assert not read({"poetry.lock": poetry}).locked
    pipenv = f'{{"default": {{{name}: {{"version": "==1"}}, "good": {{"version": "==1"}}}}}}'
    assert dict(read({"Pipfile.lock": pipenv}).locked) == {"good": "1"}


# --- what nobody would write ---

USUAL = """
    [project]
    name = "me"
    version = "1"
    dependencies = ["six"]
    license = {text = "x"}
    optional-dependencies = {test = ["me[b]"], b = ["c"]}
    scripts = {a = "b:c"}
    [dependency-groups]
    test = ["a", {include-group = "b"}]
    [tool.poetry]
    dependencies = {x = {version = "1", extras = ["a"], python = "^3"}, y = [{path = "z"}]}
    group = {dev = {dependencies = {q = "*"}}}
    extras = {test = ["x"]}
    plugins = {a = {b = "c"}}
    [tool.uv]
    sources = {a = {git = "x"}, b = [{path = "y"}]}
    workspace = {members = ["p/*"], exclude = ["q"]}
    dev-dependencies = ["f"]
    [tool.hatch.envs.default]
    dependencies = ["q"]
    features = ["a"]
    [tool.flit.metadata]
    requires = ["a"]
    requires-extra = {test = ["a"]}
    [tool.setuptools]
    dynamic = {dependencies = {file = ["x"]}}
    packages = {find = {where = ["s"]}}
    package-dir = {"" = "src"}
    [tool.pdm.dev-dependencies]
    test = ["z"]
"""
ODD: tuple[Any, ...] = (
    3,
    True,
    1.5,
    "",
    "[",
    [],
    [3],
    [[1]],
    ["\n-r x"],
    [{"a": 1}],
    {},
    {"a": 3},
    {"x": [1]},
)


def places(table: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, value in table.items():
        yield (*above, key)
        if isinstance(value, dict):
            yield from places(value, (*above, key))


def test_no_value_in_an_odd_place_ends_the_task() -> None:
    usual = tomllib.loads(dedent(USUAL))
    tree = tree_of({"p/a/pyproject.toml": "", "a.py": ""})
    for *above, last in places(usual):
        for value in ODD:
            table = tomllib.loads(dedent(USUAL))
            reduce(getitem, above, table)[last] = value
            project = Project(pyproject=table)
            declared(project, tree, VARIABLES)
            assert all_roots(project, tree)[-1] == "."
            assert all(version for _, version in named_projects(project, tree))
            assert all(map(len, [*project.scripts, *project.headers]))
