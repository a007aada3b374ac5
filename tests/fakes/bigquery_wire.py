"""Between BigQuery's JSON and values of DuckDB: types, cells, parameters, rows and refusals."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

DUCK_TYPES = {
    "STRING": "VARCHAR",
    "INTEGER": "BIGINT",
    "FLOAT": "DOUBLE",
    "BOOLEAN": "BOOLEAN",
    "TIMESTAMP": "TIMESTAMP",
    "DATE": "DATE",
}
OLD_NAMES = {"INT64": "INTEGER", "FLOAT64": "FLOAT", "BOOL": "BOOLEAN"}
INTEGERS = range(-(2**63), 2**63)


class Refusal(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        self.status, self.reason, self.message = status, reason, message
        super().__init__(message)

    def body(self) -> dict[str, Any]:
        """As it goes over the wire."""
        one = {"reason": self.reason, "message": self.message, "domain": "global"}
        return {"error": {"code": self.status, "message": self.message, "errors": [one]}}


def kind(name: str) -> str:
    """A type under the name that BigQuery's REST gives it."""
    return OLD_NAMES.get(name.upper(), name.upper())


def field(name: str, duck_type: str) -> dict[str, str]:
    """A column of an answer, by DuckDB's type of it."""
    plain = duck_type.split("(")[0]
    known = {duck: big for big, duck in DUCK_TYPES.items()}
    known |= {"HUGEINT": "INTEGER", "INTEGER": "INTEGER", "DECIMAL": "FLOAT", '"NULL"': "STRING"}
    return {"name": name, "type": known[plain], "mode": "NULLABLE"}


def cell(value: Any) -> dict[str, Any]:
    """A value of an answer: all but nothing is text."""
    if isinstance(value, bool):
        return {"v": "true" if value else "false"}
    if isinstance(value, datetime):
        micros = (value.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()
        return {"v": str(round(micros * 1_000_000))}
    return {"v": None if value is None else str(value)}


def parameters(given: list[Mapping[str, Any]]) -> dict[str, Any]:
    """Named parameters as DuckDB takes them."""
    return {one["name"]: _parameter(one) for one in given}


def _parameter(given: Mapping[str, Any]) -> Any:
    type_, value = given["parameterType"], given["parameterValue"]
    if type_["type"] == "ARRAY":
        inner = type_["arrayType"]["type"]
        return [of_text(inner, item["value"]) for item in value["arrayValues"]]
    return of_text(type_["type"], value.get("value"))


def of_text(type_: str, text: Any) -> Any:
    """A parameter's value; its type is declared beside it."""
    if text is None:
        return None
    name = kind(type_)
    if name == "BOOLEAN":
        return str(text).lower() == "true"
    parse: dict[str, Callable[[str], Any]] = {
        "INTEGER": int,
        "FLOAT": float,
        "DATE": date.fromisoformat,
        "TIMESTAMP": moment,
    }
    return parse.get(name, str)(text)


def moment(text: str) -> datetime:
    """An instant, in UTC and without a zone, as DuckDB keeps it."""
    if not re.search(r"(Z|UTC|[+-]\d\d:?\d\d)$", text):
        raise ValueError("a timestamp needs a zone")
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)


def row_of(fields: Sequence[Mapping[str, str]], given: Mapping[str, Any]) -> dict[str, Any]:
    """A row that is to be inserted; raises ValueError with location and message."""
    known = {column["name"] for column in fields}
    for name in given.keys() - known:
        raise ValueError(name, f"no such field: {name}.")
    row = {}
    for column in fields:
        name, value = column["name"], given.get(column["name"])
        if value is None and column.get("mode") == "REQUIRED":
            raise ValueError(name, f"Missing required field: {name}.")
        try:
            row[name] = None if value is None else _typed(kind(column["type"]), value)
        except (ValueError, TypeError) as error:
            raise ValueError(name, f"Cannot convert value to {column['type']}: {error}") from error
    return row


def _typed(name: str, value: Any) -> Any:
    if name == "STRING" and isinstance(value, str):
        return value
    if name == "BOOLEAN" and isinstance(value, bool):
        return value
    if name == "INTEGER" and not isinstance(value, bool | float) and int(value) in INTEGERS:
        return int(value)
    if name == "FLOAT" and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if name == "TIMESTAMP" and isinstance(value, str):
        return moment(value)
    if name == "DATE" and isinstance(value, str):
        return date.fromisoformat(value)
    raise ValueError("it is of another type, or out of range")
