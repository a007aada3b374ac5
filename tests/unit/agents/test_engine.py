"""The engine with models: what needs none keeps to the time that it has without one, too."""

from pathlib import Path

import pytest

import bootstrap
from agents.agent import unwatched
from agents.engine import ModelEngine
from agents.offline.engine import OfflineEngine
from agents.offline.fixing import Search
from agents.toolwork import Crew
from config import load_settings
from core.findings import Reading
from core.limits import role_limits
from core.ports import Case, Limits
from core.trees import Tree
from observability.clock import SystemClock
from repair.bench import Bench
from sandbox.environment import Environments
from tests.fakes.model import ScriptedModel
from tools.policy import Policy
from tools.toolbox import Refusal

pytestmark = pytest.mark.needs_bubblewrap
RUN_S = 4.0
HANGS = ">>> import time\n>>> time.sleep(600)\n{}\n\n"


class OneModel:
    """Serves Models with one model for every role."""

    def __init__(self, model: ScriptedModel) -> None:
        self.model = model

    def of(self, role: str) -> ScriptedModel:
        return self.model


async def unrecorded(refusal: Refusal) -> None:
    """Nobody asks in these tests."""


async def test_examples_that_hang_are_left_for_a_model_that_is_asked(
    tmp_path: Path, environments: Environments
) -> None:
    settings, _ = load_settings(data_dir=tmp_path)
    provider = bootstrap.sandbox_of(settings)
    bench = Bench(provider, environments, limits=Limits(wall_s=RUN_S), workers=2)
    offline = OfflineEngine(bench, Search(max_seconds=1.0), lambda _: None)
    model = ScriptedModel(["?", "?"])
    crew = Crew(SystemClock(), role_limits({}), Policy.AUTO, unrecorded, unwatched)
    engine = ModelEngine(OneModel(model), frozenset({"qa"}), offline, crew)
    report = "It hangs:\n\n" + "".join(HANGS.format(n) for n in range(8))
    tree = Tree({}).with_texts({"app.py": "X = 1\n"})
    found = await engine.reproduce(Case("t", "It hangs", report, "/r", "0" * 40, tree))
    assert (found.reading, len(model.calls)) == (Reading.NOTHING_TO_RUN, 2)
    assert "OFFLINE_MAX_SECONDS" in found.note
    assert "name the one test" in found.help_wanted
    await bench.close()
