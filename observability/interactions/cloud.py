"""A BigQuery dataset through the official client: its calls block, so each has a thread."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import requests
from google.api_core.exceptions import ClientError, GoogleAPICallError, GoogleAPIError
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError
from google.cloud import bigquery

from core.errors import ConfigError, StoreAway, StoreUnusable
from observability.interactions.rows import Row
from observability.interactions.schema import NULLABLE, TABLES

T = TypeVar("T")

CALL_S = 20.0
WAIT_S = 60.0
TOO_LARGE = 413
NEVER: Any = None
"""Is tried again: patience is the caller's."""
TYPES: dict[type, str] = {str: "STRING", int: "INT64", float: "FLOAT64", datetime: "TIMESTAMP"}
REMEDY = "look whether it can be reached, and at GCP_PROJECT_ID, BQ_DATASET and the credentials"


@dataclass(frozen=True)
class Place:
    """Where the log is in Google's cloud."""

    project: str
    dataset: str
    max_bytes_billed: int
    location: str = ""
    emulator: str = ""


class Dataset:
    """The dataset of the log; raises StoreUnusable when BigQuery does not do as it is asked."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._made: bigquery.Client | None = None

    async def prepare(self) -> None:
        """Make dataset and tables where they are missing; refuse tables that lack columns."""
        await self._call(self._prepare)

    async def insert(self, table: str, rows: Sequence[Row]) -> Mapping[str, str]:
        """Stream rows by their ids; why BigQuery refused which."""
        return await self._call(lambda: self._insert(table, rows))

    async def present(self, table: str, rows: Sequence[Row]) -> set[str]:
        """Which of the rows are there already, by id."""
        given = [
            bigquery.ArrayQueryParameter("ids", "STRING", [row.row_id for row in rows]),
            bigquery.ScalarQueryParameter("since", "TIMESTAMP", _earliest(rows)),
        ]
        sql = f"SELECT DISTINCT id FROM {table} WHERE ts >= @since AND id IN UNNEST(@ids)"  # noqa: S608 - made of constants
        return {str(row["id"]) for row in await self._call(lambda: self._query(sql, given)[0])}

    async def select(self, sql: str, given: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The rows that a query gives."""
        return (await self._call(lambda: self._query(sql, _scalars(given))))[0]

    async def change(self, sql: str, given: Mapping[str, Any]) -> int:
        """How many rows a statement changed."""
        return (await self._call(lambda: self._query(sql, _scalars(given))))[1]

    async def close(self) -> None:
        """Let go of connections."""
        if self._made:
            await asyncio.to_thread(self._made.close)

    async def _call(self, work: Callable[[], T]) -> T:
        def told() -> T:
            with _in_our_words():
                return work()

        return await asyncio.to_thread(told)

    @property
    def _client(self) -> bigquery.Client:
        if self._made is None:
            place = self._place
            options: dict[str, Any] = {}
            if place.emulator:
                options = {
                    "credentials": AnonymousCredentials(),  # type: ignore[no-untyped-call]
                    "client_options": {"api_endpoint": place.emulator},
                }
            self._made = bigquery.Client(
                project=place.project, location=place.location or None, **options
            )
        return self._made

    def _prepare(self) -> None:
        place, client = self._place, self._client
        dataset = bigquery.Dataset(f"{place.project}.{place.dataset}")
        if place.location:
            dataset.location = place.location
        client.create_dataset(dataset, exists_ok=True, retry=NEVER, timeout=CALL_S)
        for name, columns in TABLES.items():
            table = bigquery.Table(self._id(name), schema=_schema(columns))
            table.time_partitioning = bigquery.TimePartitioning(field="ts")
            table.clustering_fields = ["role"]
            there = client.create_table(table, exists_ok=True, retry=NEVER, timeout=CALL_S)
            missing = columns.keys() - {column.name for column in there.schema}
            if missing:
                raise StoreUnusable(
                    f"The table {self._id(name)} lacks {', '.join(sorted(missing))}.",
                    remedy="add these columns, or name another BQ_DATASET",
                )

    def _insert(self, table: str, rows: Sequence[Row]) -> Mapping[str, str]:
        try:
            errors = self._client.insert_rows_json(
                self._id(table),
                [row.columns for row in rows],
                row_ids=[row.row_id for row in rows],
                skip_invalid_rows=True,
                retry=NEVER,
                timeout=CALL_S,
            )
        except GoogleAPICallError as error:
            if error.code != TOO_LARGE:
                raise
            half = len(rows) // 2
            if not half:
                return {rows[0].row_id: str(error)}
            return {**self._insert(table, rows[:half]), **self._insert(table, rows[half:])}
        return {rows[error["index"]].row_id: str(error["errors"]) for error in errors}

    def _query(self, sql: str, given: Sequence[Any]) -> tuple[list[dict[str, Any]], int]:
        place = self._place
        config = bigquery.QueryJobConfig(
            default_dataset=f"{place.project}.{place.dataset}",
            query_parameters=given,
            maximum_bytes_billed=place.max_bytes_billed,
        )
        found = self._client.query_and_wait(
            sql,
            job_config=config,
            api_timeout=CALL_S,
            wait_timeout=WAIT_S,
            retry=NEVER,
            job_retry=NEVER,
        )
        return [dict(row) for row in found], found.num_dml_affected_rows or 0

    def _id(self, table: str) -> str:
        return f"{self._place.project}.{self._place.dataset}.{table}"


def _schema(columns: Mapping[str, str]) -> list[bigquery.SchemaField]:
    return [
        bigquery.SchemaField(name, kind, mode="NULLABLE" if name in NULLABLE else "REQUIRED")
        for name, kind in columns.items()
    ]


def _scalars(given: Mapping[str, Any]) -> list[bigquery.ScalarQueryParameter]:
    return [
        bigquery.ScalarQueryParameter(name, TYPES[type(value)], value)
        for name, value in given.items()
    ]


def _earliest(rows: Sequence[Row]) -> datetime:
    return min(datetime.fromisoformat(row.columns["ts"]) for row in rows)


@contextmanager
def _in_our_words() -> Iterator[None]:
    try:
        yield
    except DefaultCredentialsError as error:
        raise ConfigError(
            f"No credentials for BigQuery: {error}",
            remedy="name a key in GOOGLE_APPLICATION_CREDENTIALS, or unset GCP_PROJECT_ID",
        ) from error
    except ClientError as error:
        remedy = "raise BQ_MAX_BYTES_BILLED" if "bytes billed" in str(error) else REMEDY
        raise StoreUnusable(f"BigQuery does not do it: {error}", remedy=remedy) from error
    except (GoogleAPIError, GoogleAuthError, requests.RequestException, TimeoutError) as error:
        raise StoreAway(f"BigQuery does not do it: {error}", remedy=REMEDY) from error
