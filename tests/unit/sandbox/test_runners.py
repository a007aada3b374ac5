"""Tests of small repositories are run for real, and each way of cheating ends red."""

from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import iniconfig
import pytest

from core.evidence import CaseOutcome, RunEnd, TestRun
from sandbox.environment import Environments
from tests.unit.sandbox.rooms import Rooms, open_folder, outcomes, tree_of

CALC = "def add(a, b):\n    return a + b\n\n\ndef halve(n):\n    return 1 / (n - n)\n"
GOOD = "from calc import add\n\ndef test_add():\n    assert add(1, 2) == 3\n"
PASSED, FAILED, ERROR, SKIPPED = CaseOutcome


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("subprocess", marks=pytest.mark.slow),
        pytest.param("bubblewrap", marks=pytest.mark.needs_bubblewrap),
    ],
)
def rooms(request: pytest.FixtureRequest) -> Iterator[Rooms]:
    with open_folder() as folder:
        environments = Environments(folder / "environments", index_allowed=False)
        yield Rooms(request.param, folder, environments)
        environments.close()


async def test_a_green_suite_is_green(rooms: Rooms) -> None:
    texts = {"calc.py": CALC, "tests/test_calc.py": GOOD}
    run = await rooms.run(texts)
    assert run.end is RunEnd.PASSED and run.green and run.exit_code == 0
    assert run.collected == ("tests/test_calc.py::test_add",)
    assert run.passed == run.collected
    assert run.tree_hash == tree_of(texts).id
    assert run.backend == rooms.backend
    assert "1 passed" in run.output


async def test_a_failure_names_its_line_in_the_code_and_not_in_the_test(rooms: Rooms) -> None:
    test = (
        "import calc\n\ndef test_halve():\n    assert calc.halve(4) == 2\n\n"
        "def test_add():\n    assert calc.add(1, 1) == 3\n"
    )
    run = await rooms.run({"calc.py": CALC, "test_calc.py": test})
    assert run.end is RunEnd.FAILED and run.exit_code == 1
    halve, add = run.cases
    assert (halve.path, halve.line) == ("calc.py", 6)
    assert "ZeroDivisionError" in halve.message
    assert (add.path, add.line) == ("test_calc.py", 7)
    assert "assert 2 == 3" in add.message


async def test_parametrised_ids_are_as_pytest_names_them_and_can_be_asked_for(rooms: Rooms) -> None:
    test = dedent("""
        import pytest

        class TestAll:
            @pytest.mark.parametrize("text", ["a/b", "c::d", "[x]", "ü"])
            def test_text(self, text):
                assert text != "c::d"
    """)
    run = await rooms.run({"test_text.py": test})
    wanted = [f"test_text.py::TestAll::test_text[{text}]" for text in ("a/b", "c::d", "[x]")]
    assert list(run.collected[:3]) == wanted
    assert run.failed == (wanted[1],)
    again = await rooms.run({"test_text.py": test}, [wanted[0], wanted[2]])
    assert again.collected == (wanted[0], wanted[2]) and again.green


async def test_a_unittest_repository_is_run_without_any_configuration(rooms: Rooms) -> None:
    test = dedent("""
        import unittest
        from calc import add, halve

        class Adding(unittest.TestCase):
            def setUp(self):
                self.one = 1

            def test_right(self):
                self.assertEqual(add(self.one, 1), 2)

            def test_wrong(self):
                self.assertEqual(add(self.one, 1), 3)

            def test_broken(self):
                halve(1)

            def test_parts(self):
                for n in range(3):
                    with self.subTest(n=n):
                        self.assertNotEqual(n, 1)
    """)
    for name in ("test/tests.py", "test/testcalc.py", "test/test_calc.py"):
        run = await rooms.run({"calc.py": CALC, "test/__init__.py": "", name: test})
        assert run.end is RunEnd.FAILED, run.output
        assert {test_id.rpartition("::")[2]: o for test_id, o in outcomes(run).items()} == {
            "test_right": PASSED,
            "test_wrong": FAILED,
            "test_broken": FAILED,
            "test_parts": FAILED,
        }
        broken = next(case for case in run.cases if case.test_id.endswith("broken"))
        assert (broken.path, broken.line) == ("calc.py", 6)


