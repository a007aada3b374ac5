"""The command `export`: what was recorded, as JSON Lines to learn from."""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence

from cli import exits
from cli.screen import Screen
from control.anton import Anton
from core.preferences import Preference

CALL_FIELDS = ("system", "user", "assistant", "outcome", "rating")
GOLDEN_FIELDS = (
    "case_id",
    "title",
    "report",
    "source",
    "said",
    "expected",
    "kind",
    "words",
    "corrected_at",
)
INCIDENT_FIELDS = (
    *("case_id", "title", "report", "source", "repository", "base_sha", "severity", "reports"),
    *("given_tests", "reproduction", "expected"),
)
FIELDS = ("prompt", "chosen", "rejected", "words")


async def export(anton: Anton, options: argparse.Namespace) -> int:
    """Write what was asked for."""
    if options.what == "interactions":
        return await _interactions(anton)
    if options.what == "incidents":
        return await _incidents(anton)
    if options.what == "golden":
        return await _golden(anton)
    return await _preferences(anton)


async def _interactions(anton: Anton) -> int:
    """Write a header and a line for each answered model call, without secrets."""
    header = {"v": 1, "kind": "interactions", "fields": CALL_FIELDS}
    sys.stdout.write(json.dumps(header) + "\n")
    count = 0
    async for example in anton.observatory.examples():
        line = {name: getattr(example, name) for name in CALL_FIELDS}
        sys.stdout.write(json.dumps(line) + "\n")
        count += 1
    Screen.here().note(f"{count} model calls")
    return exits.DONE


async def _incidents(anton: Anton) -> int:
    """Write a header and a line for each resolved incident, as a case to measure by."""
    header = {"v": 1, "kind": "incidents", "fields": INCIDENT_FIELDS}
    sys.stdout.write(json.dumps(header) + "\n")
    count = 0
    async for case in anton.observatory.incident_cases():
        told = case.dump()
        del told["expected"]["v"]
        sys.stdout.write(json.dumps({name: told[name] for name in INCIDENT_FIELDS}) + "\n")
        count += 1
    Screen.here().note(f"{count} resolved incidents")
    return exits.DONE


async def _golden(anton: Anton) -> int:
    """Write a header and a line for each report that triage misjudged and a person put right."""
    cases = await anton.observatory.golden.cases()
    header = {"v": 1, "kind": "golden", "fields": GOLDEN_FIELDS, "count": len(cases)}
    sys.stdout.write(json.dumps(header) + "\n")
    for case in cases:
        told = case.dump()
        sys.stdout.write(json.dumps({name: told[name] for name in GOLDEN_FIELDS}) + "\n")
    Screen.here().note(f"{len(cases)} reports that triage misjudged")
    return exits.DONE


async def _preferences(anton: Anton) -> int:
    """Write a header and a line for each complete pair; those that wait for a later diff stay."""
    pairs = await anton.preferences.all()
    for line in lines(pairs):
        sys.stdout.write(line + "\n")
    waiting = sum(pair.open for pair in pairs)
    Screen.here().note(f"{len(pairs) - waiting} pairs; {waiting} wait for a later approved diff")
    return exits.DONE


def lines(pairs: Sequence[Preference]) -> Iterator[str]:
    """The header, then `prompt`, `chosen`, `rejected` and `words` of each complete pair."""
    complete = [pair for pair in pairs if not pair.open]
    yield json.dumps({"v": 1, "kind": "preferences", "fields": FIELDS, "count": len(complete)})
    for pair in complete:
        values = (pair.report, pair.accepted, pair.rejected, pair.words)
        yield json.dumps(dict(zip(FIELDS, values, strict=True)))
