"""The house keeps its own rules: floors, locks, and what stands at the top."""

import ast
import re
import shutil
import socket
import subprocess
import sys
import sysconfig
import tomllib
from importlib.metadata import packages_distributions
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import NetworkRefused

ROOT = Path(__file__).parent.parent.parent
LOCKS = ("requirements.txt", "requirements-dev.txt")
NOT_ROOMS = {"tests", "demo", "bootstrap", "settings"}
WIRING = sorted((ROOT / "bootstrap").glob("*.py"))
SETTINGS = [ROOT / "config.py", *sorted((ROOT / "settings").glob("*.py"))]
FLOORS: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"][
    "importlinter"
]
ROOMS: list[str] = FLOORS["root_packages"]
CONTRACTS: dict[str, Any] = {contract["id"]: contract for contract in FLOORS["contracts"]}

DENIED = {"litellm": {"1.82.7", "1.82.8"}}
MINIMUM = {"langgraph-checkpoint": (3, 0), "langgraph-checkpoint-sqlite": (3, 0, 1)}
KNOWN_STARTUP_FILES = {"a1_coverage.pth", "_virtualenv.pth", "distutils-precedence.pth"}


def floors() -> list[list[str]]:
    """The rooms that stand, floor by floor from the top."""
    drawn = (
        [re.sub(r"[() ]", "", room) for room in floor.split("|")]
        for floor in CONTRACTS["layers"]["layers"]
    )
    return [[room for room in floor if room in ROOMS] for floor in drawn]


def lint_imports(tree: Path, contract: str) -> tuple[int, str]:
    program = "from importlinter.cli import lint_imports_command as run; run()"
    done = subprocess.run(
        [sys.executable, "-c", program, "--no-logo", "--no-cache", "--contract", contract],
        cwd=tree,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def imported(source: str) -> set[str]:
    """The top-level names that a module's text imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or ".")
    return {name.partition(".")[0] for name in names}


def pins(lock: str) -> dict[str, str]:
    text = (ROOT / lock).read_text()
    return {name: version for name, version in re.findall(r"^([a-z0-9-]+)==([^\s;]+)", text, re.M)}


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy of the rooms and their contracts, to be breached."""
    for room in ROOMS:
        for source in (ROOT / room).rglob("*.py"):
            copy = tmp_path / source.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, copy)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


@pytest.mark.parametrize("contract", CONTRACTS)
def test_the_house_as_it_stands_keeps_each_contract(house: Path, contract: str) -> None:
    code, report = lint_imports(house, contract)
    assert code == 0, report


def test_every_import_up_or_across_is_seen(house: Path) -> None:
    storeys = floors()
    across = [
        pair for floor in storeys for a, b in combinations(floor, 2) for pair in ((a, b), (b, a))
    ]
    up = [
        (low, high) for above, below in combinations(storeys, 2) for low in below for high in above
    ]
    for importer, wanted in up + across:
        (house / importer / f"breach_{wanted}.py").write_text(f"import {wanted}\n")
    code, report = lint_imports(house, "layers")
    assert code == 1
    unseen = [(a, b) for a, b in up + across if f"{a}.breach_{b} -> {b}" not in report]
    assert not unseen, report


def test_every_import_of_the_wiring_is_seen(house: Path) -> None:
    wiring = CONTRACTS["wiring"]["forbidden_modules"]
    for room in ROOMS:
        (house / room / "breach.py").write_text("".join(f"import {part}\n" for part in wiring))
    code, report = lint_imports(house, "wiring")
    assert code == 1
    breaches = [f"{room}.breach -> {part}" for room in ROOMS for part in wiring]
    assert [breach for breach in breaches if breach not in report] == []


def test_a_vendor_is_seen_in_every_room_but_its_home(house: Path) -> None:
    vendors = CONTRACTS["vendors"]["forbidden_modules"]
    homes = {
        tuple(re.split(r"\.\*\* -> ", rule)) for rule in CONTRACTS["vendors"]["ignore_imports"]
    }
    for room in ROOMS:
        (house / room / "breach.py").write_text("".join(f"import {vendor}\n" for vendor in vendors))
    code, report = lint_imports(house, "vendors")
    assert code == 1
    refused = {
        (room, vendor)
        for room in ROOMS
        for vendor in vendors
        if f"{room}.breach -> {vendor} " in report
    }
    assert refused == {(room, vendor) for room in ROOMS for vendor in vendors} - homes


