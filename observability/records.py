"""Structured logs: a JSON line a record, or plain lines for a terminal; no secret in either."""

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Literal, TextIO

from observability.redaction import Redactor

ID_NAMES = ("task_id", "incident_id", "trace_id", "agent")
LOUD_VENDORS = (
    *("httpx", "httpcore", "httpx2", "httpcore2", "aiosqlite", "asyncio", "telegram"),
    *("urllib3", "requests", "opentelemetry", "google", "grpc"),
)
"""Loggers that show addresses or statements below a warning."""

_ids: ContextVar[dict[str, str] | None] = ContextVar("ids", default=None)


@contextmanager
def ids(**names: str) -> Iterator[None]:
    """Name task_id, incident_id, trace_id or agent for all that is logged within."""
    unknown = names.keys() - set(ID_NAMES)
    if unknown:
        raise TypeError(f"no such id: {', '.join(sorted(unknown))}")
    token = _ids.set({**(_ids.get() or {}), **names})
    try:
        yield
    finally:
        _ids.reset(token)


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": _time(record).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            **_ids_of(record),
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(self._redactor.value(line))


class TextLines(logging.Formatter):
    """Lines for people."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        task = _ids_of(record)["task_id"][:8]
        text = f"{_time(record):%H:%M:%S} {record.levelname:<7} {task:<8} {record.getMessage()}"
        if record.exc_info:
            text += "\n" + self.formatException(record.exc_info)
        return self._redactor.text(text)


class Writer(logging.StreamHandler[TextIO]):
    """Writes records to a stream; one that cannot be formatted or masked is withheld."""

    def handleError(self, record: logging.LogRecord) -> None:
        """Say that a record is missing, and nothing of what was in it."""
        self.stream.write(
            f'{{"level": "ERROR", "message": "a record of {record.name} withheld"}}\n'
        )
        self.flush()


def set_up(
    level: str,
    form: Literal["json", "text"],
    redactor: Redactor,
    stream: TextIO | None = None,
) -> None:
    """Make this the one way in which the process logs; called once, by the wiring."""
    writer = Writer(stream or sys.stderr)
    writer.setFormatter(JsonLines(redactor) if form == "json" else TextLines(redactor))
    root = logging.getLogger()
    root.handlers[:] = [writer]
    root.setLevel(level)
    for name in LOUD_VENDORS:
        logging.getLogger(name).setLevel(logging.WARNING)


def _time(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)


def _ids_of(record: logging.LogRecord) -> dict[str, str]:
    known = _ids.get() or {}
    return {name: str(getattr(record, name, known.get(name, ""))) for name in ID_NAMES}
