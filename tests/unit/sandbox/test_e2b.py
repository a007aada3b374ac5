"""E2B by its own SDK against a double: what is lost is said, what is opened is ended."""

import asyncio
import json
import os
import random
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

import bootstrap
from config import load_settings
from core.errors import SandboxGone, SandboxUnavailable
from core.evidence import RunEnd
from core.ports import Environment, Limits, Sandbox
from core.trees import File, Tree
from repair.bench import Bench
from sandbox import e2b_upload
from sandbox.e2b import E2BProvider
from sandbox.environment import Environments
from sandbox.runners import TestRunner
from tests.contracts.test_sandbox_services import SERVER, said, serving
from tests.fakes.e2b_server import KEY, E2BDouble
from tests.fakes.waiting import until
from tests.unit.sandbox.rooms import open_folder, tree_of

PYTHON = "/usr/bin/python3"
PLAIN = Environment("plain", PYTHON, variables={"PATH": "/usr/bin:/bin"})
TREE = Tree({"app.py": File(b"print('hello')\n")})
LIMITS = Limits(wall_s=20.0)
CREATE = "POST /v2/sandboxes"
INPUT = "/process.Process/SendInput"
CONNECT = "POST /process.Process/Connect"
CUTS = 3
LONG = 7000 + os.getpid() / 1e7
"""Seconds that only this process has something sleep for."""

pytestmark = [
    pytest.mark.needs_bubblewrap,
    pytest.mark.skipif(not Path(PYTHON).exists(), reason=f"{PYTHON} is missing"),
]


@pytest.fixture
def double() -> Iterator[E2BDouble]:
    with E2BDouble() as double:
        yield double
        assert not double.violations


@pytest.fixture
def provider(double: E2BDouble, tmp_path: Path) -> E2BProvider:
    return E2BProvider(tmp_path, max_sandboxes=1, **double.access)


@pytest.fixture
async def sandbox(provider: E2BProvider) -> AsyncIterator[Sandbox]:
    opened = await provider.open(TREE, PLAIN, LIMITS)
    yield opened
    await opened.close()


def only(double: E2BDouble) -> str:
    (sandbox_id,) = double.machines
    return sandbox_id


