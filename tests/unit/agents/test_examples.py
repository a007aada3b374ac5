"""What a report lets us run becomes a test; what it does not is left alone."""

import ast

import pytest

from agents.offline.examples import examples_in, regression_file
from agents.offline.tracebacks import calls_in, module_name
from core.trees import File, Tree

FENCED = """complete() toggles.

```python
from todo import add, complete
item = add("milk")
complete(item)
complete(item)
assert item.done
```
"""
SESSION = """The mean is off.

>>> from stats import mean
>>> mean([1, 2, 4])
3.5
"""
WISHED = """>>> from stats import mean
>>> mean([1, 2])
2

Expected: 1.5
"""
COMMENTED = """```python
import stats
stats.mean([1, 2])  # expected: 1.5
print(stats.mean([1]))  # should print 1
```"""
TRACEBACK = """It breaks:

Traceback (most recent call last):
  File "<stdin>", line 1, in <module>
    parse("1,,2")
  File "/srv/app/csvx/core.py", line 12, in parse
    return convert(field)
ValueError: invalid literal
"""


def only(report: str) -> tuple[tuple[str, ...], str, bool]:
    (example,) = examples_in(report)
    return example.imports, example.body, example.asserts


def test_a_fenced_block_is_taken_as_it_stands() -> None:
    imports, body, asserts = only(FENCED)
    assert imports == ("from todo import add, complete",)
    again = ["complete(item)", "complete(item)"]
    assert body.splitlines() == ['item = add("milk")', *again, "assert item.done"]
    assert asserts


def test_a_session_asserts_what_it_shows() -> None:
    assert only(SESSION) == (("from stats import mean",), "assert mean([1, 2, 4]) == 3.5", True)


def test_the_wish_beside_a_session_wins_over_what_it_shows() -> None:
    assert only(WISHED)[1] == "assert mean([1, 2]) == 1.5"


def test_a_comment_may_state_the_wish() -> None:
    assert only(COMMENTED)[1].splitlines() == [
        "assert stats.mean([1, 2]) == 1.5",
        "assert stats.mean([1]) == 1 or str(stats.mean([1])) == '1'",
    ]


@pytest.mark.parametrize(
    "report",
    ["It is broken.", "```\n$ make\nerror: 2\n```", "```python\nx = \n```", "```json\n{}\n```"],
)
def test_what_cannot_be_run_gives_nothing(report: str) -> None:
    assert list(examples_in(report)) == []


def test_examples_that_state_a_value_come_first() -> None:
    both = "```python\nimport a\na.f()\n```\n\n```python\nimport a\nassert a.f() == 1\n```"
    assert [example.asserts for example in examples_in(both)] == [True, False]


def test_the_file_is_a_test_and_hostile_titles_stay_text() -> None:
    (example,) = examples_in(FENCED)
    text = regression_file(example, "test_bug_42", 'x""" + open("/etc/passwd") + """\\')
    module = ast.parse(text)
    assert isinstance(module.body[0], ast.Expr), "the title is the docstring"
    assert [n.name for n in module.body if isinstance(n, ast.FunctionDef)] == ["test_bug_42"]
    assert len(module.body) == 3


def test_a_traceback_gives_its_call_back() -> None:
    tree = Tree({"src/csvx/core.py": File(b"def parse(text):\n    return convert(text)\n")})
    (example,) = calls_in(TRACEBACK, tree)
    assert example.imports == ("from csvx.core import parse",)
    assert example.body == "parse('1,,2')"


def test_a_name_with_two_homes_is_not_guessed() -> None:
    body = File(b"def parse(text):\n    pass\n")
    assert list(calls_in(TRACEBACK, Tree({"a.py": body, "b.py": body}))) == []


@pytest.mark.parametrize(
    ("path", "name"),
    [("a.py", "a"), ("src/p/b.py", "p.b"), ("p/__init__.py", "p"), ("lib.py", "lib")],
)
def test_module_names(path: str, name: str) -> None:
    assert module_name(path) == name


def test_an_example_that_is_nested_too_deeply_hides_no_other() -> None:
    deep = "```python\nassert total(" + "1 + " * 900 + "1) == 1\n```\n"
    report = f"{deep}\n```python\n{'-' * 20_000}1\n```\n\n```python\nassert total(2) == 3\n```\n"
    assert [one.body for one in examples_in(report)] == ["assert total(2) == 3"]


def test_a_line_of_ticks_is_passed_over_at_once() -> None:
    assert list(examples_in("`" * 200_000)) == []