def test_every_room_stands_on_a_floor() -> None:
    packages = {init.parent.name for init in ROOT.glob("*/__init__.py")} - NOT_ROOMS
    assert packages == set(ROOMS), "keep root_packages in pyproject.toml in step"
    assert packages <= {room for floor in floors() for room in floor}


def test_settings_are_a_leaf_and_nobody_but_main_imports_the_wiring() -> None:
    ours = {*ROOMS, "main", "bootstrap"}
    assert [file for file in SETTINGS if imported(file.read_text()) & ours] == []
    wiring = {name for file in WIRING for name in imported(file.read_text())}
    assert "main" not in wiring
    assert imported("def f():\n    from core.tasks import Task\n") == {"core"}


@pytest.mark.parametrize("file", [ROOT / "main.py", *SETTINGS, *WIRING])
def test_the_wiring_knows_no_vendor(file: Path) -> None:
    assert imported(file.read_text()) & set(CONTRACTS["vendors"]["forbidden_modules"]) == set()


@pytest.mark.parametrize(
    "breach",
    [
        "import os\n\nHOME = os.environ['HOME']\n",
        "import os\n\nHOME = os.getenv('HOME')\n",
        "from langgraph.types import interrupt\n\ninterrupt('?')\n",
    ],
)
def test_the_environment_and_the_gates_have_one_door(breach: str) -> None:
    def complaints(path: str) -> str:
        return subprocess.run(
            [
                sys.executable,
                "-m",
                "ruff",
                "check",
                "--select",
                "TID251",
                "--stdin-filename",
                path,
                "-",
            ],
            cwd=ROOT,
            input=breach,
            capture_output=True,
            text=True,
            check=False,
        ).stdout

    door = "config.py" if "import os" in breach else "graph/gates.py"
    assert "TID251" in complaints("control/runner.py")
    assert "TID251" not in complaints(door)


def test_the_top_level_holds_what_a_newcomer_looks_for() -> None:
    expected = [
        "main.py",
        "config.py",
        "graph",
        "memory",
        "observability",
        "sandbox",
        "data",
        "tests",
        *LOCKS,
    ]
    assert [name for name in expected if not (ROOT / name).exists()] == []


def test_no_room_hides_a_library() -> None:
    assert {*ROOMS, "main", "bootstrap", "config", "settings"} & (
        set(packages_distributions()) | sys.stdlib_module_names
    ) == set()


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_pins_all_with_hashes_and_names_no_host(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert not re.search(r"://|https?:|index|find-links|@", text)
    entries = re.split(r"\n(?=\S)", text.strip())
    unpinned = [
        e
        for e in entries
        if not re.match(r"[a-z0-9-]+==\S+ .*\\\n    --hash=sha256:[0-9a-f]{64}", e)
    ]
    assert unpinned == []


def test_the_locks_agree() -> None:
    server, tools = (pins(lock) for lock in LOCKS)
    assert {
        name: (server[name], tools[name])
        for name in server.keys() & tools
        if server[name] != tools[name]
    } == {}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_nothing_denied(lock: str) -> None:
    locked = pins(lock)
    assert [name for name, bad in DENIED.items() if locked.get(name) in bad] == []
    for name, least in MINIMUM.items():
        if name in locked:
            assert tuple(map(int, locked[name].split("."))) >= least


def test_nothing_unexpected_starts_with_the_interpreter() -> None:
    libraries = Path(sysconfig.get_path("purelib"))
    assert {file.name for file in libraries.glob("*.pth")} <= KNOWN_STARTUP_FILES
    assert not [
        name for name in ("sitecustomize", "usercustomize") if list(libraries.glob(f"{name}*"))
    ]


def test_tests_cannot_reach_the_network() -> None:
    with pytest.raises(NetworkRefused), socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
        sock.connect(("192.0.2.1", 443))
    with pytest.raises(NetworkRefused), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(b"?", ("192.0.2.1", 53))
    with pytest.raises(NetworkRefused):
        socket.getaddrinfo("anton.example", 443)
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()