def wake() -> bool:
    """End what sleeps for LONG, in whatever machine; whether something did."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (folder / "cmdline").read_bytes() == f"sleep\0{LONG}\0".encode():
                os.kill(int(folder.name), signal.SIGKILL)
                return True
    return False


async def test_a_lost_sandbox_is_gone_and_never_replaced(
    double: E2BDouble, sandbox: Sandbox
) -> None:
    double.lose(only(double))
    for _ in range(2):
        with pytest.raises(SandboxGone):
            await sandbox.run(["true"])
    assert double.journal.count(CREATE) == 1


async def test_a_sandbox_lost_within_a_run_is_no_result(
    double: E2BDouble, sandbox: Sandbox
) -> None:
    running = asyncio.create_task(sandbox.run(["sh", "-c", "touch on; sleep 60"]))
    machine = double.machines[only(double)]
    await until(lambda: machine.holds("/work/on"))
    double.lose(only(double))
    with pytest.raises(SandboxGone):
        await asyncio.wait_for(running, 15)


async def test_a_cut_connection_is_taken_up_again(double: E2BDouble, sandbox: Sandbox) -> None:
    run = ["sh", "-c", f"touch on; sleep {LONG}; echo done; exit 3"]
    running = asyncio.create_task(sandbox.run(run))
    machine = double.machines[only(double)]
    await until(lambda: machine.holds("/work/on"))
    for count in (1, 2):
        double.cut(only(double))
        await until(lambda: bool(machine.connections))
        assert double.journal.count(CONNECT) == count
    await until(wake)
    ended = await asyncio.wait_for(running, 30)
    assert (ended.exit_code, ended.stdout) == (3, b"done\n")
    assert double.journal.count(CREATE) == 1


async def test_nothing_is_lost_or_doubled_in_an_answer_that_is_cut(
    double: E2BDouble, sandbox: Sandbox
) -> None:
    data = random.Random(7).randbytes(12_000_000)
    await sandbox.write(Tree({"large": File(data)}))
    reading = asyncio.create_task(sandbox.read("large"))
    while not reading.done():
        await asyncio.sleep(0.03)
        if double.journal.count(CONNECT) < CUTS:
            double.cut(only(double))
    assert await reading == data
    assert double.journal.count(CONNECT), "it was cut"


async def test_a_service_goes_on_when_its_line_is_cut(double: E2BDouble, sandbox: Sandbox) -> None:
    await sandbox.write(Tree({"server.py": File(SERVER.encode())}))
    service = await serving(sandbox)
    machine = double.machines[only(double)]
    for count in range(1, CUTS + 1):
        double.cut(only(double))
        await until(lambda: bool(machine.connections))
        assert await said(service, b"echo %d" % count) == b"%d" % count
    assert double.journal.count(CONNECT) == CUTS


async def test_what_was_said_while_nobody_heard_is_said_again(
    double: E2BDouble, sandbox: Sandbox
) -> None:
    double.faults.plan(path="/process.Process/Connect", status=503)
    run = ["sh", "-c", f"touch on; sleep {LONG}; echo unheard"]
    running = asyncio.create_task(sandbox.run(run))
    machine = double.machines[only(double)]
    await until(lambda: machine.holds("/work/on"))
    double.cut(only(double))
    await until(wake)
    assert (await asyncio.wait_for(running, 30)).stdout == b"unheard\n"
    assert double.journal.count(CONNECT) == 2


@pytest.mark.parametrize("when", ["receipt", "effect"])
async def test_an_order_is_taken_once_although_its_receipt_is_lost(
    double: E2BDouble, sandbox: Sandbox, when: str
) -> None:
    double.faults.plan(path=INPUT, drop=True, when=when)
    await sandbox.run(["sh", "-c", "echo once >> log"])
    assert len(double.faults.struck) == 1
    assert await sandbox.read("log") == b"once\n"


async def test_an_order_that_is_never_taken_is_no_result(
    double: E2BDouble, sandbox: Sandbox
) -> None:
    double.faults.plan(path=INPUT, drop=True, times=-1)
    with pytest.raises(SandboxGone):
        await sandbox.run(["true"])
    assert not double.machines and double.journal.count(CREATE) == 1


@pytest.mark.parametrize("fault", [{"drop": True}, {"status": 404, "message": "not_found"}])
async def test_a_line_that_stays_cut_is_no_result_and_the_machine_is_ended(
    double: E2BDouble, sandbox: Sandbox, fault: dict[str, object]
) -> None:
    double.faults.plan(path="/process.Process/Connect", times=-1, **fault)
    running = asyncio.create_task(sandbox.run(["sh", "-c", "touch on; sleep 60"]))
    lost = only(double)
    await until(lambda: double.machines[lost].holds("/work/on"))
    double.cut(lost)
    with pytest.raises(SandboxGone):
        await asyncio.wait_for(running, 30)
    assert double.ended == [lost] and double.journal.count(CREATE) == 1
    assert double.journal.count(CONNECT) <= 3


@pytest.mark.parametrize(
    ("fault", "said", "remedy"),
    [
        ({"path": "/v2/sandboxes", "status": 401, "times": -1}, "refuses the key", "E2B_API_KEY"),
        ({"path": "/v2/sandboxes", "status": 429, "times": -1}, "no more", "MAX_CONCURRENT"),
        ({"path": "/v2/sandboxes", "status": 500, "times": -1}, "opened", "e2b.app"),
        ({"path": "/v2/sandboxes", "drop": True, "times": -1}, "opened", "e2b.app"),
        ({"path": "/files", "status": 502, "message": "was not found"}, "opened", "e2b.app"),
        ({"path": "/process.Process/Start", "drop": True}, "opened", "e2b.app"),
    ],
)
async def test_what_cannot_be_opened_leaves_nothing_and_says_why(
    double: E2BDouble, provider: E2BProvider, fault: dict[str, object], said: str, remedy: str
) -> None:
    double.faults.plan(**fault)
    with pytest.raises(SandboxUnavailable, match=said) as caught:
        await provider.open(TREE, PLAIN, LIMITS)
    assert remedy in (caught.value.remedy or "") and KEY not in str(caught.value)
    assert not double.machines
    double.faults.planned.clear()
    await (await asyncio.wait_for(provider.open(TREE, PLAIN, LIMITS), 20)).close()


async def test_a_crowded_and_slow_cloud_is_tried_three_times(
    double: E2BDouble, provider: E2BProvider
) -> None:
    double.faults.plan(path="/v2/sandboxes", status=429)
    double.faults.plan(path="/v2/sandboxes", status=503)
    double.faults.plan(path="/files", delay_s=0.5)
    await (await provider.open(TREE, PLAIN, LIMITS)).close()
    assert double.journal.count(CREATE) == 3 and len(double.ended) == 1


async def test_a_machine_is_kept_as_long_as_it_is_open(double: E2BDouble, tmp_path: Path) -> None:
    provider = E2BProvider(tmp_path, lifetime_s=1, **double.access)
    sandbox = await provider.open(TREE, PLAIN, LIMITS)
    double.faults.plan(path="/sandboxes/.*/timeout", status=500)
    machine = double.machines[only(double)]
    await until(lambda: machine.lifetimes[:3] == [1, 1, 1])
    await sandbox.close()
    assert len(double.faults.struck) == 1, "one failure does no harm"


async def test_an_ending_that_is_not_taken_is_no_error(
    double: E2BDouble, provider: E2BProvider
) -> None:
    sandbox = await provider.open(TREE, PLAIN, LIMITS)
    double.faults.plan(method="DELETE", status=500)
    await sandbox.close()
    assert len(double.machines) == 1
    assert await provider.reap() == 0, "its process lives, and it ends in time by itself"


ABANDON = """
import asyncio, sys, pathlib
sys.path.insert(0, sys.argv[1])
from core.ports import Environment, Limits
from core.trees import Tree
from sandbox.e2b import E2BProvider

