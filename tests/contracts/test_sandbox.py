"""What every sandbox promises, whatever walls stand around it."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.errors import (
    ArchiveRefused,
    ConfigError,
    NotFound,
    SandboxError,
    SandboxGone,
    SandboxUnavailable,
)
from core.evidence import RunEnd
from core.ports import Environment, Limits, Sandbox, SandboxProvider
from core.trees import EXECUTABLE, SUBMODULE, SYMLINK, File, Tree
from sandbox import PROVIDERS, provider_class
from tests.fakes.e2b_server import E2BDouble
from tests.unit.sandbox.rooms import noted_by_us, open_folder

MIB = 1024**2
PYTHON = "/usr/bin/python3"
ENVIRONMENT = Environment(
    "plain", PYTHON, variables={"PATH": "/usr/bin:/bin", "HOME": "/home/sandbox"}
)
LIMITS = Limits(
    wall_s=20.0,
    memory_bytes=256 * MIB,
    processes=64,
    disk_bytes=32 * MIB,
    output_bytes=10_000,
)
TREE = Tree(
    {
        "app.py": File(b"print('hello')\n"),
        "bin/tool": File(b"#!/bin/sh\necho tool\n", EXECUTABLE),
        "link": File(b"app.py", SYMLINK),
        "vendored": File(b"0" * 40, SUBMODULE),
        "grüße/ñ.txt": File("é".encode()),
    }
)
OPTIONS: dict[str, dict[str, bool]] = {"subprocess": {"allow_host": True}}
MARKS = {
    "bubblewrap": [pytest.mark.needs_bubblewrap],
    "docker": [pytest.mark.needs_docker],
    "e2b": [pytest.mark.needs_bubblewrap],
}
"""The machines of E2B's double are made of bubblewrap."""

pytestmark = pytest.mark.skipif(not Path(PYTHON).exists(), reason=f"{PYTHON} is missing")


@pytest.fixture(scope="module")
def e2b() -> Iterator[E2BDouble]:
    with E2BDouble() as double:
        yield double
        assert not double.violations
        assert not double.machines, "every machine was ended"


@pytest.fixture(
    params=[pytest.param(name, marks=MARKS.get(name, [])) for name in PROVIDERS],
)
def provider(request: pytest.FixtureRequest, tmp_path: Path) -> SandboxProvider:
    return made(request, tmp_path)


def made(request: pytest.FixtureRequest, tmp_path: Path) -> SandboxProvider:
    """The provider of the kind that the request names."""
    options: dict[str, Any] = OPTIONS.get(request.param, {})
    if request.param == "docker":
        options = {"host": request.getfixturevalue("docker_host")}
    if request.param == "e2b":
        options = request.getfixturevalue("e2b").access
    provider: SandboxProvider = provider_class(request.param)(tmp_path, max_sandboxes=3, **options)
    return provider


@pytest.fixture
async def sandbox(provider: SandboxProvider) -> AsyncIterator[Sandbox]:
    opened = await provider.open(TREE, ENVIRONMENT, LIMITS)
    yield opened
    await opened.close()


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def printed(sandbox: Sandbox, *argv: str) -> str:
    run = await sandbox.run(argv)
    assert run.end is RunEnd.PASSED, run
    return run.stdout.decode()


def python(program: str) -> list[str]:
    return [PYTHON, "-I", "-c", program]


async def test_a_check_says_what_is_enforced_by_what(provider: SandboxProvider) -> None:
    enforced = await provider.check()
    assert {"walls", "network", "processes", "memory", "time"} <= enforced.keys()
    assert all(enforced.values())


async def test_it_tells_its_kind(provider: SandboxProvider, sandbox: Sandbox) -> None:
    assert provider.backend == sandbox.backend
    assert provider.backend in PROVIDERS


async def test_an_unknown_kind_is_refused_with_those_that_exist() -> None:
    with pytest.raises(ConfigError, match="bubblewrap"):
        provider_class("chroot")


