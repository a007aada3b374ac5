"""Tests that must fail, beside those that pass: who reports them as passed reports anything.

With Vitest and Jest code of the runner tells how a test ended, and lies open to the code under
test. What makes all that fails look passed is found out so; what singles out tests is not.
"""

import secrets
from collections.abc import Sequence

from core.trees import Tree
from repair.runs import Tests, settled
from sandbox.node_detection import is_script

WIRES = (
    "throw new Error('must fail')",
    "expect(1).toBe(2)",
    "expect({ a: [1] }).toEqual({ a: [2] })",
    "expect(() => {}).toThrow()",
)
WIRE = ";(typeof test === 'undefined' ? it : test)('{mark} {number}', () => {{ {body} }})"


async def tripped(tests: Tests, tree: Tree, red_tests: Sequence[str]) -> str:
    """What is reported as passed and cannot pass, in words; empty when nothing is.

    They stand at the end of a copy of the file of a red test, so that all is loaded which
    that loads. Where they cannot be run nothing is said.
    """
    files = (test.partition("::")[0] for test in red_tests)
    path = next((file for file in files if is_script(file) and file in tree), "")
    if not path:
        return ""
    mark = f"w{secrets.token_hex(6)}"
    folder, slash, name = path.rpartition("/")
    head, dot, rest = name.partition(".")
    place = f"{folder}{slash}{head}-{mark}{dot}{rest}"
    wires = (WIRE.format(mark=mark, number=at, body=body) for at, body in enumerate(WIRES))
    wired = tree.with_texts({place: "\n".join([tree.text(path), *wires, ""])})
    run = await settled(tests, wired, [place])
    if not any(f"::{mark} " in test for test in run.passed):
        return ""
    return "The runner reports a test as passed that must fail: what it says proves nothing."
