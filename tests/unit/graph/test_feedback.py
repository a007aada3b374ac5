"""Which words at the release gate speak of tests."""

import pytest

from graph.repair.feedback import speaks_of_tests


@pytest.mark.parametrize(
    "words",
    [
        "Please add a test for the empty list",
        "the empty list is untested",
        "TESTS are missing",
        "test_total should use two items",
        "see tests/test_app.py",
        "put it into app_test.py",
        "assert the exact message",
        "better coverage please",
        "write a unit test",
        "that is not how I would reproduce it",
        "write a testcase",
    ],
)
def test_these_speak_of_tests(words: str) -> None:
    assert speaks_of_tests(words)


@pytest.mark.parametrize(
    "words",
    [
        "use max() instead",
        "the latest version has another name for it",
        "nobody contests that, but do it in the caller",
        "a protest, an attestation, the greatest",
        "say it otherwise",
        "",
    ],
)
def test_these_do_not(words: str) -> None:
    assert not speaks_of_tests(words)
