"""What no patch may do to tests in JavaScript and TypeScript, and to what says how they are run."""

import json
import re
from collections.abc import Collection, Iterator
from typing import Any

from sandbox.node_detection import unfolded
from sandbox.node_project import scripts_of
from sandbox.scripts import script_of

RUNNER_SETTINGS = re.compile(
    r"^(vitest|jest)\.(config|workspace|setup|projects)\..+$|^\.?(mocharc|taprc|nycrc)(\..+)?$"
    r"|^(ava|karma|cypress|playwright)\.config(uration)?\..+$|^babel\.config\..+$|^\.babelrc(\..+)?$"
    r"|^setupTests\.[cm]?[jt]sx?$|^\.npmrc$|^\.yarnrc(\.yml)?$|^\.pnpmfile\.[cm]?js$"
)
"""Files that say how tests are run, or are run before each of them."""
BUILD_SETTINGS = re.compile(r"^(vite|rspack|rsbuild)\.config\..+$")
"""Files that may say so among much else."""
OF_TESTS = re.compile(
    r"\b(test|exclude|include|setupFiles|globalSetup|retry|bail|alias|environment)\b"
)
WRITTEN_MAX = 8_000
"""Characters that a file of settings has at most."""
KEYS = ("jest", "vitest", "mocha", "ava", "tap", "nyc", "c8", "babel", "type", "imports", "exports")
"""Of a package.json: what decides how tests are run, and what they load."""


def is_settings(path: str) -> bool:
    """Whether a file says how tests are run, or how the code is built."""
    name = path.rpartition("/")[2]
    return bool(RUNNER_SETTINGS.search(name) or BUILD_SETTINGS.search(name))


def weakened_script(path: str, before: str, after: str) -> Iterator[str]:
    """How a test file promises less than before, in words."""
    if path.endswith(".snap"):
        if before.strip() and before != after:
            yield f"{path} holds what tests expect, and stays as it is."
        return
    old, new = script_of(path, before), script_of(path, after)
    if missing := sorted({one.name for one in old.tests} - {one.name for one in new.tests}):
        yield f"{path} loses {', '.join(missing[:3])}."
    if lost := list((old.assertions - new.assertions).keys()):
        yield f"{path} loses or changes an assertion: {lost[0][:200]}"
    if new.skips > old.skips:
        yield f"{path} skips or excuses more than before."
    if new.alone > old.alone:
        yield f"{path} keeps other tests from being run."
    if new.cases < old.cases:
        yield f"{path} runs a test with fewer values."


def weakened_settings(
    path: str, before: str, after: str, called: Collection[str] = ()
) -> Iterator[str]:
    """How a file of settings would change which tests are run, or how, in words.

    Scripts of a manifest that are `called` to run the tests count as those do that say so.
    """
    name = path.rpartition("/")[2]
    if RUNNER_SETTINGS.search(name):
        yield f"{path} says how the tests are run, and stays as it is."
    elif BUILD_SETTINGS.search(name) and _of_tests(before) != _of_tests(after):
        yield f"{path} changes how the tests are run."
    elif name == "package.json" and _decisive(before, called) != _decisive(after, called):
        yield f"{path} changes how the tests are run, or what they load."


def _of_tests(text: str) -> list[str]:
    """What stands behind each key that concerns tests, be it on lines of its own.

    All of a file that is larger than any that a person wrote.
    """
    if len(text) > WRITTEN_MAX:
        return [text]
    return [_value(text, found.start()) for found in OF_TESTS.finditer(text)]


def _value(text: str, start: int) -> str:
    depth = 0
    for at in range(start, len(text)):
        depth += (text[at] in "([{") - (text[at] in ")]}")
        if depth < 0 or (depth == 0 and text[at] in ",\n"):
            return "".join(text[start:at].split())
    return "".join(text[start:].split())


def _decisive(text: str, called: Collection[str]) -> dict[str, Any]:
    """Of a manifest, what decides how tests are run."""
    try:
        found = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    scripts = scripts_of(found)
    of_tests = {
        key: unfolded(command, scripts)
        for key, command in scripts.items()
        if "test" in key or re.sub(r"^(pre|post)(?=.)", "", key) in called or key in called
    }
    return {**{key: found.get(key) for key in KEYS}, "scripts": of_tests}
