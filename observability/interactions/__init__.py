"""The log of model calls, by kind of store; a module is imported only when it is chosen."""

from importlib import import_module
from typing import Any

LOGS = {
    "sqlite": "observability.interactions.sqlite:SqliteInteractionLog",
    "bigquery": "observability.interactions.bigquery:BigQueryInteractionLog",
}


def log_class(kind: str) -> Any:
    """The log of a kind in the table."""
    module, _, name = LOGS[kind].partition(":")
    return getattr(import_module(module), name)
