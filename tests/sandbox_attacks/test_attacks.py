"""The attack list: the walls hold, the bare machine does not, and so the attacks are real."""

from pathlib import Path

import pytest

from core.ports import SandboxProvider
from evals.attacks.field import PYTHON, Attack
from evals.sandbox import ATTACKS, AttackResult, main, run_attack, run_attacks, table
from sandbox import container, provider_class
from sandbox.cgroups import ControlGroups

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


@pytest.mark.needs_docker
async def test_a_weakened_docker_does_not_hold(
    tmp_path: Path, docker_host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Takes away one wall for each attack, so that what holds is known to be that wall."""
    monkeypatch.setattr(container, "SYSCTLS", {})
    monkeypatch.setattr(container, "MASKED", ())
    provider = provider_class("docker")(tmp_path, host=docker_host)
    for attack_id in ("S8a", "S31"):
        result = await run_attack(provider, attack(attack_id))
        assert result.held is False, result


@pytest.mark.parametrize("attack_id", [attack_id for ids in BREACHES.values() for attack_id in ids])
async def test_the_same_attack_breaches_the_bare_machine(attack_id: str, tmp_path: Path) -> None:
    provider = provider_class("subprocess")(tmp_path, allow_host=True)
    result = await run_attack(provider, attack(attack_id))
    assert result.held is False, result
    assert result.next_green


async def test_what_would_harm_the_bare_machine_is_not_tried(tmp_path: Path) -> None:
    provider = provider_class("subprocess")(tmp_path, allow_host=True)
    harmful = [attack for attack in ATTACKS if attack.harms_host]
    results = await run_attacks(provider, harmful)
    assert [result.held for result in results] == [None] * len(harmful)
    assert not any(result.ok for result in results)


def test_the_table_counts_what_held() -> None:
    results = [
        AttackResult("S1", "one", True, "by a wall", True, 0.1),
        AttackResult("S2", "two", True, "but what came next was red", False, 0.1),
        AttackResult("S3", "three", False, "got out", True, 0.1),
        AttackResult("S4", "four", None, "not tried", True, 0.0),
    ]
    shown = table(results)
    assert "BREACH" in shown and "RED" in shown
    assert shown.endswith("1 of 3 attacks held, 4 in the list")


def test_the_report_fails_when_a_wall_does(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--sandbox", "subprocess", "--only", "S31"]) == 1
    assert "0 of 1 attacks held" in capsys.readouterr().out
