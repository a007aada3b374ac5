"""JavaScript and TypeScript are read as data."""

import pytest

from sandbox.scripts import script_of

CART = """\
import { rates } from './rates'

const LIMIT = 3

export default class Cart<T> {
  #items: T[] = []
  total(): number { return this.#items.length }
  static of() { return new Cart() }
  discount = (n: number) => n * LIMIT
}
export const add = (a: number) => rates(a), sub = function (b) { return b }
export async function* walk() { const inner = () => 1 }
module.exports = { foo() {}, bar: (x) => x }
Cart.prototype.old = function () {}
export const Memo = memo(function Inner() { return 1 })
"""


def test_functions_are_known_by_name_and_lines() -> None:
    script = script_of("cart.tsx", CART)
    found = {part.name: (part.first, part.last) for part in script.functions}
    assert found == {
        "Cart.total": (7, 7),
        "Cart.of": (8, 8),
        "Cart.discount": (9, 9),
        "add": (11, 11),
        "sub": (11, 11),
        "walk": (12, 12),
        "exports.foo": (13, 13),
        "exports.bar": (13, 13),
        "old": (14, 14),
        "Memo": (15, 15),
    }
    assert [part.name for part in script.parts if part.is_class] == ["Cart"]
    assert script.around(12) == "walk" and script.around(3) == ""
    assert script.head(frozenset({"LIMIT"})) == "import { rates } from './rates'\nconst LIMIT = 3"


def test_types_are_known_by_name_and_stand_above_functions_that_read_them() -> None:
    text = (
        "export interface Band { cents: number }\ntype Kind = 'a' | 'b'\nexport enum Day { Mon }\n"
        "export class Basket { size = 0 }\nexport const price = (band: Band) => band.cents\n"
    )
    script = script_of("a.ts", text)
    assert [name for name, _ in script.types] == ["Band", "Kind", "Day", "Basket"]
    assert script.head(script.functions[0].used) == "export interface Band { cents: number }"


def test_tests_are_known_with_what_they_promise() -> None:
    script = script_of(
        "a.test.js",
        "const { add } = require('./add')\n"
        "describe('add', () => {\n  it('adds', () => {\n    expect(add(1)).toBe(2)\n  })\n"
        "  test.only('alone', async () => { await expect(add()).rejects.toThrow() })\n})\n"
        "xit('later', () => {})\nit.each([[1], [2], [3]])('n %i', () => { assert.ok(add) })\n",
    )
    assert [test.name for test in script.tests] == ["add > adds", "add > alone", "later", "n %i"]
    assert set(script.assertions) == {
        "expect(add(1)).toBe(2)",
        "expect(add()).rejects.toThrow()",
        "assert.ok(add)",
    }
    assert (script.skips, script.alone, script.cases) == (1, 1, 3)
    assert [name for name, *_ in script.imports] == ["./add"]


def test_a_file_beyond_all_measure_is_not_read() -> None:
    assert script_of("a.js", "(" * 2_000_000).fault == ""
    deep = script_of("a.js", "f(" * 20_000 + ")" * 20_000)
    assert deep.parts == () or deep.parts


def test_what_stands_above_a_deep_nest_is_read() -> None:
    nested = "it('a', () => { expect(b).toBe(1) })\nfunction c() {}\n" + "x || " * 20_000 + "y\n"
    script = script_of("a.test.js", nested)
    assert ([one.name for one in script.tests], [one.name for one in script.parts]) == (
        ["a"],
        ["c"],
    )
    assert script.statements[2] is False


@pytest.mark.parametrize("chained", ["`", "f()", ".a()"])
def test_calls_of_calls_without_end_are_read_at_once(chained: str) -> None:
    script = script_of("a.test.js", f"expect(1).toBe(1)\n;a{chained * 50_000}\n")
    assert script.tests == ()
    assert script.assertions == {"expect(1).toBe(1)": 1}
