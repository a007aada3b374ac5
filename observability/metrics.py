"""Figures of this process for Prometheus: counted as things happen, written out when asked for."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core.events import Event

if TYPE_CHECKING:
    from prometheus_client.core import Metric

BOUNDS_S = (0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 14_400.0, 86_400.0)
PREFIX = "anton_"
HELP = {
    "node_seconds": "How long steps took, by step and how they ended.",
    "model_call_seconds": "How long model calls took, by model and whether they were answered.",
    "model_tokens": "Tokens of model calls, by role, model and direction.",
    "model_cost_usd": "What model calls cost, as far as their prices are known.",
    "model_calls_unpriced": "Model calls whose price is not known.",
    "agent_seconds": "How long runs of a role took.",
    "approval_seconds": "How long questions waited for a person, by kind and answer.",
    "tasks_ended": "Tasks that ended, by outcome, since this process began.",
    "sandbox_seconds": "How long sandboxes were opened and commands ran in them, by what was done.",
    "tool_seconds": "How long calls of tools took.",
    "effect_seconds": "How long writes to hosts took.",
    "webhooks": "Webhooks by source and result.",
}
SPANS = {"sandbox": "sandbox_seconds", "execute_tool": "tool_seconds", "effect": "effect_seconds"}
"""Spans that are counted, by the first word of their name."""

Labels = tuple[tuple[str, str], ...]


@dataclass
class Times:
    """How often something took how long."""

    total_s: float = 0.0
    below: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS_S) + 1))

    def add(self, seconds: float) -> None:
        """Count one."""
        self.total_s += seconds
        place = next((n for n, bound in enumerate(BOUNDS_S) if seconds <= bound), len(BOUNDS_S))
        self.below[place] += 1

    @property
    def buckets(self) -> list[tuple[str, float]]:
        """Upper bound and how many were no longer, as Prometheus counts."""
        names, found, so_far = [*map(str, BOUNDS_S), "+Inf"], list[tuple[str, float]](), 0
        for name, count in zip(names, self.below, strict=True):
            so_far += count
            found.append((name, float(so_far)))
        return found


@dataclass(frozen=True)
class Gauge:
    """How something stands now."""

    name: str
    help: str
    value: float
    labels: Labels = ()


class Metrics:
    """All counts and times of one process."""

    def __init__(self) -> None:
        self._counts: dict[str, dict[Labels, float]] = defaultdict(lambda: defaultdict(float))
        self._times: dict[str, dict[Labels, Times]] = defaultdict(lambda: defaultdict(Times))

    def count(self, name: str, amount: float = 1.0, **labels: str) -> None:
        """So much more of something in HELP."""
        self._counts[name][tuple(labels.items())] += amount

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        """One more of something in HELP that took so long."""
        self._times[name][tuple(labels.items())].add(seconds)

    def note_span(self, name: str, seconds: float, failed: bool) -> None:
        """Count a span, if its kind is counted."""
        kind, _, what = name.partition(" ")
        if kind in SPANS:
            ended = "failed" if failed else "done"
            self.observe(SPANS[kind], seconds, what=what, ended=ended)

    def note(self, event: Event) -> None:
        """Count an event."""
        data = event.data
        match event.type:
            case "node" if "ms" in data:
                seconds = data["ms"] / 1000
                self.observe("node_seconds", seconds, node=data["node"], state=data["state"])
            case "agent_end" if "ms" in data:
                ended = "done" if data["ok"] else "failed"
                self.observe("agent_seconds", data["ms"] / 1000, role=event.role, ended=ended)
            case "llm_end" if "ms" in data:
                self._note_call(event)
            case "approval" if data.get("waited_s") is not None:
                labels = {"kind": str(data["kind"]), "state": str(data["state"])}
                self.observe("approval_seconds", data["waited_s"], **labels)
            case "end":
                self.count("tasks_ended", outcome=str(data.get("outcome")))

    def _note_call(self, event: Event) -> None:
        data, role, model = event.data, event.role, str(event.data["model"])
        answered = "yes" if data["ok"] else "no"
        self.observe("model_call_seconds", data["ms"] / 1000, model=model, answered=answered)
        for direction in ("in", "out", "cached"):
            amount = data[f"tokens_{direction}"]
            self.count("model_tokens", amount, role=role, model=model, direction=direction)
        if data["cost_usd"] is None:
            self.count("model_calls_unpriced", role=role, model=model)
        else:
            self.count("model_cost_usd", data["cost_usd"], role=role, model=model)

    def exposition(self, gauges: Iterable[Gauge] = ()) -> tuple[bytes, str]:
        """All of it in Prometheus' text format, and the media type of that."""
        from prometheus_client import CollectorRegistry
        from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
        from prometheus_client.registry import Collector

        told = [*self._families(), *_of_gauges(gauges)]

        class House(Collector):
            def collect(self) -> Iterable["Metric"]:
                return told

        registry = CollectorRegistry(auto_describe=False)
        registry.register(House())
        return generate_latest(registry), CONTENT_TYPE_LATEST

    def _families(self) -> Iterator["Metric"]:
        from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily

        for name, counted in self._counts.items():
            names = [label for label, _ in next(iter(counted))]
            family = CounterMetricFamily(PREFIX + name, HELP[name], labels=names)
            for labels, value in counted.items():
                family.add_metric([text for _, text in labels], value)
            yield family
        for name, timed in self._times.items():
            names = [label for label, _ in next(iter(timed))]
            spread = HistogramMetricFamily(PREFIX + name, HELP[name], labels=names)
            for labels, times in timed.items():
                spread.add_metric([text for _, text in labels], times.buckets, times.total_s)
            yield spread


def _of_gauges(gauges: Iterable[Gauge]) -> Iterator["Metric"]:
    from prometheus_client.core import GaugeMetricFamily

    families: dict[str, GaugeMetricFamily] = {}
    for gauge in gauges:
        names = [label for label, _ in gauge.labels]
        family = families.setdefault(
            gauge.name, GaugeMetricFamily(PREFIX + gauge.name, gauge.help, labels=names)
        )
        family.add_metric([text for _, text in gauge.labels], gauge.value)
    yield from families.values()
