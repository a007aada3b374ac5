"""What has no wheel is built from its source: in a sandbox, with no network, or not at all."""

import io
import json
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from core.errors import ArchiveRefused, EnvironmentUnprepared
from core.evidence import RunEnd
from core.ports import Run
from core.recipes import Recipe
from sandbox import provider_class
from sandbox.build_troubles import trouble
from sandbox.environment import Environments
from sandbox.package_index import PackageIndex, SourceRefused
from sandbox.source_archive import unpacked
from tests.unit.sandbox.rooms import tree_of
from tests.unit.sandbox.test_environment import cache, index, project, site_packages, wheel

__all__ = ["cache", "index"]

BACKEND = """
import base64, hashlib, os, pathlib, socket, zipfile

def build_wheel(folder, config_settings=None, metadata_directory=None):
    assert "HOME" in os.environ and not any("SECRET" in name for name in os.environ)
    try:
        socket.create_connection(("127.0.0.1", {port}), 1)
        text = "REACHED = True"
    except OSError:
        text = "REACHED = False"
    pathlib.Path("/tmp/{name}-was-built").touch()
    {more}
    info = "{name}-{version}.dist-info"
    files = {{
        "{name}.py": text,
        info + "/METADATA": "Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n",
        info + "/WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    }}
    record = ""
    for path, t in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(t.encode()).digest()).rstrip(b"=")
        record += f"{{path}},sha256={{digest.decode()}},{{len(t)}}\\n"
    name = "{built}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(folder, name), "w") as archive:
        for path, t in files.items():
            archive.writestr(path, t)
        archive.writestr(info + "/RECORD", record)
    return name
"""


def source(folder: Path, name: str, version: str, *, more: str = "", built: str = "") -> None:
    """Write a source archive into an index: its build says whether it reaches this machine."""
    port = os.environ["UV_DEFAULT_INDEX"].rpartition(":")[2]
    backend = BACKEND.format(
        name=name, version=version, more=more or "pass", built=built or name, port=port
    )
    files = {
        "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "backend"\n'
        'backend-path = ["."]\n',
        "backend.py": backend,
        "PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
    }
    (folder / name).mkdir(exist_ok=True)
    with tarfile.open(folder / name / f"{name}-{version}.tar.gz", "w:gz") as tar:
        for path, text in files.items():
            member = tarfile.TarInfo(f"{name}-{version}/{path}")
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))


def was_built(name: str) -> bool:
    return Path(f"/tmp/{name}-was-built").exists()


def built(cache: Path) -> list[Path]:
    return list(cache.glob("wheels/*/*.whl"))


@pytest.fixture
def environments(cache: Path) -> Iterator[Environments]:
    sandboxes = provider_class("bubblewrap")(cache.parent / "scratch", allow_no_memory_limit=True)
    made = Environments(cache, sandboxes=sandboxes)
    yield made
    made.close()


@pytest.mark.needs_bubblewrap
async def test_a_source_without_a_wheel_is_built_behind_walls(
    environments: Environments, cache: Path, index: Path
) -> None:
    source(index, "onlysource", "1.2")
    source(index, "onlysource", "2.0rc1")
    wheel(index, "upper", "2.0", needs="onlysource")
    environment = await environments.prepare(tree_of(project("upper")))
    assert environment.notes == ()
    assert (site_packages(environment) / "onlysource.py").read_text() == "REACHED = False"
    assert not was_built("onlysource")
    [kept] = built(cache)
    assert kept.name == "onlysource-1.2-py3-none-any.whl" and kept.stat().st_mode & 0o222 == 0


@pytest.mark.needs_bubblewrap
@pytest.mark.parametrize(
    ("more", "built", "said"),
    [
        ("raise SystemExit('fatal error: lber.h: No such file')", "", "libldap-dev"),
        ("", "another", "its build gave another 1.0"),
        ("raise SystemExit(3)", "", "its build failed"),
    ],
)
async def test_a_source_that_cannot_be_built_is_named_with_the_remedy(
    environments: Environments, index: Path, more: str, built: str, said: str
) -> None:
    source(index, "brittle", "1.0", more=more, built=built)
    wheel(index, "here", "1.0")
    environment = await environments.prepare(tree_of(project("here", "brittle")))
    assert (site_packages(environment) / "here.py").exists()
    [note] = environment.notes
    assert note.startswith("brittle is missing: it has no wheel, and ") and said in note


async def test_without_sandboxes_nothing_is_built(cache: Path, index: Path) -> None:
    source(index, "onlysource", "1.2")
    environment = await Environments(cache).prepare(tree_of(project("onlysource")))
    assert [note.split()[:3] for note in environment.notes] == [["onlysource", "is", "missing:"]]


# --- what a repository makes of itself ---


