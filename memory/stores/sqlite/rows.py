"""Between columns and values: instants as text that sorts, documents as JSON."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from pydantic import ValidationError

from core.errors import NotFound, StoreUnusable
from core.values import Value

AnyValue = TypeVar("AnyValue", bound=Value)


def stamp(moment: datetime) -> str:
    """An instant as text of fixed width, in UTC: text order is time order."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def canonical(value: Any) -> str:
    """JSON with one spelling for one value, to be hashed."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def digest(*parts: str) -> str:
    """SHA-256 over the parts, in hex."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def numbered(cursor: str) -> int:
    """The row number that a cursor stands for; raises NotFound for what is none."""
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) <= 18):
        raise NotFound("This cursor leads nowhere.")
    return int(cursor)


def revive(kind: type[AnyValue], row: str | Mapping[str, Any], name: str) -> AnyValue:
    """The value in a row; raises StoreUnusable, naming the row, when it does not fit."""
    try:
        if isinstance(row, str):
            return kind.model_validate_json(row)
        return kind.model_validate(row)
    except ValidationError as error:
        raise StoreUnusable(
            f"The stored {kind.__name__} {name} cannot be read: {error.error_count()} of its "
            "fields are damaged or of another release.",
            remedy="restore a backup, or take the release that wrote it",
        ) from error
