"""What a test command's output says of a run in which no test was run, whatever its exit code."""

import re

from core.evidence import RunEnd
from core.ports import Run

LAST_BYTES = 2_000
"""At the end of each stream: where tools say why they stop."""
_CANNOT_RUN = re.compile(
    rb"(?P<why>"
    rb"^make(?:\[\d+\])?: \*\*\* No (?:rule to make target|targets specified)[^\n]*"
    rb"|^make(?:\[\d+\])?: \*\*\* [^\n]* Error 127$"
    rb"|^\S*python[\d.]*: No module named \S+"
    rb"|^npm (?:error|ERR!) [Mm]issing script[^\n]*"
    rb"|^\W*ERR_PNPM_NO_SCRIPT[^\n]*"
    rb"|^error Command \"[^\"]+\" not found[^\n]*"
    rb"|^\S*pytest: error: [^\n]*"
    rb"|^error: no such command: [^\n]*)",
    re.MULTILINE,
)
_COUNTED = re.compile(
    rb"^(?:Ran (\d+) tests? in |(?:#|\xe2\x84\xb9) tests (\d+)$| *(\d+) passing\b"
    rb"|Tests: +(?:\d+ \w+, )*(\d+) total|running (\d+) tests?$"
    rb"|.*?\b(\d+) passed\b)",
    re.MULTILINE,
)
"""How many tests runners say that they ran: unittest, Node.js, Mocha, Jest, Cargo, pytest."""
_NONE = re.compile(rb"^(?:=+ )?no tests ran in |^No tests? (?:files? )?found\b", re.MULTILINE)


def not_run(run: Run) -> tuple[RunEnd, str] | None:
    """How a run ended that ran no test, and why in words; None for one that did, or may have.

    Code under test can print such words, and gains by it only that nothing counts as shown.
    """
    streams = (run.stdout, run.stderr)
    if run.exit_code != 0:
        for stream in streams:
            if found := _CANNOT_RUN.search(stream[-LAST_BYTES:]):
                return RunEnd.NO_TEST_RUNNER, found["why"].decode("utf-8", "replace").strip()
    counts = [int(next(filter(None, found))) for one in streams for found in _COUNTED.findall(one)]
    if any(counts):
        return None
    if counts or any(_NONE.search(stream[-LAST_BYTES:]) for stream in streams):
        return RunEnd.NO_TESTS, "the command ran no test"
    return None
