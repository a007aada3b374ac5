"""A command that runs the tests: its report is read where it names one, else its exit code."""

from collections.abc import Iterator

import pytest

from core.evidence import Proof, RunEnd, TestRun
from core.ports import Run
from core.recipes import Recipe
from sandbox.command_runner import named, report_path
from sandbox.command_signs import not_run
from sandbox.environment import Environments
from tests.unit.sandbox.rooms import Rooms, open_folder, tree_of

REPORT = """\
import sys
from calc import add
good = add(1, 2) == 3
failure = "" if good else '<failure message="add">3 was expected</failure>'
with open(sys.argv[1], "w") as report:
    report.write('<testsuite><testcase classname="tests.test_calc" name="test_add" time="0.5">'
                 + failure + '</testcase><testcase classname="other" name="fine"/></testsuite>')
sys.exit(0 if good or "liar" in sys.argv else 1)
"""
GOOD = "def add(a, b):\n    return a + b\n"
BAD = "def add(a, b):\n    return a - b\n"


@pytest.fixture(
    scope="module", params=[pytest.param("bubblewrap", marks=pytest.mark.needs_bubblewrap)]
)
def rooms(request: pytest.FixtureRequest) -> Iterator[Rooms]:
    with open_folder() as folder:
        environments = Environments(folder / "environments", index_allowed=False)
        yield Rooms(request.param, folder, environments)
        environments.close()


async def ran(rooms: Rooms, command: str, calc: str, recipe: Recipe | None = None) -> TestRun:
    texts = {"calc.py": calc, "check.py": REPORT, "tests/test_calc.py": "# by check.py\n"}
    own = {} if recipe else {".anton.toml": f"test = {command!r}\n"}
    return await rooms.run({**texts, **own}, recipe=recipe)


async def test_a_report_that_the_command_names_tells_of_each_test(rooms: Rooms) -> None:
    run = await ran(rooms, "python check.py {junit}", BAD)
    assert (run.end, run.proof, run.exit_code) == (RunEnd.FAILED, Proof.REPORT, 1)
    assert run.collected == ("tests/test_calc.py::test_add", "other::fine")
    assert run.failed == ("tests/test_calc.py::test_add",)
    assert "3 was expected" in run.cases[0].message and run.cases[0].seconds == 0.5
    assert run.argv[:2] == ("sh", "-c") and "check.py" in run.argv[2]
    assert (await ran(rooms, "python check.py {junit}", GOOD)).green


async def test_without_a_report_only_the_exit_code_is_known(rooms: Rooms) -> None:
    command = "python -c 'from calc import add; assert add(1, 2) == 3'"
    red, green = await ran(rooms, command, BAD), await ran(rooms, command, GOOD)
    assert (red.end, red.proof) == (RunEnd.FAILED, Proof.EXIT_CODE)
    assert red.failed == (command,) == green.passed
    assert "AssertionError" in red.cases[0].message
    missing = await ran(rooms, f"{command} # {{junit}}", GOOD)
    assert missing.green and missing.proof is Proof.EXIT_CODE
    assert "There is no report" in missing.output


@pytest.mark.parametrize(
    ("code", "said", "end", "why"),
    [
        (2, "make: *** No rule to make target 'test'.  Stop.", "no_test_runner", "No rule"),
        (2, "make[1]: *** [Makefile:2: test] Error 127", "no_test_runner", "Error 127"),
        (1, "/opt/bin/python3.11: No module named nose2", "no_test_runner", "nose2"),
        (1, 'npm error Missing script: "test"', "no_test_runner", "Missing script"),
        (
            4,
            "ERROR: usage: pytest\npytest: error: unrecognized arguments: --x",
            "no_test_runner",
            "--x",
        ),
        (5, "no tests ran in 0.01s", "no_tests", ""),
        (0, "Ran 0 tests in 0.000s\n\nOK", "no_tests", ""),
        (0, "# tests 0\n# pass 0", "no_tests", ""),
        (0, "  0 passing (2ms)", "no_tests", ""),
        (0, "No tests found, exiting with code 0", "no_tests", ""),
        (0, "Ran 0 tests in 0.000s\n==== 3 passed in 0.01s ====", "", ""),
        (0, "Ran 12 tests in 0.1s\nRan 0 tests in 0.0s", "", ""),
        (0, "make: *** No rule to make target 'x'", "", ""),
        (0, "ok", "", ""),
        (1, "AssertionError: No module named x", "", ""),
        (1, "Ran 3 tests in 0.1s\nFAILED", "", ""),
    ],
)
def test_a_command_that_ran_no_test_is_neither_red_nor_green(
    code: int, said: str, end: str, why: str
) -> None:
    for streams in ((said.encode(), b""), (b"", said.encode())):
        run = Run(code, RunEnd.FAILED if code else RunEnd.PASSED, *streams, 0, 0.1)
        found = not_run(run)
        assert (found[0] if found else "") == end
        assert why in (found[1] if found else "")


