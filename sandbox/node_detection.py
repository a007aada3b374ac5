"""Which runner the tests of a Node.js repository need, told from its manifest and files."""

import re
from collections.abc import Mapping, Sequence

from core.trees import Tree
from sandbox.node_project import PLACEHOLDER, NodeProject, project_of, scripts_of

SOURCES = (".js", ".jsx", ".cjs", ".mjs", ".ts", ".tsx", ".cts", ".mts")
"""Endings of code that Node.js runs, by itself or by a runner."""
VITEST, JEST, NPM = "vitest", "jest", "npm test"
NODE_RUNNERS = (VITEST, JEST, NPM)
OTHERS = ("mocha", "ava", "tap", "tape", "jasmine", "uvu", "node --test", "karma", "cypress")
"""Runners that are called by the script of a repository alone."""
_CALLING = re.compile(r"(?<![\w./-])(?:npm|yarn|pnpm|bun|npm-run-all2?|run-[sp])\s([^;&|\n]*)")
_TEST_NAME = re.compile(r"(?:.*\.)?(?:test|spec)\.[cm]?[jt]sx?|test[-_.].*\.[cm]?[jt]sx?")
MAX_DEPTH = 4


def script_runner(tree: Tree, tests: Sequence[str] = ()) -> str:
    """The runner that a manifest asks for; empty where there is no manifest."""
    if project := project_for(tree, tests):
        return runner_of(project)
    return NPM if "package.json" in tree and tree["package.json"].is_regular else ""


def project_for(tree: Tree, tests: Sequence[str] = ()) -> NodeProject | None:
    """The package whose runner runs these tests, by id or file, or all.

    Where the whole has a script that goes through its workspaces, it tells of no test; a package
    of them that has a runner of its own does.
    """
    whole = project_of(tree)
    if whole is None or runner_of(whole) != NPM:
        return whole
    member = whole.member_with([test.partition("::")[0] for test in tests])
    return member if member and runner_of(member) != NPM else whole


def runner_of(project: NodeProject) -> str:
    """The runner that its script calls, else the one that it asks for by its needs."""
    scripts = scripts_of(project.package)
    command = unfolded(project.script, scripts)
    for name in (VITEST, JEST):
        if re.search(rf"(?<![\w@/-]){name}(?![\w/-])", command):
            return name
    if command and PLACEHOLDER not in command and any(name in command for name in OTHERS):
        return NPM
    wanted = [name for name in (VITEST, JEST) if name in project.needs]
    if len(wanted) == 1 and "react-scripts" not in command:
        return wanted[0]
    return NPM


def unfolded(command: str, scripts: Mapping[str, str], depth: int = 0) -> str:
    """A command, followed by the scripts of the same manifest that it calls."""
    if depth >= MAX_DEPTH:
        return command
    inner = [
        scripts[name]
        for called in called_by(command)
        for name in (f"pre{called}", called, f"post{called}")
        if name in scripts
    ]
    return " ; ".join([command, *(unfolded(one, scripts, depth + 1) for one in inner)])


def called_by(command: str) -> tuple[str, ...]:
    """Names of scripts that a command may call: its words, wherever options stand among them."""
    told = (words.partition(" -- ")[0] for words in _CALLING.findall(command))
    return tuple(dict.fromkeys(name for words in told for name in re.findall(r"[\w:.-]+", words)))


def is_script(path: str) -> bool:
    """Whether a path is of JavaScript or TypeScript."""
    return path.endswith(SOURCES) and not path.endswith((".d.ts", ".d.mts", ".d.cts"))


def is_script_test(path: str) -> bool:
    """Whether a path is a test in JavaScript or TypeScript, by the usual names."""
    *folders, name = path.lower().split("/")
    if not is_script(path) or "node_modules" in folders:
        return False
    return bool(_TEST_NAME.fullmatch(name)) or bool({"test", "tests", "__tests__"} & set(folders))
