"""BigQuery's REST on loopback, as the official client speaks it, with faults on demand."""

import json
import re
import threading
import uuid
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, Self
from urllib.parse import parse_qs, urlsplit

from tests.fakes.bigquery_store import BigQueryStore, Result
from tests.fakes.bigquery_wire import Refusal

PROJECT = "anton-test"
Fault = Literal["", "away", "unanswered", "busy"]


class BigQueryServer:
    """A project on loopback; serves from a thread as a context manager."""

    def __init__(self, port: int = 0) -> None:
        self.store = BigQueryStore()
        self.fault: Fault = ""
        """`away` cuts every connection, `unanswered` does what was asked first, `busy` is a 503."""
        self.lasts: int | None = None
        """After so many more requests it is away; None for never."""
        self.requests: list[tuple[str, str]] = []
        self.jobs: dict[str, dict[str, Any]] = {}
        self.results: dict[str, Result] = {}
        server = self

        class Handler(_Handler):
            house = server

        self._http = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(5)

    def ids(self, table: str, dataset: str = "agent_system") -> list[str]:
        """The ids of all rows of a table, with every double."""
        request = {"query": f"SELECT id FROM {dataset}.{table} ORDER BY id"}
        with self.store.lock:
            return [row["f"][0]["v"] for row in self.store.query(request).rows]

    def next_fault(self) -> Fault:
        """What goes wrong with the request that is just coming."""
        if self.lasts is None:
            return self.fault
        self.lasts -= 1
        return "away" if self.lasts < 0 else self.fault

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> Any:
        """What a request is told; raises Refusal."""
        for wanted, pattern, route in ROUTES:
            match = re.fullmatch(pattern, path)
            if match and wanted == method:
                project, *names = match.groups()
                if project != PROJECT:
                    raise Refusal(403, "accessDenied", f"Access Denied: Project {project}")
                with self.store.lock:
                    return route(self, names, query, body)
        raise Refusal(404, "notFound", f"No such route: {method} {path}")

    def keep(self, job_id: str, configuration: dict[str, Any], result: Result) -> dict[str, Any]:
        """Note a job that is done; raises Refusal for an id that was used."""
        if job_id in self.jobs:
            raise Refusal(409, "duplicate", f"Already Exists: Job {job_id}")
        sums = {"totalBytesProcessed": str(result.bytes_read)}
        job = {
            "kind": "bigquery#job",
            "id": f"{PROJECT}:US.{job_id}",
            "jobReference": {"projectId": PROJECT, "jobId": job_id, "location": "US"},
            "configuration": configuration,
            "status": {"state": "DONE"},
            "statistics": {**sums, "query": sums, "load": {"outputRows": str(result.changed)}},
        }
        self.jobs[job_id], self.results[job_id] = job, result
        return job

    def page(self, job_id: str, start: int, size: int) -> dict[str, Any]:
        """Some rows of a result."""
        if job_id not in self.results:
            raise Refusal(404, "notFound", f"Not found: Job {job_id}")
        result = self.results[job_id]
        end = start + size
        told: dict[str, Any] = {
            "kind": "bigquery#queryResponse",
            "schema": {"fields": result.fields},
            "jobReference": {"projectId": PROJECT, "jobId": job_id, "location": "US"},
            "totalRows": str(len(result.rows)),
            "rows": result.rows[start:end],
            "totalBytesProcessed": str(result.bytes_read),
            "jobComplete": True,
            "cacheHit": False,
        }
        if end < len(result.rows):
            told["pageToken"] = str(end)
        if result.changed is not None:
            told["numDmlAffectedRows"] = str(result.changed)
        return told


def _dataset(name: str) -> dict[str, Any]:
    reference = {"projectId": PROJECT, "datasetId": name}
    return {"kind": "bigquery#dataset", "id": f"{PROJECT}:{name}", "datasetReference": reference}


def _add_dataset(house: BigQueryServer, names: list[str], query: Any, body: Any) -> Any:
    name = body["datasetReference"]["datasetId"]
    house.store.add_dataset(name)
    return _dataset(name)


def _get_dataset(house: BigQueryServer, names: list[str], query: Any, body: Any) -> Any:
    house.store.dataset(names[0])
    return _dataset(names[0])


def _tables(house: BigQueryServer, names: list[str], query: Any, body: Any) -> Any:
    tables = house.store.dataset(names[0]).values()
    return {"tables": [table.resource for table in tables], "totalItems": len(tables)}


def _add_table(house: BigQueryServer, names: list[str], query: Any, body: Any) -> Any:
    return house.store.add_table(names[0], body).resource


def _get_table(house: BigQueryServer, names: list[str], query: Any, body: Any) -> Any:
    return house.store.table(*names).resource


