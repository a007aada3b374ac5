"""Reports as people write them: what each may demand of the code, and what it must not."""

import ast
import textwrap

import pytest

from agents.offline.examples import Example, examples_in, regression_file, wished


def files_of(report: str) -> list[str]:
    """The file of each example, checked to be Python."""
    files = [regression_file(example, "test_it", "It.") for example in examples_in(report)]
    for text in files:
        ast.parse(text)
    return files


def verdicts(report: str, **names: object) -> list[bool]:
    """Whether each example's test passes when the code gives these names."""
    return [_passes(text, names) for text in files_of(report)]


def _passes(text: str, names: dict[str, object]) -> bool:
    module = ast.parse(text)
    ours = ("pytest", "unittest")
    module.body = [
        node
        for node in module.body
        if not isinstance(node, ast.Import | ast.ImportFrom) or ast.unparse(node).endswith(ours)
    ]
    space: dict[str, object] = dict(names)
    exec(compile(module, "report", "exec"), space)
    tests = [value for name, value in space.items() if name.startswith("test_")]
    assert tests
    try:
        for test in tests:
            assert callable(test)
            test()
    except (Exception, pytest.fail.Exception):
        return False
    return True


def block(*lines: str) -> str:
    return "\n".join(["```python", *lines, "```"])


SESSION = "```\n>>> from shop import f\n>>> f({})\n{}\n```\n"


@pytest.mark.parametrize(
    ("report", "right", "wrong"),
    [
        (SESSION.format(2, 3) + "Expected: 4", 4, 3),
        (SESSION.format(2, 3) + "It should return `4`, not `3`.", 4, 3),
        (SESSION.format(2, 3) + "I expected 4 but got 3.", 4, 3),
        (SESSION.format(2, 3) + "f(2) should be 4 instead of 3", 4, 3),
        (SESSION.format(2, "'a--b'") + "Expected output:\n```\n'a-b'\n```", "a-b", "a--b"),
        (SESSION.format(2, "[1, 2]") + "should give [2, 1].", [2, 1], [1, 2]),
        (SESSION.format(2, 3) + "**Expected behavior:** returns 4\n**Actual:** returns 3", 4, 3),
        ("Expected:\n" + SESSION.format(2, 4) + "\nActual:\n" + SESSION.format(2, 3), 4, 3),
        (block("from shop import f", "f(2)  # should be 4"), 4, 3),
        (block("from shop import f", "f(2)  # should be 4 but is 3"), 4, 3),
        (block("from shop import f", "x = f(2)  # expected: 4"), 4, 3),
        (block("from shop import f", "print(f(2))  # expected 4"), 4, 3),
        (block("from shop import f", "print(f(2))  # expected 4"), 4.0, 3.0),
        (block("from shop import f", "print(f(2))  # should print 1.50"), "1.50", "1.5"),
        (block("from shop import f", "def test_f():", "    assert f(2) == 4"), 4, 3),
        (
            "```\n>>> from shop import f\n>>> print(f(2))\nA-B\n```\nExpected: 'a-b'",
            "a-b",
            "A-B",
        ),
        ("```\n>>> from shop import f\n>>> f(2)\n3\nI expected 4.\n```", 4, 3),
        (
            "### To reproduce\n1. Run\n\n   ```python\n   from shop import f\n   print(f(2))\n"
            "   ```\n\n"
            "### Expected behavior\n`a-b`\n\n### Actual behavior\n`a--b`\n",
            "a-b",
            "a--b",
        ),
        (
            SESSION.format("[]", "Traceback (most recent call last):\n  ...\nKeyError: 0")
            + "It should return 0 for an empty list.",
            0,
            None,
        ),
    ],
)
def test_a_stated_wish_is_demanded(report: str, right: object, wrong: object) -> None:
    assert any(verdicts(report, f=lambda n: right)) and not all(verdicts(report, f=lambda n: wrong))
    assert False in verdicts(report, f=lambda n: wrong)


