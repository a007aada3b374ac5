"""What the witness of a Node.js runner wrote down; one forged line ends the reading."""

import hmac
import json
import re
from dataclasses import dataclass, field
from typing import Any

_FRAME = re.compile(r"(?:file://)?(/[^\s():]+):(\d+)(?::\d+)?")


@dataclass
class Told:
    """The record of one run, as far as it is genuine."""

    genuine: bool = True
    begun: bool = False
    root: str = ""
    """Where the workspace lay."""
    ended: int | None = None
    """The exit code that the witness announced; None when it did not live to do so."""
    collected: dict[str, None] = field(default_factory=dict)
    """Ids of tests, in order."""
    running: dict[str, None] = field(default_factory=dict)
    """Tests that had begun and not ended."""
    reports: dict[str, dict[str, Any]] = field(default_factory=dict)
    broken: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Files, suites and errors outside of tests, by a name for each."""

    def place(self, facts: dict[str, Any]) -> tuple[str, int]:
        """The deepest line of the repository that is no test, else of a test, in a stack."""
        tests = {test.partition("::")[0] for test in self.collected}
        frames = [
            (path.removeprefix(f"{self.root}/"), int(line))
            for path, line in _FRAME.findall(f"{facts.get('stack', '')}")
            if path.startswith(f"{self.root}/") and "/node_modules/" not in path
        ]
        return next((one for one in frames if one[0] not in tests), next(iter(frames), ("", 0)))


def hear(data: bytes, key: bytes) -> Told:
    """Read a record that was made with this key."""
    found = Told()
    for line in data.splitlines():
        mark, _, text = line.partition(b" ")
        if not hmac.compare_digest(mark, hmac.new(key, text, "sha256").hexdigest().encode()):
            found.genuine = False
            return found
        key = hmac.new(key, b"next", "sha256").digest()
        kind, facts = json.loads(text)
        _take(found, kind, facts)
    return found


def _take(found: Told, kind: str, facts: dict[str, Any]) -> None:
    match kind:
        case "begin":
            found.begun, found.root = True, facts["root"]
        case "collected":
            found.collected |= dict.fromkeys(facts["ids"])
        case "start":
            found.running[facts["id"]] = None
        case "report":
            found.running.pop(facts["id"], None)
            found.reports[facts["id"]] = facts
        case "broken":
            found.broken.setdefault(facts["id"], facts)
        case "end":
            found.ended = facts["code"]