async def main():
    provider = E2BProvider(
        pathlib.Path(sys.argv[2]), api_key=sys.argv[3], api_url=sys.argv[4], sandbox_url=sys.argv[4]
    )
    await provider.open(Tree(), Environment("plain", "/usr/bin/python3"), Limits())
    print("open", flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


async def test_what_a_killed_process_left_is_reaped_and_nothing_else(
    double: E2BDouble, provider: E2BProvider, sandbox: Sandbox, tmp_path: Path
) -> None:
    ours = only(double)
    root = str(Path(__file__).parents[3])
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", ABANDON, root, str(tmp_path), KEY, double.url),
        stdout=asyncio.subprocess.PIPE,
    )
    assert child.stdout and await child.stdout.readline() == b"open\n"
    assert await provider.reap() == 0 and len(double.machines) == 2
    child.kill()
    await child.wait()
    elsewhere = E2BProvider(tmp_path / "other", **double.access)
    assert await elsewhere.reap() == 0
    assert await provider.reap() == 1
    assert only(double) == ours and (await sandbox.run(["true"])).end is RunEnd.PASSED


async def test_an_unreachable_cloud_does_not_hinder_a_start(
    double: E2BDouble, provider: E2BProvider
) -> None:
    double.faults.plan(method="GET", path="/v2/sandboxes", status=500, times=-1)
    assert await provider.reap() == 0


async def test_only_the_first_check_opens_a_machine(
    double: E2BDouble, provider: E2BProvider
) -> None:
    first = await provider.check()
    assert await provider.check() == first
    assert double.journal.count(CREATE) == 1
    double.faults.plan(method="GET", path="/v2/sandboxes", status=401)
    with pytest.raises(SandboxUnavailable, match="key"):
        await provider.check()


