"""Servers that are killed at random moments leave no process, group, container or folder."""

from collections.abc import Callable

import pytest

from evals.kills import suite
from evals.kills.suite import Kill, Killed
from evals.kills.table import holds, line, table


@pytest.mark.needs_bubblewrap
@pytest.mark.parametrize("count", [2, pytest.param(40, marks=pytest.mark.slow)])
async def test_nothing_of_bubblewrap_is_left(
    count: int, record_property: Callable[[str, object], None]
) -> None:
    killed = await suite.run("bubblewrap", "bubblewrap", {}, count=count, seed=count)
    record_property("figure", table([killed]))
    assert killed.ok, killed


@pytest.mark.needs_docker
async def test_nothing_of_docker_is_left(
    docker_host: str, record_property: Callable[[str, object], None]
) -> None:
    options = {"host": docker_host}
    killed = await suite.run("docker", "docker", options, count=10)
    record_property("figure", table([killed]))
    assert killed.ok, killed


def test_a_kind_that_leaves_something_is_a_failure() -> None:
    for number, clean in ((0, True), (3, False)):
        kill = Kill(1, 4, 0.1, number)
        found = Killed("one", [kill], reaped=1, runs=5, left={"places": 0})
        assert holds([found]) is clean
        assert ("LEFT" in line("one", kill)) is not clean
        assert f"{number} left after" in table([found])
    assert not holds([])
    assert not holds([Killed("one", [Kill(1, 4, 0.1, 0)], runs=5, left={"containers": 1})])
    assert not holds([Killed("one", [Kill(1, 0, 0.1, 0)], runs=0)])
