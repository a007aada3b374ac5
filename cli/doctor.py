"""The command `doctor`: what works here, and what to do about the rest."""

import argparse
import asyncio
import os
import platform
import shutil
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import cast

from packaging.requirements import Requirement

from cli import exits
from cli.screen import Screen
from config import Settings
from core.errors import AntonError
from core.examination import Finding, Level, worst_of
from core.ports import Channel, SandboxProvider
from observability import host_programs

LOCK = Path(__file__).resolve().parent.parent / "requirements.txt"
OLDEST_PYTHON = (3, 11)
OLDEST_GIT = (2, 25)
DISK_ERROR_BYTES = 200_000_000
DISK_WARNING_BYTES = 2_000_000_000
_STYLE: Mapping[Level, str] = {"ok": "green", "warning": "yellow", "error": "bold red"}


@dataclass(frozen=True)
class Patient:
    """What is examined."""

    settings: Settings | None
    problems: Sequence[str]
    """Why the settings cannot be used."""
    warnings: Sequence[str]
    sandbox: Callable[[Settings], SandboxProvider]
    stores: Callable[[Settings], Awaitable[Mapping[str, str]]]
    """Opens the stores; each by name with `ok` or what is wrong."""
    models: Callable[[Settings], AsyncIterator[tuple[str, str, str, str]]]
    """Name, level, words and remedy of what is found about models."""
    channels: Callable[[Settings], Sequence[Channel]] = lambda _: ()
    """Makes the channels that are configured."""


async def examine(patient: Patient) -> list[Finding]:
    """All findings, in the order in which they are best mended."""
    findings = [python(sys.version_info[:2]), *packages(LOCK.read_text()), *settings_of(patient)]
    findings += [git(), clock(datetime.now(UTC), datetime.fromtimestamp(_newest(), UTC))]
    if patient.settings is None:
        return findings
    settings = patient.settings
    findings += [disk(settings.data_dir), *permissions(settings.data_dir)]
    findings += await sandbox(patient.sandbox, settings)
    findings += await compose(settings)
    findings += await _stores(patient.stores, settings)
    findings += [_finding(*found) async for found in patient.models(settings)]
    findings += [f for channel in patient.channels(settings) for f in await _channel(channel)]
    return [*findings, *hosts(settings)]


async def compose(settings: Settings) -> list[Finding]:
    """Whether compose answers, where the operator lets a repository's own test service run."""
    from control.services import read_services
    from sandbox.compose import Compose

    try:
        services = read_services(settings.repos_file) if settings.repos_file else None
        if services is None or not services.composed:
            return []
        called = await Compose(settings.docker_host).check()
    except AntonError as error:
        return [Finding("compose", "error", error.message, error.remedy or "")]
    return [Finding("compose", "ok", f"{called}, for {', '.join(services.composed)}")]


def _finding(name: str, level: str, text: str, remedy: str) -> Finding:
    return Finding(name, cast(Level, level), text, remedy)


async def _channel(channel: Channel) -> list[Finding]:
    """Whether people can be asked there, and what is lacking."""
    try:
        lacks = await channel.check()
    except AntonError as error:
        return [Finding(channel.name, "error", error.message, error.remedy or "")]
    finally:
        await channel.close()
    asked = Finding(channel.name, "ok", f"people are asked in {', '.join(channel.places)}")
    return [asked, *(Finding(channel.name, "warning", lack) for lack in lacks)]