async def test_neither_variables_nor_rights_nor_network_are_inside(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANARY", "sings")
    run = await sandbox.run(["sh", "-c", "env; cat /proc/*/environ; cat /proc/self/status"])
    said = run.stdout.decode()
    assert KEY not in said and "sings" not in said and "E2B" not in said
    assert "NoNewPrivs:\t1" in said
    assert (await sandbox.run(["sh", "-c", "echo x > /opt/anton-supervisor/x"])).exit_code != 0


async def test_nobody_speaks_for_the_supervisor(sandbox: Sandbox) -> None:
    """A program that writes where answers go could make a red run green."""
    script = "for p in /proc/[0-9]*; do echo forged 2>&- > $p/fd/1 && echo reached; done; true"
    run = await sandbox.run(["sh", "-c", f"({script}) 2>&-"])
    assert b"reached" in run.stdout, "the attack works on processes that are not protected"
    forged = run.stdout.count(b"forged")
    assert forged == run.stdout.count(b"reached"), "each one was heard as output, none as an answer"


async def test_a_program_that_kills_the_supervisor_is_no_result(
    double: E2BDouble, sandbox: Sandbox
) -> None:
    with pytest.raises(SandboxGone):
        await sandbox.run(["sh", "-c", "kill -KILL $PPID; sleep 60"])
    assert not double.machines


def test_a_key_chooses_it_where_nothing_else_is_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SANDBOX", "E2B_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    chosen = {
        "e2b": {"e2b_api_key": KEY},
        "bubblewrap": {"e2b_api_key": KEY, "sandbox": "bubblewrap"},
    }
    for backend, options in chosen.items():
        settings, _ = load_settings(data_dir=tmp_path, **options)
        assert bootstrap.sandbox_of(settings).backend == backend
    settings, _ = load_settings(data_dir=tmp_path)
    assert bootstrap.sandbox_of(settings).backend == "bubblewrap"
    settings, _ = load_settings(data_dir=tmp_path, sandbox="e2b")
    with pytest.raises(SandboxUnavailable, match="key"):
        bootstrap.sandbox_of(settings)


async def test_an_interpreter_that_is_missing_there_is_told_with_a_remedy(
    double: E2BDouble, provider: E2BProvider
) -> None:
    missing = Environment("none", "/usr/bin/python9")
    with pytest.raises(SandboxUnavailable, match="python9") as caught:
        await provider.open(TREE, missing, LIMITS)
    assert "E2B_TEMPLATE" in (caught.value.remedy or "") and not double.machines


def test_an_environment_too_large_for_the_wire_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(e2b_upload, "MAX_LAYERS", 10)
    (tmp_path / "file").write_bytes(b"x" * 100)
    large = Environment("large", PYTHON, ((tmp_path, "/opt/layer"),))
    with pytest.raises(SandboxUnavailable, match="are sent to E2B"):
        e2b_upload.packed(large, tmp_path / "cache")


def test_archives_are_made_once_and_the_oldest_forgotten(tmp_path: Path) -> None:
    (tmp_path / "layer").mkdir()
    layers = ((tmp_path / "layer", "/opt/layer"),)
    made = [
        e2b_upload.packed(Environment(str(n), PYTHON, layers), tmp_path / "cache")
        for n in range(e2b_upload.MAX_KEPT + 1)
    ]
    assert made[-1] and made[-1].exists() and made[0] and not made[0].exists()
    assert len(list((tmp_path / "cache").iterdir())) == e2b_upload.MAX_KEPT


async def test_tests_run_there_under_the_witness(provider: E2BProvider) -> None:
    texts = {
        "calc.py": "def add(a, b):\n    return a - b\n",
        "test_calc.py": "from calc import add\n\ndef test_one():\n    assert add(1, 0) == 1\n\n"
        "def test_two():\n    assert add(1, 1) == 2\n",
    }
    tree = tree_of(texts)
    with open_folder() as folder:
        environments = Environments(folder / "environments", index_allowed=False)
        environment = await environments.prepare(tree)
        sandbox = await provider.open(tree, environment, Limits(wall_s=60))
        try:
            survey = await TestRunner(environment).survey(sandbox, tree)
            assert (await sandbox.export(tree)).id == tree.id
        finally:
            await sandbox.close()
            environments.close()
    assert survey.run.backend == "e2b" and survey.run.end is RunEnd.FAILED, survey.run.output
    assert survey.run.passed == ("test_calc.py::test_one",)
    assert survey.run.failed == ("test_calc.py::test_two",)
    assert survey.lines["test_calc.py::test_one"]["calc.py"] == (2,)


@pytest.mark.slow
async def test_node_goes_there_with_its_packages(provider: E2BProvider) -> None:
    if shutil.which("npm") is None:
        pytest.skip("npm is missing")
    script = "node -e \"console.log(process.version, require('fs').readdirSync('/node_modules'))\""
    tree = tree_of({"package.json": json.dumps({"scripts": {"test": script}})})
    with open_folder() as folder:
        environments = Environments(folder / "environments", index_allowed=False)
        environment = await environments.prepare(tree)
        sandbox = await provider.open(tree, environment, Limits(wall_s=60))
        try:
            run = await TestRunner(environment).run(sandbox, tree)
        finally:
            await sandbox.close()
            environments.close()
    assert run.end is RunEnd.PASSED and ".vite-temp" in run.output, run.output


async def test_a_bench_that_runs_two_trees_at_once_leaves_no_machine(
    double: E2BDouble, tmp_path: Path
) -> None:
    tree = tree_of({"test_one.py": "def test_one():\n    assert True\n"})
    provider = E2BProvider(tmp_path, **double.access)
    with open_folder() as folder:
        environments = Environments(folder / "environments", index_allowed=False)
        bench = Bench(provider, environments, workers=1)
        runs = await asyncio.gather(bench.run(tree), bench.run(tree))
        await bench.close()
        environments.close()
    assert all(run.green for run in runs)
    assert not double.machines