async def test_what_a_command_lacks_is_told_with_the_run(rooms: Rooms) -> None:
    run = await ran(rooms, "make test", GOOD)
    assert run.end is RunEnd.NO_TEST_RUNNER and not run.cases
    assert run.output.startswith("no_test_runner: make: *** No rule to make target")
    idle = await ran(rooms, "python -m unittest", GOOD)
    assert idle.end is RunEnd.NO_TESTS and idle.exit_code == 0 and not idle.green


async def test_a_report_that_contradicts_the_exit_code_is_red(rooms: Rooms) -> None:
    run = await ran(rooms, "python check.py {junit} liar", BAD)
    assert run.end is RunEnd.DISAGREEMENT and not run.green
    assert run.passed == ()


async def test_a_report_that_lies_in_the_repository_is_no_report(rooms: Rooms) -> None:
    planted = '<testsuite><testcase classname="a" name="b"/></testsuite>'
    texts = {"out.xml": planted, "a.py": "", ".anton.toml": "test = 'true --junitxml=out.xml'\n"}
    tree = tree_of(texts)
    async with rooms.open(tree) as (sandbox, runner):
        run = await runner.run(sandbox, tree)
    assert run.proof is Proof.EXIT_CODE and run.passed == ("true --junitxml=out.xml",)


async def test_a_command_that_does_not_start_is_no_runner(rooms: Rooms) -> None:
    run = await ran(rooms, "no-such-tool --all", GOOD)
    assert run.end is RunEnd.NO_TEST_RUNNER and run.proof is Proof.NOTHING
    assert "no-such-tool" in run.output


async def test_the_operators_command_and_variables_go_before_the_repositorys(rooms: Rooms) -> None:
    texts = {"a.py": "", ".anton.toml": "test = 'false'\nimage = 'evil'\nenv = {A = 'x'}\n"}
    recipe = Recipe(test='test "$MODE" = ci', env={"MODE": "ci"})
    tree = tree_of(texts)
    environment = await rooms.environments.prepare(tree, recipe)
    assert environment.test_command == recipe.test and "A" not in environment.variables
    assert [note for note in environment.notes if "REPOS_FILE" in note and "'image'" in note]
    async with rooms.open(tree, recipe) as (sandbox, runner):
        assert (await runner.run(sandbox, tree)).green


async def test_named_python_tests_are_run_by_pytest_all_the_same(rooms: Rooms) -> None:
    texts = {"test_a.py": "def test_a():\n    pass\n", ".anton.toml": "test = 'true'\n"}
    run = await rooms.run(texts, ["test_a.py"])
    assert run.proof is Proof.WITNESS and run.passed == ("test_a.py::test_a",)


async def test_lines_are_recorded_by_pytest_where_a_command_would_give_none(rooms: Rooms) -> None:
    texts = {
        "calc.py": GOOD,
        "test_calc.py": "from calc import add\n\ndef test_add():\n    assert add(1, 2) == 3\n",
        ".anton.toml": "test = 'true'\n",
    }
    survey = await rooms.survey(texts)
    assert survey.lines["test_calc.py::test_add"] == {"calc.py": (2,)}
    assert (await rooms.run(texts)).proof is Proof.EXIT_CODE
    assert (await rooms.survey({"a.txt": "", ".anton.toml": "test = 'true'\n"})).run.green


@pytest.mark.parametrize(
    ("command", "path"),
    [
        ("pytest --junitxml=out/report.xml -q", "out/report.xml"),
        ("JEST_JUNIT_OUTPUT_FILE=./junit.xml jest --ci", "junit.xml"),
        ("gotestsum --junitfile r.xml; true", "r.xml"),
        ("cat /etc/passwd.xml ../up.xml", ""),
        ("make test", ""),
        ("mvn -f pom.xml test", ""),
        ("phpunit -c phpunit.xml --log-junit out.xml", "out.xml"),
        ("pytest --cov-report=xml:coverage.xml --junitxml=r.xml", "r.xml"),
        ("go test -v | go-junit-report > out.xml", "out.xml"),
    ],
)
def test_where_a_command_writes_its_report_is_told_from_its_words(command: str, path: str) -> None:
    assert report_path(command, {"pom.xml", "phpunit.xml"}) == path


async def test_what_a_command_reads_is_not_taken_from_it(rooms: Rooms) -> None:
    texts = {"pom.xml": "<project/>", "a.py": "", ".anton.toml": "test = 'cat pom.xml'\n"}
    assert (await rooms.run(texts)).green


def test_ids_are_those_of_pytest_where_the_file_is_known() -> None:
    tree = tree_of({"tests/test_a.py": ""})
    assert named("tests.test_a.TestX", "test_y[1]", tree) == "tests/test_a.py::TestX::test_y[1]"
    assert named("Cart sums", "adds", tree) == "Cart sums::adds"
