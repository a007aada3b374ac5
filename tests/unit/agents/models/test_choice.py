"""Which model serves which role, from the settings to the words for people."""

from collections.abc import Iterator
from typing import Any

import pytest

from agents.models.choice import choose
from agents.models.options import ROLES
from bootstrap import model_options
from config import MODEL_ROLES, Settings, load_settings
from core.errors import ConfigError
from tests.fakes.ollama_server import OllamaServer

SONNET, HAIKU = "claude-sonnet-4-6", "claude-haiku-4-5"
KEY = "sk-ant-nobody-has-this-key-0001"


@pytest.fixture(autouse=True)
def bare(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("ANTON_HOME", str(tmp_path))


@pytest.fixture
def ollama() -> Iterator[OllamaServer]:
    sizes = {"qwen3:8b": "8.2B", "llama3.3:10b": "10B", "qwen2.5-coder:7b": "7.6B"}
    with OllamaServer({**sizes, "nomic-embed-text:latest": "99B"}) as server:
        yield server


async def chosen(**options: Any) -> tuple[dict[str, str], dict[str, str], tuple[str, ...]]:
    settings, _ = load_settings(**options)
    choices, warnings = await choose(model_options(settings))
    return (
        {role: choice.model for role, choice in choices.items()},
        {role: choice.reason for role, choice in choices.items()},
        warnings,
    )


def test_settings_and_room_know_the_same_roles() -> None:
    assert MODEL_ROLES == ROLES


async def test_an_empty_environment_is_offline() -> None:
    models, reasons, warnings = await chosen()
    assert set(models.values()) == {"offline"}
    assert reasons["fix"] == "no model is named, no key is set, and no Ollama is named"
    assert warnings == ()


async def test_a_role_has_its_own_model_and_the_others_the_common_one() -> None:
    models, reasons, _ = await chosen(
        model="gpt-4o", model_fix=SONNET, openai_api_key="k" * 20, anthropic_api_key=KEY
    )
    assert (models["fix"], models["triage"], models["qa"]) == (SONNET, "gpt-4o", "gpt-4o")
    assert (reasons["fix"], reasons["qa"]) == ("MODEL_FIX names it", "MODEL names it")


@pytest.mark.parametrize(
    ("key", "model", "light"),
    [
        ("anthropic_api_key", SONNET, HAIKU),
        ("openai_api_key", "gpt-4o", "gpt-4o-mini"),
        ("gemini_api_key", "gemini/gemini-2.5-pro", "gemini/gemini-2.5-flash"),
        ("deepseek_api_key", "deepseek/deepseek-chat", "deepseek/deepseek-chat"),
        ("groq_api_key", "groq/openai/gpt-oss-120b", "groq/openai/gpt-oss-20b"),
        (
            "openrouter_api_key",
            "openrouter/qwen/qwen3-coder",
            "openrouter/qwen/qwen3-coder",
        ),
    ],
)
async def test_a_key_alone_leads_to_its_vendor(key: str, model: str, light: str) -> None:
    models, reasons, _ = await chosen(**{key: KEY})
    assert models == {**dict.fromkeys(ROLES, model), "triage": light}
    assert reasons["fix"] == f"{key.upper()} is set"


async def test_with_two_keys_the_reviewer_is_of_the_other_vendor() -> None:
    keys = {"anthropic_api_key": KEY, "openai_api_key": KEY}
    models, reasons, _ = await chosen(**keys)
    assert (models["fix"], models["reviewer"]) == (SONNET, "gpt-4o")
    assert reasons["reviewer"] == "OPENAI_API_KEY is set too: a second opinion"
    models, _, _ = await chosen(**keys, model="gpt-4o")
    assert (models["fix"], models["reviewer"]) == ("gpt-4o", SONNET)
    models, _, _ = await chosen(**keys, model_reviewer=HAIKU)
    assert models["reviewer"] == HAIKU


async def test_a_named_local_model_gets_no_reviewer_from_a_cloud(ollama: OllamaServer) -> None:
    models, _, _ = await chosen(
        model="ollama/qwen3:8b",
        ollama_base_url=ollama.url,
        anthropic_api_key=KEY,
        openai_api_key=KEY,
    )
    assert set(models.values()) == {"ollama/qwen3:8b"}


async def test_the_most_able_model_of_ollama_is_found(ollama: OllamaServer) -> None:
    models, reasons, _ = await chosen(ollama_base_url=ollama.url)
    assert set(models.values()) == {"ollama/qwen2.5-coder:7b"}
    assert reasons["fix"] == f"the most able of 4 at {ollama.url}"


async def test_an_ollama_that_is_away_leaves_the_offline_engine() -> None:
    models, reasons, _ = await chosen(ollama_base_url="http://127.0.0.1:9")
    assert models["fix"] == "offline"
    assert reasons["fix"].endswith("OLLAMA_BASE_URL does not answer")


async def test_a_named_model_whose_ollama_is_away_is_waited_for_aloud() -> None:
    models, _, warnings = await chosen(
        model="ollama_chat/qwen3:8b", ollama_base_url="http://127.0.0.1:9"
    )
    assert models["fix"] == "ollama_chat/qwen3:8b"
    assert warnings == (
        "Ollama does not answer at http://127.0.0.1:9: roles that need it will wait",
    )


async def test_every_bad_name_is_told_with_its_variable(ollama: OllamaServer) -> None:
    with pytest.raises(ConfigError) as caught:
        await chosen(
            model="lama3",
            model_fix="ollama/mistral",
            model_qa=SONNET,
            model_fallback="gpt-4o,ollama/qwen3:8b",
            ollama_base_url=ollama.url,
            model_llm_params='{"gpt-4o": {"api_key": "x"}}',
        )
    problems = dict(line.split(": ", 1) for line in str(caught.value).split("\n"))
    assert problems["MODEL"].startswith("'lama3' is no model that Anton knows")
    assert "ollama pull mistral" in problems["MODEL_FIX"]
    assert problems["MODEL_QA"] == f"{SONNET} needs ANTHROPIC_API_KEY"
    assert problems["MODEL_FALLBACK (1)"] == "gpt-4o needs OPENAI_API_KEY"
    assert "api_key" in problems["MODEL_LLM_PARAMS"]


async def test_a_server_of_ones_own_needs_no_key() -> None:
    models, _, _ = await chosen(model="openai/mine", openai_api_base="http://127.0.0.1:8080/v1")
    assert models["fix"] == "openai/mine"


LOCAL = {"local_only": True}


@pytest.mark.parametrize(
    ("options", "variable"),
    [
        ({"model": SONNET, "anthropic_api_key": KEY}, "MODEL"),
        ({"anthropic_api_key": KEY}, "ANTHROPIC_API_KEY"),
        ({"model_qa": "gpt-4o", "openai_api_key": KEY}, "MODEL_QA"),
        ({"model_fallback": "groq/x", "groq_api_key": KEY}, "MODEL_FALLBACK (1)"),
        ({"openai_api_base": "https://models.example/v1"}, "https://models.example/v1"),
        ({"ollama_base_url": "http://192.168.1.9:11434"}, "http://192.168.1.9:11434"),
    ],
)
async def test_local_only_starts_with_nothing_remote(options: Any, variable: str) -> None:
    with pytest.raises(ConfigError) as caught:
        await chosen(**LOCAL, **options)
    assert variable in str(caught.value)
    assert "LOCAL_ONLY forbids" in str(caught.value)


async def test_local_only_takes_loopback_and_what_is_listed(ollama: OllamaServer) -> None:
    models, _, _ = await chosen(**LOCAL, ollama_base_url=ollama.url)
    assert models["fix"] == "ollama/qwen2.5-coder:7b"
    models, _, _ = await chosen(
        **LOCAL,
        model="openai/mine",
        openai_api_base="http://10.0.0.7:8080/v1",
        openai_api_key="any",
        local_hosts="10.0.0.7:8080",
    )
    assert models["fix"] == "openai/mine"
    models, _, _ = await chosen(**LOCAL)
    assert models["fix"] == "offline"
