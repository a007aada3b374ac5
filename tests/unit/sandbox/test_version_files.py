"""What a build would write a version into is there, as code imports it."""

import pytest

from core.trees import SYMLINK, File, Tree
from sandbox.project import project_of
from sandbox.version_files import version_files
from tests.unit.sandbox.rooms import tree_of

SCM = '[tool.setuptools_scm]\nwrite_to = "src/lib/_version.py"\n'


@pytest.mark.parametrize(
    ("texts", "paths"),
    [
        ({"pyproject.toml": SCM}, {"src/lib/_version.py"}),
        ({"pyproject.toml": SCM.replace("write_to", "version_file")}, {"src/lib/_version.py"}),
        ({"pyproject.toml": SCM, "src/lib/_version.py": "__version__ = '1'"}, set()),
        ({"pyproject.toml": "[tool.hatch.build.hooks.vcs]\nversion-file = 'a/_v.py'"}, {"a/_v.py"}),
        (
            {
                "pyproject.toml": "[tool.pdm.version]\nsource='scm'\nwrite_to='a/_v.py'",
                "src/a/b.py": "",
            },
            {"a/_v.py", "src/a/_v.py"},
        ),
        ({"setup.py": "setup(use_scm_version={'write_to': 'a/_v.py'})"}, {"a/_v.py"}),
        ({"pyproject.toml": SCM.replace("src/lib", "../..")}, set()),
        ({"pyproject.toml": SCM.replace("src/lib", ".git")}, set()),
        ({"pyproject.toml": SCM.replace("_version.py", "VERSION")}, set()),
        ({"pyproject.toml": "[tool.setuptools_scm]\nwrite_to = 3"}, set()),
        ({"backend/pyproject.toml": SCM}, {"backend/src/lib/_version.py"}),
    ],
)
def test_files_that_a_build_writes_are_told(texts: dict[str, str], paths: set[str]) -> None:
    tree = tree_of(texts)
    assert version_files(project_of(tree), tree).keys() == paths


def test_no_link_gives_way_to_a_file_that_is_made() -> None:
    linked = {"src/lib": File(b"../lib", SYMLINK), "lib/_version.py": File(b"")}
    tree = Tree({"pyproject.toml": File(SCM.encode()), **linked})
    assert version_files(project_of(tree), tree) == {}


@pytest.mark.parametrize(
    ("more", "version", "parts"),
    [("", "0.0.0", (0, 0, 0)), ("version = '2.1rc1'", "2.1rc1", (2, 1, 1))],
)
def test_a_module_has_the_names_that_code_asks_for(
    more: str, version: str, parts: tuple[int, ...]
) -> None:
    tree = tree_of({"pyproject.toml": f"[project]\nname = 'lib'\n{more}\n{SCM}"})
    [file] = version_files(project_of(tree), tree).values()
    made: dict[str, object] = {}
    exec(file.data, made)
    assert made["__version__"] == made["version"] == version
    assert made["__version_tuple__"] == made["version_tuple"] == parts
