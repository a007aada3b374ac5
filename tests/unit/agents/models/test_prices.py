"""What a call costs, or that nobody knows."""

import pytest

from agents.models.prices import Prices, listed, shown

TABLE = Prices()


@pytest.mark.parametrize(
    ("model", "cost"),
    [
        ("claude-sonnet-4-6", 0.0105),  # $3 and $15 a million
        ("anthropic/claude-sonnet-4-6", 0.0105),
        ("claude-haiku-4-5", 0.0035),
        ("gpt-4o", 0.0075),
        ("openai/gpt-4o", 0.0075),
        ("deepseek/deepseek-chat", 0.0005),
        ("gemini/gemini-2.5-pro", 0.0063),
        ("openrouter/meta/llama:free", 0.0),
        ("ollama/qwen3:8b", 0.0),
        ("ollama_chat/qwen3:8b", 0.0),
        ("scripted/demo.toml", 0.0),
        ("offline", 0.0),
        ("claude-of-tomorrow", None),
        ("gpt-99", None),
        ("groq/unheard-of", None),
        ("openrouter/anthropic/claude-sonnet-4.5", None),
        ("openai/my-own", None),
    ],
)
def test_a_thousand_tokens_in_and_five_hundred_out(model: str, cost: float | None) -> None:
    assert TABLE.cost_usd(model, 1000, 500) == cost


def test_a_price_of_nothing_for_a_paid_model_is_unknown() -> None:
    free = {"input_cost_per_token": 0.0, "output_cost_per_token": 0.0}
    assert listed(free, 1000) is None
    assert listed({"input_cost_per_token": 1e-6, "output_cost_per_token": None}, 1000) is None


def test_kept_tokens_cost_less_and_tokens_to_be_kept_more() -> None:
    plain = TABLE.cost_usd("claude-sonnet-4-6", 100_000, 0)
    kept = TABLE.cost_usd("claude-sonnet-4-6", 100_000, 0, cached=100_000)
    written = TABLE.cost_usd("claude-sonnet-4-6", 100_000, 0, written=100_000)
    assert (plain, kept, written) == (0.30, 0.03, 0.375)


def test_a_long_prompt_has_its_own_price() -> None:
    assert TABLE.cost_usd("gemini/gemini-2.5-pro", 100_000, 0) == 0.125
    assert TABLE.cost_usd("gemini/gemini-2.5-pro", 300_000, 0) == 0.75


def test_what_is_configured_comes_first_and_the_longest_prefix_wins() -> None:
    prices = Prices(
        {
            "openai/": {"in": 1.0, "out": 2.0},
            "openai/big": {"in": 10.0, "out": 20.0, "cached": 1.0},
            "gpt-4o": {"in": 0.0, "out": 0.0},
            "ollama/": {"in": 1.0, "out": 1.0},
        }
    )
    assert prices.cost_usd("openai/small", 1000, 500) == 0.002
    assert prices.cost_usd("openai/big-one", 1000, 500, cached=500) == 0.0155
    assert prices.cost_usd("gpt-4o", 1000, 500) == 0.0
    assert prices.cost_usd("ollama_chat/qwen3:8b", 1000, 500) == 0.0015


def test_a_server_of_ones_own_has_no_listed_price() -> None:
    assert Prices(own_servers=frozenset({"openai"})).cost_usd("openai/gpt-4o", 1000, 500) is None


def test_what_costs_little_does_not_cost_nothing() -> None:
    assert TABLE.cost_usd("gpt-4o", 1, 0) == 0.0001
    assert TABLE.cost_usd("gpt-4o", 0, 0) == 0.0


def test_costs_are_shown_to_four_decimals() -> None:
    assert [shown(cost) for cost in (0.0105, 0.0, None)] == ["$0.0105", "$0.0000", "price unknown"]
