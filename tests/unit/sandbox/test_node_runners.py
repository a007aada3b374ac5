"""Tests in TypeScript are run by a real Vitest, and each way of cheating ends red."""

import hmac
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.evidence import CaseOutcome, Proof, RunEnd, Verdict
from core.findings import Reading, Reproduction
from core.patches import FileChange, Patch
from core.ports import Run
from core.trees import File, Tree
from repair.validate import prove
from sandbox.detection import detect
from sandbox.environment import Environments
from sandbox.node_judgement import NodeAccount, judge
from sandbox.node_record import hear
from sandbox.node_runner import Selection
from tests.fakes.npm_registry import Registry
from tests.unit.sandbox.rooms import Rooms, open_folder, outcomes, tree_of

INSTALLED = Path(__file__).parents[3] / "dashboard" / "node_modules"
PACKAGE = json.dumps(
    {"type": "module", "scripts": {"test": "vitest run"}, "devDependencies": {"vitest": "*"}}
)
CART = """\
export function total(prices: number[]): number {
  return prices.reduce((a, b) => a + b, 0)
}

export function boom(): never {
  throw new RangeError('no cart')
}
"""
TEST = """\
import { describe, expect, it, test } from 'vitest'
import { boom, total } from './cart'

describe('total', () => {
  it('adds', () => expect(total([1, 2])).toBe(3))
  it.skip('later', () => {})
  it('is wrong', () => expect(total([1])).toBe(2))
  it.each([1, 1])('same', (n) => expect(total([n])).toBe(1))
})
test('boom', () => boom())
"""
GREEN = "import { expect, test } from 'vitest'\ntest('one', () => expect(1).toBe(1))\n"
RED = "import { expect, test } from 'vitest'\ntest('one', () => expect(1).toBe(2))\n"
PASSED, FAILED, ERROR, SKIPPED = CaseOutcome


@pytest.fixture(scope="module")
def rooms() -> Iterator[Rooms]:
    """Sandboxes in which the Vitest of our own dashboard is, by way of a registry."""
    if shutil.which("npm") is None or not (INSTALLED / "vitest").is_dir():
        pytest.skip("npm is missing, or the dashboard's packages are not installed")
    registry = Registry(INSTALLED)
    with open_folder() as folder, registry.serving(), pytest.MonkeyPatch.context() as patch:
        patch.setenv("npm_config_registry", registry.url)
        patch.setenv("npm_config_cache", str(folder / "npm"))
        patch.setenv("npm_config_fetch_retries", "0")
        environments = Environments(folder / "environments")
        yield Rooms("bubblewrap", folder, environments)
        environments.close()


@pytest.mark.needs_bubblewrap
async def test_each_test_is_told_with_the_line_of_code_that_failed(rooms: Rooms) -> None:
    config = "import { defineConfig } from 'vitest/config'\nexport default defineConfig({})\n"
    texts = {
        "package.json": PACKAGE,
        "src/cart.ts": CART,
        "src/cart.test.ts": TEST,
        "vitest.config.ts": config,
    }
    run = await rooms.run(texts)
    at = "src/cart.test.ts::"
    assert (run.end, run.proof, run.exit_code) == (RunEnd.FAILED, Proof.RUNNER, 1)
    assert outcomes(run) == {
        f"{at}total > adds": PASSED,
        f"{at}total > later": SKIPPED,
        f"{at}total > is wrong": FAILED,
        f"{at}total > same": PASSED,
        f"{at}total > same (2)": PASSED,
        f"{at}boom": FAILED,
    }
    assert set(run.collected) == set(outcomes(run))
    boom = next(case for case in run.cases if case.test_id.endswith("boom"))
    assert (boom.path, boom.line, boom.message) == ("src/cart.ts", 6, "RangeError: no cart")
    wrong = next(case for case in run.cases if case.test_id.endswith("is wrong"))
    assert (wrong.path, wrong.line) == ("src/cart.test.ts", 7)
    assert wrong.message.startswith("AssertionError: expected 1 to be 2")
    some = await rooms.run(texts, [f"{at}total > adds", f"{at}total > same (2)"])
    assert some.end is RunEnd.PASSED
    assert some.collected == (f"{at}total > adds", f"{at}total > same (2)")
    assert (await rooms.run(texts, [f"{at}nothing"])).end is RunEnd.NO_TESTS


