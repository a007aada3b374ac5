"""Where spans go: a file on this machine, and what speaks OTLP; who is away holds nobody up."""

import asyncio
import base64
import json
import logging
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON

log = logging.getLogger(__name__)

FILE_NAME = "spans.jsonl"
FILE_MAX_BYTES = 10_000_000
FILES_MAX = 5
"""Old files beside the one that is written."""
QUEUE_MAX = 5_000
BATCH = 500
GATHER_S = 0.5
"""How long spans are gathered before they are sent."""
GOODBYE_S = 2.0
"""How long the end may wait for a destination."""
TIMEOUT_S = 5.0


class Ids(RandomIdGenerator):
    """Random ids, but for the span of a whole task."""

    def __init__(self) -> None:
        self._trace_id, self._span_id = 0, 0

    @contextmanager
    def given(self, trace_id: int, span_id: int) -> Iterator[None]:
        """The span that is started inside has these; nothing inside may wait."""
        self._trace_id, self._span_id = trace_id, span_id
        try:
            yield
        finally:
            self._trace_id, self._span_id = 0, 0

    def generate_trace_id(self) -> int:
        return self._trace_id or super().generate_trace_id()

    def generate_span_id(self) -> int:
        return self._span_id or super().generate_span_id()


class Courier(SpanProcessor):
    """Brings ended spans to one destination, from a thread of its own.

    What cannot be delivered is dropped and counted; nobody waits for it.
    """

    def __init__(self, name: str, exporter: SpanExporter) -> None:
        self.name = name
        self._exporter = exporter
        self._waiting: deque[ReadableSpan] = deque()
        self._in_hand = 0
        self._written = 0
        self._dropped = 0
        self._trouble = ""
        self._wake = threading.Event()
        self._closing = False
        self._gave_up = False
        self._counting = threading.Lock()
        self._thread = threading.Thread(target=self._work, name=f"spans-{name}", daemon=True)
        self._thread.start()

    def on_end(self, span: ReadableSpan) -> None:
        """Take a span; the oldest gives way where too many wait."""
        if len(self._waiting) >= QUEUE_MAX:
            self._waiting.popleft()
            self._dropped += 1
        self._waiting.append(span)

    def health(self) -> dict[str, Any]:
        """What was written, and what was not."""
        return {"written": self._written, "dropped": self._dropped, "trouble": self._trouble}

    async def flush(self) -> None:
        """Return when nothing waits any more."""
        self._wake.set()
        while self._waiting or self._in_hand:  # noqa: ASYNC110 - a thread sees to it
            await asyncio.sleep(0.01)

    async def close(self) -> None:
        """Deliver what waits, if that is soon done; the rest counts as dropped."""
        self._closing = True
        self._wake.set()
        await asyncio.to_thread(self._thread.join, GOODBYE_S)
        with self._counting:
            self._gave_up = True
            self._dropped += len(self._waiting) + self._in_hand
            self._waiting.clear()
        await asyncio.to_thread(self._exporter.shutdown)
        if self._dropped:
            log.warning("%d spans were not delivered to %s", self._dropped, self.name)

    def _work(self) -> None:
        while not self._closing:
            self._wake.wait(GATHER_S)
            self._wake.clear()
            self._deliver()
        self._deliver()

    def _deliver(self) -> None:
        while self._waiting:
            batch: list[ReadableSpan] = []
            while self._waiting and len(batch) < BATCH:
                self._in_hand += 1
                batch.append(self._waiting.popleft())
            try:
                done = self._exporter.export(batch) is SpanExportResult.SUCCESS
                self._note(len(batch), "" if done else "It does not take spans.")
            except Exception as error:  # a destination may fail in any way, and must not end this
                self._note(len(batch), f"{type(error).__name__} while spans were sent.")

    def _note(self, count: int, trouble: str) -> None:
        if trouble and not self._trouble:
            log.warning("spans do not reach %s: they are dropped until they do", self.name)
        if self._trouble and not trouble:
            log.info("spans reach %s again", self.name)
        with self._counting:
            if not self._gave_up:
                self._in_hand, self._trouble = 0, trouble
                self._written += 0 if trouble else count
                self._dropped += count if trouble else 0


class JsonLinesExporter(SpanExporter):
    """One JSON object a line; full files are numbered, and the oldest goes."""

    def __init__(self, folder: Path, *, max_bytes: int = FILE_MAX_BYTES) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = folder / FILE_NAME
        self._max_bytes = max_bytes

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Append; raises OSError for a disk that takes nothing."""
        text = "".join(json.dumps(line_of(span)) + "\n" for span in spans)
        if self._path.exists() and self._path.stat().st_size + len(text) > self._max_bytes:
            self._rotate()
        if not self._path.exists():
            self._path.touch(mode=0o600)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(text)
        return SpanExportResult.SUCCESS

    def _rotate(self) -> None:
        for number in range(FILES_MAX, 0, -1):
            newer = self._path if number == 1 else self._numbered(number - 1)
            if newer.exists():
                newer.replace(self._numbered(number))

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"spans-{number}.jsonl")


def line_of(span: ReadableSpan) -> dict[str, Any]:
    """A span as plain JSON."""
    own, above = span.context, span.parent
    start, end = span.start_time or 0, span.end_time or 0
    return {
        "trace_id": f"{own.trace_id:032x}" if own else "",
        "span_id": f"{own.span_id:016x}" if own else "",
        "parent_id": f"{above.span_id:016x}" if above else "",
        "name": span.name,
        "kind": span.kind.name.lower(),
        "start": datetime.fromtimestamp(start / 1e9, UTC).isoformat(),
        "ms": round((end - start) / 1e6, 3),
        "status": span.status.status_code.name.lower(),
        "error": span.status.description or "",
        "attributes": dict(span.attributes or {}),
    }


def couriers(
    folder: Path,
    *,
    otlp: str = "",
    otlp_headers: Mapping[str, str] | None = None,
    langfuse: str = "",
    langfuse_keys: tuple[str, str] = ("", ""),
) -> tuple[Courier, ...]:
    """One for each destination: the folder always, the others where their address is given.

    `otlp` and `langfuse` are base addresses; Langfuse takes OTLP, with its keys as a login.
    """
    found = [Courier("file", JsonLinesExporter(folder))]
    if otlp:
        found.append(Courier("otlp", _otlp(f"{otlp}/v1/traces", otlp_headers or {})))
    if langfuse:
        login = base64.b64encode(":".join(langfuse_keys).encode()).decode()
        address = f"{langfuse}/api/public/otel/v1/traces"
        found.append(Courier("langfuse", _otlp(address, {"Authorization": f"Basic {login}"})))
    return tuple(found)


def _otlp(address: str, headers: Mapping[str, str]) -> SpanExporter:
    """The official exporter, of which only we tell how it fares: it would tell of each failure."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    logging.getLogger("opentelemetry.exporter").setLevel(logging.CRITICAL)
    return OTLPSpanExporter(endpoint=address, headers=dict(headers), timeout=TIMEOUT_S)


def provider(couriers: Sequence[Courier], version: str) -> TracerProvider:
    """Makes spans and hands them to the couriers."""
    resource = Resource({"service.name": "anton", "service.version": version})
    made = TracerProvider(ALWAYS_ON, resource, id_generator=Ids(), shutdown_on_exit=False)
    for courier in couriers:
        made.add_span_processor(courier)
    return made
