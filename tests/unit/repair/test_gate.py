"""What no patch may do: weaken tests, settings or CI, break the syntax, hide a symptom."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from core.evidence import CaseOutcome, RunEnd, TestCase, TestRun
from core.recipes import Recipe
from core.trees import SYMLINK, File, Tree
from observability.redaction import MASK
from repair.gate import Refusal, asserts_value, is_test_path, refusals
from repair.holding import Holding
from repair.symptoms import only_guards

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TESTS = """\
import pytest

from shop import total


def test_total():
    assert total([1, 2]) == 3


@pytest.mark.parametrize("items", [[], [0], [0, 0]])
def test_nothing(items):
    assert total(items) == 0


def test_refused():
    with pytest.raises(TypeError):
        total(None)
"""
CI = """\
jobs:
  test:
    steps:
      - run: make lint
      - run: make test
"""
FILES = {
    "shop.py": "def total(items):\n    return sum(items)\n",
    "tests/test_shop.py": TESTS,
    "pyproject.toml": '[tool.pytest.ini_options]\naddopts = "-q"\n',
    ".github/workflows/ci.yml": CI,
}
BASE = Tree({}).with_texts(FILES)


def refused(**changes: str) -> list[str]:
    return [found.rule for found in held_against({NAMES[name]: t for name, t in changes.items()})]


NAMES = {
    "shop": "shop.py",
    "tests": "tests/test_shop.py",
    "settings": "pyproject.toml",
    "ci": ".github/workflows/ci.yml",
    "conftest": "tests/conftest.py",
}


def held_against(changes: Mapping[str, str]) -> list[Refusal]:
    return refusals(BASE, BASE.with_texts(changes))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("    assert total([1, 2]) == 3\n", "    total([1, 2])\n"),
        ("== 3", "== 4"),
        ("== 3", ">= 3"),
        ("def test_total", "def check_total"),
        ("def test_total", "@pytest.mark.skip\ndef test_total"),
        ("def test_total", "@pytest.mark.xfail\ndef test_total"),
        ("    assert total([1, 2])", "    pytest.skip()\n    assert total([1, 2])"),
        ("[[], [0], [0, 0]]", "[[], [0]]"),
        ("    with pytest.raises(TypeError):\n        total(None)\n", "    pass\n"),
    ],
    ids=[
        "assertion removed",
        "value changed",
        "assertion loosened",
        "test renamed away",
        "skipped",
        "excused",
        "skipped inside",
        "fewer values",
        "expected error dropped",
    ],
)
def test_a_weakened_test_is_refused(before: str, after: str) -> None:
    assert TESTS.count(before) == 1
    assert set(refused(tests=TESTS.replace(before, after))) == {"tests"}


def test_a_test_may_be_added_to_a_file() -> None:
    assert refused(tests=TESTS + "\n\ndef test_more():\n    assert total([5]) == 5\n") == []


def test_a_test_file_may_not_go() -> None:
    gone = BASE.with_files({"tests/test_shop.py": None})
    [found] = refusals(BASE, gone)
    assert (found.rule, found.path) == ("tests", "tests/test_shop.py")


@pytest.mark.parametrize(
    "text",
    [
        'collect_ignore = ["test_shop.py"]\n',
        "def pytest_collection_modifyitems(items):\n    items.clear()\n",
    ],
)
def test_a_new_conftest_may_not_pick_tests(text: str) -> None:
    assert refused(conftest=text) == ["tests"]


@pytest.mark.parametrize(
    "code",
    [
        "import pytest\n",
        "from _pytest.runner import CallInfo\n",
        "import sys\nTESTED = 'pytest' in sys.modules\n",
        "import os\nNOW = os.environ.get('PYTEST_CURRENT_TEST')\n",
        "import gc\nALL = gc.get_objects()\n",
    ],
    ids=["imports it", "reaches into it", "looks for it", "asks for the test", "lists all objects"],
)
def test_a_source_may_not_look_for_the_test_runner(code: str) -> None:
    assert refused(shop=FILES["shop.py"] + code) == ["harness"]
    known = BASE.with_texts({"shop.py": f"import pytest\n{FILES['shop.py']}"})
    assert not refusals(known, known.with_texts({"shop.py": known.text("shop.py") + code}))


def test_a_source_may_speak_of_the_test_runner() -> None:
    spoken = FILES["shop.py"].replace(":\n", ':\n    """Run by pytest."""  # pytest\n', 1)
    assert refused(shop=spoken) == []


RENAMED = Tree({}).with_texts(
    {
        "shop.py": FILES["shop.py"],
        "pytest.ini": "[pytest]\npython_files = check_*.py\n",
        "checks/check_shop.py": TESTS,
    }
)


def test_a_test_file_of_another_name_is_known_by_the_settings() -> None:
    changed = RENAMED.with_texts({"checks/check_shop.py": TESTS.replace("== 3", "== 4")})
    assert [found.rule for found in refusals(RENAMED, changed)] == ["tests"]


def test_a_pattern_that_takes_in_every_file_makes_no_source_a_test() -> None:
    base = RENAMED.with_texts({"pytest.ini": "[pytest]\npython_files = *.py\n"})
    assert not Holding.of(base).holds_tests("shop.py")
    assert Holding.of(RENAMED).holds_tests("checks/check_shop.py")
    assert not Holding.of(RENAMED).holds_tests("checks/shop.py")


@pytest.mark.parametrize(
    ("options", "rules"), [("--doctest-modules", ["tests"]), ("-q", [])], ids=["run", "not run"]
)
def test_an_example_that_is_run_is_a_test(options: str, rules: list[str]) -> None:
    text = 'def one():\n    """It.\n\n    >>> one()\n    1\n    """\n    return 2\n'
    base = Tree({}).with_texts({"a.py": text, "pytest.ini": f"[pytest]\naddopts = {options}\n"})
    bent = base.with_texts({"a.py": text.replace("    1\n", "    2\n")})
    mended = base.with_texts({"a.py": text.replace("return 2", "return 1")})
    assert [found.rule for found in refusals(base, bent)] == rules
    assert not refusals(base, mended)


def test_how_the_tests_are_run_is_for_no_patch_to_say() -> None:
    for before, after in (("", "test = 'true'\n"), ("test = 'make test'\n", "test = 'true'\n")):
        base = BASE.with_texts({".anton.toml": before}) if before else BASE
        found = refusals(base, BASE.with_texts({".anton.toml": after}))
        assert [refusal.rule for refusal in found] == ["settings"]


def test_settings_may_not_narrow_what_is_run() -> None:
    text = FILES["pyproject.toml"]
    assert refused(settings=text.replace("-q", "-q --deselect tests/test_shop.py::t")) == [
        "settings"
    ]
    assert refused(settings=text.replace("-q", "-v")) == []


def test_ci_may_not_lose_a_step() -> None:
    [found] = held_against({NAMES["ci"]: CI.replace("      - run: make test\n", "")})
    assert (found.rule, found.before) == ("ci", "- run: make test")
    assert refused(ci=CI + "      - run: make docs\n") == []
    assert refused(ci=CI.replace("jobs:", "# what runs\njobs:")) == []


def test_what_does_not_parse_is_refused() -> None:
    assert refused(shop="def total(items:\n    return 1\n") == ["parses"]


def test_a_file_that_never_parsed_may_change() -> None:
    base = BASE.with_texts({"old.py": "print 'a'\n"})
    assert refusals(base, base.with_texts({"old.py": "print 'b'\n"})) == []


def test_a_name_that_nothing_binds_is_refused() -> None:
    [found] = held_against({"shop.py": "def total(items):\n    return fsum(items)\n"})
    assert found.rule == "names"
    assert "fsum" in found.message


def test_names_that_are_bound_or_were_unknown_before_may_be_used() -> None:
    assert (
        refused(shop="from math import fsum\n\n\ndef total(items):\n    return fsum(items)\n") == []
    )
    base = BASE.with_texts({"old.py": "x = magic\n"})
    assert refusals(base, base.with_texts({"old.py": "x = magic + 1\n"})) == []


@pytest.mark.parametrize(
    ("path", "is_test"),
    [
        ("tests/data.py", True),
        ("test_shop.py", True),
        ("shop_test.py", True),
        ("conftest.py", True),
        ("web/cart.test.ts", True),
        ("shop/testing.py", False),
        ("shop/latest.py", False),
        ("contest.py", False),
    ],
)
def test_paths_of_tests(path: str, is_test: bool) -> None:
    assert is_test_path(path) is is_test


CRASH = "def size(word):\n    text = word.strip()\n    return len(text)\n"


def red_run(message: str, test: str) -> TestRun:
    case = TestCase(
        test_id=test, outcome=CaseOutcome.FAILED, message=message, path="size.py", line=2
    )
    return TestRun(
        tree_hash="t",
        argv=("pytest",),
        environment="e",
        backend="b",
        end=RunEnd.FAILED,
        exit_code=1,
        collected=(test,),
        cases=(case,),
        started_at=NOW,
        ended_at=NOW,
    )


SILENT = "from size import size\n\n\ndef test_size():\n    size(None)\n"
STATED = "from size import size\n\n\ndef test_size():\n    assert size(None) == 0\n"
GUARDED = CRASH.replace("    text", "    if word is None:\n        return\n    text")


def symptoms(tests: str, after: str, message: str = "AttributeError: no strip") -> list[str]:
    base = Tree({}).with_texts({"size.py": CRASH, "test_size.py": tests})
    run = red_run(message, "test_size.py::test_size")
    return [r.rule for r in refusals(base, base.with_texts({"size.py": after}), red_on_base=run)]


def test_a_guard_at_the_crash_is_refused_when_no_test_states_a_value() -> None:
    assert symptoms(SILENT, GUARDED) == ["symptom"]


def test_a_guard_may_stay_when_a_test_states_the_value() -> None:
    assert symptoms(STATED, GUARDED) == []


def test_a_failed_assertion_is_no_crash() -> None:
    assert symptoms(SILENT, GUARDED, "AssertionError: 1 != 2") == []


def test_a_change_of_the_cause_is_no_guard() -> None:
    assert symptoms(SILENT, CRASH.replace("word.strip()", "str(word).strip()")) == []


@pytest.mark.parametrize(
    "after",
    [
        "def size(word):\n    try:\n        text = word.strip()\n    except AttributeError:\n"
        "        return 0\n    return len(text)\n",
        "def size(word):\n    text = word.strip() if word else ''\n    return len(text)\n",
        "def size(word):\n    text = word and word.strip()\n    return len(text)\n",
        GUARDED,
    ],
    ids=["try", "ternary", "and", "if"],
)
def test_each_form_of_a_guard_is_seen(after: str) -> None:
    assert only_guards(CRASH, after, [2])
    assert not only_guards(CRASH, after.replace("len(text)", "len(text) + 1"), [2])


def test_whether_a_test_states_a_value() -> None:
    tree = Tree({}).with_texts({"silent.py": SILENT, "stated.py": STATED})
    assert asserts_value(tree, "stated.py::test_size[1-2]")
    assert not asserts_value(tree, "silent.py::test_size")
    assert not asserts_value(tree, "nowhere.py::test_size")


def test_mask_that_a_model_was_shown_for_a_secret_is_no_code() -> None:
    key = 'KEY = "key-of-this-house"\n'
    base = BASE.with_texts({"shop.py": key})
    assert refusals(base, base.with_texts({"shop.py": f"{key}X = 1\n"})) == []
    (found,) = refusals(base, base.with_texts({"shop.py": f'KEY = "{MASK}"\n'}))
    assert (found.rule, found.path) == ("mask", "shop.py")


TESTED_BY = '{"scripts": {"test": "%s"}}'
COMPOSED = "services:\n  test:\n    build: .\n    command: pytest\n"


@pytest.mark.parametrize(
    ("files", "path", "after"),
    [
        ({".anton.toml": "test = 'sh ci/run.sh'", "ci/run.sh": "pytest\n"}, "ci/run.sh", "true\n"),
        ({".anton.toml": "test = 'make check'", "Makefile": "check:\n\tpytest\n"}, "Makefile", ""),
        ({".anton.toml": "setup = './make.sh'", "make.sh": "true\n"}, "make.sh", "rm test_a.py\n"),
        ({"compose.yaml": COMPOSED}, "compose.yaml", COMPOSED.replace("pytest", "'true'")),
        ({"compose.yaml": COMPOSED}, "compose.test.yaml", COMPOSED.replace("pytest", "'true'")),
        ({"compose.yaml": COMPOSED, "Dockerfile": "FROM a\n"}, "Dockerfile", "FROM b\n"),
        (
            {"compose.yaml": COMPOSED.replace("pytest", "[sh, /app/ci/run.sh]"), "ci/run.sh": "a"},
            "ci/run.sh",
            "true\n",
        ),
        (
            {
                "compose.yaml": "services: {test: {build: svc}}\n",
                "svc/Dockerfile": 'FROM a\nCMD ["./run.sh"]\n',
                "svc/run.sh": "pytest\n",
            },
            "svc/run.sh",
            "true\n",
        ),
        ({"a.py": "x = 1\n"}, "pytest.toml", "[pytest]\n"),
        ({"a.py": "x = 1\n", "svc/.pytest.toml": "[pytest]\n"}, "svc/.pytest.toml", ""),
        ({"package.json": TESTED_BY % "sh check.sh", "check.sh": "a\n"}, "check.sh", "true\n"),
        ({"package.json": TESTED_BY % "node -r x all.js", "all.js": "a()\n"}, "all.js", "b()\n"),
        ({"in/package.json": TESTED_BY % "make", "in/Makefile": "a:\n"}, "in/Makefile", "b:\n"),
        (
            {"package.json": '{"scripts": {"test": "npm run -s all", "all": "mocha"}}'},
            "package.json",
            '{"scripts": {"test": "npm run -s all", "all": "mocha", "preall": "rm test.js"}}',
        ),
    ],
)
def test_what_runs_the_tests_stays_as_it_is(
    files: Mapping[str, str], path: str, after: str
) -> None:
    base = Tree({}).with_texts(files)
    assert [one.rule for one in refusals(base, base.with_texts({path: after}))] == ["settings"]


@pytest.mark.parametrize(
    ("link", "target", "path", "rule"),
    [
        ("tests", "qa", "qa/check_a.py", "tests"),
        ("svc/conftest.py", "../ci/fixtures.py", "ci/fixtures.py", "tests"),
        ("pytest.ini", "ci/settings.ini", "ci/settings.ini", "settings"),
        ("run.sh", "all", "ci/run.sh", "settings"),
        ("tests/app", "../src", "src/a.py", ""),
        ("src/self", ".", "src/a.py", ""),
    ],
)
def test_a_file_is_what_a_link_shows_it_as(link: str, target: str, path: str, rule: str) -> None:
    links = {link: File(target.encode(), SYMLINK), "all": File(b"ci/run.sh", SYMLINK)}
    base = Tree(links).with_texts({path: "def test_a():\n    assert a() == 1\n"})
    result = base.with_texts({path: "-k not_a = 1\n" if rule == "settings" else "a = 1\n"})
    found = refusals(base, result, recipe=Recipe(test="sh run.sh"))
    assert {one.rule for one in found} - {"parses"} == ({rule} if rule else set())
    assert Holding.of(base).holds_tests(path) is (rule == "tests")


def test_code_that_a_linter_is_given_may_be_mended() -> None:
    texts = {"package.json": TESTED_BY % "eslint src/a.js && mocha", "src/a.js": "a()\n"}
    base = Tree({}).with_texts(texts)
    assert refusals(base, base.with_texts({"src/a.js": "b()\n"})) == []


@pytest.mark.parametrize(
    ("recipe", "path", "before", "after"),
    [
        (Recipe(test="sh ci/run.sh {junit}"), "ci/run.sh", "pytest\n", "true\n"),
        (Recipe(setup="./make.sh --all"), "make.sh", "true\n", "rm test_a.py\n"),
        (Recipe(test="cd backend && make check"), "backend/Makefile", "check:\n", "x:\n"),
        (Recipe(test="make -C backend check"), "backend/Makefile", "check:\n", "x:\n"),
        (Recipe(test="cd backend; ./run.sh"), "backend/run.sh", "pytest\n", "true\n"),
        (Recipe(test="python -m tools.check"), "tools/check.py", "check()\n", "pass\n"),
        (
            Recipe(test="npm run verify"),
            "package.json",
            '{"scripts": {"verify": "npm run all", "all": "mocha"}}',
            '{"scripts": {"verify": "npm run all", "all": "true"}}',
        ),
        (
            Recipe(test="npm --prefix in run --silent verify"),
            "in/package.json",
            '{"scripts": {"verify": "mocha"}}',
            '{"scripts": {"verify": "true"}}',
        ),
    ],
)
def test_what_the_operator_has_the_tests_run_by_stays_as_it_is(
    recipe: Recipe, path: str, before: str, after: str
) -> None:
    base = Tree({}).with_texts({path: before, "a.py": "x = 1\n"})
    (found,) = refusals(base, base.with_texts({path: after}), recipe=recipe)
    assert (found.rule, found.path) == ("settings", path)
    assert refusals(base, base.with_texts({path: after})) == []
    assert refusals(base, base.with_texts({"a.py": "x = 2\n"}), recipe=recipe) == []


def test_an_operators_command_goes_before_that_of_the_repository() -> None:
    base = Tree({}).with_texts(
        {".anton.toml": "test = 'sh own.sh'", "own.sh": "pytest\n", "theirs.sh": "pytest\n"}
    )
    changed = {name: base.with_texts({name: "true\n"}) for name in ("own.sh", "theirs.sh")}
    recipe = Recipe(test="sh theirs.sh")
    assert refusals(base, changed["theirs.sh"], recipe=recipe)
    assert refusals(base, changed["own.sh"], recipe=recipe) == []
    assert refusals(base, changed["own.sh"])


def test_what_the_command_of_the_tests_does_not_name_may_change() -> None:
    base = Tree({}).with_texts(
        {
            ".anton.toml": "test = 'pytest tests/test_a.py'",
            "compose.yaml": "services: {web: {image: a}}\n",
            "Makefile": "run:\n",
            "tests/test_a.py": "def test_a():\n    assert 1\n",
        }
    )
    for path, more in (
        ("compose.yaml", "# more\n"),
        ("Makefile", "# more\n"),
        ("tests/test_a.py", "\n\ndef test_b():\n    assert 2\n"),
    ):
        assert refusals(base, base.with_texts({path: base.text(path) + more})) == []


def test_an_assertion_that_is_nested_deeply_is_one_too() -> None:
    deep = f"def test_a():\n    assert f({'1 + ' * 900}1) == 1\n"
    base = Tree({}).with_texts({"test_a.py": deep})
    (found,) = refusals(base, base.with_texts({"test_a.py": deep.replace("== 1", "== 2")}))
    assert found.message == "test_a.py loses or changes an assertion."
