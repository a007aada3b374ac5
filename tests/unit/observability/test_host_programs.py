"""No program that Anton starts on this machine is told his secrets."""

import ast
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from cli import doctor
from core.errors import AntonError
from evals.projects import programs as of_evals
from integrations.git.layout import find
from integrations.git.trusted import trusted_git
from observability import host_programs
from sandbox import compose, docker_image, fitness, interpreter, node_program
from sandbox.installer import Installer, index_address
from sandbox.node_install import NodeInstaller
from sandbox.node_project import project_of
from sandbox.programs import Programs
from tests.fakes.repositories import repository
from tests.unit.sandbox.rooms import tree_of

ROOT = Path(__file__).parents[3]
INSIDE = ("sandbox/inside/", "repair/inside/", "tools/inside/", "evals/suites/attacks/")
"""Code that runs in sandboxes."""
STARTS = {
    *("run", "Popen", "call", "check_call", "check_output", "getoutput", "getstatusoutput"),
    *("create_subprocess_exec", "create_subprocess_shell", "system", "popen", "posix_spawn"),
    *("posix_spawnp", "execv", "execvp", "execl", "execlp", "spawnv", "spawnvp", "fork"),
}
MODULES = {"subprocess", "asyncio", "os"}
NAMED = re.compile(rf"\b({'|'.join(MODULES)})\.({'|'.join(STARTS)})\b")
SECRETS = (
    *("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "E2B_API_KEY", "GITHUB_TOKEN", "SLACK_BOT_TOKEN"),
    *(
        "AWS_SECRET_ACCESS_KEY",
        "DATABASE_URL",
        "UV_PUBLISH_TOKEN",
        "GOOGLE_APPLICATION_CREDENTIALS",
    ),
    *("GIT_CONFIG_PARAMETERS", "PYTHONSTARTUP", "NODE_OPTIONS", "ANTON_CANARY"),
)
CANARY = "canary-of-the-environment"


def starts_of(source: str) -> list[tuple[int, bool]]:
    """Where a module starts a program, and whether it says with which variables."""
    return [
        (node.lineno, any(word.arg == "env" for word in node.keywords))
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in STARTS
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in MODULES
        and (node.func.value.id, node.func.attr) != ("asyncio", "run")
    ]


def sources() -> Iterator[Path]:
    for path in (ROOT / "main.py", *ROOT.glob("*/**/*.py")):
        place = path.relative_to(ROOT).as_posix()
        room = place.split("/")[0]
        if room not in ("tests", "docs", "dashboard", ".venv") and not place.startswith(INSIDE):
            yield path


def test_whatever_starts_a_program_says_with_which_variables() -> None:
    texts = {path: path.read_text("utf-8") for path in sources()}
    found = {path: starts_of(text) for path, text in texts.items() if NAMED.search(text)}
    silent = [f"{path}:{line}" for path, all_ in found.items() for line, says in all_ if not says]
    assert silent == []
    assert sum(map(len, found.values())) > 20
    assert starts_of("import subprocess\nsubprocess.run(['git'])") == [(2, False)]


class Heard:
    """The variables of each program that this process starts."""

    def __init__(self) -> None:
        self.listening = False
        self.told: list[tuple[str, Mapping[str, str] | None]] = []
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.listening and event == "subprocess.Popen":
            self.told.append((str(arguments[0]), arguments[3]))


HEARD = Heard()


@pytest.fixture
def heard(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[list[tuple[str, Mapping[str, str] | None]]]:
    """What programs are told while a test runs, of an environment full of secrets.

    Those that are looked for by name say nothing and fail, whether this machine has them or not.
    """
    planted = tmp_path / "bin"
    planted.mkdir()
    for name in ("npm", "node", "ldd", "docker", "docker-compose", "bwrap"):
        (planted / name).write_text("#!/bin/sh\nexit 1\n")
        (planted / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{planted}:{os.environ['PATH']}")
    for name in SECRETS:
        monkeypatch.setenv(name, CANARY)
    HEARD.told, HEARD.listening = [], True
    yield HEARD.told
    HEARD.listening = False


def packages_of_node(folder: Path) -> None:
    tree = tree_of({"package.json": '{"name": "shop", "dependencies": {"left": "1"}}'})
    project = project_of(tree)
    assert project
    folder.mkdir()
    NodeInstaller(Programs(), index_allowed=False).install(project, folder)


def packages_of_python(folder: Path) -> None:
    folder.mkdir()
    target = Path(folder, "target")
    installer = Installer(Path(sys.executable), target, Programs(), index_allowed=False)
    assert not installer.install(["no-such-package-anywhere"], folder).ok


def read_by_git(folder: Path) -> None:
    with trusted_git(find(str(folder)), folder / "scratch") as git:
        git.run("rev-parse", "HEAD")


PROGRAMS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "an installer of Python": ("uv", packages_of_python),
    "an index that is asked for": ("uv", lambda folder: index_address()),
    "an installer of Node.js": ("npm", packages_of_node),
    "a Node.js": ("node", lambda folder: node_program.found_node(folder)),
    "an interpreter": ("false", lambda folder: interpreter.choose(folder, "false")),
    "git on a repository": ("git", read_by_git),
    "git for the doctor": ("git", lambda folder: doctor.git()),
    "bubblewrap": ("bwrap", lambda folder: fitness.told(fitness.program(), "--version")),
    "compose": ("docker", lambda folder: compose.program()),
    "an image": ("ldd", lambda folder: docker_image._linked([])),
    "a measurement": ("npm", lambda folder: of_evals.run(["npm", "test"], folder)),
}


@pytest.mark.parametrize("what", PROGRAMS)
def test_no_program_of_the_host_is_told_a_secret(
    what: str, heard: list[tuple[str, Mapping[str, str] | None]], tmp_path: Path
) -> None:
    name, start = PROGRAMS[what]
    folder = tmp_path / "folder"
    if start is read_by_git:
        HEARD.listening = False
        repository(folder, {"a.py": "x = 1\n"})
        HEARD.listening = True
    with suppress(AntonError):
        start(folder)
    assert heard, "nothing was started"
    for program, variables in heard:
        assert variables is not None, f"{program} inherits the environment"
        assert CANARY not in variables.values(), f"{program} is told a secret"
    assert any(Path(program).name.startswith(name) for program, _ in heard), heard


@pytest.mark.parametrize(
    ("given", "python", "node"),
    [
        ("HTTPS_PROXY", True, True),
        ("no_proxy", True, True),
        ("SSL_CERT_FILE", True, True),
        ("PIP_INDEX_URL", True, False),
        ("PIP_FIND_LINKS", True, False),
        ("UV_INDEX_URL", True, False),
        ("UV_DEFAULT_INDEX", True, False),
        ("UV_INDEX_OURS_PASSWORD", True, False),
        ("npm_config_registry", False, True),
        ("NPM_CONFIG_REGISTRY", False, True),
        ("npm_config_@acme:registry", False, True),
        ("NODE_EXTRA_CA_CERTS", False, True),
        ("NPM_TOKEN", False, True),
    ],
)
def test_an_installer_keeps_what_says_where_packages_come_from(
    given: str, *, python: bool, node: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(given, "http://127.0.0.1:9")
    assert (given in host_programs.of_python()) is python
    assert (given in host_programs.of_node()) is node
    assert given not in host_programs.plain()
    assert "PATH" in host_programs.plain()
