"""What whole-graph tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from evals.scripted import REPOSITORY
from tests.fakes.github import GitHubDouble
from tests.fakes.repositories import repository


@pytest.fixture
def github(tmp_path: Path) -> Iterator[GitHubDouble]:
    """A host with the repository `acme/todo`, held to the published contract."""
    (tmp_path / "host").mkdir()
    seed = repository(tmp_path / "seed", REPOSITORY)
    with GitHubDouble(tmp_path / "host", seed=seed, repository="acme/todo") as double:
        yield double
        assert double.violations == []
