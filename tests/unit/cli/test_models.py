"""What doctor says of models, asked of a real roster over a model server on loopback."""

from pathlib import Path

import pytest

import bootstrap
from cli.models import models
from cli.screen import Screen
from config import load_settings
from tests.fakes.model_server import Act
from tests.fakes.openai_server import OpenAIServer


@pytest.fixture
def screen() -> Screen:
    return Screen.here(json_only=True)


async def told(tmp_path: Path, screen: Screen, *, probing: bool, **chosen: object) -> list[str]:
    settings, _ = load_settings(data_dir=tmp_path, **chosen)
    found = models(bootstrap.models_of, settings, screen, probing=probing)
    return [f"{level}: {text} {remedy}".strip() async for _, level, text, remedy in found]


async def test_no_model_is_said_with_the_reason(tmp_path: Path, screen: Screen) -> None:
    (line,) = await told(tmp_path, screen, probing=False)
    assert line.startswith("ok: the offline engine for triage, diagnosis, qa, fix, reviewer")
    assert "no model is named" in line


async def test_wrong_name_is_an_error_that_names_its_variable(
    tmp_path: Path, screen: Screen
) -> None:
    (line,) = await told(tmp_path, screen, probing=False, model="no-such-vendor/x")
    assert line.startswith("error: ")
    assert "MODEL" in line


async def test_unprobed_model_is_told_apart_and_a_probe_is_remembered(
    tmp_path: Path, screen: Screen
) -> None:
    with OpenAIServer() as server:
        chosen = {
            "model": "openai/mine",
            "openai_api_base": f"{server.url}/v1",
            "openai_api_key": "sk-mine-0123456789abcdef",
            "llm_max_retries": 0,
        }
        (line,) = await told(tmp_path, screen, probing=False, **chosen)
        assert "openai/mine for triage, diagnosis, qa" in line
        assert "not probed" in line
        assert "doctor --probe" in line
        assert server.journal == []
        server.script(*[Act(text="I do not know.")] * 8)
        (line,) = await told(tmp_path, screen, probing=True, **chosen)
        assert "weak: edits, answers, tools, context failed" in line
        asked = len(server.journal)
        (line,) = await told(tmp_path, screen, probing=False, **chosen)
        assert "weak: " in line
        assert len(server.journal) == asked > 0