@pytest.mark.needs_bubblewrap
async def test_what_a_setup_makes_lies_beside_the_tests_and_is_made_once(
    environments: Environments, cache: Path
) -> None:
    texts = {
        "make.py": "import pathlib; pathlib.Path('made.py').write_text('VALUE = 4')",
        "test_made.py": "import made\n\ndef test_made():\n    assert made.VALUE == 4\n",
        ".anton.toml": "setup = 'python make.py'\n",
    }
    tree = tree_of(texts)
    environment = await environments.prepare(tree)
    assert list(environment.made) == ["made.py"] and "made.py" not in tree
    again = await environments.prepare(tree)
    assert again == environment and len(list((cache / "setups").iterdir())) == 1
    plain = await environments.prepare(tree_of({"a.py": ""}))
    assert plain.environment_id != environment.environment_id


@pytest.mark.needs_bubblewrap
async def test_a_hostile_branch_does_not_set_up_another_one(environments: Environments) -> None:
    """Both declare the same; only a plain source that the setup happens to read differs."""
    texts = {
        "make.py": "import pathlib, what; pathlib.Path('made.py').write_text(what.TEXT)",
        "what.py": "TEXT = 'VALUE = 4'",
        ".anton.toml": "setup = 'python make.py'\n",
    }
    evil = await environments.prepare(tree_of({**texts, "what.py": "TEXT = 'VALUE = 5'"}))
    good = await environments.prepare(tree_of(texts))
    assert evil.made["made.py"].data == b"VALUE = 5"
    assert good.made["made.py"].data == b"VALUE = 4"


@pytest.mark.needs_bubblewrap
async def test_a_setup_that_fails_is_told_with_its_command(environments: Environments) -> None:
    with pytest.raises(EnvironmentUnprepared, match="its build failed: error: no luck") as failed:
        recipe = Recipe(setup="echo error: no luck; exit 3")
        await environments.prepare(tree_of({"a.py": ""}), recipe)
    assert "no network" in str(failed.value.remedy)


@pytest.mark.needs_bubblewrap
async def test_modules_in_c_are_noted_where_they_cannot_be_made(
    environments: Environments, index: Path
) -> None:
    texts = {"setup.py": "from setuptools import setup, Extension\nsetup(ext_modules=[])\n"}
    environment = await environments.prepare(tree_of(texts))
    assert (
        "its compiled modules could not be made: what builds it cannot be had"
        in (environment.notes[0])
    )


# --- reading ---


@pytest.mark.parametrize("form", ["json", "html"])
def test_the_newest_source_is_found_in_either_form(index: Path, tmp_path: Path, form: str) -> None:
    address = os.environ["UV_DEFAULT_INDEX"]
    names = ["thing-1.0.tar.gz", "thing-1.5.tar.gz", "thing-2.0.tar.gz", "thing-3.0.tar.gz"]
    names += ["thing-9.0-py3-none-any.whl", "thing-1.4.zip"]
    (index / "thing").mkdir()
    if form == "json":
        files = [
            {
                "filename": name,
                "url": name,
                "hashes": {"sha256": "0" * 64},
                "yanked": "2.0" in name,
                "requires-python": ">=4" if "3.0" in name else None,
            }
            for name in names
        ]
        text = json.dumps({"files": files})
    else:
        more = {"thing-2.0.tar.gz": "data-yanked", "thing-3.0.tar.gz": 'data-requires-python=">=4"'}
        text = "".join(
            f'<a href="{name}#sha256={"0" * 64}" {more.get(name, "")}>{name}</a>' for name in names
        )
    (index / "thing" / "index.html").write_text(text)
    found = PackageIndex(address).newest("Thing", SpecifierSet(">=1.0"), "3.11.2")
    assert found.filename == "thing-1.5.tar.gz" and found.sha256 == "0" * 64
    (index / "thing" / "thing-1.5.tar.gz").write_bytes(b"another")
    with pytest.raises(SourceRefused, match="not what the index says"):
        PackageIndex(address).fetch(found)
    with pytest.raises(SourceRefused, match="no source archive"):
        PackageIndex(address).newest("thing", SpecifierSet("==7"))


def test_an_archive_that_reaches_out_gives_only_what_is_plain() -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, kind in {
            "a-1/ok.py": tarfile.REGTYPE,
            "a-1/../../up.py": tarfile.REGTYPE,
            "a-1/.git/config": tarfile.REGTYPE,
            "a-1/link": tarfile.SYMTYPE,
            "a-1/hard": tarfile.LNKTYPE,
            "a-1/pipe": tarfile.FIFOTYPE,
        }.items():
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "/etc/passwd"
            tar.addfile(member, io.BytesIO(b""))
    assert list(unpacked(buffer.getvalue(), "a-1.tar.gz")) == ["ok.py"]
    with pytest.raises(ArchiveRefused, match="cannot be read"):
        unpacked(b"no archive", "a-1.tar.gz")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("src/x.c:1:10: fatal error: Python.h: No such file or directory", "install python3-dev"),
        ("error: command 'gcc' failed: No such file or directory", "its build needs gcc"),
        ("Error: pg_config executable not found.", "install libpq-dev"),
        ("ValueError: error: odd", "its build failed: ValueError: error: odd"),
    ],
)
def test_why_a_build_failed_is_said_with_what_to_install(said: str, told: str) -> None:
    assert told in trouble(Run(1, RunEnd.FAILED, b"", said.encode(), 0, 1.0))
