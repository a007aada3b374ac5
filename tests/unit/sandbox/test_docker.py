"""Docker as a sandbox where the contract says nothing: no engine, odd images, what is left."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import SandboxUnavailable
from core.ports import Environment, Limits
from core.trees import Tree
from sandbox import seccomp
from sandbox.cgroups import ControlGroups, groups_of
from sandbox.container import LABEL, container
from sandbox.docker import DockerProvider
from sandbox.docker_engine import HEAD, Attached, Engine
from sandbox.slots import FIRST_UID, Slot, Slots

PYTHON = "/usr/bin/python3"
ENVIRONMENT = Environment("plain", PYTHON, ((Path("/usr/share"), "/opt/layer"),))
LIMITS = Limits(memory_bytes=128 << 20, processes=48)
SLEEPER = ["sleep", "600"]


async def test_without_an_engine_it_is_refused_with_the_remedy(tmp_path: Path) -> None:
    provider = DockerProvider(tmp_path, 1, host=f"unix://{tmp_path}/none")
    for _ in range(2):
        with pytest.raises(
            SandboxUnavailable, match="No Docker engine answers at unix:"
        ) as refused:
            await provider.check()
        assert "DOCKER_HOST" in (refused.value.remedy or "")
    assert await provider.reap() == 0


def test_a_container_may_nothing_and_sees_nothing_of_the_host_but_the_environment() -> None:
    slot = Slot(-1, "anton-0-abc-7", 1234)
    asked = container("image:tag", slot, ENVIRONMENT, LIMITS, supervisor_bytes=5)
    walls = asked["HostConfig"]
    assert (asked["User"], asked["Labels"]) == ("1234:1234", {LABEL: "anton-0-abc"})
    assert (walls["NetworkMode"], walls["ReadonlyRootfs"], walls["CapDrop"]) == (
        *("none", True, ["ALL"]),
    )
    assert walls["SecurityOpt"] == ["no-new-privileges"] and walls["LogConfig"] == {"Type": "none"}
    assert walls["Memory"] == walls["MemorySwap"] == LIMITS.memory_bytes
    assert [(m["Source"], m["ReadOnly"]) for m in walls["Mounts"]] == [("/usr/share", True)]
    assert not {"Binds", "Privileged", "CapAdd", "Devices", "PidMode"} & walls.keys()
    assert all("size=" in options and "nosuid" in options for options in walls["Tmpfs"].values())


async def heard(*pieces: tuple[int, bytes], cut: int = 0) -> Attached:
    reader = asyncio.StreamReader()
    whole = b"".join(HEAD.pack(stream, len(data)) + data for stream, data in pieces)
    reader.feed_data(whole[: len(whole) - cut])
    reader.feed_eof()
    return Attached(reader, None)  # type: ignore[arg-type]


async def test_answers_come_whole_and_complaints_apart() -> None:
    streams = await heard((1, b"on"), (2, b"oops"), (1, b"e and tw"), (1, b"o"))
    assert [await streams.readexactly(3), await streams.readexactly(8)] == [b"one", b" and two"]
    with pytest.raises(asyncio.IncompleteReadError):
        await streams.readexactly(1)
    assert await streams.stderr.read() == b"oops"


async def test_a_cut_answer_is_the_end() -> None:
    streams = await heard((1, b"whole"), (1, b"cut off"), cut=3)
    assert await streams.readexactly(5) == b"whole"
    with pytest.raises(asyncio.IncompleteReadError):
        await streams.readexactly(1)


def test_the_group_of_a_process_is_known_by_its_mark(tmp_path: Path) -> None:
    (tmp_path / "cgroup").write_text("9:memory:/docker/abc\n3:pids:/docker/abc\n0::/docker/abc\n")
    assert groups_of(tmp_path, "some other container") is None
    assert groups_of(tmp_path / "ended", "abc") is None
    if ControlGroups.find().version:
        assert groups_of(tmp_path, "abc") is not None


def test_a_filter_is_laid_on_the_process_itself() -> None:
    program = seccomp.program(accounted=True).hex()
    code = (
        "import os, sys; from sandbox.inside.filter import lay; import ctypes\n"
        "ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)\n"
        "lay(bytes.fromhex(sys.argv[1]))\n"
        "import socket\n"
        "try: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)\n"
        "except OSError as error: print('refused')\n"
    )
    said = subprocess.run([sys.executable, "-c", code, program], capture_output=True, text=True)
    assert said.stdout == "refused\n", said.stderr


@pytest.mark.needs_docker
async def test_an_image_that_is_not_there_is_told(tmp_path: Path, docker_host: str) -> None:
    provider = DockerProvider(tmp_path, host=docker_host, image="nobody/has-this:1")
    with pytest.raises(SandboxUnavailable, match="o such image") as refused:
        await provider.open(Tree(), Environment("plain", PYTHON), LIMITS)
    assert "SANDBOX_IMAGE" in (refused.value.remedy or "")


@pytest.mark.needs_docker
async def test_a_named_image_serves(tmp_path: Path, docker_host: str) -> None:
    await DockerProvider(tmp_path, host=docker_host).check()
    engine = Engine(docker_host)
    own = [t for i in await engine.call("images") for t in i["RepoTags"] if "anton-sandbox:" in t]
    provider = DockerProvider(tmp_path, host=docker_host, image=own[0])
    assert own[0] in (await provider.check())["files"]


@pytest.mark.needs_docker
async def test_what_dead_servers_left_is_reaped_by_label_and_nothing_else(
    tmp_path: Path, docker_host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.docker.LOCKS", tmp_path / "locks")
    provider = DockerProvider(tmp_path, host=docker_host)
    served = await provider.open(Tree(), Environment("plain", PYTHON), LIMITS)
    engine = Engine(docker_host)
    slots = Slots(tmp_path / "locks", FIRST_UID)
    image = (await engine.call("images", name="anton-sandbox"))[0]["RepoTags"][0]
    for name, label in ((f"{slots.prefix}-400", slots.prefix), ("a-stranger", "another")):
        asked = {"Image": image, "Cmd": SLEEPER, "Labels": {LABEL: label}}
        await engine.start(await engine.create(name, asked))
    try:
        assert (await provider.reap(), await provider.reap()) == (1, 0)
        assert await engine.labelled(f"{LABEL}=another") == ["a-stranger"]
        assert (await served.run(["true"])).exit_code == 0
    finally:
        await served.close()
        await engine.remove("a-stranger")
    assert await engine.labelled(f"{LABEL}={slots.prefix}") == []
