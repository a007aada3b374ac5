"""A repository's own test service on a real engine: up, run and down, whatever it does."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from core.errors import SandboxUnavailable
from core.evidence import CaseOutcome, Proof, RunEnd
from core.ports import Environment, Limits
from core.trees import Tree
from sandbox.compose import PREFIX, Compose, program
from sandbox.compose_file import BUILD_LABEL, DISK, LABEL
from sandbox.docker_engine import Engine
from sandbox.docker_image import OwnImage
from sandbox.runners import TestRunner
from sandbox.subprocess import SubprocessProvider
from tests.unit.sandbox.rooms import tree_of

pytestmark = pytest.mark.needs_docker


@pytest_asyncio.fixture
async def engine(docker_host: str) -> AsyncIterator[Engine]:
    try:
        program()
    except SandboxUnavailable as error:
        pytest.skip(f"{error.message} {error.remedy}")
    yield Engine(docker_host)


@pytest_asyncio.fixture
async def image(engine: Engine) -> str:
    return await OwnImage(engine).name()


async def left(engine: Engine) -> list[str]:
    """Everything on the engine that a run of compose made."""
    containers = await engine.call("containers", all=True)
    networks = await engine.call("networks")
    volumes = (await engine.call("volumes")).get("Volumes") or []
    images = await engine.call("images")
    names = [name.lstrip("/") for one in containers for name in one["Names"]]
    names += [one["Name"] for one in (*networks, *volumes)]
    names += [tag for one in images for tag in one["RepoTags"] or ()]
    return [name for name in names if name.startswith(PREFIX) and "anton-sandbox" not in name]


MEASURE = (
    "RUN cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes"
    " > /limit 2>/dev/null || true\n"
)
PROBES = """\
import os, socket, unittest, urllib.request

class Test(unittest.TestCase):
    def test_beside(self):
        for _ in range(100):
            try:
                body = urllib.request.urlopen("http://beside:8000/", timeout=2).read()
                break
            except OSError:
                import time; time.sleep(0.1)
        self.assertIn(b"served.txt", body)

    def test_no_way_out(self):
        for host in ({addresses}):
            with self.assertRaises(OSError):
                socket.create_connection((host, {port}), 1)

    def test_little_may_be_done(self):
        with open("/proc/self/status") as file:
            status = file.read()
        self.assertIn("NoNewPrivs:\\t1", status)
        capabilities = int(status.split("CapEff:")[1].split()[0], 16)
        self.assertEqual(capabilities & ~0b1100_1011, 0)
        self.assertFalse(any("SECRET" in name for name in os.environ))