async def test_the_workspace_holds_the_files_and_inner_links_of_the_tree(sandbox: Sandbox) -> None:
    listing = await printed(sandbox, "find", ".", "-type", "f", "-o", "-type", "l")
    assert set(listing.split()) == {"./app.py", "./bin/tool", "./grüße/ñ.txt", "./link"}
    assert (await printed(sandbox, "cat", "link")).encode() == TREE["app.py"].data
    with pytest.raises(ArchiveRefused):
        await sandbox.read("link")
    assert (await sandbox.export(TREE)).id == TREE.id
    assert await printed(sandbox, "bin/tool") == "tool\n"
    assert await sandbox.read("app.py") == TREE["app.py"].data


async def test_files_are_written_over_links_and_folders(sandbox: Sandbox) -> None:
    await printed(sandbox, "sh", "-c", "ln -s /etc etc; ln -s app.py other; mkdir -p deep/er; :")
    await sandbox.write(Tree({"etc/mine": File(b"1"), "other": File(b"2"), "deep": File(b"3")}))
    assert await sandbox.read("etc/mine") == b"1"
    assert await sandbox.read("deep") == b"3"
    assert await sandbox.read("app.py") == TREE["app.py"].data


async def test_files_are_removed(sandbox: Sandbox) -> None:
    await sandbox.remove(["app.py", "bin", "never/was"])
    assert set(await sandbox.export(TREE)) == {"grüße/ñ.txt", "link", "vendored"}


async def test_odd_paths_are_refused(sandbox: Sandbox) -> None:
    for path in ("../x", "/etc/passwd", "a/../b", ".git/config", "a//b", "", "a\nb"):
        with pytest.raises(ArchiveRefused):
            await sandbox.read(path)
        with pytest.raises(ArchiveRefused):
            await sandbox.remove([path])


async def test_a_run_tells_exit_code_and_both_streams(sandbox: Sandbox) -> None:
    run = await sandbox.run(["sh", "-c", "echo out; echo err >&2; exit 3"])
    assert (run.exit_code, run.end) == (3, RunEnd.FAILED)
    assert (run.stdout, run.stderr, run.dropped_bytes) == (b"out\n", b"err\n", 0)
    assert 0 < run.seconds < 5


async def test_a_run_ended_by_a_signal_has_a_negative_code(sandbox: Sandbox) -> None:
    run = await sandbox.run(["sh", "-c", "kill -SEGV $$"])
    assert (run.exit_code, run.end) == (-11, RunEnd.FAILED)


async def test_a_missing_command_ends_as_in_a_shell(sandbox: Sandbox) -> None:
    run = await sandbox.run(["no-such-command"])
    assert (run.exit_code, run.end) == (127, RunEnd.FAILED)
    assert b"no-such-command" in run.stderr


async def test_input_is_handed_in_whole(sandbox: Sandbox) -> None:
    run = await sandbox.run(["wc", "-c"], stdin=b"x" * 3_000_000)
    assert run.stdout.strip() == b"3000000"
    ignored = await sandbox.run(["true"], stdin=b"x" * 3_000_000)
    assert ignored.end is RunEnd.PASSED


