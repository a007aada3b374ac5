"""Who asks whether the house is ready learns which part is not."""

from pathlib import Path

import pytest

from tests.workflows.house import house


@pytest.mark.parametrize(
    ("stopped", "named"),
    [("checkpoints", {"checkpoints"}), ("stores", {"store", "queue"})],
)
async def test_what_does_not_answer_is_named(tmp_path: Path, stopped: str, named: set[str]) -> None:
    async with house(tmp_path) as here:
        assert set((await here.anton.ready()).values()) == {"ok"}
        runner = here.anton._worker._runner
        assert runner
        database = (
            runner._checkpoints._database
            if stopped == "checkpoints"
            else here.anton.observatory.records.tasks._database  # type: ignore[attr-defined]
        )
        await database.close()
        parts = await here.anton.ready()
        assert {name for name, said in parts.items() if said != "ok"} == named
        assert all("closed" in parts[name] for name in named)
        if stopped == "checkpoints":
            health = await here.anton.health()
            assert (health["status"], set(health["trouble"])) == ("failing", {"checkpoints"})
