"""What stays the same over all jobs of one judge, and how a job names its change."""

import base64
import os
from typing import Any

Job = dict[str, Any]
"""`id`, `edits` (path to splices), `then` (keys of `orders`)."""
Splices = list[tuple[int, int, str]]
"""Start and end in characters of the base, and the text that takes the place."""


def spliced(text: str, splices: Splices) -> str:
    for start, end, new in sorted(splices, reverse=True):
        text = text[:start] + new + text[end:]
    return text


class Settings:
    """The first line that the host sends."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.root = os.path.realpath(".")
        self.home = os.path.join(self.root, data["home"])
        self.paths: list[str] = [os.path.join(self.root, path) for path in data["paths"]]
        self.args: list[str] = data["args"]
        self.files = [self.placed(path) for path in data["files"]]
        self.red: list[str] = data["red"]
        self.tests: list[str] = data["tests"]
        self.orders: dict[str, list[int]] = data["orders"]
        self.limits: dict[str, float] = data["limits"]
        self.default_limit: float = data["default_limit"]
        self.import_limit: float = data["import_limit"]
        self._imported = frozenset(data["imported"])
        self.workers: int = data["workers"]
        self.sources = {
            os.path.join(self.root, path): base64.b64decode(text).decode()
            for path, text in data["sources"].items()
        }

    def placed(self, path: str) -> str:
        """A file as pytest finds it from where it is started."""
        return path if self.home == os.path.join(self.root, "") else os.path.join(self.root, path)

    def green(self, job: Job) -> list[str]:
        """Tests that must stay green of those that the change can reach, nearest first."""
        keys = job.get("then", [])
        numbers = dict.fromkeys(number for key in keys for number in self.orders.get(key, ()))
        return [self.tests[number] for number in numbers]

    def needs_import(self, job: Job) -> bool:
        """Whether the change shows only when the tests are imported anew."""
        return not self._imported.isdisjoint(job.get("then", ()))

    def limit(self, test: str) -> float:
        """Processor seconds that a test may take."""
        return self.limits.get(test, self.default_limit)

    def splices(self, job: Job) -> dict[str, Splices]:
        """The changes of a job by absolute path."""
        return {os.path.join(self.root, path): some for path, some in job["edits"].items()}

    def changed(self, job: Job) -> dict[str, str]:
        """The changed sources of a job by absolute path."""
        splices = self.splices(job)
        return {path: spliced(self.sources[path], some) for path, some in splices.items()}