async def test_a_src_layout_and_its_version_are_found(rooms: Rooms) -> None:
    run = await rooms.run(
        {
            "pyproject.toml": '[project]\nname = "my-calc"\nversion = "1.2.3"\n'
            '[project.scripts]\nmycalc = "my_calc:main"\n',
            "src/my_calc/__init__.py": "from importlib.metadata import version\n"
            "__version__ = version('my-calc')\n\ndef main():\n    print('from the script')\n",
            "tests/test_version.py": dedent("""
                import subprocess, sys
                import my_calc

                def test_version():
                    assert my_calc.__version__ == "1.2.3"

                def test_a_child_finds_it_too():
                    code = "import my_calc; print(my_calc.__version__)"
                    assert subprocess.check_output([sys.executable, "-c", code]) == b"1.2.3\\n"

                def test_its_script_runs(tmp_path):
                    said = subprocess.check_output(["mycalc"], cwd=tmp_path)
                    assert said == b"from the script\\n"
            """),
        }
    )
    assert run.green, run.output


async def test_options_of_absent_plugins_and_of_reporting_are_left_out(rooms: Rooms) -> None:
    settings = (
        "[tool.pytest.ini_options]\n"
        'addopts = "--cov=calc --cov-report term -n 4 -q -x --junitxml=mine.xml --maxfail 1'
        " -m 'not slow'\"\n"
        'markers = ["slow: slow"]\ntestpaths = ["checks"]\npython_files = ["check_*.py"]\n'
        'required_plugins = ["pytest-cov"]\n'
    )
    test = dedent("""
        import pytest
        from calc import add

        def test_one():
            assert add(1, 1) == 3

        def test_two():
            assert add(1, 1) == 2

        @pytest.mark.slow
        def test_slow():
            assert False
    """)
    texts = {"pyproject.toml": settings, "calc.py": CALC, "checks/check_calc.py": test}
    run = await rooms.run(texts)
    assert run.end is RunEnd.FAILED, run.output
    assert list(outcomes(run).values()) == [FAILED, PASSED, SKIPPED]
    named = await rooms.run(texts, ["checks/check_calc.py::test_slow"])
    assert named.failed == ("checks/check_calc.py::test_slow",)


async def test_an_option_that_nobody_knows_is_dropped_at_the_second_try(rooms: Rooms) -> None:
    settings = "[pytest]\naddopts = --asyncio-mode=auto\nfilterwarnings = error\n"
    run = await rooms.run({"pytest.ini": settings, "calc.py": CALC, "test_calc.py": GOOD})
    assert run.green, run.output


async def test_halves_of_characters_in_names_and_messages_can_be_stored(rooms: Rooms) -> None:
    test = dedent("""
        import pytest
        @pytest.mark.parametrize("half", [chr(0xD800), "whole"])
        def test_it(half):
            raise ValueError("odd " + chr(0xDCFF))
    """)
    option = "disable_test_id_escaping_and_forfeit_all_rights_to_community_support"
    run = await rooms.run({"test_a.py": test, "pytest.ini": f"[pytest]\n{option} = true\n"})
    assert run.failed == ("test_a.py::test_it[\ufffd]", "test_a.py::test_it[whole]")
    assert "odd \ufffd" in run.cases[1].message
    assert TestRun.model_validate_json(run.model_dump_json()) == run


