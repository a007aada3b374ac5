"""Reports, records, options and output are read as the untrusted text that they are."""

import hashlib
import json

import pytest

from core.evidence import CaseOutcome, RunEnd, TestCase
from core.ports import Run
from core.trees import Tree
from sandbox.detection import detect
from sandbox.junit import ReportInvalid, forms, names, parse
from sandbox.network_signs import is_out_of_reach, of_network
from sandbox.output import SHOWN_CHARACTERS, harmless, shown
from sandbox.pytest_options import configured, own_options
from sandbox.testimony import hear, spans
from tests.unit.sandbox.rooms import tree_of

KEY = b"k" * 32


def record(*lines: list[object], key: bytes = KEY) -> bytes:
    data = b""
    for line in lines:
        text = json.dumps(line).encode()
        data += hashlib.blake2b(text, key=key, digest_size=16).hexdigest().encode() + b" " + text
        data += b"\n"
        key = hashlib.blake2b(b"next", key=key, digest_size=32).digest()
    return data


def test_a_report_tells_the_outcomes_and_the_worst_of_one_test() -> None:
    report = parse(
        b"<testsuites><testsuite>"
        b'<testcase classname="a" name="p"/><testcase classname="a" name="f"><failure/></testcase>'
        b'<testcase classname="a" name="s"><skipped/></testcase>'
        b'<testcase classname="a" name="t"/><testcase classname="a" name="t"><error/></testcase>'
        b"</testsuite></testsuites>"
    )
    assert {name: outcome for (_, name), outcome in report.outcomes.items()} == {
        "p": "passed",
        "f": "failed",
        "s": "skipped",
        "t": "error",
    }


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not xml",
        b"<testsuites><testcase></testsuites>",
        b'<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>',
        b"<!--" + b" " * 10_000 + b'--><!doctype x SYSTEM "file:///etc/passwd"><x/>',
        b"<x/>" + b" " * 32_000_000,
    ],
    ids=["empty", "no xml", "cut", "entity", "late document type", "too big"],
)
def test_a_report_that_is_odd_is_refused(data: bytes) -> None:
    with pytest.raises(ReportInvalid):
        parse(data)


@pytest.mark.parametrize(
    ("test_id", "expected"),
    [
        ("tests/test_a.py::test_b", ("tests.test_a", "test_b")),
        ("test_a.py::T::test_b[a/b::c.py]", ("test_a.T", "test_b[a/b::c.py]")),
        ("tests/test_a.py", ("", "tests.test_a")),
        ("test_a.py::test_b[\x07]", ("test_a", "test_b[#x07]")),
    ],
)
def test_names_are_those_of_the_report(test_id: str, expected: tuple[str, str]) -> None:
    assert names(test_id) == expected


def test_a_folder_with_a_bracket_has_the_names_of_either_pytest() -> None:
    newer, older = forms("t/[v1]/test_a.py::A::test_b[c::d]")
    assert newer == ("t.[v1].test_a.A", "test_b[c::d]")
    assert older == ("", "t.[v1]/test_a.py::A::test_b[c::d]")


def test_a_record_is_heard_to_its_end() -> None:
    told = hear(
        record(
            ["begin", {"pytest": "9", "at": 1}],
            ["collected", {"ids": ["a", "b"], "dropped": ["b"]}],
            ["start", {"id": 0}],
            ["called", {"id": 0, "raised": ""}],
            ["report", {"id": 0, "when": "call", "outcome": "passed", "seconds": 0.5}],
            ["done", {}],
            ["end", {"code": 0}],
        ),
        KEY,
    )
    assert told.genuine and told.begun and told.ended == 0 and told.running == ""
    assert told.tests["a"].calls == [""] and told.tests["a"].seconds == 0.5


@pytest.mark.parametrize("what", ["replaced", "added", "removed", "swapped", "another key"])
def test_a_record_that_was_touched_is_not_genuine(what: str) -> None:
    lines = record(["begin", {}], ["start", {"id": "a"}], ["end", {"code": 1}]).splitlines(True)
    other = record(["begin", {}], ["end", {"code": 0}], key=b"x" * 32)
    touched = {
        "replaced": [*lines[:2], lines[2].replace(b"1}", b"0}")],
        "added": [*lines, lines[2]],
        "removed": [lines[0], lines[2]],
        "swapped": [lines[1], lines[0], lines[2]],
        "another key": [other],
    }[what]
    assert not hear(b"".join(touched), KEY).genuine


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b'{"files": ["a.py"], "maps": ["6"], "tests": {"t": [[0, 9]]}}']
)
def test_malformed_lines_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        list(spans(data, frozenset(["a.py"])))


def test_lines_of_unknown_files_are_left_out() -> None:
    data = b'{"files": ["a.py", "/etc/passwd"], "maps": ["16"], "tests": {"t": [[0, 0], [1, 0]]}}'
    assert list(spans(data, frozenset(["a.py"]))) == [("t", "a.py", (1, 2, 4))]


