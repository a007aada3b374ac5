"""The attack list: the walls hold, the bare machine does not, and so the attacks are real."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import bootstrap
from config import load_settings
from core.ports import SandboxProvider
from evals.attacks.field import PYTHON, Attack
from evals.attacks.grounds import ALL, grounds
from evals.attacks.table import holds, line, shows, table, weakened_table
from evals.attacks.weakening import GUARDS, Guard, Weakened, run_weakened
from evals.sandbox import ATTACKS, AttackResult, Ground, run_attack, run_attacks
from sandbox import PROVIDERS, provider_class
from sandbox.cgroups import ControlGroups
from tests.fakes.e2b_server import E2BDouble

pytestmark = pytest.mark.skipif(not Path(PYTHON).exists(), reason=f"{PYTHON} is missing")

BREACHES = {
    "network": ("S8a", "S8b", "S9"),
    "files": ("S7", "S14", "S23"),
    "environment": ("S6",),
    "processes": ("S15a",),
    "kernel": ("S18",),
    "facts": ("S31",),
}
"""What walls alone hold back."""


SAMPLE = ("S1", "S2b", "S2c", "S7", "S9", "S15b", "S16a", "S29")
"""Attacks on E2B's double in each run of the tests; the others are slow."""
ON_E2B = [
    pytest.param(
        one,
        id=f"{one.attack_id}-{one.name}",
        marks=[] if one.attack_id in SAMPLE else [pytest.mark.slow],
    )
    for one in ATTACKS
    if "e2b" not in one.beside
]


@pytest.fixture(scope="module")
def e2b() -> Iterator[Mapping[str, Any]]:
    """How E2B's double is reached; no attack may leave a machine."""
    with E2BDouble() as double:
        yield double.access
        assert not double.violations
        assert not double.machines


def guards(backend: str) -> Any:
    known = [guard for guard in GUARDS if guard.backend == backend]
    return pytest.mark.parametrize("guard", known, ids=[guard.name for guard in known])


def attack(attack_id: str) -> Attack:
    return next(known for known in ATTACKS if known.attack_id == attack_id)


@pytest.mark.needs_bubblewrap
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: f"{attack.attack_id}-{attack.name}")
async def test_bubblewrap_holds(attack: Attack, tmp_path: Path) -> None:
    if attack.attack_id == "S2d" and not ControlGroups.find().enforces("memory"):
        pytest.skip("only a control group accounts for the buffers of sockets")
    provider: SandboxProvider = provider_class("bubblewrap")(tmp_path)
    result = await run_attack(provider, attack)
    assert result.ok, result


@pytest.mark.needs_bubblewrap
@pytest.mark.parametrize("attack_id", ["S1", "S2a", "S2b", "S2c", "S3a"])
async def test_bubblewrap_holds_without_control_groups(attack_id: str, tmp_path: Path) -> None:
    provider = provider_class("bubblewrap")(tmp_path, groups=ControlGroups({}, 0))
    result = await run_attack(provider, attack(attack_id))
    assert result.ok, result


@pytest.mark.needs_docker
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: f"{attack.attack_id}-{attack.name}")
async def test_docker_holds(attack: Attack, tmp_path: Path, docker_host: str) -> None:
    options = {"host": docker_host}
    result = await run_attack(provider_class("docker")(tmp_path, **options), attack, options)
    assert result.ok, result


@pytest.mark.needs_bubblewrap
@pytest.mark.parametrize("attack", ON_E2B)
async def test_e2b_holds(attack: Attack, tmp_path: Path, e2b: Mapping[str, Any]) -> None:
    result = await run_attack(provider_class("e2b")(tmp_path, **e2b), attack, e2b)
    assert result.ok, result


@pytest.mark.needs_bubblewrap
@guards("bubblewrap")
async def test_bubblewrap_without_a_guard_does_not_hold(guard: Guard, tmp_path: Path) -> None:
    ground = Ground("bubblewrap", provider_class("bubblewrap")(tmp_path))
    found = await run_weakened([ground], [guard])
    assert shows(found), found