async def test_a_hanging_test_fails_alone(rooms: Rooms) -> None:
    test = dedent("""
        import time
        from wait import forever

        def test_before():
            pass

        def test_hangs():
            forever()

        def test_swallows():
            for _ in range(2):
                try:
                    time.sleep(30)
                except BaseException:
                    pass

        def test_after():
            pass
    """)
    code = "import time\n\ndef forever():\n    while True:\n        time.sleep(0.01)\n"
    run = await rooms.run({"wait.py": code, "test_wait.py": test}, per_test_s=0.3)
    assert [case.outcome for case in run.cases] == [PASSED, FAILED, PASSED, PASSED]
    assert "ran longer than 0.3 s" in run.cases[1].message
    assert run.cases[1].path == "wait.py"
    assert run.seconds < 20


async def test_a_run_past_its_time_names_the_test_that_was_running(rooms: Rooms) -> None:
    test = "import time\n\ndef test_quick():\n    pass\n\ndef test_long():\n    time.sleep(60)\n"
    run = await rooms.run({"test_long.py": test}, timeout_s=2)
    assert run.end is RunEnd.TIMEOUT and run.exit_code is None
    assert outcomes(run) == {"test_long.py::test_quick": PASSED, "test_long.py::test_long": ERROR}


async def test_a_file_that_cannot_be_imported_is_an_error_and_hides_no_other(rooms: Rooms) -> None:
    run = await rooms.run(
        {
            "calc.py": CALC,
            "odd.py": "def f():\n    return (\n",
            "test_calc.py": GOOD,
            "test_missing.py": "import not_there\n",
            "test_odd.py": "import odd\n",
        }
    )
    assert run.end is RunEnd.FAILED
    assert outcomes(run) == {
        "test_calc.py::test_add": PASSED,
        "test_missing.py": ERROR,
        "test_odd.py": ERROR,
    }
    odd = next(case for case in run.cases if case.test_id == "test_odd.py")
    assert (odd.path, odd.line) == ("odd.py", 2)


@pytest.mark.parametrize(
    ("test", "tests"),
    [
        ("x = 1\n", ()),
        ("import pytest\n\n@pytest.mark.skip\ndef test_a():\n    pass\n", ()),
        ("import pytest\npytest.skip('no', allow_module_level=True)\n", ()),
        ("def test_a():\n    pass\n", ("test_a.py::test_b",)),
        ("def test_a():\n    pass\n", ("test_c.py",)),
    ],
    ids=["no test", "all skipped", "module skipped", "no such test", "no such file"],
)
async def test_a_run_without_a_test_that_ran_is_not_green(
    rooms: Rooms, test: str, tests: tuple[str, ...]
) -> None:
    run = await rooms.run({"test_a.py": test}, tests)
    assert run.end is RunEnd.NO_TESTS and not run.green, run.output


async def test_expected_failures_skips_and_late_errors_are_told_apart(rooms: Rooms) -> None:
    test = dedent("""
        import pytest

        @pytest.mark.xfail(reason="known")
        def test_known():
            assert False

        @pytest.mark.xfail(strict=True)
        def test_mended():
            pass

        @pytest.fixture
        def late():
            yield
            raise RuntimeError("in teardown")

        @pytest.fixture
        def early():
            raise RuntimeError("in setup")

        def test_late(late):
            pass

        def test_early(early):
            pass

        def test_skips():
            pytest.skip("not here")
    """)
    run = await rooms.run({"test_kinds.py": test})
    assert list(outcomes(run).values()) == [SKIPPED, FAILED, ERROR, ERROR, SKIPPED]
    assert run.end is RunEnd.FAILED


FALSE_TEST = "from calc import add\n\ndef test_add():\n    assert add(1, 2) == 4\n"