@pytest.mark.parametrize(
    ("report", "shown"),
    [
        (SESSION.format(2, "[1, 2]") + "Expected 3 items in the list.", [1, 2]),
        (SESSION.format("'2'", 7) + "`f('1')` should return 1.", 7),
        (SESSION.format(5, 7) + "The argument must be 5.", 7),
        (SESSION.format(5, 7) + "Unexpected result, with 3 threads it hangs.", 7),
        (SESSION.format(5, 7) + 'The result should be "stable" across calls.', 7),
        (SESSION.format(5, 7) + "It should be 1,000 times faster.", 7),
        (SESSION.format(5, 7) + "should be 50% of that", 7),
        (SESSION.format(5, 7) + "should return 1, 2 and 3", 7),
        (SESSION.format(5, 7) + "should be 10:30", 7),
        (SESSION.format(5, 7) + "It should not be 7 at all.", 7),
        (block("from shop import f", "f(5)  # expected 2 items"), 7),
        (block("from shop import f", "f(5)  # -> 3? not sure"), 7),
        (SESSION.format(5, "<shop.Cart object at 0x7f1c2d3e4f50>"), 7),
        (SESSION.format(5, "[1, 2, ...]"), 7),
        (
            SESSION.format(
                5, "Traceback (most recent call last):\n  ...\nTypeError: expected 2, got 1"
            ),
            7,
        ),
    ],
)
def test_words_that_state_no_value_demand_none(report: str, shown: object) -> None:
    assert all(verdicts(report, f=lambda n: shown))


def test_each_session_has_the_wish_that_stands_beside_it() -> None:
    report = SESSION.format(1, 0) + "Expected: 1\n\n" + SESSION.format(2, 0) + "Expected: 2\n"
    assert verdicts(report, f=lambda n: n) == [True, True]


def test_what_a_faulty_session_shows_on_the_way_is_not_demanded() -> None:
    report = textwrap.dedent(
        """
        ```
        >>> from todo import complete
        >>> complete(1)
        False
        >>> complete(1)
        False
        ```
        It should be True, not False.
        """
    )
    assert verdicts(report, complete=lambda n: True) == [True]


def test_text_over_several_lines_is_left_as_it_is() -> None:
    report = block(
        "from conf import parse",
        'text = """[a]',
        "b = 1",
        '"""',
        "assert parse(text) == '[a]|b = 1|'",
    )
    assert verdicts(report, parse=lambda text: text.replace("\n", "|")) == [True]


@pytest.mark.parametrize(
    "report",
    [
        block("from shop import f", "f(5)  # should raise ValueError"),
        "```\n>>> from shop import f\n>>> f(5)\n7\n```\nIt should raise a `ValueError`.",
        "```\n>>> from shop import f\n>>> f(5)\nTraceback (most recent call last):\n  ...\n"
        "IndexError: 0\n```\nExpected: raises ValueError",
        "f(5) must raise ValueError instead of returning:\n" + block("from shop import f", "f(5)"),
    ],
)
def test_an_error_that_is_wished_for_is_demanded(report: str) -> None:
    def raising(error: Exception) -> object:
        def f(number: int) -> None:
            raise error

        return f

    assert verdicts(report, f=raising(ValueError())) == [True]
    assert verdicts(report, f=raising(IndexError())) == [False]
    assert verdicts(report, f=lambda n: 7) == [False]


def test_a_wished_error_that_nobody_can_name_is_left_alone() -> None:
    report = "```\n>>> from shop import f\n>>> f(5)\nTraceback (most recent call last):\n  ...\n"
    report += "IndexError: 0\n```\nIt should raise CartError."
    assert files_of(report) == []


def test_a_test_class_is_taken_as_it_stands() -> None:
    report = block(
        "import unittest",
        "from shop import f",
        "class FTest(unittest.TestCase):",
        "    def test_f(self):",
        "        self.assertEqual(f(2), 4)",
    )
    (text,) = files_of(report)
    assert "class FTest(unittest.TestCase):" in text.split("\n")


def test_a_fixture_is_asked_for_as_the_report_does() -> None:
    report = block("def test_f(client):", "    assert client.get('/').status_code == 200")
    (text,) = files_of(report)
    assert "def test_f(client):" in text.split("\n")


def test_what_runs_as_a_program_is_run() -> None:
    report = block(
        "from shop import f",
        "def main():",
        "    assert f(2) == 4",
        'if __name__ == "__main__":',
        "    main()",
    )
    assert verdicts(report, f=lambda n: 3) == [False]
    assert verdicts(report, f=lambda n: 4) == [True]


def test_code_that_runs_nothing_is_no_example() -> None:
    assert files_of(block("def total(items):", "    return sum(items) + 1")) == []


@pytest.mark.parametrize(
    ("report", "body"),
    [
        ("It crashes.", "parse('')"),
        ("It should return 0.", "assert parse('') == 0"),
        ("It should raise ValueError instead.", "with pytest.raises(ValueError):\n    parse('')"),
        ("It should raise ParseError instead.", None),
    ],
)
def test_a_call_of_a_traceback_is_held_to_the_wish(report: str, body: str | None) -> None:
    call = Example(("from csvx import parse",), "parse('')", asserts=False)
    held = wished(call, report)
    assert (held.body if held else None) == body
