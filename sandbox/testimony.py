"""What the witness inside the sandbox wrote down; one forged line ends the reading."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

MAX_BYTES = 32_000_000


@dataclass
class Heard:
    """What was said of one test."""

    calls: list[str] = field(default_factory=list)
    """What each call raised, by its type's name; empty for nothing."""
    reports: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0


@dataclass
class Testimony:
    """The record of one run, as far as it is genuine."""

    genuine: bool = True
    """Whether every line bears the mark that only the witness could make."""
    begun: bool = False
    ended: int | None = None
    """The exit code that the witness announced; None when it did not live to do so."""
    collected: list[str] = field(default_factory=list)
    dropped: set[str] = field(default_factory=set)
    """Collected, then taken off the list."""
    deselected: set[str] = field(default_factory=set)
    """Taken off the list by pytest's own means, and said so."""
    broken: list[dict[str, Any]] = field(default_factory=list)
    """Files that could not be collected."""
    tests: dict[str, Heard] = field(default_factory=dict)
    running: str = ""
    """The test that had begun and not ended."""
    unmeasured: str = ""
    """Why no lines were recorded."""

    def id_of(self, short: str | int) -> str:
        """The id of a test that goes by its place among the collected ones."""
        return self.collected[short] if isinstance(short, int) else short

    def heard(self, short: str | int) -> Heard:
        """What was said of a test so far."""
        return self.tests.setdefault(self.id_of(short), Heard())


def hear(data: bytes, key: bytes) -> Testimony:
    """Read a record that was made with this key."""
    found = Testimony()
    for line in data.splitlines():
        mark, _, text = line.partition(b" ")
        expected = hashlib.blake2b(text, key=key, digest_size=16).hexdigest().encode()
        if mark != expected:
            found.genuine = False
            return found
        key = hashlib.blake2b(b"next", key=key, digest_size=32).digest()
        kind, facts = json.loads(text)
        _take(found, kind, facts)
    return found


def _take(found: Testimony, kind: str, facts: dict[str, Any]) -> None:
    match kind:
        case "begin":
            found.begun = True
        case "collected":
            found.collected = facts["ids"]
            found.dropped = set(facts["dropped"])
        case "deselected":
            found.deselected |= set(facts["ids"])
        case "broken":
            found.broken.append(facts)
        case "start":
            found.running = found.id_of(facts["id"])
            found.heard(facts["id"])
        case "called":
            found.heard(facts["id"]).calls.append(facts["raised"])
        case "report":
            heard = found.heard(facts["id"])
            heard.reports.append(facts)
            heard.seconds += facts["seconds"]
        case "done":
            found.running = ""
        case "unmeasured":
            found.unmeasured = facts["why"]
        case "end":
            found.ended = facts["code"]


def spans(data: bytes, known: frozenset[str]) -> Iterator[tuple[str, str, tuple[int, ...]]]:
    """Test id, path and lines of a survey, for paths that are `known`; raises ValueError."""
    try:
        found = json.loads(data)
        files = [str(path) for path in found["files"]]
        maps = [_lines(int(text, 16)) for text in found["maps"]]
        for test_id, pairs in found["tests"].items():
            for file, number in pairs:
                if files[file] in known:
                    yield str(test_id), files[file], maps[number]
    except (KeyError, IndexError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"the recorded lines are malformed: {error}") from error


def _lines(bits: int) -> tuple[int, ...]:
    text = bin(bits)[:1:-1]
    return tuple(number for number, bit in enumerate(text) if bit == "1")