@pytest.mark.parametrize(
    ("addopts", "whole", "named"),
    [
        ("--cov=x --cov-report term -n 4 -x -q -vv --lf", [], []),
        ("-m 'not slow' --ignore=a -k fast", ["-m", "not slow", "--ignore=a", "-k", "fast"], []),
        ("--import-mode=importlib -s", ["--import-mode=importlib", "-s"], None),
        ("--doctest-modules tests src", ["--doctest-modules"], None),
        ("-p no:warnings -p xdist -p no:junitxml", ["-p", "no:warnings"], None),
        ("-W error -Wignore::UserWarning", ["-W", "error", "-Wignore::UserWarning"], None),
        ("--maxfail=1 --tb short --durations 10 --strict-markers", [], []),
        ("'unclosed", [], []),
        ("--rootdir /etc -c other.ini -o addopts=--pdb --pdb", [], []),
    ],
)
def test_own_options_are_kept_where_they_decide_how_tests_behave(
    addopts: str, whole: list[str], named: list[str] | None
) -> None:
    settings = {"addopts": addopts}
    assert own_options(settings, named=False) == whole
    assert own_options(settings, named=True) == (whole if named is None else named)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ({"pytest.ini": "[pytest]\naddopts = -s", "tox.ini": "[pytest]\naddopts = -x"}, "-s"),
        ({"pyproject.toml": '[tool.pytest.ini_options]\naddopts = "-s"'}, "-s"),
        (
            {"pyproject.toml": '[tool.black]\nx = "-s"', "setup.cfg": "[tool:pytest]\naddopts=-s"},
            "-s",
        ),
        ({"tox.ini": "[tox]\nx = 1\n[pytest]\naddopts = -s\n"}, "-s"),
        ({"pytest.ini": "[pytest]\n", "setup.cfg": "[tool:pytest]\naddopts=-s"}, ""),
        ({"pyproject.toml": "not toml ="}, ""),
    ],
)
def test_settings_come_from_the_file_that_pytest_would_choose(
    texts: dict[str, str], expected: str
) -> None:
    assert configured(tree_of(texts)).get("addopts", "") == expected


@pytest.mark.parametrize(
    ("texts", "tests", "name", "usable"),
    [
        ({"test_a.py": "def test_a(): pass"}, (), "pytest", True),
        ({"test_a.py": "import unittest\n"}, (), "unittest", True),
        ({"a.py": ""}, (), "pytest", True),
        ({"package.json": "{}", "tools/gen.py": ""}, (), "npm test", True),
        ({"package.json": "{}", "tests/test_a.py": "import pytest"}, (), "pytest", True),
        ({"package.json": '{"scripts": {"test": "jest --ci"}}'}, (), "jest", True),
        ({"package.json": "{}"}, ("t/test_a.py::test_b",), "pytest", True),
        ({"Cargo.toml": ""}, (), "", False),
    ],
)
def test_the_runner_is_told_from_the_files(
    texts: dict[str, str], tests: tuple[str, ...], name: str, usable: bool
) -> None:
    runner = detect(tree_of(texts), tests)
    assert (runner.name, runner.usable) == (name, usable)
    assert usable or runner.hindrance


ESCAPES = [
    ("\x1b[31mred\x1b[0m", "<U+001B>[31mred<U+001B>[0m"),
    ("a\x00b\x07\x08", "a<U+0000>b<U+0007><U+0008>"),
    ("\x9b31m", "<U+009B>31m"),
    ("abc\u202edef\u2066", "abc<U+202E>def<U+2066>"),
    ("zero\u200bwidth\ufeff", "zero<U+200B>width<U+FEFF>"),
    ("tag\U000e0041", "tag<U+E0041>"),
    ("over\rwritten", "over<U+000D>written"),
    ("line\r\nend\ttab", "line\nend\ttab"),
    ("ünïcödé ✓ 漢字", "ünïcödé ✓ 漢字"),
]


@pytest.mark.parametrize(("text", "expected"), ESCAPES)
def test_what_acts_or_hides_is_written_out(text: str, expected: str) -> None:
    assert harmless(text) == expected


def test_output_is_bytes_first_and_keeps_head_and_tail() -> None:
    run = Run(0, RunEnd.PASSED, b"head \xff" + b"x" * 200_000 + b"tail", b"err", 0, 1.0)
    text = shown(run)
    assert text.startswith("head \ufffd") and text.endswith("err")
    assert "characters left out" in text and len(text) < SHOWN_CHARACTERS + 100


def test_an_empty_tree_has_no_runner() -> None:
    assert not detect(Tree({})).usable


@pytest.mark.parametrize(
    ("message", "meaning", "never"),
    [
        ("socket.gaierror: [Errno -3] Temporary failure in name resolution", "the network", True),
        ("git.exc.InvalidGitRepositoryError: /work", "git's data", True),
        ("Command '['git', 'log']' returned non-zero exit status 128.", "git's data", True),
        ("ConnectionRefusedError: [Errno 111] Connection refused", "a service", False),
        ("assert 1 == 2", "", False),
    ],
)
def test_what_a_sandbox_does_not_have_is_told_of_a_failing_test(
    message: str, meaning: str, never: bool
) -> None:
    case = TestCase(test_id="t::a", outcome=CaseOutcome.FAILED, message=message)
    assert is_out_of_reach(message) is never
    notes = of_network([case, case.model_copy(update={"outcome": CaseOutcome.SKIPPED})])
    assert len(notes) == bool(meaning)
    assert all(note.startswith("t::a looks for") and meaning in note for note in notes)