CHEATS = {
    "exits at import": {
        "calc.py": "import os\nprint('1 passed')\nos._exit(0)\n",
        "test_calc.py": FALSE_TEST,
    },
    "leaves at import": {"calc.py": "import sys\nsys.exit(0)\n", "test_calc.py": FALSE_TEST},
    "exits in the test": {
        "calc.py": "import os\ndef add(a, b):\n    os._exit(0)\n",
        "test_calc.py": FALSE_TEST,
    },
    "leaves in the test": {
        "calc.py": "import sys\ndef add(a, b):\n    sys.exit(0)\n",
        "test_calc.py": FALSE_TEST,
    },
    "leaves by pytest": {
        "calc.py": "import pytest\ndef add(a, b):\n    pytest.exit('all well', 0)\n",
        "test_calc.py": FALSE_TEST,
    },
    "prints a summary": {
        "calc.py": CALC + "\nprint('ALL TESTS PASSED')\nprint('5 passed in 0.1s')\n",
        "test_calc.py": FALSE_TEST,
    },
    "is killed": {
        "calc.py": "import os, signal\ndef add(a, b):\n    os.kill(os.getpid(), signal.SIGKILL)\n",
        "test_calc.py": FALSE_TEST,
    },
    "a forged report and an early exit": {
        "calc.py": dedent("""
            import os, pathlib
            def add(a, b):
                for folder in pathlib.Path('.').glob('.anton-*'):
                    (folder / 'junit.xml').write_text(
                        '<testsuites><testsuite tests="1"><testcase classname="test_calc"'
                        ' name="test_add"/></testsuite></testsuites>')
                os._exit(0)
        """),
        "test_calc.py": FALSE_TEST,
    },
    "a forged record": {
        "calc.py": dedent("""
            import os, pathlib
            def add(a, b):
                for folder in pathlib.Path('.').glob('.anton-*'):
                    with open(folder / 'record', 'ab') as record:
                        record.write(b'0' * 32 + b' ["end",{"code":0}]\\n')
                os._exit(0)
        """),
        "test_calc.py": FALSE_TEST,
    },
    "a record removed": {
        "calc.py": dedent("""
            import os, pathlib
            def add(a, b):
                for folder in pathlib.Path('.').glob('.anton-*'):
                    (folder / 'record').unlink()
                os._exit(0)
        """),
        "test_calc.py": FALSE_TEST,
    },
    "reports are rewritten": {
        "conftest.py": dedent("""
            import pytest
            @pytest.hookimpl(hookwrapper=True)
            def pytest_runtest_makereport(item, call):
                outcome = yield
                outcome.get_result().outcome = "passed"
        """),
        "calc.py": CALC,
        "test_calc.py": FALSE_TEST,
    },
    "exceptions are swallowed": {
        "conftest.py": dedent("""
            import pytest
            @pytest.hookimpl(hookwrapper=True, tryfirst=True)
            def pytest_runtest_call(item):
                outcome = yield
                outcome.force_result(None)
        """),
        "calc.py": CALC,
        "test_calc.py": FALSE_TEST,
    },
    "functions are not called": {
        "conftest.py": "def pytest_pyfunc_call(pyfuncitem):\n    return True\n",
        "calc.py": CALC,
        "test_calc.py": FALSE_TEST,
    },
    "functions are never asked for": {
        "conftest.py": "import pytest\npytest.Function.runtest = lambda self: None\n",
        "calc.py": CALC,
        "test_calc.py": FALSE_TEST,
    },
    "the protocol is replaced": {
        "conftest.py": "def pytest_runtest_protocol(item, nextitem):\n    return True\n",
        "calc.py": CALC,
        "test_calc.py": FALSE_TEST,
    },
    "pytest is patched": {
        "conftest.py": dedent("""
            import _pytest.runner
            real = _pytest.runner.TestReport.from_item_and_call
            def from_item_and_call(item, call):
                report = real(item, call)
                report.outcome = "passed"
                return report
            _pytest.runner.TestReport.from_item_and_call = from_item_and_call
        """),
        "calc.py": CALC,
        "test_calc.py": FALSE_TEST,
    },
    "tests are skipped": {
        "conftest.py": dedent("""
            import pytest
            def pytest_collection_modifyitems(items):
                for item in items:
                    item.add_marker(pytest.mark.skip)
        """),
        "calc.py": CALC,
        "test_calc.py": FALSE_TEST,
    },
    "the exit status is replaced": {
        "conftest.py": "def pytest_sessionfinish(session):\n    session.exitstatus = 0\n",
        "calc.py": CALC,
        "test_calc.py": FALSE_TEST,
    },
    "a sitecustomize and a module named like one of the library": {
        "sitecustomize.py": "import os\nos._exit(0)\n",
        "json.py": "import os\nos._exit(0)\n",
        "hashlib.py": "import os\nos._exit(0)\n",
        "calc.py": CALC,
        "test_calc.py": FALSE_TEST,
    },
}