@pytest.mark.needs_bubblewrap
async def test_a_package_below_the_root_is_tested_in_its_folder(rooms: Rooms) -> None:
    texts = {"web/package.json": PACKAGE, "web/src/cart.ts": CART, "web/src/cart.test.ts": TEST}
    texts |= {"api/test_app.py": "def test_app(): pass\n"}
    asked = ("web/src/cart.test.ts::total > adds", "web/src/cart.test.ts::boom")
    run = await rooms.run(texts, asked)
    assert (run.end, run.proof) == (RunEnd.FAILED, Proof.RUNNER), run.output
    assert outcomes(run) == dict(zip(asked, (PASSED, FAILED), strict=True))
    assert (run.cases[1].path, run.cases[1].line) == ("web/src/cart.ts", 6)


@pytest.mark.slow
@pytest.mark.needs_bubblewrap
async def test_a_patch_is_proven_by_a_test_that_is_red_on_base(rooms: Rooms) -> None:
    base = tree_of(
        {
            "package.json": PACKAGE,
            "src/cart.ts": CART.replace("a + b", "a - b"),
            "src/old.test.ts": GREEN,
        }
    )
    test = TEST.replace("is wrong', () => expect(total([1])).toBe(2)", "one', () => {}")
    files = (FileChange.of("src/cart.test.ts", File(test.encode())),)
    red = ("src/cart.test.ts::total > adds",)
    fixed = base.with_texts({"src/cart.ts": CART, "src/cart.test.ts": test})
    found = Reproduction(reading=Reading.REPRODUCED, origin="test", tests=red, files=files)
    async with rooms.bench() as bench:
        patch = Patch.between("0" * 40, base, fixed)
        evidence = await prove(bench, base, patch, found)
        assert evidence.verdict is Verdict.REGRESSION, "boom fails, and did not before"
        good = fixed.with_texts({"src/cart.test.ts": test.replace("test('boom'", "test.skip('b'")})
        files = (FileChange.of("src/cart.test.ts", good["src/cart.test.ts"]),)
        patch = Patch.between("0" * 40, base, good)
        evidence = await prove(bench, base, patch, found.but(files=files))
        assert evidence.verdict is Verdict.FIXED, evidence.note
        assert evidence.base and evidence.base.failed == red
        broken = Patch.between("0" * 40, base, base.with_texts({"src/other.ts": "export {}\n"}))
        evidence = await prove(bench, base, broken, found.but(files=files, scaffold=files))
        assert evidence.verdict is not Verdict.FIXED


FORGER = "Object.is = () => true\n" + CART.replace("a + b", "a - b")


@pytest.mark.slow
@pytest.mark.needs_bubblewrap
async def test_code_that_makes_whatever_fails_look_passed_is_found_out(rooms: Rooms) -> None:
    test = "import { expect, it } from 'vitest'\nimport { total } from './cart'\n"
    test += "it('adds', () => expect(total([1, 2])).toBe(3))\n"
    texts = {"package.json": PACKAGE, "src/cart.ts": CART.replace("a + b", "a - b")}
    base = tree_of({**texts, "src/cart.test.ts": test, "src/other.test.ts": GREEN})
    shown = Reproduction(reading=Reading.REPRODUCED, tests=("src/cart.test.ts::adds",))
    async with rooms.bench() as bench:
        forging = Patch.between("0" * 40, base, base.with_texts({"src/cart.ts": FORGER}))
        evidence = await prove(bench, base, forging, shown)
        assert evidence.fixed and evidence.fixed.end is RunEnd.PASSED, "the forgery itself works"
        assert evidence.verdict is Verdict.STILL_RED
        assert "that must fail" in evidence.note
        mended = Patch.between("0" * 40, base, base.with_texts({"src/cart.ts": CART}))
        evidence = await prove(bench, base, mended, shown)
        assert evidence.verdict is Verdict.FIXED, evidence.note


