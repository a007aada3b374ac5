"""Packages of Node.js repositories are fetched once, run nothing, and name what cannot be had."""

import asyncio
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import EnvironmentUnprepared
from core.evidence import RunEnd
from core.recipes import Recipe
from sandbox.environment import Environments
from tests.fakes.npm_registry import Registry
from tests.unit.sandbox.rooms import Rooms, open_folder, tree_of

pytestmark = pytest.mark.skipif(shutil.which("npm") is None, reason="npm is missing")


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    """A registry that npm asks, with a cache of its own."""
    with open_folder() as folder, Registry().serving() as made:
        monkeypatch.setenv("npm_config_registry", made.url)
        monkeypatch.setenv("npm_config_cache", str(folder))
        monkeypatch.setenv("npm_config_fetch_retries", "0")
        yield made


@pytest.fixture(scope="module")
def rooms() -> Iterator[Rooms]:
    with open_folder() as folder:
        environments = Environments(folder / "environments")
        yield Rooms("bubblewrap", folder, environments)
        environments.close()


def manifest(script: str = "node check.js", **needs: str) -> str:
    return json.dumps({"name": "shop", "scripts": {"test": script}, "dependencies": needs})


@pytest.mark.needs_bubblewrap
async def test_packages_are_seen_and_not_written_and_no_script_of_theirs_has_run(
    registry: Registry, rooms: Rooms, tmp_path: Path
) -> None:
    trap = f"touch {tmp_path}/ran"
    scripts = {"install": trap, "postinstall": trap, "prepare": trap}
    registry.add("left", {"index.js": "module.exports = 42"}, scripts=scripts)
    check = (
        "const fs = require('fs'); console.log('left is', require('left'));"
        "try { fs.writeFileSync('/node_modules/left/index.js', '') }"
        "catch (error) { console.log(error.code) }"
    )
    package = json.loads(manifest(left="^1.0.0"))
    package["scripts"]["preinstall"] = trap
    texts = {"package.json": json.dumps(package), "check.js": check, ".npmrc": "registry=http://a"}
    run = await rooms.run(texts)
    assert (run.end, run.proof.value) == (RunEnd.PASSED, "exit code")
    assert "left is 42" in run.output and "EROFS" in run.output
    assert not (tmp_path / "ran").exists()


@pytest.mark.needs_bubblewrap
async def test_a_limit_of_address_space_does_not_keep_tools_from_running(
    registry: Registry, rooms: Rooms
) -> None:
    check = "for (let n = 0; n < 4; n++) new WebAssembly.Memory({ initial: 1 })"
    package = manifest("prlimit --as=2147483648 node check.js")
    run = await rooms.run({"package.json": package, "check.js": check})
    assert run.end is RunEnd.PASSED, run.output


async def test_the_next_task_asks_nobody_and_another_lock_file_makes_another_environment(
    registry: Registry, rooms: Rooms
) -> None:
    registry.add("left")
    registry.add("right")
    both = {"package.json": manifest(left="*", right="*")}
    first = await rooms.environments.prepare(tree_of(both))
    asked = len(registry.asked)
    again = await rooms.environments.prepare(tree_of({**both, "new.js": "1"}))
    assert (again.environment_id, len(registry.asked)) == (first.environment_id, asked)
    other = await rooms.environments.prepare(tree_of({"package.json": manifest(right="*")}))
    assert other.environment_id != first.environment_id
    assert any("no lock file" in note for note in first.notes)


async def test_two_tasks_that_come_at_once_share_what_the_first_makes(
    registry: Registry, rooms: Rooms
) -> None:
    registry.add("middle")
    tree = tree_of({"package.json": manifest(middle="1.0.0")})
    one, other = await asyncio.gather(*(rooms.environments.prepare(tree) for _ in range(2)))
    assert one.environment_id == other.environment_id
    assert sum(path.endswith(".tgz") for path in registry.asked) == 1