@pytest.mark.parametrize("cheat", CHEATS)
async def test_a_cheat_stays_red(rooms: Rooms, cheat: str) -> None:
    tree = tree_of(CHEATS[cheat])
    async with rooms.open(tree) as (sandbox, runner):
        run = await runner.run(sandbox, tree)
        assert not run.green, run.output
        assert run.end in (RunEnd.FAILED, RunEnd.DISAGREEMENT, RunEnd.NO_TESTS)
        assert "test_calc.py::test_add" not in run.passed or "dropped" in cheat


async def test_what_contradicts_itself_is_told_from_what_fails(rooms: Rooms) -> None:
    run = await rooms.run(CHEATS["exits in the test"])
    assert run.end is RunEnd.DISAGREEMENT and run.exit_code == 0
    assert run.output.startswith("disagreement: the run left with exit code 0 before its end")
    assert run.failed == ("test_calc.py::test_add",)
    run = await rooms.run(CHEATS["is killed"])
    assert run.end is RunEnd.FAILED and run.exit_code == -9
    assert run.failed == ("test_calc.py::test_add",)


@pytest.mark.parametrize("said", ["config.hook.pytest_deselected(items=items[1:])", "pass"])
async def test_a_named_test_that_the_repository_deselects_is_red(rooms: Rooms, said: str) -> None:
    conftest = (
        f"def pytest_collection_modifyitems(config, items):\n    {said}\n    items[:] = items[:1]\n"
    )
    test = "def test_a():\n    pass\n\ndef test_b():\n    assert False\n"
    texts = {"conftest.py": conftest, "test_a.py": test}
    run = await rooms.run(texts, ["test_a.py::test_a", "test_a.py::test_b"])
    assert run.end is RunEnd.DISAGREEMENT
    whole = await rooms.run(texts)
    assert outcomes(whole) == {"test_a.py::test_a": PASSED, "test_a.py::test_b": SKIPPED}


async def test_a_broken_conftest_is_red_and_shown(rooms: Rooms) -> None:
    run = await rooms.run({"conftest.py": "import not_there\n", "test_a.py": GOOD})
    assert run.end is RunEnd.FAILED
    assert "not_there" in run.cases[0].message


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ({"setup.cfg": "[[["}, "setup.cfg:1"),
        ({"pytest.ini": "[pytest]\nminversion = 99\n"}, "requires pytest-99"),
    ],
)
async def test_a_pytest_that_does_not_begin_is_no_red_test(
    rooms: Rooms, texts: dict[str, str], said: str
) -> None:
    run = await rooms.run({"calc.py": CALC, "test_a.py": GOOD, **texts})
    assert (run.end, run.exit_code, run.cases) == (RunEnd.NO_TEST_RUNNER, 4, ())
    assert run.output.startswith("no_test_runner: pytest says ERROR") and said in run.output


async def test_the_tests_see_neither_our_orders_nor_our_secrets(rooms: Rooms) -> None:
    test = dedent("""
        import os, sys

        def test_nothing_is_left_on_standard_input():
            assert os.read(0, 100) == b""

        def test_the_command_line_is_plain():
            assert "key" not in " ".join(sys.argv + sys.orig_argv)
    """)
    run = await rooms.run({"test_secrets.py": test})
    assert run.green, run.output


