"""Doctor tells what is broken, with the remedy."""

import io
import json
from argparse import Namespace
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cli import doctor
from cli.doctor import Patient, examine
from config import Settings, load_settings
from core.errors import Forbidden, SandboxUnavailable, StoreUnusable
from core.examination import Finding, worst_of
from integrations.slack.channel import SlackChannel
from tests.fakes.channel import FakeChannel
from tests.fakes.slack_server import BOT_TOKEN, SlackDouble


class Sandbox:
    """A provider at the door: it holds what it is told to hold."""

    def __init__(self, backend: str, enforced: Mapping[str, str] | None) -> None:
        self.backend, self.enforced = backend, enforced

    async def check(self) -> Mapping[str, str]:
        if self.enforced is None:
            raise SandboxUnavailable("No bwrap.", remedy="apt-get install bubblewrap")
        return self.enforced


def patient(
    tmp_path: Path, *, sandbox: Sandbox | None = None, store: str = "ok", **wrong: tuple[str, ...]
) -> Patient:
    settings, _ = load_settings(data_dir=tmp_path / "data")
    room = sandbox or Sandbox("bubblewrap", {"memory": "cgroup v2", "processes": "rlimit"})

    async def stores(_: Settings) -> Mapping[str, str]:
        if store == "broken":
            raise StoreUnusable("anton.db is damaged.", remedy="restore the backup")
        return {"store": store}

    async def models(_: Settings) -> AsyncIterator[tuple[str, str, str, str]]:
        yield "models", "ok", "the offline engine", ""

    return Patient(
        settings=None if wrong.get("problems") else settings,
        problems=wrong.get("problems", ()),
        warnings=wrong.get("warnings", ()),
        sandbox=lambda _: room,  # type: ignore[return-value, arg-type]
        stores=stores,
        models=models,
    )


def named(findings: list[Finding], name: str) -> list[Finding]:
    return [finding for finding in findings if finding.name.strip() == name]


async def test_a_sound_house_has_no_error(tmp_path: Path) -> None:
    findings = await examine(patient(tmp_path))
    assert [finding for finding in findings if finding.level == "error"] == []
    assert named(findings, "memory")[0].text == "cgroup v2"
    assert named(findings, "packages")[0].text.endswith("as pinned")


async def test_compose_is_looked_for_where_a_repository_is_tested_by_it(tmp_path: Path) -> None:
    file = tmp_path / "repos.yaml"
    for text, found in (("a/b: {test: make}\n", 0), ("a/b: {compose: true}\n", 1)):
        file.write_text(text)
        settings, _ = load_settings(repos_file=file, docker_host=f"unix://{tmp_path}/none")
        findings = await doctor.compose(settings)
        assert len(findings) == found
    assert findings[0].level == "error" and "DOCKER_HOST" in findings[0].remedy


async def test_a_missing_sandbox_is_an_error_with_the_remedy(tmp_path: Path) -> None:
    found = named(await examine(patient(tmp_path, sandbox=Sandbox("bubblewrap", None))), "sandbox")
    assert found == [Finding("sandbox", "error", "No bwrap.", "apt-get install bubblewrap")]


async def test_no_protection_and_unenforced_limits_are_warned_of(tmp_path: Path) -> None:
    findings = await examine(
        patient(tmp_path, sandbox=Sandbox("subprocess", {"network": "not limited"}))
    )
    assert named(findings, "sandbox")[0].level == "warning"
    assert named(findings, "network")[0].level == "warning"


@pytest.mark.parametrize("store", ["broken", "It does not answer in time."])
async def test_a_store_that_cannot_be_used_is_an_error(tmp_path: Path, store: str) -> None:
    assert worst_of(await examine(patient(tmp_path, store=store))) == "error"


async def test_bad_settings_are_told_all_at_once(tmp_path: Path) -> None:
    findings = await examine(patient(tmp_path, problems=("PORT: a number", "HOST: a name")))
    assert [finding.text for finding in named(findings, "settings")] == [
        "PORT: a number",
        "HOST: a name",
    ]


def test_packages_are_held_against_the_lock() -> None:
    lock = (
        "rich==0.0.1 \\\n    --hash=sha256:00\nno-such-package==1.0 \\\n"
        "colorama==9 ; sys_platform == 'win32' \\\n"
    )
    (finding,) = doctor.packages(lock)
    assert finding.level == "error"
    assert "rich==0.0.1 is pinned" in finding.text
    assert "none is installed" in finding.text
    assert "colorama" not in finding.text
    assert finding.remedy == "make install"


def test_an_old_python_is_an_error() -> None:
    assert doctor.python((3, 10)).level == "error"
    assert doctor.python((3, 14)).level == "ok"


def test_a_clock_behind_the_program_is_warned_of() -> None:
    now = datetime.now(UTC)
    assert doctor.clock(now, now + timedelta(days=1)).level == "warning"
    assert doctor.clock(now, now - timedelta(days=1)).level == "ok"


def test_a_database_that_others_can_read_is_warned_of(tmp_path: Path) -> None:
    (tmp_path / "anton.db").touch(mode=0o644)
    (finding,) = doctor.permissions(tmp_path)
    assert (finding.level, "anton.db" in finding.text) == ("warning", True)
    (tmp_path / "anton.db").chmod(0o600)
    assert [finding.level for finding in doctor.permissions(tmp_path)] == ["ok"]


async def test_json_is_one_object_and_an_error_is_exit_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = patient(tmp_path, store="broken")
    assert await doctor.doctor(broken, Namespace(json=True)) == 1
    output = capsys.readouterr()
    told = json.load(io.StringIO(output.out))
    assert told["status"] == "error"
    assert {"name": "stores", "level": "error", "text": "anton.db is damaged.",
            "remedy": "restore the backup"} in told["checks"]  # fmt: skip
    assert await doctor.doctor(patient(tmp_path), Namespace(json=False)) == 0
    assert "ok       sandbox" in capsys.readouterr().out


async def test_each_channel_is_asked_whether_people_can_be_asked_there(tmp_path: Path) -> None:
    denied = Forbidden("The Slack app lacks commands (/oncall).", remedy="install the app anew")
    channels = [FakeChannel(name="telegram"), FakeChannel(name="slack", failing=denied)]
    findings = await examine(replace(patient(tmp_path), channels=lambda _: channels))
    (well,), (ill,) = named(findings, "telegram"), named(findings, "slack")
    assert (well.level, well.text) == ("ok", "people are asked in home")
    assert (ill.level, ill.text, ill.remedy) == ("error", denied.message, denied.remedy)


async def test_doctor_names_the_scope_that_slack_did_not_grant(tmp_path: Path) -> None:
    with SlackDouble() as slack:
        slack.scopes.remove("commands")
        channel = SlackChannel(BOT_TOKEN, "incidents", api_url=slack.api_url)
        (found,) = named(
            await examine(replace(patient(tmp_path), channels=lambda _: [channel])), "slack"
        )
        assert "commands" in found.text and "install the app" in found.remedy
        slack.scopes += ["commands"]
        slack.scopes.remove("channels:history")
        channel = SlackChannel(BOT_TOKEN, "incidents", api_url=slack.api_url)
        findings = await examine(replace(patient(tmp_path), channels=lambda _: [channel]))
        assert [f.level for f in named(findings, "slack")] == ["ok", "warning"]
