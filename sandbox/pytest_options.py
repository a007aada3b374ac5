"""Which of a repository's own pytest options are kept when its tests are run for proof."""

import re
import shlex
import tomllib
from collections.abc import Iterator, Sequence
from configparser import Error as IniError
from typing import Any

from core.trees import Tree
from sandbox.django_project import PATTERNS, django_of
from sandbox.members import home_of
from sandbox.project import sections

KEPT = {
    "--import-mode", "--doctest-modules", "--doctest-glob", "--doctest-continue-on-failure",
    "--doctest-ignore-import-errors", "--doctest-report", "--pyargs", "--confcutdir", "-s",
    "--capture", "-W", "--pythonwarnings", "--assert", "--asyncio-mode", "--runxfail",
    "--disable-socket", "--ds", "--nomigrations", "--reuse-db", "-p", "--allow-unix-socket",
    "--anyio-backends",
}  # fmt: skip
"""What decides how tests behave."""
SELECTING = {"-m", "-k", "--ignore", "--ignore-glob", "--deselect"}
"""What decides which tests there are; kept for the whole suite, not for tests that are named."""
WITH_VALUE = {
    *SELECTING, "--import-mode", "--doctest-glob", "--doctest-report", "--confcutdir",
    "--capture", "-W", "--pythonwarnings", "--assert", "--asyncio-mode", "--ds", "-p", "-n",
    "--numprocesses", "--dist", "--maxfail", "--tb", "--durations", "--durations-min", "-r",
    "--color", "--junitxml", "--junit-xml", "--junitprefix", "--junit-prefix", "--cov-report",
    "--cov-config", "--cov-fail-under", "--cov-context", "--html", "--timeout", "--reruns",
    "--reruns-delay", "--log-level", "--log-cli-level", "--log-file", "--basetemp", "--rootdir",
    "-c", "--config-file", "-o", "--override-ini", "--verbosity", "--show-capture",
    "--randomly-seed", "--benchmark-columns", "--benchmark-sort", "--benchmark-group-by",
    "--tx", "--rsyncdir", "--hypothesis-profile", "--anyio-backends", "--report-log",
    "--json-report-file", "--maxprocesses", "--max-worker-restart",
}  # fmt: skip
"""Options whose value may stand in the next argument."""
NO_PLUGINS = ("randomly", "random_order", "sugar", "xdist.looponfail", "reverse")
"""What shuffles tests or redraws the screen."""

CASES_NAMED = 50
_FILES = (
    ("pytest.toml", "pytest"),
    (".pytest.toml", "pytest"),
    ("pytest.ini", "pytest"),
    (".pytest.ini", "pytest"),
    ("pyproject.toml", "tool.pytest"),
    ("tox.ini", "pytest"),
    ("setup.cfg", "tool:pytest"),
)


def configured(tree: Tree) -> dict[str, Any]:
    """The settings that pytest finds where it is started, from the file it would choose."""
    home = home_of(tree)
    for path, section in _FILES:
        place = f"{home}/{path}" if home else path
        file = tree.get(place)
        if file is None or not file.is_regular:
            continue
        found = _section(path, tree.text(place), section)
        if found or (found is not None and path.startswith((".pytest", "pytest"))):
            return found
    return {}


def own_options(settings: dict[str, Any], *, named: bool) -> list[str]:
    """What of `addopts` is kept; `named` when the tests to run are given by name."""
    words = _words(settings)
    allowed = KEPT if named else KEPT | SELECTING
    return [
        word
        for option in _options(words)
        if _name(option[0]) in allowed and not _names_a_tool(option)
        for word in option
    ]


def _words(settings: dict[str, Any]) -> list[str]:
    """The words of `addopts`; none where they cannot be told apart."""
    declared = settings.get("addopts", "")
    try:
        return shlex.split(declared) if isinstance(declared, str) else [str(w) for w in declared]
    except ValueError:
        return []


def patterns(settings: dict[str, Any], tree: Tree) -> list[str]:
    """Options that let pytest see tests named as unittest names them, where it would see none."""
    if settings.get("python_files"):
        return []
    if django_of(tree):
        return ["-o", f"python_files={PATTERNS}"]
    names = [path.rpartition("/")[2] for path in tree.files if path.endswith(".py")]
    if any(name.startswith("test_") or name.endswith("_test.py") for name in names):
        return []
    known = "test*.py *_test.py *_tests.py"
    if not any(re.fullmatch(r"test.*|.*_tests?\.py", name) for name in names):
        known = " ".join([known, *_cases(tree)])
    return ["-o", f"python_files={known}"]


def import_mode(settings: dict[str, Any], tree: Tree) -> list[str]:
    """How pytest imports, where test files of one name in folders that are no packages would clash.

    Nothing where the repository says how.
    """
    if any(option[0].startswith("--import-mode") for option in _options(_words(settings))):
        return []
    seen: set[str] = set()
    for path in tree.files:
        folder, _, name = path.rpartition("/")
        is_test = name.startswith("test_") or name.endswith("_test.py")
        if is_test and name.endswith(".py") and f"{folder}/__init__.py".lstrip("/") not in tree:
            if name in seen:
                return ["--import-mode=importlib"]
            seen.add(name)
    return []


def _cases(tree: Tree) -> list[str]:
    """Names of files with test cases of unittest, where none has a name that tests have."""
    found = {
        path.rpartition("/")[2]
        for path, file in tree.files.items()
        if path.endswith(".py") and re.search(rb"^class .*TestCase\b", file.data, re.MULTILINE)
    }
    return sorted(name for name in found if re.fullmatch(r"[\w.-]+", name))[:CASES_NAMED]


def _section(path: str, text: str, section: str) -> dict[str, Any] | None:
    try:
        if not path.endswith(".toml"):
            found = sections(text).get(section)
            return dict(found) if found is not None else None
        table: Any = tomllib.loads(text)
    except (IniError, ValueError):
        return None
    for key in section.split("."):
        table = table.get(key) if isinstance(table, dict) else None
    if not isinstance(table, dict):
        return None
    older = table.get("ini_options")
    return older if isinstance(older, dict) else table


def _options(words: Sequence[str]) -> Iterator[list[str]]:
    """Each option with its value; what stands alone is a path and narrows the suite, so it goes."""
    at = 0
    while at < len(words):
        word = words[at]
        takes_next = word in WITH_VALUE and at + 1 < len(words)
        if word.startswith("-"):
            yield list(words[at : at + 1 + takes_next])
        at += 1 + takes_next


def _name(word: str) -> str:
    if word.startswith("--"):
        return word.partition("=")[0]
    return word[:2]


def _names_a_tool(option: list[str]) -> bool:
    """`-p` of a plugin that we leave out anyway, or that would leave out what we need."""
    if _name(option[0]) != "-p":
        return False
    plugin = option[1] if len(option) > 1 else option[0][2:]
    return plugin.removeprefix("no:").startswith(
        ("xdist", "cov", "pytest_cov", "junitxml", "sugar")
    )