@pytest.mark.needs_bubblewrap
@guards("e2b")
async def test_e2b_without_a_guard_does_not_hold(
    guard: Guard, tmp_path: Path, e2b: Mapping[str, Any]
) -> None:
    found = await run_weakened([Ground("e2b", provider_class("e2b")(tmp_path, **e2b))], [guard])
    assert shows(found), found


@pytest.mark.needs_docker
@guards("docker")
async def test_docker_without_a_guard_does_not_hold(
    guard: Guard, tmp_path: Path, docker_host: str
) -> None:
    ground = Ground("docker", provider_class("docker")(tmp_path, host=docker_host))
    found = await run_weakened([ground], [guard])
    assert shows(found), found


def test_every_kind_that_holds_something_is_weakened() -> None:
    assert {guard.backend for guard in GUARDS} == set(ALL)
    assert {kind for attack in ATTACKS for kind in attack.beside} <= set(PROVIDERS)


@pytest.mark.parametrize("attack_id", [attack_id for ids in BREACHES.values() for attack_id in ids])
async def test_the_same_attack_breaches_the_bare_machine(attack_id: str, tmp_path: Path) -> None:
    provider = provider_class("subprocess")(tmp_path, allow_host=True)
    result = await run_attack(provider, attack(attack_id))
    assert result.held is False, result
    assert result.next_green


async def test_what_would_harm_the_bare_machine_is_not_tried(tmp_path: Path) -> None:
    provider = provider_class("subprocess")(tmp_path, allow_host=True)
    harmful = [attack for attack in ATTACKS if attack.harms_host]
    found = await run_attacks([Ground("subprocess", provider)], harmful)
    assert [result.held for result in found["subprocess"]] == [None] * len(harmful)
    assert not holds({"nothing": []})


def result(attack_id: str, held: bool | None, *, next_green: bool = True) -> AttackResult:
    return AttackResult(attack_id, f"attack {attack_id}", held, "for a reason", next_green, 0.1)


def test_the_table_puts_kinds_beside_each_other_and_says_why() -> None:
    found = {
        "bubblewrap": [result("S1", True), result("S2", True, next_green=False)],
        "e2b": [result("S1", False), result("S2", None)],
    }
    shown = table(found, {"docker": "no engine answers"})
    rows = {row.split()[0]: row.split() for row in shown.splitlines() if row.startswith("S")}
    assert rows == {
        "S1": ["S1", "attack", "S1", "held", "BREACH"],
        "S2": ["S2", "attack", "S2", "held,", "RED", "n/a"],
    }
    assert "e2b S1 BREACH: for a reason" in shown and "e2b S2 n/a: for a reason" in shown
    assert "2 of 2 attacks held, 0 not applicable; the next task was green after 1" in shown
    assert "0 of 1 attacks held, 1 not applicable" in shown
    assert "docker         not here: no engine answers" in shown
    assert "BREACH" in line("e2b", found["e2b"][0])


def test_an_attack_that_was_not_held_or_left_harm_is_a_failure() -> None:
    assert holds({"one": [result("S1", True), result("S2", None)]})
    assert not holds({"one": [result("S1", True)], "other": [result("S1", False)]})
    assert not holds({"one": [result("S1", True, next_green=False)]})
    assert not holds({})


def test_a_guard_that_is_not_missed_is_a_failure() -> None:
    through, still = (Weakened("one", "a guard", result("S1", held)) for held in (False, True))
    assert shows([through]) and not shows([through, still]) and not shows([])
    assert "1 of 2 attacks get through" in weakened_table([through, still], {})


async def test_what_does_not_open_here_is_said(tmp_path: Path) -> None:
    settings, _ = load_settings(data_dir=tmp_path, docker_host=f"unix://{tmp_path}/none")
    backends = ["docker", "subprocess"]
    async with grounds(backends, lambda kind: bootstrap.sandbox_options(settings, kind)) as ground:
        assert not ground.found
        assert "No Docker engine answers" in ground.absent["docker"]
        assert "SANDBOX_ALLOW_HOST" in ground.absent["subprocess"]