CHEATS = {
    "a setting that leaves at once": {"vitest.config.ts": "process.exit(0)\n"},
    "a setting that leaves later": {
        "vitest.config.ts": "process.on('exit', () => { process.exitCode = 0 }); export default {}"
    },
    "a setting that writes reports of its own": {
        "vitest.config.ts": (
            "import fs from 'node:fs'\n"
            "setInterval(() => {\n  for (const name of fs.readdirSync('.'))\n"
            "    if (name.startsWith('.anton')) fs.appendFileSync(`${name}/record`, 'x {}\\n')\n"
            "}, 5)\n"
            "export default {}\n"
        )
    },
    "a test that leaves": {"a.test.ts": f"process.exit(0)\n{RED}"},
    "a test that kills the runner": {"a.test.ts": f"process.kill(process.ppid)\n{RED}"},
    "a setting that runs nothing": {
        "vitest.config.ts": "export default { test: { include: [], passWithNoTests: true } }\n"
    },
    "a setting that tries again until it passes": {
        "vitest.config.ts": "export default { test: { retry: 3 } }\n",
        "a.test.ts": (
            "import { expect, test } from 'vitest'\nlet n = 0\n"
            "test('one', () => expect(++n).toBe(2))\n"
        ),
    },
}


@pytest.mark.needs_bubblewrap
@pytest.mark.parametrize(
    "cheat",
    [
        name if number < 3 else pytest.param(name, marks=pytest.mark.slow)
        for number, name in enumerate(CHEATS)
    ],
)
async def test_a_suite_that_cheats_is_not_green(rooms: Rooms, cheat: str) -> None:
    run = await rooms.run({"package.json": PACKAGE, "a.test.ts": RED, **CHEATS[cheat]})
    assert run.end is not RunEnd.PASSED and not run.passed, run.output


@pytest.mark.needs_bubblewrap
async def test_a_file_that_cannot_be_read_is_red_beside_those_that_pass(rooms: Rooms) -> None:
    run = await rooms.run({"package.json": PACKAGE, "a.test.ts": GREEN, "b.test.ts": "syntax ("})
    assert run.end is RunEnd.FAILED and run.passed == ("a.test.ts::one",)
    assert run.failed == ("b.test.ts",)


KEY = b"k" * 32


Entry = tuple[str, dict[str, Any]]


def record(*entries: Entry) -> bytes:
    """What a witness would write."""
    key, lines = KEY, []
    for entry in entries:
        text = json.dumps(entry).encode()
        lines.append(hmac.new(key, text, "sha256").hexdigest().encode() + b" " + text)
        key = hmac.new(key, b"next", "sha256").digest()
    return b"\n".join(lines)


BEGIN: Entry = ("begin", {"version": "3", "root": "/work"})
ONE: Entry = ("collected", {"ids": ["a.test.ts::one"]})
TRUE_REPORT = {
    "assertionResults": [{"title": "one", "status": "passed"}],
    "name": "/work/a.test.ts",
}


def said(outcome: str) -> Entry:
    return "report", {"id": "a.test.ts::one", "outcome": outcome, "seconds": 0.1}


def end(code: int) -> Entry:
    return "end", {"code": code}