async def test_what_no_registry_has_is_named_and_the_rest_is_there(
    registry: Registry, rooms: Rooms
) -> None:
    registry.add("left")
    needs = {
        "left": "*",
        "@acme/secret": "^1.0.0",
        "tool": "git+https://user:pw@example.invalid/tool.git",
        "other": "https://example.invalid/other.tgz",
    }
    environment = await rooms.environments.prepare(tree_of({"package.json": manifest(**needs)}))
    notes = " ".join(environment.notes)
    assert "@acme/secret is missing" in notes and "tool is missing" in notes
    assert "other is missing" in notes and "pw@" not in notes
    packages = dict((inside, host) for host, inside in environment.layers)["/node_modules"]
    assert (packages / "left" / "package.json").is_file()


@pytest.mark.parametrize(
    "settings",
    [
        {
            ".npmrc": "//npm.acme.invalid/:_authToken=${TOKEN}\n@acme:registry=https://npm.acme.invalid/"
        },
        {".yarnrc.yml": "npmScopes:\n  acme:\n    npmRegistryServer: https://npm.acme.invalid\n"},
    ],
)
async def test_a_scope_with_a_registry_of_its_own_is_not_asked_of_the_public_one(
    registry: Registry,
    rooms: Rooms,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    settings: dict[str, str],
) -> None:
    registry.add("left")
    registry.add("@acme/core")
    monkeypatch.setenv("npm_config_userconfig", str(tmp_path / "npmrc"))
    texts = {"package.json": manifest(**{"left": "*", "@acme/core": "*"}), **settings}
    environment = await rooms.environments.prepare(tree_of(texts))
    packages = dict((inside, host) for host, inside in environment.layers)["/node_modules"]
    assert (packages / "left").is_dir() and not (packages / "@acme" / "core").exists()
    [note] = [note for note in environment.notes if "@acme/core" in note]
    assert "comes from https://npm.acme.invalid" in note
    (tmp_path / "npmrc").write_text(f"@acme:registry={registry.url}")
    known = await rooms.environments.prepare(tree_of(texts))
    packages = dict((inside, host) for host, inside in known.layers)["/node_modules"]
    assert (packages / "@acme" / "core").is_dir()


async def test_a_registry_that_is_away_is_no_fault_of_the_code(
    registry: Registry, rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9")
    with pytest.raises(EnvironmentUnprepared, match="registry was not reached"):
        await rooms.environments.prepare(tree_of({"package.json": manifest(away="*")}))


async def test_a_registry_that_is_away_keeps_no_test_in_python_from_being_run(
    registry: Registry, rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9")
    texts = {"web/package.json": manifest(away2="*"), "web/a.test.js": "", "test_a.py": "import x"}
    environment = await rooms.environments.prepare(tree_of(texts))
    [note] = [note for note in environment.notes if "JavaScript" in note]
    assert "registry was not reached" in note


async def test_a_lock_file_of_a_program_that_is_not_here_is_said_with_the_remedy(
    registry: Registry, rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.add("left")
    folders = {str(Path(shutil.which(name) or "").parent) for name in ("npm", "node")}
    monkeypatch.setenv("PATH", ":".join(folders))
    if shutil.which("pnpm"):
        pytest.skip("pnpm is installed here")
    texts = {"package.json": manifest(left="*"), "pnpm-lock.yaml": "lockfileVersion: '9.0'\n"}
    environment = await rooms.environments.prepare(tree_of(texts))
    assert any("npm install --global pnpm" in note for note in environment.notes)


async def test_a_python_repository_with_a_manifest_asks_no_registry(
    registry: Registry, rooms: Rooms
) -> None:
    texts = {"package.json": manifest(left="*"), "test_a.py": "def test_a(): pass"}
    environment = await rooms.environments.prepare(tree_of(texts), Recipe())
    assert not registry.asked
    assert not any(inside == "/node_modules" for _, inside in environment.layers)
