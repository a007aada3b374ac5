"""Spans of what Anton does, nested: task, node, agent, and then model calls, tools, runs, effects.

Whoever does something that is worth a span says so with `span`; where no task is being traced that
costs nothing. Names and attributes follow OpenTelemetry's conventions for generative AI. Nothing of
what was said to a model, or by it, is in a span: that stands in the log of model calls.
"""

import hashlib
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from core.tasks import Task, trace_id_for
from observability.redaction import Redactor

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span as OtelSpan

    from observability.exporting import Courier

log = logging.getLogger(__name__)

Kind = Literal["internal", "client"]
Attribute = str | int | float | bool | None
Observed = Callable[[str, float, bool], None]
"""Is told name, seconds, and whether it failed."""


def unobserved(name: str, seconds: float, failed: bool) -> None:
    """Tells nobody."""


class Span:
    """One thing that is being done; what is said of it is masked first."""

    def __init__(self, span: "OtelSpan | None", redactor: Redactor | None = None) -> None:
        """Without a span of OpenTelemetry's, nothing is kept."""
        self._span = span
        self._redactor = redactor
        self.failed = False

    def set(self, **attributes: Attribute) -> None:
        """Add facts by name, `__` for a dot in it; one that cannot be masked is left out."""
        if self._span is not None and self._redactor is not None:
            self._span.set_attributes(masked(attributes, self._redactor))

    def fail(self, error: BaseException) -> None:
        """It ended with an error, which is told once."""
        if self._span is None or self.failed:
            return
        from opentelemetry.trace import StatusCode

        self.failed = True
        said = {"said": f"{type(error).__name__}: {error}"[:500]}
        words = masked(said, self._redactor or Redactor()).get("said", type(error).__name__)
        self._span.set_status(StatusCode.ERROR, str(words))
        self.set(error__type=type(error).__name__)


NOTHING = Span(None)


@dataclass(frozen=True)
class _Here:
    """Where in which trace the present code is."""

    tracing: "Tracing"
    context: "Context"


_here: ContextVar[_Here | None] = ContextVar("span", default=None)


@contextmanager
def span(
    name: str,
    *,
    kind: Kind = "internal",
    calm: tuple[type[BaseException], ...] = (),
    **attributes: Attribute,
) -> Iterator[Span]:
    """Something that is done inside; an exception that is not `calm` makes it a failure."""
    here = _here.get()
    if here is None:
        yield NOTHING
        return
    with here.tracing.within(here.context, name, kind, attributes) as begun:
        try:
            yield begun
        except calm:
            raise
        except BaseException as error:
            begun.fail(error)
            raise


class Tracing:
    """The spans of one house, and where they go."""

    def __init__(
        self,
        provider: "TracerProvider | None",
        couriers: Sequence["Courier"],
        redactor: Redactor,
        observed: Observed = unobserved,
    ) -> None:
        """Without a provider nothing is traced; `observed` is told of each span that ends."""
        self._provider = provider
        self._tracer = provider.get_tracer("anton") if provider else None
        self._couriers = couriers
        self._observed = observed
        self._redactor = redactor

    @classmethod
    def off(cls) -> "Tracing":
        """For a process that only looks and decides."""
        return cls(None, (), Redactor())

    @classmethod
    def open(
        cls,
        folder: Path,
        redactor: Redactor,
        *,
        version: str,
        observed: Observed = unobserved,
        **others: Any,
    ) -> "Tracing":
        """Write spans into a folder and to `others`, as `observability.exporting` takes them."""
        from observability import exporting

        couriers = exporting.couriers(folder, **others)
        return cls(exporting.provider(couriers, version), couriers, redactor, observed)

    @contextmanager
    def of_task(self, task_id: str) -> Iterator[None]:
        """All spans inside belong to the trace of a task, over all its drives and processes."""
        if self._tracer is None:
            yield
            return
        from opentelemetry.context import Context
        from opentelemetry.trace import (
            NonRecordingSpan,
            SpanContext,
            TraceFlags,
            set_span_in_context,
        )

        flags = TraceFlags(TraceFlags.SAMPLED)
        root = SpanContext(*_ids(task_id), is_remote=True, trace_flags=flags)
        token = _here.set(_Here(self, set_span_in_context(NonRecordingSpan(root), Context())))
        try:
            yield
        finally:
            _here.reset(token)

    @contextmanager
    def within(
        self, context: "Context", name: str, kind: Kind, attributes: Mapping[str, Attribute]
    ) -> Iterator[Span]:
        """A span below another."""
        from opentelemetry.trace import SpanKind, set_span_in_context

        if self._tracer is None:
            yield NOTHING
            return
        started = self._tracer.start_span(
            name, context, SpanKind.CLIENT if kind == "client" else SpanKind.INTERNAL
        )
        begun = Span(started, self._redactor)
        begun.set(**attributes)
        token = _here.set(_Here(self, set_span_in_context(started, context)))
        since = time.monotonic()
        try:
            yield begun
        finally:
            _here.reset(token)
            started.end()
            self._observed(name, time.monotonic() - since, begun.failed)

    def ended(self, task: Task) -> None:
        """Write the span of a whole task, from its request to its end, by which all others hang."""
        if self._provider is None:
            return
        from opentelemetry.context import Context
        from opentelemetry.trace import StatusCode

        ids: Any = self._provider.id_generator
        with ids.given(*_ids(task.task_id)):
            tracer = self._provider.get_tracer("anton")
            root = tracer.start_span(
                f"task {task.request.workflow}",
                Context(),
                start_time=round(task.created_at.timestamp() * 1e9),
            )
        Span(root, self._redactor).set(
            gen_ai__conversation__id=task.task_id,
            anton__repository=task.request.repository,
            anton__outcome=task.outcome or "",
            anton__cost_usd=task.usage.cost_usd,
            gen_ai__usage__input_tokens=task.usage.tokens_in,
            gen_ai__usage__output_tokens=task.usage.tokens_out,
        )
        if task.outcome and task.outcome.value == "failed":
            root.set_status(StatusCode.ERROR)
        root.end(round((task.ended_at or task.updated_at).timestamp() * 1e9))

    def health(self) -> dict[str, dict[str, Any]]:
        """Spans written and dropped, by destination."""
        return {courier.name: courier.health() for courier in self._couriers}

    async def flush(self) -> None:
        """Return when what was ended is written, or was given up."""
        for courier in self._couriers:
            await courier.flush()

    async def close(self) -> None:
        """Write what waits, within seconds, and let go."""
        for courier in self._couriers:
            await courier.close()


def masked(attributes: Mapping[str, Attribute], redactor: Redactor) -> dict[str, Any]:
    """Attributes as they may leave, without those that are None."""
    try:
        plain = {name.replace("__", "."): value for name, value in attributes.items()}
        return {
            name: redactor.text(str(value)) if isinstance(value, str) else value
            for name, value in plain.items()
            if value is not None
        }
    except Exception as error:  # whatever it is, what may hold a secret stays out
        log.error("attributes of a span are withheld: %s", type(error).__name__)
        return {}


def _ids(task_id: str) -> tuple[int, int]:
    """Trace id of a task and the id of its span: the same in every process that works on it."""
    span_id = hashlib.sha256(f"span of {task_id}".encode()).digest()[:8]
    return int(trace_id_for(task_id), 16), int.from_bytes(span_id) or 1
