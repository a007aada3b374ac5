"""Environments hold what a repository asks for, without running any of it."""

import asyncio
import base64
import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from textwrap import dedent
from threading import Thread

import pytest

from core.errors import EnvironmentUnprepared
from core.ports import Environment
from sandbox.environment import INSIDE, Environments
from sandbox.installer import SECONDS
from sandbox.interpreter import choose
from sandbox.storage import Lock
from tests.unit.sandbox.rooms import Rooms, open_folder, tree_of

ROOT = Path(__file__).parents[3]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def cache() -> Iterator[Path]:
    with open_folder() as folder:
        yield folder / "environments"


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package index on loopback: a folder of wheels, below the name of each."""
    folder = tmp_path / "index"
    folder.mkdir()
    handler = partial(Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
        yield folder
        server.shutdown()


def wheel(folder: Path, name: str, version: str, *, needs: str = "") -> None:
    """Write a small wheel: a module of its name, a start-up file, and a console script."""
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    files = {
        f"{name}.py": f"VERSION = {version!r}\n\ndef main():\n    print(VERSION)\n",
        f"{name}_start.pth": f"import pathlib; pathlib.Path('/tmp/{name}-was-started').touch()\n",
        f"{info}/METADATA": metadata + (f"Requires-Dist: {needs}\n" if needs else ""),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[console_scripts]\n{name} = {name}:main\n",
    }
    record = ""
    for path, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
        record += f"{path},sha256={digest.decode()},{len(text)}\n"
    (folder / name).mkdir(exist_ok=True)
    target = folder / name / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(target, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
        archive.writestr(f"{info}/RECORD", record + f"{info}/RECORD,,\n")


def started(name: str) -> bool:
    return Path(f"/tmp/{name}-was-started").exists()


def site_packages(environment: Environment) -> Path:
    [folder] = environment.layers[0][0].glob("lib/python*/site-packages")
    return folder


def project(*dependencies: str, **more: str) -> dict[str, str]:
    lines = "\n".join(f"{key} = {value}" for key, value in more.items())
    return {
        "pyproject.toml": f'[project]\nname = "mine"\nversion = "1.0"\n{lines}\n'
        f"dependencies = {json.dumps(list(dependencies))}\n"
    }


async def test_a_repository_that_needs_nothing_gets_our_tools_offline(cache: Path) -> None:
    environment = await Environments(cache, index_allowed=False).prepare(tree_of({"a.py": "1"}))
    names = {path.name for path in site_packages(environment).iterdir()}
    assert {"pytest", "coverage", "pluggy"} <= names
    assert "langgraph" not in names and "pydantic" not in names
    assert environment.python.startswith(INSIDE)
    assert environment.notes == ()
    assert set(environment.variables) >= {"PATH", "HOME", "LANG", "PYTHONPATH", "PYTHONHASHSEED"}
    assert not {"PYTHONSTARTUP", "LD_PRELOAD"} & set(environment.variables)


async def test_what_is_installed_beside_us_is_taken_without_an_index(cache: Path) -> None:
    texts = project("httpx>=0.20", "rich")
    environment = await Environments(cache, index_allowed=False).prepare(tree_of(texts))
    names = {path.name for path in site_packages(environment).iterdir()}
    assert {"httpx", "httpcore", "rich", "markdown_it"} <= names


async def test_nothing_can_be_written_and_everybody_can_read(cache: Path) -> None:
    environment = await Environments(cache, index_allowed=False).prepare(tree_of(project()))
    for folder, _ in environment.layers:
        for path in (folder, *folder.rglob("*")):
            if not path.is_symlink():
                mode = path.stat().st_mode
                assert mode & 0o222 == 0 and mode & 0o444 == 0o444, path
                assert not path.is_dir() or mode & 0o111 == 0o111, path


async def test_all_modules_are_compiled_beforehand(cache: Path) -> None:
    folder = site_packages(
        await Environments(cache, index_allowed=False).prepare(tree_of(project()))
    )
    tag = sys.implementation.cache_tag
    assert (folder / "_pytest" / "__pycache__" / f"runner.{tag}.pyc").exists()


async def test_the_same_needs_share_an_environment_and_others_do_not(cache: Path) -> None:
    environments = Environments(cache, index_allowed=False)
    texts = project()
    first = await environments.prepare(tree_of(texts))
    again = await environments.prepare(tree_of({**texts, "src/mine.py": "x = 1\n"}))
    other = await environments.prepare(tree_of(project("httpx")))
    assert again.environment_id == first.environment_id != other.environment_id
    assert again.variables["PYTHONPATH"] == "/work/src:/work"
    assert first.variables["PYTHONPATH"] == "/work"


async def test_what_is_missing_is_named_with_the_remedy(cache: Path, index: Path) -> None:
    texts = {
        "requirements.txt": "absent-one==1.2\nhttpx\n",
        "requirements-dev.txt": "absent-two>=3\n",
    }
    with pytest.raises(EnvironmentUnprepared) as refused:
        await Environments(cache, index_allowed=False).prepare(tree_of(texts))
    assert "absent-one==1.2" in refused.value.message and "absent-two>=3" in refused.value.message
    assert "httpx" not in refused.value.message
    assert "network" in str(refused.value.remedy)
    assert [path for path in (cache / "environments").iterdir() if path.is_dir()] == []


async def test_an_index_that_is_down_is_no_missing_wheel(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path))
    with pytest.raises(EnvironmentUnprepared, match=r"absent-one.*index was not reached"):
        await Environments(cache).prepare(tree_of(project("absent-one")))


async def test_wheels_come_from_the_index_with_what_they_need(cache: Path, index: Path) -> None:
    wheel(index, "upper", "2.0", needs="lower>=1")
    wheel(index, "lower", "1.5")
    texts = {
        **project("upper"),
        "test_upper.py": dedent("""
            import subprocess
            import lower, upper

            def test_versions():
                assert (upper.VERSION, lower.VERSION) == ("2.0", "1.5")

            def test_script():
                assert subprocess.check_output(["upper"]) == b"2.0\\n"
        """),
    }
    environments = Environments(cache)
    # The wheels know no pytest: our own is taken for that.
    run = await Rooms("subprocess", cache.parent, environments).run(texts)
    assert run.green, run.output


async def test_a_lock_file_is_followed_where_it_can_be(cache: Path, index: Path) -> None:
    for version in ("1.0", "2.0"):
        wheel(index, "lower", version)
    wheel(index, "upper", "2.0", needs="lower")
    lock = '[[package]]\nname = "lower"\nversion = "{}"\n'
    environments = Environments(cache)
    for version, taken, notes in (("1.0", "1.0", 0), ("7.0", "2.0", 1)):
        texts = {**project("upper"), "poetry.lock": lock.format(version)}
        environment = await environments.prepare(tree_of(texts))
        [found] = site_packages(environment).glob("lower-*.dist-info")
        assert found.name == f"lower-{taken}.dist-info"
        assert len(environment.notes) == notes, environment.notes


async def test_only_the_indexes_that_are_listed_are_asked(
    cache: Path, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel(index, "here", "1.0")
    listed = os.environ["UV_DEFAULT_INDEX"]
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    environment = await Environments(cache, indexes=[listed]).prepare(tree_of(project("here")))
    assert (site_packages(environment) / "here.py").exists()


async def test_nothing_of_a_wheel_runs_while_it_is_prepared(cache: Path, index: Path) -> None:
    wheel(index, "starter", "1.0")
    environment = await Environments(cache).prepare(tree_of(project("starter")))
    assert (site_packages(environment) / "starter_start.pth").exists()
    assert not started("starter")


async def test_what_has_no_wheel_is_noted_and_the_rest_is_kept(cache: Path, index: Path) -> None:
    wheel(index, "here", "1.0")
    environment = await Environments(cache).prepare(tree_of(project("here", "gone", "here-2")))
    assert (site_packages(environment) / "here.py").exists()
    assert [note.split()[0] for note in environment.notes] == ["gone", "here-2"]


async def test_what_is_pinned_to_a_version_that_cannot_be_had_comes_in_a_later_one(
    cache: Path, index: Path
) -> None:
    for version in ("1.1", "1.5", "2.0"):
        wheel(index, "old", version)
    wheel(index, "new", "3.0")
    tree = tree_of(project("old==1.2", "new==2.0", "new-er==1", "old-er>=9"))
    environment = await Environments(cache).prepare(tree)
    kept = {folder.name for folder in site_packages(environment).glob("*.dist-info")}
    assert {"old-1.5.dist-info", "new-3.0.dist-info"} <= kept
    assert sorted(environment.notes) == [
        "new-er==1 is missing: the package index does not have it",
        "new==2.0 does not fit here, so 3.0 of it was taken",
        "old-er>=9 is missing: the package index does not have it",
        "old==1.2 does not fit here, so 1.5 of it was taken",
    ]


async def test_what_is_asked_for_by_its_digest_has_no_substitute(cache: Path, index: Path) -> None:
    for version in ("1.0", "1.5"):
        wheel(index, "meant", version)
    texts = {"requirements.txt": f"meant==1.0 --hash=sha256:{'a' * 64}\n"}
    environment = await Environments(cache).prepare(tree_of(texts))
    assert not list(site_packages(environment).glob("meant*"))
    assert "meant==1.0 is missing" in environment.notes[0]


async def test_a_pinned_pytest_is_respected_where_it_can_be_had(cache: Path, index: Path) -> None:
    wheel(index, "pytest", "8.0.7")
    wheel(index, "coverage", "0.0.1")
    texts = {"requirements/test.txt": "pytest==8.0.7\n"}
    environment = await Environments(cache).prepare(tree_of(texts))
    assert (site_packages(environment) / "pytest.py").read_text().startswith("VERSION = '8.0.7'")


async def test_nothing_of_the_repository_is_run_or_built(
    cache: Path, tmp_path: Path, index: Path
) -> None:
    probe = tmp_path / "executed"
    plant = f"import pathlib\npathlib.Path({str(probe)!r}).touch()\n"
    texts = {
        "setup.py": plant + "from setuptools import setup\nsetup(name='evil', version='1')\n",
        "conftest.py": plant,
        "sitecustomize.py": plant,
        "json.py": plant,
        "evil.pth": f"import pathlib; pathlib.Path({str(probe)!r}).touch()\n",
        "requirements.txt": "-e .\n./local\n--index-url http://127.0.0.1:9/\nevil @ file:///srv/evil\n",
        "uv.toml": "find-links = ['http://127.0.0.1:9/']\n",
        "pip.conf": "[global]\nindex-url = http://127.0.0.1:9/\n",
    }
    environment = await Environments(cache).prepare(tree_of(texts))
    assert not probe.exists()
    assert len(environment.notes) == 3
    assert list(site_packages(environment).glob("evil*")) == list(
        site_packages(environment).glob("evil-1.dist-info")
    )


@pytest.mark.parametrize(
    "backend",
    ["subprocess", pytest.param("bubblewrap", marks=pytest.mark.needs_bubblewrap)],
)
async def test_a_run_cannot_poison_the_next_one(cache: Path, backend: str) -> None:
    if backend == "subprocess" and os.geteuid() == 0:
        pytest.skip("root writes anywhere, and this backend has no walls")
    environments = Environments(cache, index_allowed=False)
    texts = {
        "test_poison.py": dedent("""
            import pathlib, sys, pytest

            @pytest.mark.parametrize("path", [pytest.__file__, sys.prefix + "/pyvenv.cfg"])
            def test_poison(path):
                with pytest.raises(OSError):
                    pathlib.Path(path).write_text("poisoned")
                with pytest.raises(OSError):
                    pathlib.Path(path).unlink()
                with pytest.raises(OSError):
                    (pathlib.Path(path).parent / "sitecustomize.py").write_text("poisoned")
                with pytest.raises(OSError):
                    pathlib.Path(path).chmod(0o777)
        """)
    }
    environment = await environments.prepare(tree_of(texts))

    def digest() -> str:
        whole = hashlib.sha256()
        for path in sorted(environment.layers[0][0].rglob("*")):
            whole.update(str(path).encode() + (path.read_bytes() if path.is_file() else b""))
        return whole.hexdigest()

    before = digest()
    run = await Rooms(backend, cache.parent, environments).run(texts)
    assert run.green, run.output
    assert digest() == before


async def test_many_preparations_at_once_make_one_environment(cache: Path) -> None:
    texts = project("rich")
    houses = [Environments(cache, index_allowed=False) for _ in range(4)]
    made = await asyncio.gather(*(house.prepare(tree_of(texts)) for house in houses))
    assert len({environment.environment_id for environment in made}) == 1
    assert [path.name for path in (cache / "environments").iterdir()] == [made[0].environment_id]


def killed_preparation(cache: Path) -> Path:
    """What a preparation leaves that is killed on its way."""
    program = (
        "import asyncio, sys; from pathlib import Path; from core.trees import Tree\n"
        "from sandbox.environment import Environments\n"
        "asyncio.run(Environments(Path(sys.argv[1]), index_allowed=False).prepare(Tree({})))\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program, str(cache)], cwd=ROOT)
    deadline = time.monotonic() + 20
    while not list(cache.glob("environments/.new-*/lib")) and time.monotonic() < deadline:
        time.sleep(0.002)
    process.kill()
    process.wait()
    [abandoned] = cache.glob("environments/.new-*")
    return abandoned


async def test_a_killed_preparation_leaves_nothing_in_the_way(cache: Path) -> None:
    abandoned = await asyncio.to_thread(killed_preparation, cache)
    old = time.time() - 7200
    os.utime(abandoned, (old, old))
    environment = await Environments(cache, index_allowed=False).prepare(tree_of({}))
    assert environment.layers[0][0].exists()
    assert not abandoned.exists()


async def test_only_the_latest_are_kept_and_none_in_use_is_removed(cache: Path) -> None:
    other_house = Environments(cache, index_allowed=False)
    in_use = await other_house.prepare(tree_of({"setup.py": "setup(name='in-use')"}))
    made = []
    for number in range(3):
        environments = Environments(cache, index_allowed=False, max_kept=2)
        texts = {"setup.py": f"setup(name='number{number}')"}
        made.append(await environments.prepare(tree_of(texts)))
        environments.close()
        await asyncio.sleep(0.02)
    left = {path.name for path in (cache / "environments").iterdir()}
    assert left == {in_use.environment_id, made[1].environment_id, made[2].environment_id}
    other_house.close()


async def test_an_interpreter_that_is_not_there_is_named(cache: Path) -> None:
    with pytest.raises(EnvironmentUnprepared, match="python9"):
        await Environments(cache, python="python9").prepare(tree_of({}))


async def test_a_misfit_of_python_is_noted(cache: Path) -> None:
    texts = project(**{"requires-python": '"<3.8"'})
    environment = await Environments(cache, index_allowed=False).prepare(tree_of(texts))
    assert "asks for Python <3.8" in environment.notes[0]


def test_an_interpreter_can_be_read_by_everybody(cache: Path) -> None:
    interpreter = choose(cache)
    path = interpreter.executable
    assert path.stat().st_mode & 0o005 == 0o005
    assert all(folder.stat().st_mode & 0o001 for folder in path.parents)
    assert interpreter.minor == f"{sys.version_info[0]}.{sys.version_info[1]}"


async def test_a_full_disk_is_an_unprepared_environment(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(EnvironmentUnprepared, match="cannot be prepared"):
        await Environments(blocked / "cache", shared_cache=blocked / "too").prepare(tree_of({}))


@pytest.mark.parametrize(
    "backend",
    ["subprocess", pytest.param("bubblewrap", marks=pytest.mark.needs_bubblewrap)],
)
async def test_another_interpreter_than_ours_can_be_asked_for(cache: Path, backend: str) -> None:
    others = (f"python3.{minor}" for minor in range(11, 20) if minor != sys.version_info[1])
    found = next((path for name in others if (path := working_python(name))), None)
    if found is None:
        pytest.skip("no second Python 3.11 or later is installed here")
    environments = Environments(cache, index_allowed=False, python=found)
    test = dedent("""
        import ctypes, json, sqlite3, ssl, subprocess, sys

        def test_version():
            assert "3.%d" % sys.version_info[1] == VERSION

        def test_child():
            assert subprocess.call([sys.executable, "-c", "import json, pytest"]) == 0
    """)
    minor = f"3.{found.rpartition('.')[2]}"
    texts = {"test_python.py": f"VERSION = {minor!r}\n{test}"}
    run = await Rooms(backend, cache.parent, environments).run(texts)
    assert run.green, run.output


def working_python(name: str) -> str:
    """The path of an interpreter by name that starts; empty when there is none."""
    pyenv = sorted(Path(sys.base_prefix).parent.glob(f"*/bin/{name}"))
    for path in [shutil.which(name) or "", *map(str, pyenv)]:
        if (
            path
            and subprocess.run([path, "-c", ""], capture_output=True, check=False).returncode == 0
        ):
            return path
    return ""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's sandboxes have another uid than ours")
async def test_a_cache_that_no_sandbox_could_enter_is_not_used(cache: Path, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    before = os.umask(0o077)
    try:
        house = Environments(closed / "data", index_allowed=False, shared_cache=cache)
        environment = await house.prepare(tree_of({}))
    finally:
        os.umask(before)
    folder = environment.layers[0][0]
    assert folder.is_relative_to(cache)
    assert all(path.stat().st_mode & 0o005 == 0o005 for path in (folder, *folder.parents))


async def test_an_index_that_never_answers_does_not_outlast_the_house(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.setblocking(False)
        monkeypatch.setenv("UV_INDEX_URL", f"http://127.0.0.1:{silent.getsockname()[1]}/simple")
        monkeypatch.setenv("UV_HTTP_TIMEOUT", str(int(SECONDS)))
        environments = Environments(cache)
        preparing = asyncio.create_task(
            environments.prepare(tree_of(project("there-is-no-such-wheel==1.0")))
        )
        connection, _ = await asyncio.get_running_loop().sock_accept(silent)
        began = time.monotonic()
        environments.close()
        with pytest.raises(EnvironmentUnprepared, match="closing"):
            await preparing
        assert time.monotonic() - began < SECONDS / 10
        connection.close()
    assert not list((cache / "environments").iterdir())


async def test_a_lock_that_another_process_keeps_does_not_outlast_the_house(cache: Path) -> None:
    environments = Environments(cache)
    kept = Lock(cache / "locks" / "interpreters")
    assert kept.alone_at_once()
    preparing = asyncio.create_task(environments.prepare(tree_of({"a.py": ""})))
    await asyncio.sleep(0.3)
    assert not preparing.done()
    environments.close()
    with pytest.raises(EnvironmentUnprepared, match="closing"):
        await preparing
    kept.release()
