"""How each integration stands, read from what `/health` tells."""

from typing import Any

from control.integrations import Integration, Offer, standing

SINCE = "2026-03-01T02:10:00+00:00"
OFFERS = (
    Offer("telegram", "TELEGRAM_BOT_TOKEN", live="People are asked in 4711."),
    Offer("slack", "SLACK_BOT_TOKEN", live="People are asked in #oncall."),
    Offer("interactions", "GCP_PROJECT_ID", live="BigQuery.", instead="A file."),
    Offer("otlp", "OTEL_EXPORTER_OTLP_ENDPOINT", live="http://localhost:4318"),
)


def health(**more: Any) -> dict[str, Any]:
    quiet = {"trouble": {}, "channels": {}, "sandbox": "bubblewrap", "models": {"all roles": "x"}}
    return quiet | more


def stands(**more: Any) -> dict[str, Integration]:
    return {one.name: one for one in standing(OFFERS, health(**more))}


def test_a_channel_that_fails_says_why_and_since_when() -> None:
    failing = {"status": "failing", "since": SINCE, "why": "401"}
    found = stands(
        trouble={"telegram": "401 Unauthorized"},
        channels={"telegram": failing, "slack": {"status": "ok"}},
    )
    assert found["telegram"] == Integration(
        "telegram", "failing", "401 Unauthorized", "TELEGRAM_BOT_TOKEN", SINCE, channel=True
    )
    assert (found["slack"].state, found["slack"].channel) == ("live", True)


def test_a_channel_that_sends_but_does_not_hear_fails_too() -> None:
    found = stands(
        trouble={"telegram (hearing)": "another poller"}, channels={"telegram": {"status": "ok"}}
    )
    assert (found["telegram"].state, found["telegram"].detail) == ("failing", "another poller")


def test_spans_that_are_not_taken_and_a_log_that_waits_are_failing() -> None:
    found = stands(trouble={"interactions": "rows wait"}, traces={"otlp": {"trouble": "refused"}})
    assert (found["interactions"].state, found["otlp"].state) == ("failing", "failing")


def test_models_are_live_by_name_embedded_without_one_and_failing_with_their_server() -> None:
    assert stands()["models"].state == "embedded"
    roster = {
        "by_role": {"fix": {"model": "ollama/qwen3:8b"}, "triage": {"model": "ollama/qwen3:8b"}},
        "breakers": {"ollama": {"state": "closed"}},
    }
    assert stands(models=roster)["models"].detail == "ollama/qwen3:8b"
    away = stands(models=roster, trouble={"ollama": "failing since 02:10:00 UTC"})["models"]
    assert (away.state, away.detail) == ("failing", "failing since 02:10:00 UTC")


def test_a_sandbox_is_of_this_machine_or_of_a_cloud() -> None:
    assert stands()["sandbox"].state == "embedded"
    assert stands(sandbox="e2b")["sandbox"].state == "live"
    assert stands(trouble={"sandbox": "No bwrap."})["sandbox"].state == "failing"
