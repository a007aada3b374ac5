"""Tests in TypeScript are told by what they import, and traces of Node.js by their frames."""

from agents.offline.script_tests import new_script_test
from core.trees import Tree
from repair.localize import localize
from repair.reach import of_package, reaching
from repair.traces import frames_of, last_exception

TREE = Tree({}).with_texts(
    {
        "package.json": '{"name": "root"}',
        "src/rates.ts": "export const rate = 1\n",
        "src/cart.ts": (
            "import { rate } from './rates.js'\n\nexport function cartTotal(n: number) {\n"
            "  return n * rate\n}\n\nexport function other() {\n  return 1\n}\n"
        ),
        "src/index.ts": "export * from './cart'\n",
        "src/cart.test.ts": "import { cartTotal } from '.'\ntest('a', () => {})\n",
        "src/other.test.ts": "test('b', () => {})\n",
        "packages/a/package.json": '{"name": "@s/a"}',
        "packages/a/src/index.ts": "export const a = 1\n",
        "packages/a/a.test.ts": "import { a } from '@s/a'\ntest('c', () => {})\n",
    }
)
TESTS = ["src/cart.test.ts::a", "src/other.test.ts::b", "packages/a/a.test.ts::c"]
TRACE = """\
TypeError: Cannot read properties of undefined (reading 'x')
    at cartTotal (/srv/app/src/cart.ts:4:14)
    at async Promise.all (index 0)
    at file:///srv/app/src/index.ts:1:1
    at node:internal/main/run_main_module:23:47
"""


def test_the_tests_near_a_change_are_those_that_import_it() -> None:
    assert reaching(TREE, TESTS, ["src/rates.ts"]) == TESTS[:1]
    assert reaching(TREE, TESTS, ["packages/a/src/index.ts"]) == TESTS[2:]
    assert of_package(TREE, TESTS, ["src/rates.ts"]) == TESTS[:2]
    assert reaching(TREE, ["test_a.py::test_a"], ["src/rates.ts"]) == []


def test_frames_of_node_are_read_outermost_first() -> None:
    frames = [(frame.path, frame.line, frame.function) for frame in frames_of(TRACE)]
    assert frames == [("/srv/app/src/index.ts", 1, ""), ("/srv/app/src/cart.ts", 4, "cartTotal")]
    assert last_exception(TRACE) == "TypeError"


def test_a_trace_or_a_name_leads_to_the_function() -> None:
    traced = localize(TREE, None, (), report=TRACE).suspects[0]
    assert (traced.path, traced.line, traced.function) == ("src/cart.ts", 4, "cartTotal")
    named = localize(TREE, None, (), report="The cart total is wrong.").suspects[0]
    assert (named.path, named.function) == ("src/cart.ts", "cartTotal")


def test_a_new_test_goes_where_the_others_are() -> None:
    assert new_script_test("wrong-total", TREE) == "src/wrong-total.test.ts"
    assert new_script_test("cart", TREE) == "src/cart-2.test.ts"
    assert new_script_test("a", Tree({}).with_texts({"package.json": "{}"})) == "tests/a.test.js"
