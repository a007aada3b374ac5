"""Tests are run by a real Jest of npm's registry under our witness; skipped aloud without either.

The one test that needs the registry is one test for that reason: Jest is installed once.
"""

import json
import shutil
from collections.abc import Iterator

import pytest

from core.errors import EnvironmentUnprepared
from core.evidence import CaseOutcome, Proof, RunEnd
from sandbox.environment import Environments
from tests.unit.sandbox.rooms import Rooms, open_folder, outcomes, tree_of

PACKAGE = json.dumps({"scripts": {"test": "jest"}, "devDependencies": {"jest": "29.7.0"}})
CONFIG = "module.exports = { transform: {} }\n"
CART = """\
exports.total = (prices) => prices.reduce((a, b) => a + b, 0)
exports.boom = () => {
  throw new RangeError('no cart')
}
"""
TEST = """\
const { boom, total } = require('./cart')

describe('total', () => {
  it('adds', () => expect(total([1, 2])).toBe(3))
  it.skip('later', () => {})
  it('is wrong', () => expect(total([1])).toBe(2))
  it.each([1, 1])('same', (n) => expect(total([n])).toBe(1))
})
test('boom', () => boom())
"""
LEAVES = "process.exit(0)\n"
PASSED, FAILED, ERROR, SKIPPED = CaseOutcome


@pytest.fixture(scope="module")
def rooms() -> Iterator[Rooms]:
    if shutil.which("npm") is None:
        pytest.skip("npm is missing")
    with open_folder() as folder:
        environments = Environments(folder / "environments")
        yield Rooms("bubblewrap", folder, environments)
        environments.close()


@pytest.mark.needs_bubblewrap
async def test_jest_tells_each_test_and_a_suite_that_leaves_is_not_green(rooms: Rooms) -> None:
    texts = {
        "package.json": PACKAGE,
        "jest.config.js": CONFIG,
        "src/cart.js": CART,
        "src/cart.test.js": TEST,
    }
    try:
        await rooms.environments.prepare(tree_of(texts))
    except EnvironmentUnprepared as error:
        if "registry was not reached" in str(error):
            pytest.skip(f"Jest cannot be fetched: {error}")
        raise
    run = await rooms.run(texts)
    at = "src/cart.test.js::"
    assert (run.end, run.proof, run.exit_code) == (RunEnd.FAILED, Proof.RUNNER, 1), run.output
    assert outcomes(run) == {
        f"{at}total > adds": PASSED,
        f"{at}total > later": SKIPPED,
        f"{at}total > is wrong": FAILED,
        f"{at}total > same": PASSED,
        f"{at}total > same (2)": PASSED,
        f"{at}boom": FAILED,
    }
    boom = next(case for case in run.cases if case.test_id.endswith("boom"))
    assert (boom.path, boom.line, boom.message) == ("src/cart.js", 3, "RangeError: no cart")
    some = await rooms.run(texts, [f"{at}total > adds"])
    assert (some.end, some.passed) == (RunEnd.PASSED, (f"{at}total > adds",))
    for path, end in (
        ("src/cart.test.js", RunEnd.FAILED),
        ("jest.config.js", RunEnd.DISAGREEMENT),
    ):
        left = await rooms.run({**texts, path: LEAVES})
        assert (left.end, left.passed) == (end, ()), (path, left.output)
