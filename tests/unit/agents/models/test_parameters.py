"""Parameters in layers: the model's, the role's, the call's."""

from typing import Any

from agents.models.parameters import best_match, forbidden, merged
from core.models import Message, ModelCall

SAID = (Message(author="user", text="?"),)


def call(role: str = "fix", **fields: Any) -> ModelCall:
    return ModelCall(role=role, messages=SAID, **fields)


def test_later_layers_win() -> None:
    by_model = {"ollama/": {"temperature": 0.1, "top_k": 20, "seed": 1}}
    by_role = {"fix": {"temperature": 0.2, "seed": 2}}
    assert merged(call(seed=3), "ollama/qwen3:8b", by_model, by_role) == {
        "temperature": 0.2,
        "top_k": 20,
        "seed": 3,
        "max_tokens": 4096,
    }


def test_the_longest_beginning_of_the_name_wins_alone() -> None:
    table = {"ollama/": 1, "ollama/qwen": 2, "ollama/qwen3:8b": 3, "gpt": 4}
    assert best_match(table, "ollama/qwen3:8b") == 3
    assert best_match(table, "ollama_chat/qwen2") == 2
    assert best_match(table, "ollama/llama3") == 1
    assert best_match(table, "claude-x") is None
    assert best_match({"ollama_chat/": 5}, "ollama/llama3") == 5


def test_roles_have_their_older_names() -> None:
    by_role = {"qa_agent": {"top_p": 0.5}, "code_reviewer": {"top_p": 0.6}}
    assert merged(call("qa"), "gpt-4o", {}, by_role)["top_p"] == 0.5
    assert merged(call("reviewer"), "gpt-4o", {}, by_role)["top_p"] == 0.6
    assert "top_p" not in merged(call("fix"), "gpt-4o", {}, by_role)


def test_a_reply_limit_of_the_call_wins_and_its_default_does_not() -> None:
    by_model = {"gpt-4o": {"max_tokens": 1000}}
    assert merged(call(), "gpt-4o", by_model, {})["max_tokens"] == 1000
    assert merged(call(max_tokens=50), "gpt-4o", by_model, {})["max_tokens"] == 50
    assert merged(call(), "gpt-4o", {}, {})["max_tokens"] == 4096


def test_what_a_model_cannot_take_stays_out_whoever_wants_it() -> None:
    by_model = {"gpt-5": {"temperature": None, "response_format": None}}
    found = merged(call(temperature=0.8), "gpt-5", by_model, {})
    assert found["temperature"] is None
    assert found["response_format"] is None


def test_what_is_meant_for_us_goes_nowhere() -> None:
    assert "window" not in merged(call(), "openai/mine", {"openai/": {"window": 8192}}, {})


def test_addresses_and_keys_are_no_parameters() -> None:
    assert forbidden("MODEL_LLM_PARAMS", {"gpt-4o": {"api_base": "http://x", "top_p": 1}}) == [
        "MODEL_LLM_PARAMS: 'api_base' of 'gpt-4o' is set by Anton alone"
    ]
