"""What a BigQuery keeps: datasets and tables in DuckDB, with the limits of the real one."""

import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp

from tests.fakes import bigquery_wire as wire
from tests.fakes.bigquery_wire import Refusal

ROW_MAX = 10_000_000
ROWS_MAX = 50_000
BILLED_LEAST = 10 * 1024**2
"""Of each table that a query reads."""


@dataclass
class Table:
    """A table as it was made, and which of its rows are in the streaming buffer."""

    resource: dict[str, Any]
    insert_ids: set[str] = field(default_factory=set)
    streamed: set[str] = field(default_factory=set)
    """Ids of rows that no statement may change yet."""

    @property
    def fields(self) -> list[dict[str, str]]:
        return list(self.resource["schema"]["fields"])


@dataclass(frozen=True)
class Result:
    """What a query gave."""

    fields: list[dict[str, str]]
    rows: list[dict[str, Any]]
    bytes_read: int
    changed: int | None = None


class BigQueryStore:
    """Datasets and tables of one project; one request at a time."""

    def __init__(self) -> None:
        self.datasets: dict[str, dict[str, Table]] = {}
        self.lock = threading.RLock()
        self._duck = duckdb.connect()

    def add_dataset(self, name: str) -> None:
        if name in self.datasets:
            raise Refusal(409, "duplicate", f"Already Exists: Dataset {name}")
        self._duck.execute(f'CREATE SCHEMA "{name}"')
        self.datasets[name] = {}

    def dataset(self, name: str) -> dict[str, Table]:
        if name not in self.datasets:
            raise Refusal(404, "notFound", f"Not found: Dataset {name}")
        return self.datasets[name]

    def add_table(self, dataset: str, resource: dict[str, Any]) -> Table:
        name = resource["tableReference"]["tableId"]
        if name in self.dataset(dataset):
            raise Refusal(409, "duplicate", f"Already Exists: Table {name}")
        table = self.datasets[dataset][name] = Table(resource)
        columns = (
            f'"{column["name"]}" {wire.DUCK_TYPES[wire.kind(column["type"])]}'
            for column in table.fields
        )
        self._duck.execute(f'CREATE TABLE "{dataset}"."{name}" ({", ".join(columns)})')
        return table

    def table(self, dataset: str, name: str) -> Table:
        if name not in self.dataset(dataset):
            raise Refusal(404, "notFound", f"Not found: Table {dataset}.{name}")
        return self.datasets[dataset][name]

    def drop(self, dataset: str, name: str) -> None:
        self.table(dataset, name)
        del self.datasets[dataset][name]
        self._duck.execute(f'DROP TABLE "{dataset}"."{name}"')

    def stream(self, dataset: str, name: str, body: Mapping[str, Any]) -> list[dict[str, Any]]:
        """insertAll: the errors by row; ids that came shortly before are passed over."""
        table = self.table(dataset, name)
        if len(body["rows"]) > ROWS_MAX or len(json.dumps(body["rows"])) > ROW_MAX:
            raise Refusal(413, "requestTooLarge", "Request payload size exceeds the limit")
        good, errors = [], []
        for index, row in enumerate(body["rows"]):
            try:
                good.append((index, row.get("insertId"), wire.row_of(table.fields, row["json"])))
            except ValueError as error:
                errors.append(_row_error(index, "invalid", *error.args))
        if errors and not body.get("skipInvalidRows"):
            return errors + [_row_error(index, "stopped", "", "") for index, _, _ in good]
        for _, insert_id, values in good:
            if insert_id is None or insert_id not in table.insert_ids:
                self._insert(dataset, name, values)
                table.streamed.add(str(values.get("id")))
            table.insert_ids.add(str(insert_id))
        return errors

    def load(self, dataset: str, name: str, lines: list[str]) -> int:
        """A load job of JSON lines: all or nothing; how many rows."""
        table = self.table(dataset, name)
        try:
            rows = [wire.row_of(table.fields, json.loads(line)) for line in lines]
        except ValueError as error:
            raise Refusal(400, "invalid", f"Error while reading data: {error}") from error
        for row in rows:
            self._insert(dataset, name, row)
        return len(rows)

    def settle(self) -> None:
        """Time passes: streamed rows leave their buffer, and insert ids are no longer known."""
        for tables in self.datasets.values():
            for table in tables.values():
                table.insert_ids.clear()
                table.streamed.clear()

    def query(self, request: Mapping[str, Any]) -> Result:
        """Run a query, or with `dryRun` only weigh it."""
        default = (request.get("defaultDataset") or {}).get("datasetId", "")
        given = wire.parameters(request.get("queryParameters", []))
        statement = _parsed(str(request["query"]))
        tables = list(self._tables(statement, default))
        weight = sum(self._size(*table) for table in tables)
        limit = request.get("maximumBytesBilled")
        billed = sum(max(BILLED_LEAST, self._size(*table)) for table in tables)
        if limit is not None and billed > int(limit):
            raise Refusal(
                400,
                "bytesBilledLimitExceeded",
                f"Query exceeded limit for bytes billed: {limit}. {billed} or higher required.",
            )
        wanted = {str(one.this.name) for one in statement.find_all(exp.Parameter)}
        for name in wanted - given.keys():
            raise Refusal(400, "invalidQuery", f"Query parameter '{name}' not found")
        if request.get("dryRun"):
            return Result([], [], weight)
        if isinstance(statement, exp.Update | exp.Delete):
            self._require_changeable(statement, tables, {n: given[n] for n in wanted})
        return self._run(statement, {name: given[name] for name in wanted}, weight)

    def _run(self, statement: exp.Expr, given: Mapping[str, Any], weight: int) -> Result:
        try:
            done = self._duck.execute(statement.sql(dialect="duckdb"), dict(given))
            rows = done.fetchall()
        except duckdb.Error as error:
            raise Refusal(400, "invalidQuery", str(error)) from error
        if isinstance(statement, exp.Update | exp.Delete | exp.Insert):
            return Result([], [], weight, changed=rows[0][0])
        fields = [wire.field(name, str(type_)) for name, type_, *_ in done.description]
        return Result(fields, [{"f": [wire.cell(value) for value in row]} for row in rows], weight)

    def _tables(self, statement: exp.Expr, default: str) -> Iterator[tuple[str, str]]:
        """The tables of a statement, each made to name its dataset and no project."""
        made = {cte.alias for cte in statement.find_all(exp.CTE)}
        for table in list(statement.find_all(exp.Table)):
            if table.name in made:
                continue
            dataset = table.db or default
            if not dataset:
                raise Refusal(
                    400, "invalid", f"Table {table.name} must be qualified with a dataset"
                )
            self.table(dataset, table.name)
            table.set("db", exp.to_identifier(dataset, quoted=True))
            table.set("catalog", None)
            yield dataset, table.name

    def _require_changeable(
        self, statement: exp.Expr, tables: list[tuple[str, str]], given: Mapping[str, Any]
    ) -> None:
        where = statement.args.get("where")
        if where is None:
            raise Refusal(400, "invalidQuery", "UPDATE and DELETE must have a WHERE clause")
        (target,) = tables
        hit = exp.select("id").from_(statement.this.copy()).where(where.this.copy())
        touched = self._duck.execute(hit.sql(dialect="duckdb"), dict(given)).fetchall()
        if {str(row[0]) for row in touched} & self.table(*target).streamed:
            raise Refusal(
                400,
                "invalidQuery",
                f"UPDATE or DELETE statement over table {target[1]} would affect rows in the "
                "streaming buffer, which is not supported",
            )

    def _size(self, dataset: str, name: str) -> int:
        (size,) = self._duck.execute(
            f'SELECT coalesce(sum(strlen(CAST(t AS VARCHAR))), 0) FROM "{dataset}"."{name}" AS t'
        ).fetchone() or (0,)
        return int(size)

    def _insert(self, dataset: str, name: str, values: Mapping[str, Any]) -> None:
        columns = ", ".join(f'"{column}"' for column in values)
        marks = ", ".join("?" for _ in values)
        self._duck.execute(
            f'INSERT INTO "{dataset}"."{name}" ({columns}) VALUES ({marks})', list(values.values())
        )


def _parsed(sql: str) -> exp.Expr:
    try:
        return sqlglot.parse_one(sql, read="bigquery")
    except sqlglot.ParseError as error:
        raise Refusal(400, "invalidQuery", f"Syntax error: {error}") from error


def _row_error(index: int, reason: str, location: str, message: str) -> dict[str, Any]:
    one = {"reason": reason, "location": location, "debugInfo": "", "message": message}
    return {"index": index, "errors": [one]}
