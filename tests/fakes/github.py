"""A strict double of GitHub's REST API over HTTP, with real git objects behind it.

Runs in a thread (`GitHubDouble`) or as a process: `python -m tests.fakes.github --port 8081`.
What steers it is below `/_control`; what it did is in its journal.
"""

import argparse
import base64
import json
import re
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote

import uvicorn
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from tests.fakes.github_contract import Contract, published, seen
from tests.fakes.github_faults import Fault, Faults
from tests.fakes.github_shapes import Shapes
from tests.fakes.github_store import GitStore, Missing, Refused

TOKEN = "token-of-the-double"
READ_ONLY = "read-only-token-of-the-double"
DOCS = "https://docs.github.com/rest"
Route = Callable[["GitHubDouble", "Call"], Response]
ROUTES: list[tuple[str, re.Pattern[str], Route]] = []


def route(method: str, path: str) -> Callable[[Route], Route]:
    def add(handler: Route) -> Route:
        ROUTES.append((method, re.compile(path), handler))
        return handler

    return add


class Call:
    """One request, as a route sees it."""

    def __init__(self, parts: tuple[str, ...], query: Mapping[str, str], body: Any) -> None:
        self.parts = parts
        self.query = query
        self.body = body


class GitHubDouble:
    """One repository on one address; as a context manager it serves from a thread."""

    def __init__(
        self,
        folder: Path,
        *,
        seed: Path | None = None,
        repository: str = "acme/todo",
        contracts: Path | None = None,
        port: int = 0,
        tree_limit: int = 100_000,
        mend_messages: bool = False,
    ) -> None:
        """Keep objects in `folder`; a tree listing above `tree_limit` entries is truncated.

        With `mend_messages`, commits get a last newline, and so other ids than were meant.
        """
        self.store = GitStore(folder / "store.git", seed)
        self.contract = Contract(contracts or published())
        self.faults = Faults()
        self.journal: list[dict[str, Any]] = []
        self.violations: list[str] = []
        self.pulls: list[dict[str, Any]] = []
        self.comments: list[dict[str, Any]] = []
        self.runs: list[dict[str, Any]] = []
        """Of GitHub Actions, newest first: id, head_sha, head_branch, status, conclusion, logs."""
        self.labels: set[str] = {"bug"}
        self.tree_limit = tree_limit
        self.mend_messages = mend_messages
        self.renamed_from = ""
        self.twisted = ""
        """A write that makes something else than was sent."""
        # named as TCP, so that the server does not wait for more to send
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", port))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.repository = repository
        default = self.store.line("symbolic-ref", "HEAD").removeprefix("refs/heads/")
        self.shapes = Shapes(self.url, repository, default)
        config = uvicorn.Config(self, log_config=None, lifespan="off", ws="none")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self.run, daemon=True)

    def run(self) -> None:
        """Serve until told to stop."""
        self._server.run(sockets=[self._socket])

    def __enter__(self) -> Self:
        self._thread.start()
        while not self._server.started:
            time.sleep(0.005)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(10)
        self._socket.close()

    @property
    def effects(self) -> dict[str, Any]:
        """All that calls have brought about."""
        return {
            "refs": self.store.refs(),
            "pulls": self.pulls,
            "comments": self.comments,
            "violations": self.violations,
            "contracts": self.contract.present,
        }

    @property
    def writes(self) -> list[dict[str, Any]]:
        """The calls that were meant to change something."""
        return [call for call in self.journal if call["method"] != "GET"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = await request.body()
        path = scope["raw_path"].decode()
        if path.startswith("/_control"):
            response = await run_in_threadpool(self._control, request.method, path, body)
            await response(scope, receive, send)
            return
        short = re.sub(r"^/repos/[^/]+/[^/]+/?", "", path)
        fault = self.faults.next(request.method, short)
        entry = {"method": request.method, "path": short, "status": 0, "at": time.monotonic()}
        entry["body"] = body.decode("utf-8", "replace")
        self.journal.append(entry)
        reply: Response | None = None
        if fault is None or fault.when != "receipt":
            reply = await run_in_threadpool(self._answer, request, path, body)
        if fault and fault.when != "answer":
            await fault.strike()
            reply = _broken(fault) if fault.status else reply
        entry["status"] = reply.status_code if reply else 0
        if reply is None or (fault and fault.when != "answer" and (fault.drop or fault.kill)):
            await _hang_up(send)
            return
        await reply(scope, receive, send)
        if fault and fault.when == "answer":
            await fault.strike()

    def _answer(self, request: Request, path: str, body: bytes) -> Response:
        if "/_archive/" in path:  # another server keeps these, and has no published contract
            return self._route(request, path, body)
        named = path.replace("/repositories/1", f"/repos/{self.repository}", 1)
        asked = seen(request.method, named, request.query_params, body)
        wrong = self.contract.request(asked)
        if wrong:
            self.violations.append(f"{request.method} {path}: {wrong}")
            return _problem(400, f"Against the contract: {wrong}")
        reply = self._route(request, path, body)
        headers = dict(reply.headers)
        wrong = self.contract.answer(asked, reply.status_code, headers, bytes(reply.body))
        if wrong and reply.status_code not in (401, 403, 404, 405, 409, 301, 302):
            self.violations.append(f"answer to {request.method} {path}: {wrong}")
        reply.headers["x-ratelimit-limit"] = "5000"
        reply.headers["x-ratelimit-remaining"] = "4000"
        return reply

    def _route(self, request: Request, path: str, body: bytes) -> Response:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in (TOKEN, READ_ONLY):
            return _problem(401, "Bad credentials")
        if token == READ_ONLY and request.method != "GET":
            return _problem(403, "Resource not accessible by personal access token")
        for prefix in (f"/repos/{self.repository}", "/repositories/1"):
            if path == prefix or path.startswith(prefix + "/"):
                return self._serve(request, path.removeprefix(prefix).lstrip("/"), body)
        if self.renamed_from and path.startswith(f"/repos/{self.renamed_from}"):
            rest = path.removeprefix(f"/repos/{self.renamed_from}")
            query = f"?{request.url.query}" if request.url.query else ""
            headers = {"location": f"{self.url}/repositories/1{rest}{query}"}
            return JSONResponse({"message": "Moved Permanently"}, 301, headers)
        return _problem(404, "Not Found")

    def _serve(self, request: Request, path: str, body: bytes) -> Response:
        for method, pattern, handler in ROUTES:
            match = pattern.fullmatch(path)
            if method == request.method and match:
                parts = tuple(unquote(part) for part in match.groups())
                call = Call(parts, request.query_params, json.loads(body) if body else None)
                try:
                    return handler(self, call)
                except Missing:
                    return _problem(404, "Not Found")
                except Refused as error:
                    return _problem(422, str(error))
        self.violations.append(f"{request.method} {path}: nothing here does that")
        return _problem(405, "Method Not Allowed")

    def _control(self, method: str, path: str, body: bytes) -> Response:
        given = json.loads(body) if body else {}
        if (method, path) == ("POST", "/_control/faults"):
            self.faults.plan(**given)
        elif (method, path) == ("POST", "/_control/commit"):
            return JSONResponse({"sha": self.store.advance(given["branch"], given["files"])})
        elif (method, path) == ("DELETE", "/_control/faults"):
            self.faults.planned.clear()
        elif (method, path) == ("GET", "/_control/journal"):
            return JSONResponse(self.journal)
        elif (method, path) == ("GET", "/_control/effects"):
            return JSONResponse(self.effects)
        elif (method, path) == ("GET", "/_control/faults"):
            return JSONResponse(self.faults.struck)
        else:
            return _problem(404, "Not Found")
        return JSONResponse({})

    def pull(self, pull: dict[str, Any], *, whole: bool = False) -> dict[str, Any]:
        """A pull request with its branches as they stand."""
        refs = self.store.refs()
        sides = {f"{s}_sha": refs[ref] for s in SIDES if (ref := f"refs/heads/{pull[s]}") in refs}
        return self.shapes.pull(pull["number"], {**pull, **sides}, whole=whole)

    def merge(self, number: int) -> None:
        """Somebody merges a pull request and deletes its branch."""
        pull = self.pulls[number - 1]
        pull["merged"] = True
        pull["state"], pull["head_sha"] = "closed", self.store.refs()[f"refs/heads/{pull['head']}"]
        self.store.git("update-ref", f"refs/heads/{pull['base']}", pull["head_sha"])
        self.store.git("update-ref", "-d", f"refs/heads/{pull['head']}")


SIDES = ("base", "head")


@route("GET", "")
def repository(double: GitHubDouble, call: Call) -> Response:
    return JSONResponse(double.shapes.repository())


@route("GET", "branches")
def branches(double: GitHubDouble, call: Call) -> Response:
    refs = double.store.refs().items()
    return JSONResponse([double.shapes.branch(r.removeprefix("refs/heads/"), s) for r, s in refs])


@route("GET", "git/ref/(.+)")
def get_ref(double: GitHubDouble, call: Call) -> Response:
    refs = double.store.refs("refs")
    if not refs:
        return _problem(409, "Git Repository is empty.")
    ref = f"refs/{call.parts[0]}"
    if ref not in refs:
        return _problem(404, "Not Found")
    return JSONResponse(double.shapes.ref(ref, refs[ref]))


@route("POST", "git/refs")
def create_ref(double: GitHubDouble, call: Call) -> Response:
    ref, sha = call.body["ref"], call.body["sha"]
    if not ref.startswith("refs/") or ref.count("/") < 2:
        raise Refused(f"{ref} is not a valid ref name.")
    double.store.create_ref(ref, sha)
    return JSONResponse(double.shapes.ref(ref, sha), 201)


@route("POST", "git/blobs")
def create_blob(double: GitHubDouble, call: Call) -> Response:
    data = call.body["content"].encode()
    if call.body.get("encoding") == "base64":
        data = base64.b64decode(data, validate=True)
    sha = double.store.put("blob", data + b"?" * (double.twisted == "git/blobs"))
    return JSONResponse({"sha": sha, "url": f"{double.shapes.home}/git/blobs/{sha}"}, 201)


@route("GET", "git/blobs/([^/]+)")
def get_blob(double: GitHubDouble, call: Call) -> Response:
    sha = call.parts[0]
    data = double.store.read(sha, "blob")
    return JSONResponse(
        {
            "sha": sha,
            "node_id": "B_1",
            "size": len(data),
            "url": f"{double.shapes.home}/git/blobs/{sha}",
            "content": base64.encodebytes(data).decode(),
            "encoding": "base64",
        }
    )


@route("POST", "git/trees")
def create_tree(double: GitHubDouble, call: Call) -> Response:
    kept = -1 if double.twisted == "git/trees" else None
    sha = double.store.make_tree(call.body.get("base_tree"), call.body["tree"][:kept])
    return JSONResponse(double.shapes.tree(sha, double.store.tree(sha, False), False), 201)


@route("GET", "git/trees/([^/]+)")
def get_tree(double: GitHubDouble, call: Call) -> Response:
    recursive = "recursive" in call.query
    entries = double.store.tree(call.parts[0], recursive)
    truncated = recursive and len(entries) > double.tree_limit
    kept = entries[: double.tree_limit] if truncated else entries
    return JSONResponse(double.shapes.tree(call.parts[0], kept, truncated))


@route("POST", "git/commits")
def create_commit(double: GitHubDouble, call: Call) -> Response:
    given = call.body
    try:
        double.store.need(given["tree"], "tree")
        for parent in given["parents"]:
            double.store.need(parent, "commit")
    except Missing as error:
        raise Refused(f"{error} does not exist") from error
    lines = [f"tree {given['tree']}", *(f"parent {parent}" for parent in given["parents"])]
    lines += [f"{role} {_stamp(given[role])}" for role in ("author", "committer")]
    end = "\n" if double.mend_messages else ""
    body = "\n".join(lines) + "\n\n" + given["message"] + end
    sha = double.store.put("commit", body.encode())
    return JSONResponse(double.shapes.git_commit(sha, double.store.commit(sha)), 201)


@route("GET", "git/commits/([^/]+)")
def get_git_commit(double: GitHubDouble, call: Call) -> Response:
    sha = call.parts[0]
    return JSONResponse(double.shapes.git_commit(sha, double.store.commit(sha)))


@route("GET", "commits/([^/]+)")
def get_commit(double: GitHubDouble, call: Call) -> Response:
    if not double.store.refs("refs"):
        return _problem(409, "Git Repository is empty.")
    try:
        sha = double.store.resolve(call.parts[0])
    except Missing:
        return _problem(422, f"No commit found for SHA: {call.parts[0]}")
    return JSONResponse(double.shapes.commit(sha, double.store.commit(sha)))


@route("GET", r"compare/(.+)\.\.\.(.+)")
def compare(double: GitHubDouble, call: Call) -> Response:
    store, shapes = double.store, double.shapes
    base, head = (store.resolve(part) for part in call.parts)
    fork = store.merge_base(base, head)
    ahead, behind = store.count(head, base), store.count(base, head)
    status = "diverged" if ahead and behind else "ahead" if ahead else "behind"
    found = shapes.comparison(
        status=status if ahead or behind else "identical",
        ahead_by=len(ahead),
        behind_by=len(behind),
        total_commits=len(ahead),
        base_commit=shapes.commit(base, store.commit(base)),
        merge_base_commit=shapes.commit(fork, store.commit(fork)),
        commits=[shapes.commit(sha, store.commit(sha)) for sha in ahead],
    )
    return JSONResponse(found)


@route("GET", "tarball/(.+)")
def tarball(double: GitHubDouble, call: Call) -> Response:
    sha = double.store.resolve(call.parts[0])
    return Response(status_code=302, headers={"location": f"{double.shapes.home}/_archive/{sha}"})


@route("GET", "_archive/([0-9a-f]{40})")
def archive(double: GitHubDouble, call: Call) -> Response:
    data = double.store.archive(call.parts[0], f"todo-{call.parts[0][:7]}")
    return Response(data, media_type="application/gzip")


@route("GET", "actions/runs")
def list_runs(double: GitHubDouble, call: Call) -> Response:
    sha, branch = call.query.get("head_sha", ""), call.query.get("branch", "")
    status = call.query.get("status", "")
    found = [
        double.shapes.run(run)
        for run in double.runs
        if sha in ("", run["head_sha"])
        and branch in ("", run["head_branch"])
        and status in ("", run["status"], run["conclusion"])
    ]
    return JSONResponse({"total_count": len(found), "workflow_runs": found})


@route("GET", "actions/runs/([0-9]+)/logs")
def run_logs(double: GitHubDouble, call: Call) -> Response:
    where = f"{double.shapes.home}/_archive/logs/{call.parts[0]}"
    return Response(status_code=302, headers={"location": where})


@route("GET", "_archive/logs/([0-9]+)")
def logs_archive(double: GitHubDouble, call: Call) -> Response:
    [run] = [run for run in double.runs if run["id"] == int(call.parts[0])]
    if run["logs"] is None:
        return JSONResponse({"message": "Server Error: logs have expired"}, status_code=410)
    return Response(run["logs"], media_type="application/zip")


@route("GET", "pulls")
def list_pulls(double: GitHubDouble, call: Call) -> Response:
    state, head = call.query.get("state", "open"), call.query.get("head", "")
    found = [
        double.pull(pull)
        for pull in double.pulls
        if state in ("all", pull["state"]) and head in ("", f"{double.shapes.owner}:{pull['head']}")
    ]
    return JSONResponse(found)


@route("POST", "pulls")
def create_pull(double: GitHubDouble, call: Call) -> Response:
    given, refs = call.body, double.store.refs()
    head = given["head"].removeprefix(f"{double.shapes.owner}:")
    for side, name in (("head", head), ("base", given["base"])):
        if f"refs/heads/{name}" not in refs:
            error = {"resource": "PullRequest", "field": side, "code": "invalid"}
            return _problem(422, "Validation Failed", errors=[error])
    if any(p["head"] == head and p["state"] == "open" for p in double.pulls):
        words = f"A pull request already exists for {double.shapes.owner}:{head}."
        error = {"resource": "PullRequest", "code": "custom", "message": words}
        return _problem(422, "Validation Failed", errors=[error])
    if not double.store.count(refs[f"refs/heads/{head}"], refs[f"refs/heads/{given['base']}"]):
        words = f"No commits between {given['base']} and {head}"
        error = {"resource": "PullRequest", "code": "custom", "message": words}
        return _problem(422, "Validation Failed", errors=[error])
    pull = {
        "number": len(double.pulls) + 1,
        "head": head,
        "base": given["base"],
        "title": given["title"],
        "body": given.get("body"),
        "draft": bool(given.get("draft")),
        "state": "open",
        "labels": [],
    }
    double.pulls.append(pull)
    return JSONResponse(double.pull(pull, whole=True), 201)


@route("GET", r"pulls/(\d+)")
def get_pull(double: GitHubDouble, call: Call) -> Response:
    return JSONResponse(double.pull(_numbered(double, call), whole=True))


@route("POST", r"issues/(\d+)/labels")
def add_labels(double: GitHubDouble, call: Call) -> Response:
    pull, names = _numbered(double, call), call.body["labels"]
    double.labels.update(names)
    pull["labels"] += [name for name in names if name not in pull["labels"]]
    shown = [double.shapes.label(n, name) for n, name in enumerate(pull["labels"], start=1)]
    return JSONResponse(shown)


@route("GET", r"issues/(\d+)/comments")
def list_comments(double: GitHubDouble, call: Call) -> Response:
    issue = int(call.parts[0])
    return JSONResponse([c["shown"] for c in double.comments if c["issue"] == issue])


@route("POST", r"issues/(\d+)/comments")
def add_comment(double: GitHubDouble, call: Call) -> Response:
    number = _numbered(double, call)["number"]
    shown = double.shapes.comment(len(double.comments) + 1, number, call.body["body"])
    double.comments.append({"issue": number, "shown": shown})
    return JSONResponse(shown, 201)


def _numbered(double: GitHubDouble, call: Call) -> dict[str, Any]:
    number = int(call.parts[0])
    if not 1 <= number <= len(double.pulls):
        raise Missing(str(number))
    return double.pulls[number - 1]


def _stamp(person: dict[str, str]) -> str:
    date = datetime.fromisoformat(person["date"])
    return f"{person['name']} <{person['email']}> {int(date.astimezone(UTC).timestamp())} +0000"


def _problem(status: int, message: str, **more: Any) -> Response:
    body = {"message": message, "documentation_url": DOCS, "status": str(status), **more}
    return JSONResponse(body, status)


def _broken(fault: Fault) -> Response:
    body = {"message": fault.message, "documentation_url": DOCS}
    return JSONResponse(body, fault.status, fault.headers)


async def _hang_up(send: Send) -> None:
    """Promise a body that never comes; the server then closes the connection."""
    headers = [(b"content-length", b"1000"), (b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"{", "more_body": True})


def main() -> None:
    """Serve until ended; the first line on stdout says where."""
    parser = argparse.ArgumentParser(prog="python -m tests.fakes.github", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--seed", type=Path, help="a git repository to start from")
    parser.add_argument("--repository", default="acme/todo")
    parser.add_argument("--folder", type=Path, help="an empty folder for its objects")
    parser.add_argument("--contracts", type=Path, help="the folder of published contracts")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="github-double-") as scratch:
        double = GitHubDouble(
            given.folder or Path(scratch),
            seed=given.seed,
            repository=given.repository,
            contracts=given.contracts,
            port=given.port,
        )
        facts = {"url": double.url, "contracts": double.contract.present, "token": TOKEN}
        print(json.dumps(facts), flush=True)
        double.run()


if __name__ == "__main__":
    main()
