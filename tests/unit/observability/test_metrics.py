"""What is counted reads as Prometheus wants it, by its own parser."""

from typing import Any, get_args

import pytest
from prometheus_client.parser import text_string_to_metric_families

from core.events import Event, EventType
from observability.metrics import HELP, PREFIX, Gauge, Metrics
from tests.fakes.clock import START


def told(event_type: EventType, role: str = "", **data: Any) -> Event:
    return Event(type=event_type, role=role, data=data, seq=1, ts=START)


def call(cost_usd: float | None, *, ok: bool = True) -> Event:
    tokens = {"tokens_in": 100, "tokens_out": 20, "tokens_cached": 60}
    return told("llm_end", "fix", model="m", ok=ok, ms=1500, cost_usd=cost_usd, **tokens)


def samples(metrics: Metrics, *gauges: Gauge) -> dict[str, float]:
    """Every sample by its name and labels, as Prometheus' own parser reads the text."""
    text, _ = metrics.exposition(gauges)
    return {
        sample.name.removeprefix(PREFIX)
        + "".join(f" {key}={value}" for key, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def test_calls_are_counted_with_their_tokens_and_unknown_prices_apart() -> None:
    metrics = Metrics()
    for event in (call(0.25), call(0.5), call(None, ok=False)):
        metrics.note(event)
    found = samples(metrics)
    assert found["model_cost_usd_total model=m role=fix"] == 0.75
    assert found["model_calls_unpriced_total model=m role=fix"] == 1
    assert found["model_tokens_total direction=in model=m role=fix"] == 300
    assert found["model_call_seconds_count answered=yes model=m"] == 2
    assert found["model_call_seconds_sum answered=no model=m"] == 1.5


def test_times_fall_into_growing_buckets() -> None:
    metrics = Metrics()
    for ms in (50, 400, 4_000, 10**9):
        metrics.note(told("node", node="fix", state="finished", ms=ms))
    metrics.note(told("node", node="fix", state="started"))
    found = samples(metrics)
    buckets = {
        le: found[f"node_seconds_bucket le={le} node=fix state=finished"]
        for le in ("0.1", "0.5", "5.0", "86400.0", "+Inf")
    }
    assert buckets == {"0.1": 1, "0.5": 2, "5.0": 3, "86400.0": 3, "+Inf": 4}
    assert found["node_seconds_count node=fix state=finished"] == 4


def test_everything_else_that_happens_has_its_figure() -> None:
    metrics = Metrics()
    metrics.note(told("end", outcome="fixed"))
    metrics.note(told("approval", kind="release", state="pending", waited_s=None))
    metrics.note(told("approval", kind="release", state="approved", waited_s=90.0))
    metrics.note(told("agent_end", "qa", ok=False, ms=100))
    metrics.note_span("sandbox run", 2.0, failed=False)
    metrics.note_span("execute_tool grep", 0.2, failed=True)
    metrics.note_span("node fix", 9.0, failed=False)
    metrics.count("webhooks", source="sentry", result="accepted")
    found = samples(metrics, Gauge("tasks", "Tasks.", 3, (("status", "queued"),)))
    assert found["tasks_ended_total outcome=fixed"] == 1
    assert found["approval_seconds_sum kind=release state=approved"] == 90.0
    assert "approval_seconds_count kind=release state=pending" not in found
    assert found["agent_seconds_count ended=failed role=qa"] == 1
    assert found["sandbox_seconds_sum ended=done what=run"] == 2.0
    assert found["tool_seconds_count ended=failed what=grep"] == 1
    assert found["webhooks_total result=accepted source=sentry"] == 1
    assert found["tasks status=queued"] == 3


@pytest.mark.parametrize("event_type", get_args(EventType))
@pytest.mark.parametrize("data", [{}, {"withheld": True}, {"cut_bytes": 20_000}])
def test_an_event_that_was_withheld_or_cut_breaks_no_figure(
    event_type: EventType, data: dict[str, Any]
) -> None:
    Metrics().note(told(event_type, **data))


def test_the_text_is_well_formed_whatever_a_label_holds() -> None:
    metrics = Metrics()
    metrics.count("tasks_ended", outcome='odd "\\\n{}=')
    text, media_type = metrics.exposition()
    assert media_type.startswith("text/plain")
    (family,) = text_string_to_metric_families(text.decode())
    assert family.samples[0].labels == {"outcome": 'odd "\\\n{}='}
    assert family.documentation == HELP["tasks_ended"]