@pytest.mark.parametrize(
    ("entries", "code", "report", "expected"),
    [
        ((BEGIN, ONE, said("passed"), end(0)), 0, [TRUE_REPORT], RunEnd.PASSED),
        ((BEGIN, ONE, said("passed"), end(0)), 0, [], RunEnd.DISAGREEMENT),
        ((BEGIN, ONE, said("passed"), end(1)), 0, [TRUE_REPORT], RunEnd.DISAGREEMENT),
        ((BEGIN, ONE, said("failed"), end(0)), 0, [TRUE_REPORT], RunEnd.DISAGREEMENT),
        ((BEGIN, ONE, end(0)), 0, [TRUE_REPORT], RunEnd.DISAGREEMENT),
        ((BEGIN, said("passed"), end(0)), 0, [TRUE_REPORT], RunEnd.DISAGREEMENT),
        ((BEGIN, ONE, said("passed")), 0, [TRUE_REPORT], RunEnd.DISAGREEMENT),
        ((BEGIN, ONE, said("passed")), 1, [TRUE_REPORT], RunEnd.FAILED),
        ((BEGIN, ONE, said("skipped"), end(0)), 0, [], RunEnd.NO_TESTS),
        ((BEGIN, end(1)), 1, [], RunEnd.NO_TESTS),
        ((), 1, [], RunEnd.FAILED),
        ((), 127, [], RunEnd.INFRA_ERROR),
    ],
)
def test_exit_code_record_and_report_have_to_agree(
    entries: tuple[Entry, ...],
    code: int,
    report: list[object],
    expected: RunEnd,
) -> None:
    told = hear(record(*entries), KEY)
    ran = Run(code, RunEnd.PASSED if code == 0 else RunEnd.FAILED, b"", b"", 0, 1.0)
    own = json.dumps({"testResults": report}).encode()
    judgement = judge(NodeAccount((), ran, told, own))
    assert judgement.end is expected
    if expected is RunEnd.DISAGREEMENT:
        assert judgement.why and not any(c.outcome is PASSED for c in judgement.cases)


def test_one_forged_line_ends_the_reading() -> None:
    genuine = record(BEGIN, ONE, said("failed"), end(1))
    forged = record(BEGIN, ONE, said("passed"), end(0)).split(b"\n")[2]
    lines = genuine.split(b"\n")
    told = hear(b"\n".join([*lines[:2], forged, *lines[3:]]), b"k" * 31 + b"x")
    assert not told.genuine and not told.begun
    replayed = hear(b"\n".join([*lines, lines[2]]), KEY)
    assert not replayed.genuine


def test_tests_are_asked_for_by_name_as_the_runners_take_it() -> None:
    assert Selection.of(()) == Selection((), "")
    assert Selection.of(["a.ts", "a.ts::x > y"]) == Selection(("a.ts",), "")
    chosen = Selection.of(["a.ts::x > y (2)", "b.ts::1 + 1"])
    assert chosen.files == ("a.ts", "b.ts")
    assert chosen.pattern == r"^ ?(x(?: | > )y|1\ \+\ 1)$"


@pytest.mark.parametrize(
    ("package", "name"),
    [
        ({"scripts": {"test": "vitest run --coverage"}}, "vitest"),
        ({"scripts": {"test": "npm run lint && npm run test:unit", "test:unit": "jest"}}, "jest"),
        ({"scripts": {"test": "yarn unit", "unit": "vitest"}}, "vitest"),
        ({"scripts": {"test": "eslint-plugin-jest"}, "devDependencies": {"jest": "1"}}, "jest"),
        ({"scripts": {"test": "mocha"}, "devDependencies": {"jest": "1"}}, "npm test"),
        ({"scripts": {"test": "react-scripts test"}, "devDependencies": {"jest": "1"}}, "npm test"),
        ({"devDependencies": {"jest": "1", "vitest": "1"}}, "npm test"),
        ({"scripts": {"test": "npm run test"}}, "npm test"),
    ],
)
def test_the_runner_is_told_from_the_scripts(package: dict[str, object], name: str) -> None:
    assert detect(tree_of({"package.json": json.dumps(package)})).name == name


def test_a_test_of_another_language_is_run_by_its_own_runner() -> None:
    tree = tree_of({"package.json": PACKAGE, "tests/test_a.py": "import pytest", "a.test.ts": ""})
    assert detect(tree).name == "pytest"
    assert detect(tree, ["a.test.ts::one"]).name == "vitest"
    assert not detect(Tree({})).usable
