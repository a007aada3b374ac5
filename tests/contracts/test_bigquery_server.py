"""What our BigQuery on loopback does as the real one does, seen by the official client."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from google.api_core.exceptions import BadRequest, Conflict, NotFound, ServiceUnavailable
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from tests.fakes.bigquery_server import PROJECT, BigQueryServer

SCHEMA = [
    bigquery.SchemaField("id", "STRING", mode="REQUIRED"),
    bigquery.SchemaField("n", "INT64"),
    bigquery.SchemaField("at", "TIMESTAMP"),
    bigquery.SchemaField("good", "BOOL"),
]
NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
NEVER: Any = None


@pytest.fixture
def server() -> Iterator[BigQueryServer]:
    with BigQueryServer() as running:
        yield running


@pytest.fixture
def client(server: BigQueryServer) -> Iterator[bigquery.Client]:
    made = bigquery.Client(
        project=PROJECT,
        credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]
        client_options={"api_endpoint": server.url},
    )
    made.create_dataset("d")
    made.create_table(bigquery.Table(f"{PROJECT}.d.t", schema=SCHEMA))
    yield made
    made.close()  # type: ignore[no-untyped-call]


def rows(client: bigquery.Client, sql: str, *given: Any, **options: Any) -> list[tuple[Any, ...]]:
    config = bigquery.QueryJobConfig(
        default_dataset=f"{PROJECT}.d", query_parameters=given, **options
    )
    found = client.query_and_wait(sql, job_config=config, retry=NEVER, job_retry=NEVER, page_size=3)
    return [tuple(row.values()) for row in found]


def insert(client: bigquery.Client, *found: dict[str, Any], **options: Any) -> Any:
    return client.insert_rows_json(f"{PROJECT}.d.t", found, retry=NEVER, **options)


def test_what_is_there_is_a_conflict_and_what_is_not_is_not_found(client: bigquery.Client) -> None:
    with pytest.raises(Conflict):
        client.create_dataset("d")
    with pytest.raises(Conflict):
        client.create_table(bigquery.Table(f"{PROJECT}.d.t", schema=SCHEMA))
    again = client.create_table(bigquery.Table(f"{PROJECT}.d.t", schema=SCHEMA[:1]), exists_ok=True)
    assert [column.name for column in again.schema] == ["id", "n", "at", "good"]
    assert [table.table_id for table in client.list_tables("d")] == ["t"]
    with pytest.raises(NotFound):
        client.get_table("d.other")
    with pytest.raises(NotFound):
        rows(client, "SELECT * FROM other")
    client.delete_table("d.t")
    with pytest.raises(NotFound):
        client.get_table("d.t")


def test_every_type_goes_in_and_comes_back(client: bigquery.Client) -> None:
    assert insert(client, {"id": "a", "n": 7, "at": NOON.isoformat(), "good": True}) == []
    assert insert(client, {"id": "b"}) == []
    assert rows(client, "SELECT id, n, at, good, DATE(at), n / 2 FROM t ORDER BY id") == [
        ("a", 7, NOON, True, NOON.date(), 3.5),
        ("b", None, None, None, None, None),
    ]


def test_pages_follow_one_another(client: bigquery.Client) -> None:
    insert(client, *({"id": f"{n:02}"} for n in range(10)))
    assert [row[0] for row in rows(client, "SELECT id FROM t ORDER BY id")] == [
        f"{n:02}" for n in range(10)
    ]


def test_parameters_have_names_and_may_be_lists(client: bigquery.Client) -> None:
    insert(client, *({"id": f"{n}", "n": n, "at": NOON.isoformat()} for n in range(5)))
    least = bigquery.ScalarQueryParameter("least", "INT64", 2)
    until = bigquery.ScalarQueryParameter("until", "TIMESTAMP", NOON)
    ids = bigquery.ArrayQueryParameter("ids", "STRING", ["1", "3", "4"])
    sql = "SELECT id FROM t WHERE n >= @least AND at <= @until AND id IN UNNEST(@ids) ORDER BY id"
    assert rows(client, sql, least, until, ids) == [("3",), ("4",)]
    with pytest.raises(BadRequest, match="parameter 'until' not found"):
        rows(client, sql, least, ids)


def test_a_row_that_does_not_fit_is_told_and_holds_up_the_others_or_not(
    client: bigquery.Client,
) -> None:
    odd: list[dict[str, Any]] = [
        {"id": "a"},
        {"id": "b", "what": 1},
        {"n": 1},
        {"id": "c", "n": "x"},
        {"id": "d", "n": 2**70},
    ]
    errors = insert(client, *odd)
    assert {error["index"]: error["errors"][0]["reason"] for error in errors} == {
        0: "stopped",
        1: "invalid",
        2: "invalid",
        3: "invalid",
        4: "invalid",
    }
    assert rows(client, "SELECT id FROM t") == []
    assert len(insert(client, *odd, skip_invalid_rows=True)) == 4
    assert rows(client, "SELECT id FROM t") == [("a",)]


def test_insert_ids_are_known_for_a_while_only(
    server: BigQueryServer, client: bigquery.Client
) -> None:
    for _ in range(2):
        insert(client, {"id": "a"}, row_ids=["a"])
    assert rows(client, "SELECT COUNT(*) FROM t") == [(1,)]
    server.store.settle()
    insert(client, {"id": "a"}, row_ids=["a"])
    assert rows(client, "SELECT COUNT(*) FROM t") == [(2,)]


def test_streamed_rows_cannot_be_changed_yet(
    server: BigQueryServer, client: bigquery.Client
) -> None:
    insert(client, {"id": "a", "n": 1}, {"id": "b", "n": 2})
    with pytest.raises(BadRequest, match="streaming buffer"):
        rows(client, "UPDATE t SET n = 9 WHERE n = 1")
    server.store.settle()
    found = client.query_and_wait("UPDATE d.t SET n = 9 WHERE n = 1", retry=NEVER, job_retry=NEVER)
    assert found.num_dml_affected_rows == 1
    assert rows(client, "SELECT n FROM t ORDER BY id") == [(9,), (2,)]
    with pytest.raises(BadRequest, match="WHERE"):
        rows(client, "UPDATE t SET n = 9")


def test_a_load_job_runs_once_for_its_id(client: bigquery.Client) -> None:
    config = bigquery.LoadJobConfig(schema=SCHEMA)
    found = [{"id": "a", "n": 1}, {"id": "b", "n": 2}]
    client.load_table_from_json(found, "d.t", job_id="once", job_config=config).result()
    with pytest.raises(Conflict):
        client.load_table_from_json(found, "d.t", job_id="once", job_config=config)
    assert client.get_job("once").state == "DONE"
    assert rows(client, "SELECT id FROM t ORDER BY id") == [("a",), ("b",)]


def test_a_dry_run_weighs_and_a_cap_refuses(client: bigquery.Client) -> None:
    insert(client, {"id": "x" * 1000})
    config = bigquery.QueryJobConfig(dry_run=True, use_query_cache=False)
    weighed = client.query("SELECT id FROM d.t", job_config=config)
    assert weighed.total_bytes_processed >= 1000
    with pytest.raises(BadRequest, match="bytes billed"):
        rows(client, "SELECT id FROM t", maximum_bytes_billed=10 * 1024**2 - 1)
    assert len(rows(client, "SELECT id FROM t", maximum_bytes_billed=10 * 1024**2)) == 1


def test_what_is_no_query_is_refused(client: bigquery.Client) -> None:
    for sql in ("SELECT FROM", "SELECT what FROM t", "SELECT NO_SUCH_FUNCTION(id) FROM t"):
        with pytest.raises(BadRequest):
            rows(client, sql)


def test_an_outage_is_an_error_of_the_client(
    server: BigQueryServer, client: bigquery.Client
) -> None:
    server.fault = "busy"
    with pytest.raises(ServiceUnavailable):
        insert(client, {"id": "a"})
    server.fault = "unanswered"
    with pytest.raises(OSError):
        insert(client, {"id": "b"}, timeout=20)
    server.fault = ""
    assert rows(client, "SELECT id FROM t") == [("b",)]
