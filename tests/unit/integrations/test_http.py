"""The way out: what may be spoken to, and what may be told."""

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from core.errors import Forbidden, HostUnreachable
from integrations.http import Http

SECRETS = {
    "Authorization": "Bearer secret",
    "X-Api-Key": "secret",
    "PRIVATE-TOKEN": "secret",
    "Cookie": "secret",
}


class Server(ThreadingHTTPServer):
    """Answers with what it is told to, and remembers what it was sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: list[dict[str, str]] = []
        self.body = b"{}"
        self.headers: dict[str, str] = {}
        self.wait = threading.Event()
        self.wait.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.seen.append(dict(self.headers))
        self.send_response(200)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(self.server.body)))
        self.end_headers()
        half = len(self.server.body) // 2
        self.wfile.write(self.server.body[:half])
        self.server.wait.wait(5)
        self.wfile.write(self.server.body[half:])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def servers() -> Iterator[list[Server]]:
    servers = [Server(), Server()]
    threads = [threading.Thread(target=server.serve_forever) for server in servers]
    for thread in threads:
        thread.start()
    yield servers
    for server, thread in zip(servers, threads, strict=True):
        server.wait.set()
        server.shutdown()
        thread.join()
        server.server_close()


async def test_only_home_sees_the_credentials(servers: list[Server]) -> None:
    home, other = servers
    http = Http(home.url, hosts=("127.0.0.1",), headers=SECRETS)
    await http.send("GET", "x")
    await http.send("GET", f"{other.url}/x")
    assert {home.seen[0].get(name) for name in SECRETS} == {"Bearer secret", "secret"}
    assert "secret" not in str(other.seen)
    await http.close()


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/x",
        "http://169.254.169.254/latest/meta-data",
        "http://127.0.0.1.evil.example/x",
        "http://127.0.0.1@evil.example/x",
        "//evil.example/x",
        "http://2130706433/x",
    ],
)
async def test_other_hosts_are_not_spoken_to(servers: list[Server], url: str) -> None:
    http = Http(servers[0].url, hosts=("files.example",))
    with pytest.raises(Forbidden, match="is not a host"):
        await http.send("GET", url)
    await http.close()


async def test_a_listed_host_is_not_spoken_to_in_the_clear() -> None:
    http = Http("https://api.example", hosts=("files.example",))
    with pytest.raises(Forbidden, match="is not a host"):
        await http.send("GET", "http://files.example/x")
    await http.close()


async def test_an_answer_that_is_too_big_is_not_read_to_its_end(servers: list[Server]) -> None:
    server = servers[0]
    http = Http(server.url, max_bytes=1000)
    server.body = b"x" * 1000
    assert len((await http.send("GET", "x")).body) == 1000
    server.body = b"x" * 1001
    with pytest.raises(HostUnreachable, match="more than 1,000 bytes"):
        await http.send("GET", "x")
    server.body, server.headers = gzip.compress(bytes(10_000_000)), {"content-encoding": "gzip"}
    with pytest.raises(HostUnreachable, match="more than 100,000 bytes"):
        await http.send("GET", "x", max_bytes=100_000)
    server.body = b"not gzip at all"
    with pytest.raises(HostUnreachable, match="DecodingError"):
        await http.send("GET", "x")
    await http.close()


async def test_an_answer_that_does_not_end_is_given_up(servers: list[Server]) -> None:
    servers[0].wait.clear()
    http = Http(servers[0].url, timeout_s=0.2)
    with pytest.raises(HostUnreachable, match="ReadTimeout"):
        await http.send("GET", "x")
    await http.close()


@pytest.mark.parametrize(
    ("body", "value"),
    [(b'{"a": 1}', {"a": 1}), (b"", None), (b"<html>", None), (b"[" * 200_000, None)],
)
async def test_what_is_not_json_is_nothing(
    servers: list[Server], body: bytes, value: object
) -> None:
    servers[0].body = body
    http = Http(servers[0].url)
    assert (await http.send("GET", "x")).json() == value
    await http.close()