"""


def service(image: str, command: str, **more: str) -> str:
    lines = "".join(f"    {key}: {value}\n" for key, value in more.items())
    return f"    image: {image}\n    command: {command}\n{lines}"


async def test_a_test_service_runs_beside_others_and_reaches_nothing_else(
    engine: Engine, image: str, docker_host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_OURS", "canary")
    with socket.create_server(("0.0.0.0", 0)) as listening:
        port = listening.getsockname()[1]
        own = ", ".join(f'"172.{net}.0.1"' for net in range(17, 22))
        texts = {
            "test_it.py": PROBES.format(addresses=own, port=port),
            "served/served.txt": "",
            "Dockerfile": f"FROM {image}\nRUN echo 'hosts: files dns' > /etc/nsswitch.conf\n",
            "compose.yaml": "services:\n  test:\n"
            + service(
                image,
                "python3 -m unittest -v",
                build=".",
                working_dir="/app",
                volumes="['.:/app', 'kept:/kept']",
                depends_on="[beside]",
            )
            + "  beside:\n"
            + service(
                image,
                "python3 -m http.server 8000",
                working_dir="/srv/it",
                volumes="['./served:/srv/it']",
            )
            + "volumes: {kept: {}}\n",
        }
        composed = await Compose(docker_host).run(tree_of(texts))
        listening.setblocking(False)
        with pytest.raises(BlockingIOError):
            listening.accept()
    said = composed.run.stdout.decode()
    assert composed.run.end is RunEnd.PASSED, said
    assert "test_beside" in said and "canary" not in said
    assert await left(engine) == []


async def test_a_service_that_never_ends_leaves_nothing(
    engine: Engine, image: str, docker_host: str
) -> None:
    text = "services:\n  test:\n" + service(
        image, "sh -c 'sleep 600'", volumes="['kept:/kept']", depends_on="[other]"
    )
    text += "  other:\n" + service(image, "sleep 600") + "volumes: {kept: {}}\n"
    composed = await Compose(docker_host).run(tree_of({"compose.yaml": text}), timeout_s=8)
    assert composed.run.end is RunEnd.TIMEOUT and composed.run.exit_code is None
    told = await Compose(docker_host).check()
    assert "memory and processes are limited" in told and "disk are watched" in told
    assert await left(engine) == []


ENOUGH = 100_000_000
WRITE = "for n in 1 2 3 4 5 6; do head -c 20000000 /dev/zero > {}/${}n; done; sleep 600"


@pytest.mark.parametrize(
    ("place", "volumes"), [("/tmp", "[]"), ("/kept", "['kept:/kept']"), ("/kept", "['/kept']")]
)
async def test_a_service_that_fills_the_disk_is_ended_and_leaves_nothing(
    engine: Engine,
    image: str,
    docker_host: str,
    place: str,
    volumes: str,
) -> None:
    text = "services:\n  test:\n" + service(
        image, f"sh -c '{WRITE.format(place, '$')}'", volumes=volumes
    )
    text += "volumes: {kept: {}}\n"
    compose = Compose(docker_host, disk_bytes=ENOUGH)
    composed = await compose.run(tree_of({"compose.yaml": text}), timeout_s=120)
    assert (composed.run.end, composed.run.exit_code) == (RunEnd.LIMIT_DISK, None)
    assert "what services write" in composed.notes[0]
    assert await left(engine) == []


async def test_no_file_of_a_service_is_larger_than_all_may_be(
    engine: Engine, image: str, docker_host: str
) -> None:
    command = "sh -c 'ulimit -f; ulimit -H -f'"
    text = "services:\n  test:\n" + service(image, command)
    composed = await Compose(docker_host).run(tree_of({"compose.yaml": text}))
    words = composed.run.stdout.decode()
    assert composed.run.end is RunEnd.PASSED and words.count(str(DISK // 512)) == 2, words


@pytest.mark.parametrize(
    ("step", "end"),
    [
        (
            "for n in $(seq 300); do sleep 600 & done; sleep 600",
            RunEnd.LIMIT_PROCESSES,
        ),
        (
            "for n in 1 2 3 4 5 6; do head -c 20000000 /dev/zero > /$n; done; sleep 600",
            RunEnd.LIMIT_DISK,
        ),
    ],
)
async def test_a_build_that_takes_too_much_is_ended_and_leaves_nothing(
    engine: Engine,
    image: str,
    docker_host: str,
    step: str,
    end: RunEnd,
) -> None:
    texts = {
        "Dockerfile": f"FROM {image}\nRUN {step}\n",
        "compose.yaml": "services: {test: {build: ., command: 'true'}}",
    }
    composed = await Compose(docker_host, disk_bytes=ENOUGH).run(tree_of(texts), timeout_s=120)
    assert composed.run.end is end
    assert any("while images are built" in note for note in composed.notes)
    assert await left(engine) == []
    building = {"label": BUILD_LABEL}
    assert await engine.call("containers", all=True, filters=building) == []
    assert await engine.call("images", filters=building) == []


async def test_a_cancelled_run_leaves_nothing(engine: Engine, image: str, docker_host: str) -> None:
    text = "services:\n  test:\n" + service(image, "sleep 600")
    running = asyncio.create_task(Compose(docker_host).run(tree_of({"compose.yaml": text})))
    async with asyncio.timeout(60):
        while not await left(engine):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await left(engine) == []


async def test_what_a_dead_process_left_is_reaped_and_a_living_run_is_not(
    engine: Engine, image: str, docker_host: str, tmp_path: Path
) -> None:
    compose = Compose(docker_host, tmp_path / "locks")
    labels = {"com.docker.compose.project": f"{PREFIX}dead", LABEL: compose._label}
    asked = {"Image": image, "Cmd": ["sleep", "600"], "Labels": labels}
    await engine.start(await engine.create(f"{PREFIX}dead_test_1", asked))
    await engine.call("create_network", f"{PREFIX}dead_default", labels=labels, internal=True)
    other = Compose(docker_host, tmp_path / "others")
    assert await other.reap() == 0
    held = compose._locked(f"{PREFIX}dead")
    assert held is not None and await compose.reap() == 0
    os.close(held)
    assert await compose.reap() == 1
    assert await left(engine) == []


async def test_a_run_is_a_record_that_tells_what_it_is_known_by(
    engine: Engine, image: str, docker_host: str, tmp_path: Path
) -> None:
    command = "python3 make.py --junitxml=out.xml"
    texts = {
        "make.py": "import sys; open('out.xml', 'w').write(open('report.txt').read()); sys.exit(1)",
        "report.txt": '<testsuite><testcase classname="a" name="b"><failure message="no"/>'
        '</testcase><testcase classname="a" name="c"/></testsuite>',
        "compose.yaml": "services:\n  test:\n"
        + service(image, command, working_dir="/app", volumes="['.:/app']"),
    }
    tree = tree_of(texts)
    environment = Environment("plain", "/usr/bin/python3", compose_host=docker_host)
    provider = SubprocessProvider(tmp_path, allow_host=True, allow_no_memory_limit=True)
    sandbox = await provider.open(Tree(), environment, Limits())
    try:
        run = await TestRunner(environment).run(sandbox, tree)
        refusing = tree.with_texts({"compose.yaml": "services: {test: {image: a, pid: host}}"})
        refused = await TestRunner(environment).run(sandbox, refusing)
        lacking = tree.with_texts({"compose.yaml": "services: {test: {image: 'none:1'}}"})
        absent = await TestRunner(environment).run(sandbox, lacking)
    finally:
        await sandbox.close()
    assert (run.end, run.proof, run.backend) == (RunEnd.FAILED, Proof.REPORT, "docker compose")
    assert {case.test_id: case.outcome for case in run.cases} == {
        "a::b": CaseOutcome.FAILED,
        "a::c": CaseOutcome.PASSED,
    }
    assert refused.end is RunEnd.NO_TEST_RUNNER and "asks for pid" in refused.output
    assert absent.end is RunEnd.NO_TEST_RUNNER and "docker pull none:1" in absent.output
    assert await left(engine) == []


async def test_a_service_is_built_from_the_repository_without_network(
    engine: Engine, image: str, docker_host: str
) -> None:
    texts = {
        "Dockerfile": f"FROM {image}\nCOPY word.txt /word.txt\nRUN test -e /word.txt\n{MEASURE}",
        "word.txt": "hello",
        "compose.yaml": "services: {test: {build: ., command: cat /word.txt /limit}}",
    }
    composed = await Compose(docker_host).run(tree_of(texts))
    assert composed.run.end is RunEnd.PASSED and b"hello" in composed.run.stdout
    assert str(2 * 1024**3).encode() in composed.run.stdout, "its steps have little memory too"
    assert await left(engine) == []