async def test_output_acts_on_no_terminal_and_keeps_head_and_tail(rooms: Rooms) -> None:
    test = dedent("""
        import sys

        def test_loud():
            sys.stdout.write("first \\x1b[2J \\u202e \\xff\\n" + "x" * 200_000 + "\\nlast\\n")
            assert False, "\\x1b[31mred\\x07"
    """)
    run = await rooms.run({"test_loud.py": test})
    assert "\x1b" not in run.output and "\u202e" not in run.output
    assert "<U+202E>" in run.output and "characters left out" in run.output
    assert len(run.output) < 70_000
    assert "\x1b" not in run.cases[0].message and "red" in run.cases[0].message


async def test_a_survey_tells_which_lines_each_test_ran(rooms: Rooms) -> None:
    code = (
        "def sign(n):\n    if n < 0:\n        return -1\n    return 1\n\n\n"
        "class Box:\n    size = 3\n\n    def grow(self):\n        self.size += 1\n"
    )
    test = dedent("""
        from shapes.box import Box, sign

        def test_minus():
            assert sign(-2) == -1

        def test_plus():
            assert sign(2) == 2

        def test_box():
            Box().grow()
    """)
    survey = await rooms.survey(
        {"src/shapes/__init__.py": "", "src/shapes/box.py": code, "tests/test_box.py": test}
    )
    assert survey.note == ""
    path, test_file = "src/shapes/box.py", "tests/test_box.py"
    assert survey.run.failed == (f"{test_file}::test_plus",)
    assert survey.lines[f"{test_file}::test_minus"] == {path: (2, 3)}
    assert survey.lines[f"{test_file}::test_plus"] == {path: (2, 4)}
    assert survey.lines[f"{test_file}::test_box"] == {path: (11,)}
    assert survey.lines[""][path] == (1, 7, 8, 10)


async def test_a_survey_without_coverage_says_so(rooms: Rooms) -> None:
    survey = await rooms.survey(
        {
            "pyproject.toml": '[project]\nname = "coverage"\nversion = "0"\n',
            "test_a.py": "def test_a():\n    pass\n",
        }
    )
    assert survey.run.green
    assert survey.lines == {}
    assert "No module named 'coverage'" in survey.note


async def test_a_repository_that_is_a_part_of_pytest_is_tested_itself(rooms: Rooms) -> None:
    source = Path(iniconfig.__file__).parent
    texts = {f"src/iniconfig/{file.name}": file.read_text() for file in source.glob("*.py")}
    texts["src/iniconfig/__init__.py"] += "\nMINE = True\n"
    texts["pyproject.toml"] = '[project]\nname = "iniconfig"\nversion = "99.0"\n'
    texts["tests/test_ini.py"] = (
        "import iniconfig\nfrom importlib.metadata import version\n\n"
        "def test_mine():\n    assert iniconfig.MINE\n    assert version('iniconfig') == '99.0'\n"
    )
    run = await rooms.run(texts)
    assert run.green, run.output


@pytest.mark.parametrize(
    ("package", "named"),
    [
        ('{"scripts": {"test": "vitest run"}}', "vitest is not among the packages"),
        ('{"name": "a"}', "no script `test`"),
        ("not json", "package.json cannot be read"),
    ],
)
async def test_a_runner_that_cannot_be_used_is_named(
    rooms: Rooms, package: str, named: str
) -> None:
    run = await rooms.run({"package.json": package, "src/a.js": "1"})
    assert run.end is RunEnd.NO_TEST_RUNNER and not run.green
    assert named in run.output


async def test_a_tree_without_any_known_language_has_no_runner(rooms: Rooms) -> None:
    run = await rooms.run({"README.md": "hello"})
    assert run.end is RunEnd.NO_TEST_RUNNER