async def test_the_environment_is_the_given_one_and_nothing_else(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANARY", "sings")
    run = await sandbox.run(["env"], variables={"MORE": "1"})
    names = {line.split("=")[0] for line in run.stdout.decode().splitlines()}
    assert names == {"PATH", "HOME", "MORE"}


async def test_the_workspace_is_found_at_its_agreed_place(sandbox: Sandbox) -> None:
    assert await printed(sandbox, "cat", "/work/app.py") == "print('hello')\n"


async def test_layers_are_seen_where_the_environment_says(provider: SandboxProvider) -> None:
    with open_folder() as layer:
        (layer / "deep").mkdir()
        (layer / "deep/file").write_text("in a layer")
        environment = Environment("layered", PYTHON, ((layer, "/opt/layer"),), {"PATH": "/usr/bin"})
        sandbox = await provider.open(TREE, environment, LIMITS)
        try:
            assert await printed(sandbox, "cat", "/opt/layer/deep/file") == "in a layer"
        finally:
            await sandbox.close()


async def test_too_long_a_run_is_ended_in_time(sandbox: Sandbox) -> None:
    began = time.monotonic()
    run = await sandbox.run(["sh", "-c", "trap '' TERM INT; echo on; sleep 30"], timeout_s=0.5)
    assert (run.exit_code, run.end, run.stdout) == (None, RunEnd.TIMEOUT, b"on\n")
    assert time.monotonic() - began < 2.5


async def test_a_run_never_outlasts_the_limits(provider: SandboxProvider) -> None:
    sandbox = await provider.open(TREE, ENVIRONMENT, Limits(wall_s=0.3))
    try:
        run = await sandbox.run(["sleep", "30"], timeout_s=60.0)
        assert run.end is RunEnd.TIMEOUT
    finally:
        await sandbox.close()


async def test_what_a_run_started_dies_with_it(sandbox: Sandbox) -> None:
    script = "(setsid sh -c 'while :; do date >> ticks; sleep 0.02; done' &) ; sleep 0.2; echo done"
    run = await sandbox.run(["sh", "-c", script])
    assert run.stdout == b"done\n"
    before = await sandbox.read("ticks")
    await asyncio.sleep(0.3)
    assert before and await sandbox.read("ticks") == before


async def test_a_run_with_children_that_hold_its_pipes_ends(sandbox: Sandbox) -> None:
    run = await sandbox.run(["sh", "-c", "sleep 30 & echo started"])
    assert (run.end, run.stdout) == (RunEnd.PASSED, b"started\n")
    assert run.seconds < 3


async def test_output_keeps_head_and_tail_and_says_what_is_missing(sandbox: Sandbox) -> None:
    program = "import sys; sys.stdout.write('first' + 'x' * 3_000_000 + 'last')"
    run = await sandbox.run(python(program))
    assert run.stdout.startswith(b"first") and run.stdout.endswith(b"last")
    assert run.dropped_bytes == 3_000_009 - LIMITS.output_bytes
    assert f"{run.dropped_bytes} bytes left out".encode() in run.stdout
    assert len(run.stdout) < LIMITS.output_bytes + 100


async def test_output_is_bytes(sandbox: Sandbox) -> None:
    run = await sandbox.run(["printf", r"\377\000\033[2J"])
    assert run.stdout == b"\xff\x00\x1b[2J"


async def test_too_much_memory_is_not_given(sandbox: Sandbox) -> None:
    program = "x = bytearray(600 * 1024 * 1024); x[::4096] = bytes(len(x) // 4096)"
    run = await sandbox.run(python(program))
    assert run.end in (RunEnd.FAILED, RunEnd.LIMIT_MEMORY)
    assert (await sandbox.run(["true"])).end is RunEnd.PASSED


async def test_too_many_processes_end_the_run(sandbox: Sandbox) -> None:
    program = """
import subprocess, time
running = []
try:
    while len(running) < 200: running.append(subprocess.Popen(["sleep", "30"]))
finally:
    time.sleep(2)
"""
    run = await sandbox.run(python(program))
    assert run.end is RunEnd.LIMIT_PROCESSES
    assert (await sandbox.run(["true"])).end is RunEnd.PASSED


async def test_too_large_a_file_is_not_written(sandbox: Sandbox) -> None:
    run = await sandbox.run(["dd", "if=/dev/zero", "of=big", "bs=1M", "count=64"])
    assert run.end in (RunEnd.FAILED, RunEnd.LIMIT_DISK)


async def test_a_process_is_spoken_to_line_by_line(sandbox: Sandbox) -> None:
    process = await sandbox.start(["cat"])
    await process.send(b"one\ntwo\nhalf")
    assert [await process.receive(5), await process.receive(5)] == [b"one", b"two"]
    with pytest.raises(TimeoutError):
        await process.receive(0.1)
    await process.send(b" a line\n")
    assert await process.receive(5) == b"half a line"
    await process.kill()
    assert await process.receive(5) is None
    with pytest.raises(SandboxGone):
        await process.send(b"more\n")


async def test_the_last_words_of_a_process_are_heard(sandbox: Sandbox) -> None:
    process = await sandbox.start(["sh", "-c", "echo first; echo; printf last; exit 4"])
    heard = [await process.receive(5) for _ in range(5)]
    assert heard == [b"first", b"", b"last", None, None]


async def test_a_process_that_ended_takes_nothing(sandbox: Sandbox) -> None:
    process = await sandbox.start(["true"])
    assert await process.receive(5) is None
    with pytest.raises(SandboxGone):
        await process.send(b"x\n")


async def test_a_process_that_says_more_than_is_heard_waits(sandbox: Sandbox) -> None:
    program = "import sys\nfor n in range(600): print(n, 'x' * 40_000)\nsys.stdout.flush()"
    process = await sandbox.start(python(program))
    await asyncio.sleep(0.3)
    lines = [await process.receive(5) for _ in range(600)]
    assert [int(line.split()[0]) for line in lines if line] == list(range(600))


async def test_killing_a_process_ends_what_it_started(sandbox: Sandbox) -> None:
    script = "(setsid sh -c 'while :; do date >> ticks; sleep 0.02; done' &) ; echo on; sleep 60"
    process = await sandbox.start(["sh", "-c", script])
    assert await process.receive(5) == b"on"
    await asyncio.sleep(0.2)
    await process.kill()
    before = await sandbox.read("ticks")
    await asyncio.sleep(0.2)
    assert before and await sandbox.read("ticks") == before
    assert (await sandbox.run(["true"])).end is RunEnd.PASSED


async def test_a_process_can_be_killed_while_it_is_listened_to(sandbox: Sandbox) -> None:
    process = await sandbox.start(["sleep", "60"])
    listening = asyncio.create_task(process.receive(30))
    await asyncio.sleep(0.1)
    await asyncio.wait_for(process.kill(), 5)
    assert await listening is None


async def test_no_run_beside_a_started_process(sandbox: Sandbox) -> None:
    process = await sandbox.start(["sleep", "60"])
    with pytest.raises(SandboxError, match="started process"):
        await sandbox.run(["true"])
    with pytest.raises(SandboxError, match="started process"):
        await sandbox.start(["true"])
    await process.kill()
    assert (await sandbox.run(["true"])).end is RunEnd.PASSED


async def test_files_change_beside_a_started_process(sandbox: Sandbox) -> None:
    process = await sandbox.start(["sh", "-c", "while read name; do cat $name; done"])
    await sandbox.write(Tree({"fresh": File(b"new\n")}))
    await process.send(b"fresh\n")
    assert await process.receive(5) == b"new"
    await process.kill()


async def test_reading_tells_missing_from_refused(sandbox: Sandbox) -> None:
    await printed(
        sandbox, "sh", "-c", "ln -s app.py soft; ln -s /etc outside; mkfifo pipe; mkdir d"
    )
    with pytest.raises(NotFound):
        await sandbox.read("nothing")
    with pytest.raises(NotFound):
        await sandbox.read("nowhere/nothing")
    for path in ("soft", "outside/passwd", "pipe", "d"):
        with pytest.raises(ArchiveRefused):
            await sandbox.read(path)
    with pytest.raises(ArchiveRefused):
        await sandbox.read("app.py", max_bytes=3)


async def test_an_untouched_workspace_exports_the_very_tree(sandbox: Sandbox) -> None:
    assert (await sandbox.export(TREE)).id == TREE.id


async def test_changes_come_out_with_their_modes(sandbox: Sandbox) -> None:
    script = "echo new > n.txt; mkdir q; printf 1 > q/z; chmod +x q/z; chmod -x bin/tool; rm app.py"
    await printed(sandbox, "sh", "-c", script)
    tree = await sandbox.export(TREE)
    assert set(tree) == {"bin/tool", "grüße/ñ.txt", "link", "n.txt", "q/z", "vendored"}
    assert tree["q/z"] == File(b"1", EXECUTABLE)
    assert tree["bin/tool"].mode == "100644" and tree["link"] == TREE["link"]


@pytest.mark.parametrize(
    "script",
    [
        "ln -s /etc/passwd leak",
        "rm app.py; ln -s /etc/passwd app.py",
        "mkfifo pipe",
        f"{PYTHON} -c \"import socket; socket.socket(socket.AF_UNIX).bind('s')\"",
        "mkdir .git; echo '[core]' > .git/config",
        "mkdir -p sub/.GIT; echo x > sub/.GIT/HEAD",
        "echo 'gitdir: /tmp' > .git",
        "touch $'a\\nb'",
        r"touch $'a\e[2Jb'",
        r"touch $'bad\xffname'",
        "echo x > APP.PY",
        "truncate -s 20M sparse",
        "head -c 11000000 /dev/zero > one; head -c 11000000 /dev/zero > two",
        "mkdir many; cd many; seq 2001 | xargs touch",
        "d=.; for n in $(seq 80); do d=$d/x; mkdir $d; done; echo deep > $d/file",
    ],
)
async def test_what_may_not_come_out_is_refused(sandbox: Sandbox, script: str) -> None:
    await printed(sandbox, "bash", "-c", script)
    with pytest.raises(ArchiveRefused):
        await sandbox.export(TREE)


async def test_a_link_that_was_changed_is_refused_and_one_that_became_a_folder_is_one(
    sandbox: Sandbox,
) -> None:
    await printed(sandbox, "ln", "-sf", "bin/tool", "link")
    with pytest.raises(ArchiveRefused):
        await sandbox.export(TREE)
    await printed(sandbox, "sh", "-c", "rm link; mkdir link; echo x > link/below")
    assert (await sandbox.export(TREE)).files.keys() >= {"link/below", "app.py"}


async def test_a_closed_sandbox_is_gone_and_closes_again(
    provider: SandboxProvider, sandbox: Sandbox
) -> None:
    await sandbox.close()
    await sandbox.close()
    with pytest.raises(SandboxGone):
        await sandbox.run(["true"])


async def test_a_cancelled_run_closes_the_sandbox(sandbox: Sandbox) -> None:
    running = asyncio.create_task(sandbox.run(["sleep", "60"]))
    await asyncio.sleep(0.2)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    with pytest.raises(SandboxGone):
        await sandbox.run(["true"])


async def test_closing_ends_a_run_that_others_wait_for(sandbox: Sandbox) -> None:
    running = asyncio.create_task(sandbox.run(["sleep", "60"]))
    await asyncio.sleep(0.2)
    await asyncio.wait_for(sandbox.close(), 5)
    with pytest.raises(SandboxGone):
        await running


async def test_one_sandbox_after_another_when_all_places_are_taken(
    provider: SandboxProvider,
) -> None:
    opened = [await provider.open(TREE, ENVIRONMENT, LIMITS) for _ in range(3)]
    fourth = asyncio.create_task(provider.open(TREE, ENVIRONMENT, LIMITS))
    await asyncio.sleep(0.3)
    assert not fourth.done()
    await opened.pop().close()
    opened.append(await asyncio.wait_for(fourth, 10))
    await asyncio.gather(*(sandbox.close() for sandbox in opened))


async def test_a_cancelled_opening_gives_its_place_back(provider: SandboxProvider) -> None:
    for delay in (0.0, 0.005, 0.02, 0.04, 0.06):
        opening = asyncio.create_task(provider.open(TREE, ENVIRONMENT, LIMITS))
        await asyncio.sleep(delay)
        opening.cancel()
        await asyncio.gather(opening, return_exceptions=True)
        if not opening.cancelled():
            await opening.result().close()
    opened = [
        await asyncio.wait_for(provider.open(TREE, ENVIRONMENT, LIMITS), 10) for _ in range(3)
    ]
    await asyncio.gather(*(sandbox.close() for sandbox in opened))


async def test_a_missing_interpreter_is_told(provider: SandboxProvider) -> None:
    if provider.backend == "subprocess":
        pytest.skip("its supervisor runs on the interpreter of the house")
    with pytest.raises(SandboxUnavailable):
        await provider.open(TREE, Environment("none", "/opt/none/python"), LIMITS)


async def test_nothing_is_left_and_nothing_needs_reaping(
    provider: SandboxProvider, tmp_path: Path
) -> None:
    before = noted_by_us(tmp_path)
    sandbox = await provider.open(TREE, ENVIRONMENT, LIMITS)
    assert provider.backend != "bubblewrap" or noted_by_us(tmp_path) - before
    await provider.reap()
    assert (await sandbox.run(["true"])).end is RunEnd.PASSED
    descriptors = open_descriptors()
    for _ in range(3):
        await (await provider.open(TREE, ENVIRONMENT, LIMITS)).close()
    assert open_descriptors() <= descriptors
    await sandbox.close()
    assert noted_by_us(tmp_path) <= before
    assert provider.backend != "subprocess" or await provider.reap() == 0


RESETTABLE = ("bubblewrap", "docker")
"""Kinds in which nothing but a few places can be written, and the supervisor owns all else."""
SOIL = """
import ctypes, os, subprocess, sys
libc = ctypes.CDLL(None)
os.makedirs("deep/" + "/".join("x" * 40))
for place in ("/work", "/tmp", "/dev/shm", os.environ["HOME"]):
    open(place + "/seen", "w").write("by A")
    os.makedirs(place + "/.closed/inner")
    open(place + "/.closed/inner/file", "w").close()
    os.chmod(place + "/.closed/inner", 0)
    os.chmod(place + "/.closed", 0)
    try:
        os.chmod(place, 0o711)
        os.setxattr(place, "user.seen", b"by A")
    except OSError:
        pass
os.symlink("/etc/passwd", "/tmp/link")
os.mkfifo("/tmp/fifo")
libc.shmget(77, 4096, 0o1666)
libc.semget(78, 1, 0o1666)
libc.msgget(79, 0o1666)
subprocess.Popen(["setsid", "sh", "-c", "trap '' TERM; while :; do date >> /tmp/late; done"])
os._exit(0)
"""
VIEW = """
import glob, os
for place in ("/work", "/tmp", "/dev/shm", os.environ["HOME"]):
    for folder, folders, files in os.walk(place):
        print(folder, oct(os.stat(folder).st_mode), sorted(folders), sorted(files))
        print(os.listxattr(folder))
for kind in ("shm", "sem", "msg"):
    print(open("/proc/sysvipc/" + kind).read())
for kind in ("tcp", "udp", "unix"):
    print(open("/proc/net/" + kind).read())
print(len(glob.glob("/proc/[0-9]*")), sorted(os.environ.items()), os.getcwd())
print([line.split()[1:3] for line in open("/proc/mounts")])
"""


async def test_after_a_reset_nothing_is_seen_of_what_ran_before(provider: SandboxProvider) -> None:
    if provider.backend == "subprocess":
        pytest.skip("it would soil this machine")
    fresh = await provider.open(TREE, ENVIRONMENT, LIMITS)
    view = await printed(fresh, PYTHON, "-c", VIEW)
    await fresh.close()
    sandbox = await provider.open(TREE, ENVIRONMENT, LIMITS)
    try:
        soiled = await sandbox.run([PYTHON, "-c", SOIL], variables={"SEEN": "by A"})
        assert soiled.end is RunEnd.PASSED, soiled
        assert await sandbox.reset() is (provider.backend in RESETTABLE)
        if provider.backend in RESETTABLE:
            assert set(await sandbox.export(Tree())) == set()
            await sandbox.write(TREE)
            assert await printed(sandbox, PYTHON, "-c", VIEW) == view
            assert (await sandbox.export(TREE)).id == TREE.id
    finally:
        await sandbox.close()


async def test_the_bare_machine_is_never_called_clean(tmp_path: Path) -> None:
    provider = provider_class("subprocess")(tmp_path, allow_host=True)
    sandbox = await provider.open(TREE, ENVIRONMENT, LIMITS)
    assert not await sandbox.reset()
    await sandbox.close()


async def test_a_reset_ends_what_was_started(provider: SandboxProvider, sandbox: Sandbox) -> None:
    if provider.backend not in RESETTABLE:
        pytest.skip("it is not reset")
    process = await sandbox.start(["sh", "-c", "echo on; sleep 60"])
    assert await process.receive(5) == b"on"
    assert await sandbox.reset()
    assert (await sandbox.run(["true"])).end is RunEnd.PASSED


async def test_a_sandbox_in_which_a_socket_lingers_is_not_clean(
    provider: SandboxProvider, sandbox: Sandbox
) -> None:
    program = """
import socket
server = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(server.getsockname())
accepted, _ = server.accept()
accepted.close(); client.close()
"""
    await printed(sandbox, *python(program))
    assert not await sandbox.reset()
