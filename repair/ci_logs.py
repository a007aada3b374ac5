"""Failing tests in the logs of a CI run, as pytest, Jest and Vitest print them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest

from sandbox.output import harmless

MOST = 20
MESSAGE_CHARACTERS = 500
MESSAGE_LINES = 12
LOG_CHARACTERS = 4_000_000
LINE_CHARACTERS = 2_000
_STAMP = re.compile(r"^\ufeff?\d{4}-\d\d-\d\dT[\d:.]+Z ?", re.MULTILINE)
_COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_PYTEST = re.compile(r"^(?:FAILED|ERROR) (\S+?\.py(?:::\S.*?)?)(?: - (.*))?$", re.MULTILINE)
_PYTEST_HEAD = re.compile(
    r"^_{3,} (?:ERROR (?:at \w+ of|collecting) )?(\S.*?) _{3,}$", re.MULTILINE
)
_SCRIPT = re.compile(r"^ *(?:●|FAIL ) +(\S.* (?:\u203a|>) .+?)$", re.MULTILINE)
_FRAME = re.compile(r"^\s+(?:at |\u276f |\d+ ?\|)")


@dataclass(frozen=True)
class CiFailure:
    """One test that failed there; both texts are untrusted."""

    test: str
    message: str = ""


def failures(logs: Mapping[str, str]) -> tuple[CiFailure, ...]:
    """The failing tests that logs tell of, each once, those with most to say kept."""
    found: dict[str, CiFailure] = {}
    for text in logs.values():
        plain = _plain(text)
        for failure in (*_of_pytest(plain), *_of_scripts(plain)):
            known = found.get(failure.test)
            if known is None or len(failure.message) > len(known.message):
                found[failure.test] = failure
    return tuple(list(found.values())[:MOST])


def _plain(text: str) -> str:
    """The end of a log without times, colours, and what makes a line too long to be read."""
    lines = text[-LOG_CHARACTERS:].replace("\r\n", "\n").split("\n")
    return _COLOUR.sub("", _STAMP.sub("", "\n".join(line[:LINE_CHARACTERS] for line in lines)))


def _of_pytest(text: str) -> Iterator[CiFailure]:
    sections = dict(_sections(text))
    for match in _PYTEST.finditer(text):
        test = match[1].strip()
        name = ".".join(test.partition("::")[2].split("::")) or test
        yield _failure(test, sections.get(name) or match[2] or "")


def _sections(text: str) -> Iterator[tuple[str, str]]:
    """What pytest says below the headline of each failure: its lines marked with an E."""
    heads = list(_PYTEST_HEAD.finditer(text))
    for head, after in zip_longest(heads, heads[1:]):
        body = text[head.end() : after.start() if after else head.end() + 20_000]
        said = [line[1:].strip() for line in body.split("\n") if line.startswith("E ")]
        if said:
            yield head[1], "\n".join(said[:MESSAGE_LINES])


def _of_scripts(text: str) -> Iterator[CiFailure]:
    lines = text.split("\n")
    for number, line in enumerate(lines):
        match = _SCRIPT.match(line)
        if not match:
            continue
        said: list[str] = []
        for below in lines[number + 1 : number + 40]:
            if _SCRIPT.match(below) or _FRAME.match(below) or len(said) >= MESSAGE_LINES:
                break
            said += [below.strip()] if below.strip() else []
        yield _failure(match[1].strip(), "\n".join(said))


def _failure(test: str, message: str) -> CiFailure:
    return CiFailure(harmless(test)[:300], harmless(message)[:MESSAGE_CHARACTERS])