async def doctor(patient: Patient, options: argparse.Namespace) -> int:
    """Examine and tell; an error is exit code 1."""
    screen = Screen.here(json_only=options.json)
    findings = await examine(patient)
    worst = worst_of(findings)
    if options.json:
        screen.give({"status": worst, "checks": [asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            tell(finding, screen)
    return exits.FAILED if worst == "error" else exits.DONE


def tell(finding: Finding, screen: Screen) -> None:
    """One finding, with its remedy below."""
    screen.say(f"{finding.level:<8} {finding.name:<12} {finding.text}", _STYLE[finding.level])
    if finding.remedy:
        screen.say(f"{'':<22}{finding.remedy}")


def python(version: tuple[int, ...]) -> Finding:
    """Whether this Python is new enough."""
    text = f"{platform.python_version()} at {sys.executable}"
    if version >= OLDEST_PYTHON:
        return Finding("python", "ok", text)
    return Finding("python", "error", text, "Install Python 3.11 or later, then: make install")


def packages(lock: str) -> Iterator[Finding]:
    """What is installed, against the lock."""
    pins = [Requirement(line.rstrip("\\ ")) for line in lock.splitlines() if "==" in line[:80]]
    wanted = [pin for pin in pins if pin.marker is None or pin.marker.evaluate()]
    wrong = [f"{pin} is pinned, {_installed(pin.name)}" for pin in wanted if not _fits(pin)]
    if not wrong:
        yield Finding("packages", "ok", f"{len(wanted)} as pinned")
        return
    more = f", and {len(wrong) - 5} more" if len(wrong) > 5 else ""
    yield Finding("packages", "error", "; ".join(wrong[:5]) + more, "make install")


def settings_of(patient: Patient) -> Iterator[Finding]:
    """What the settings say of themselves."""
    for problem in patient.problems:
        yield Finding("settings", "error", problem, "See .env.example for every option.")
    for warning in patient.warnings:
        yield Finding("settings", "warning", warning)
    if not patient.problems and not patient.warnings:
        yield Finding("settings", "ok", "valid")


def git() -> Finding:
    """Whether git is there, for local repositories."""
    program = shutil.which("git", path="/usr/local/bin:/usr/bin:/bin")
    remedy = "Install git 2.25 or later (Debian: apt-get install git)"
    if program is None:
        return Finding("git", "error", "missing", remedy)
    said = subprocess.run(
        [program, "--version"],
        capture_output=True,
        text=True,
        check=False,
        env=host_programs.plain(),
    )
    words = said.stdout.split()
    version = tuple(int(part) for part in words[2].split(".")[:2]) if len(words) > 2 else (0, 0)
    level: Level = "ok" if version >= OLDEST_GIT else "error"
    return Finding("git", level, said.stdout.strip(), "" if level == "ok" else remedy)


def disk(folder: Path) -> Finding:
    """Whether there is room where Anton writes."""
    there = next(path for path in (folder, *folder.parents) if path.is_dir())
    free = shutil.disk_usage(there).free
    text = f"{free / 1e9:.1f} GB free at {there}"
    if free < DISK_ERROR_BYTES:
        return Finding("disk", "error", text, "Make room, or point DATA_DIR elsewhere.")
    if free < DISK_WARNING_BYTES:
        return Finding("disk", "warning", text, "Environments of repositories need room.")
    return Finding("disk", "ok", text)


def permissions(folder: Path) -> Iterator[Finding]:
    """Who can read and write Anton's data."""
    there = next(path for path in (folder, *folder.parents) if path.is_dir())
    if not os.access(there, os.W_OK | os.X_OK):
        yield Finding(
            "data", "error", f"{there} cannot be written", "Own it, or point DATA_DIR elsewhere."
        )
        return
    open_files = [
        file.name
        for file in sorted(folder.glob("*.db*"))
        if file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    ]
    if open_files:
        names = ", ".join(open_files)
        yield Finding("data", "warning", f"others can read {names}", f"chmod 600 {folder}/*.db*")
    else:
        yield Finding("data", "ok", f"{folder}, written by this user alone")


def clock(now: datetime, newest: datetime) -> Finding:
    """Whether the clock runs at least not behind the files of this program."""
    if now >= newest:
        return Finding("clock", "ok", f"{now:%Y-%m-%d %H:%M:%S} UTC")
    return Finding(
        "clock",
        "warning",
        f"{now:%Y-%m-%d %H:%M} UTC is before this program was installed",
        "Set the clock; leases and expiries depend on it.",
    )


def hosts(settings: Settings) -> Iterator[Finding]:
    """Where a fix can be published."""
    yield Finding("local", "ok", f"a fix becomes a branch below {settings.branch_prefix}")
    if settings.github_token.get_secret_value():
        yield Finding("github", "ok", f"a token is set for {settings.github_api_url}")
    else:
        yield Finding("github", "ok", "off: no token, so repositories there are not worked on")


async def sandbox(
    provider: Callable[[Settings], SandboxProvider], settings: Settings
) -> list[Finding]:
    """Which sandbox serves, and what enforces each limit; or why none does."""
    try:
        opened = provider(settings)
        enforced = await opened.check()
    except AntonError as error:
        return [Finding("sandbox", "error", error.message, error.remedy or "")]
    level: Level = "ok" if opened.backend != "subprocess" else "warning"
    chosen = ", chosen by SANDBOX=auto" if settings.sandbox == "auto" else ""
    found = [Finding("sandbox", level, f"{opened.backend}{chosen}")]
    return found + [
        Finding("  " + limit, "warning" if by.startswith(("none", "not ")) else "ok", by)
        for limit, by in enforced.items()
    ]


async def _stores(
    opened: Callable[[Settings], Awaitable[Mapping[str, str]]], settings: Settings
) -> list[Finding]:
    try:
        said = await asyncio.wait_for(opened(settings), timeout=20)
    except AntonError as error:
        return [Finding("stores", "error", error.message, error.remedy or "")]
    return [
        Finding(name, "ok" if text == "ok" else "error", "works" if text == "ok" else text)
        for name, text in said.items()
    ]


def _fits(pin: Requirement) -> bool:
    try:
        return pin.specifier.contains(metadata.version(pin.name), prereleases=True)
    except metadata.PackageNotFoundError:
        return False


def _installed(name: str) -> str:
    try:
        return f"{metadata.version(name)} is installed"
    except metadata.PackageNotFoundError:
        return "none is installed"


def _newest() -> float:
    return LOCK.stat().st_mtime
