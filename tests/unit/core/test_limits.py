"""Turns and seconds of the roles."""

import pytest

from core.errors import ConfigError
from core.limits import DEFAULTS, RoleLimits, role_limits


@pytest.mark.parametrize(
    ("role", "turns", "seconds"),
    [
        ("triage", 5, 60),
        ("diagnosis", 8, 180),
        ("qa", 20, 300),
        ("fix", 15, 180),
        ("reviewer", 5, 120),
        ("scribe", 5, 60),
        ("backend", 20, 600),
        ("planner", 20, 600),
    ],
)
def test_every_role_has_its_limits(role: str, turns: int, seconds: float) -> None:
    assert role_limits({})[role] == RoleLimits(turns, seconds)


def test_turns_and_seconds_are_changed_apart() -> None:
    changed = role_limits({"fix": {"turns": 30}, "qa": {"seconds": 10}})
    assert changed["fix"] == RoleLimits(30, 180)
    assert changed["qa"] == RoleLimits(20, 10)
    assert changed["triage"] == DEFAULTS["triage"]


@pytest.mark.parametrize(
    ("model", "seconds"),
    [("ollama_chat/qwen3:8b", 900), ("ollama/x", 900), ("openai/ollama", 180), ("offline", 180)],
)
def test_a_model_on_ollama_gets_five_times_the_seconds(model: str, seconds: float) -> None:
    assert DEFAULTS["fix"].on(model) == RoleLimits(15, seconds)


def test_a_role_that_does_not_exist_is_named_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"no role review.*name reviewer"):
        role_limits({"review": {"turns": 1}})
