"""What a person's words at the release gate speak of, by a small rule where no model reads them.

Words speak of tests when they hold `test` as a word of its own, in any of its common forms or as
part of a test's name (`test_total`, `total_test`), or a form of `assert` or `reproduce`, or
`coverage`, `pytest` or `unittest`. A word too many costs a further run of the step `reproduce`,
which keeps what it had when nothing new comes; a word too few still reaches the fix.
"""

import re

_OF_TESTS = re.compile(
    r"\b(?:re|un)?test(?:s|ed|er|ing|able|case|cases|suite)?\b|\btest_\w+|\w_tests?\b"
    r"|\bassert\w*|\breproduc(?:e|es|ed|er|ing|tion|tions)\b"
    r"|\bcoverage\b|\bpytest\b|\bunit ?tests?\b",
    re.IGNORECASE,
)


def speaks_of_tests(words: str) -> bool:
    """Whether the tests are meant too, and not the fix alone."""
    return _OF_TESTS.search(words) is not None
