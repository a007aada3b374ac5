"""JUnit reports, as untrusted text: small, without a document type, and nothing is expanded."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.etree import ElementTree

from core.errors import AntonError

MAX_BYTES = 32_000_000


class ReportInvalid(AntonError):
    """The report cannot be read."""


@dataclass(frozen=True)
class Details:
    """What else a report says of a test."""

    message: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Report:
    """How tests ended, by class name and name."""

    outcomes: Mapping[tuple[str, str], str]
    """`passed`, `failed`, `error` or `skipped`; the worst where a test is named twice."""
    details: Mapping[tuple[str, str], Details] = field(default_factory=dict)


_NO_XML = re.compile("[^\t\n\r -~\x80-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ORDER = ("skipped", "passed", "failed", "error")


def parse(data: bytes) -> Report:
    """Read a report; raises ReportInvalid."""
    if len(data) > MAX_BYTES:
        raise ReportInvalid(f"The report holds more than {MAX_BYTES:,} bytes.")
    if re.search(rb"<!\s*(DOCTYPE|ENTITY)", data, re.IGNORECASE):
        raise ReportInvalid("The report has a document type, which none of ours has.")
    outcomes: dict[tuple[str, str], str] = {}
    details: dict[tuple[str, str], Details] = {}
    try:
        # Entities cannot be declared without a document type, so there is nothing to expand.
        root = ElementTree.fromstring(data)  # noqa: S314
    except ElementTree.ParseError as error:
        raise ReportInvalid(f"The report is not well formed: {error}.") from error
    for element in root.iter("testcase"):
        key = (element.get("classname", ""), element.get("name", ""))
        outcomes[key] = worst(outcomes.get(key, ""), _outcome(element))
        details[key] = _details(element)
    return Report(outcomes, details)


def worst(one: str, other: str) -> str:
    """Of two outcomes the one that says more against the test."""
    return max(one, other, key=lambda outcome: _ORDER.index(outcome) if outcome in _ORDER else -1)


def forms(test_id: str) -> tuple[tuple[str, str], tuple[str, str]]:
    """Both forms of a test's names: of a pytest from 9.2 on, and of those before.

    Where a folder has a bracket in its name, the older ones take it for the first parameter.
    """
    path, mark, rest = test_id.partition("::")
    head, bracket, parameters = rest.partition("[")
    newer = _names([path, *(head.split("::") if mark else [])], bracket + parameters)
    head, bracket, parameters = test_id.partition("[")
    return newer, _names(head.split("::"), bracket + parameters)


def names(test_id: str) -> tuple[str, str]:
    """Class name and name under which pytest reports a test."""
    return forms(test_id)[0]


def _names(parts: list[str], parameters: str) -> tuple[str, str]:
    parts[0] = re.sub(r"\.py$", "", parts[0].replace("/", "."))
    name = _NO_XML.sub(lambda found: f"#x{ord(found[0]):02X}", parts[-1] + parameters)
    return ".".join(parts[:-1]), name


def _outcome(element: ElementTree.Element) -> str:
    tags = {child.tag for child in element}
    for tag, outcome in (("error", "error"), ("failure", "failed"), ("skipped", "skipped")):
        if tag in tags:
            return outcome
    return "passed"


def _details(element: ElementTree.Element) -> Details:
    """Seconds, and the text of the first failure."""
    try:
        seconds = float(element.get("time", "0"))
    except ValueError:
        seconds = 0.0
    for child in element:
        if child.tag in ("error", "failure"):
            said = (child.get("message", ""), child.text or "")
            return Details("\n".join(part for part in said if part.strip()), _sane(seconds))
    return Details("", _sane(seconds))


def _sane(seconds: float) -> float:
    return seconds if math.isfinite(seconds) and seconds >= 0 else 0.0
