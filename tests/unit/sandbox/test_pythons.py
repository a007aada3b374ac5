"""Which Python a repository asks for is told from every usual place, and looked for here."""

import sys
from pathlib import Path

import pytest
from packaging.specifiers import InvalidSpecifier

from sandbox.members import projects_of
from sandbox.project import project_of
from sandbox.pythons import asked_of, fits, fitting
from tests.unit.sandbox.rooms import tree_of


@pytest.mark.parametrize(
    ("texts", "asked"),
    [
        ({"pyproject.toml": "[project]\nrequires-python = '>=3.12'"}, ">=3.12"),
        ({"pyproject.toml": "[tool.poetry.dependencies]\npython = '^3.12'"}, ">=3.12,<4"),
        ({"setup.cfg": "[options]\npython_requires = >=3.9\n"}, ">=3.9"),
        ({"setup.py": "setup(python_requires='~=3.11')"}, "~=3.11"),
        ({"backend/pyproject.toml": "[project]\nrequires-python = '>=3.13'"}, ">=3.13"),
        ({"pyproject.toml": "[project]\nrequires-python = 3"}, ""),
        ({}, ""),
    ],
)
def test_what_is_asked_for_is_read(texts: dict[str, str], asked: str) -> None:
    tree = tree_of(texts)
    assert asked_of(one for one, _ in projects_of(project_of(tree), tree)) == asked


def test_a_version_fits_what_is_asked_for() -> None:
    assert fits("", "3.11.2") and fits(">=3.11", "3.11.2") and not fits(">=3.12", "3.11.2")
    with pytest.raises(InvalidSpecifier):
        fits("three", "3.11.2")


def test_the_oldest_that_fits_is_looked_for_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("python3.12", "python3.13", "python3.15", "python3.8"):
        (tmp_path / name).write_text("")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "base_prefix", str(tmp_path / "none" / "here"))

    def names(asked: str) -> list[str]:
        return [Path(path).name for path in fitting(asked)]

    assert names(">=3.12") == ["python3.12", "python3.13", "python3.15"]
    assert names(">3.12.4,!=3.13.*") == ["python3.12", "python3.15"]
    assert names("<3.10") == names("three") == []