def _drop_table(house: BigQueryServer, names: list[str], query: Any, body: Any) -> Any:
    house.store.drop(*names)
    return {}


def _insert_all(house: BigQueryServer, names: list[str], query: Any, body: Any) -> Any:
    errors = house.store.stream(names[0], names[1], body)
    told = {"kind": "bigquery#tableDataInsertAllResponse"}
    return {**told, "insertErrors": errors} if errors else told


def _query(house: BigQueryServer, names: list[str], query: Any, body: Any) -> Any:
    result = house.store.query(body)
    job_id = f"job_{uuid.uuid4().hex}"
    house.keep(job_id, {"query": body}, result)
    return house.page(job_id, 0, int(body.get("maxResults") or 10_000))


def _results(house: BigQueryServer, names: list[str], query: Any, body: Any) -> Any:
    start = int(query.get("pageToken", query.get("startIndex", ["0"]))[0])
    return house.page(names[0], start, int(query.get("maxResults", ["10000"])[0]))


def _add_job(house: BigQueryServer, names: list[str], query: Any, body: Any) -> Any:
    configuration = body["configuration"]
    asked = {**configuration["query"], "dryRun": configuration.get("dryRun", False)}
    result = house.store.query(asked)
    if asked["dryRun"]:
        sums = {"totalBytesProcessed": str(result.bytes_read)}
        return {**body, "status": {"state": "DONE"}, "statistics": {**sums, "query": sums}}
    return house.keep(body["jobReference"]["jobId"], configuration, result)


def _get_job(house: BigQueryServer, names: list[str], query: Any, body: Any) -> Any:
    if names[0] not in house.jobs:
        raise Refusal(404, "notFound", f"Not found: Job {names[0]}")
    return house.jobs[names[0]]


def _upload(house: BigQueryServer, names: list[str], query: Any, body: Any) -> Any:
    resource, lines = body
    configuration = resource["configuration"]
    job_id, target = resource["jobReference"]["jobId"], configuration["load"]["destinationTable"]
    if job_id in house.jobs:
        raise Refusal(409, "duplicate", f"Already Exists: Job {job_id}")
    count = house.store.load(target["datasetId"], target["tableId"], lines)
    return house.keep(job_id, configuration, Result([], [], 0, changed=count))


BASE = r"/bigquery/v2/projects/([^/]+)"
ROUTES: list[tuple[str, str, Callable[[BigQueryServer, list[str], Any, Any], Any]]] = [
    ("POST", rf"{BASE}/datasets", _add_dataset),
    ("GET", rf"{BASE}/datasets/([^/]+)", _get_dataset),
    ("GET", rf"{BASE}/datasets/([^/]+)/tables", _tables),
    ("POST", rf"{BASE}/datasets/([^/]+)/tables", _add_table),
    ("GET", rf"{BASE}/datasets/([^/]+)/tables/([^/]+)", _get_table),
    ("DELETE", rf"{BASE}/datasets/([^/]+)/tables/([^/]+)", _drop_table),
    ("POST", rf"{BASE}/datasets/([^/]+)/tables/([^/]+)/insertAll", _insert_all),
    ("POST", rf"{BASE}/queries", _query),
    ("GET", rf"{BASE}/queries/([^/]+)", _results),
    ("POST", rf"{BASE}/jobs", _add_job),
    ("GET", rf"{BASE}/jobs/([^/]+)", _get_job),
    ("POST", rf"/upload{BASE}/jobs", _upload),
]


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    house: BigQueryServer

    def log_message(self, *_: object) -> None: ...

    def do_GET(self) -> None:
        self._serve()

    do_POST = do_DELETE = do_GET

    def handle(self) -> None:
        with suppress(ConnectionError):
            super().handle()

    def _serve(self) -> None:
        address = urlsplit(self.path)
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.house.requests.append((self.command, address.path))
        fault = self.house.next_fault()
        if fault == "away":
            return self._cut()
        try:
            if fault == "busy":
                raise Refusal(503, "backendError", "The service is currently unavailable.")
            body = self._body(data)
            told = self.house.answer(self.command, address.path, parse_qs(address.query), body)
            status = 200
        except Refusal as refusal:
            told, status = refusal.body(), refusal.status
        if fault == "unanswered":
            return self._cut()
        self._tell(status, told)

    def _cut(self) -> None:
        self.close_connection = True

    def _body(self, data: bytes) -> Any:
        kind = self.headers.get("Content-Type", "")
        if not kind.startswith("multipart/related"):
            return json.loads(data or b"{}")
        mark = kind.partition("boundary=")[2].strip('"').encode()
        parts = [part.partition(b"\r\n\r\n")[2] for part in data.split(b"--" + mark)[1:3]]
        return json.loads(parts[0]), parts[1].decode().strip().split("\n")

    def _tell(self, status: int, told: Any) -> None:
        data = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
