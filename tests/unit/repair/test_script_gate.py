"""What a patch may not do in JavaScript and TypeScript, and what it may."""

import pytest

from core.trees import Tree
from repair.gate import refusals
from repair.holding import is_test_path
from repair.soundness import broken

TEST = """\
import { expect, it, describe } from 'vitest'
import { add } from './add'

describe('add', () => {
  it('adds', () => { expect(add(1, 2)).toBe(3) })
  it.each([[1, 1], [2, 2]])('same %i', (a, b) => { expect(a).toBe(b) })
})
"""
SOURCE = "export const add = (a: number, b: number) => a - b\n"
BASE = Tree({}).with_texts(
    {
        "src/add.ts": SOURCE,
        "src/add.test.ts": TEST,
        "src/__snapshots__/add.test.ts.snap": "exports[`a 1`] = `1`;\n",
        "package.json": '{"name": "a", "version": "1", "scripts": {"test": "vitest run"}}\n',
        "inner/package.json": '{"scripts": {"test": "npm run check", "check": "mocha"}}\n',
        "vite.config.ts": "export default {\n  plugins: [],\n  test: { globals: true },\n}\n",
        "in/vite.config.ts": "export default {\n test: {\n  setupFiles: [\n './a',\n  ],\n },\n}\n",
        "ci.yaml": "a: [1]\n",
    }
)


def rules(path: str, old: str, new: str) -> list[str]:
    text = BASE.text(path) if path in BASE else ""
    changed = text.replace(old, new) if old else new
    assert changed != text
    return [one.rule for one in refusals(BASE, BASE.with_texts({path: changed}))]


@pytest.mark.parametrize(
    ("path", "old", "new", "rule"),
    [
        ("src/add.test.ts", "it('adds'", "it.skip('adds'", "tests"),
        ("src/add.test.ts", "it('adds'", "it.only('adds'", "tests"),
        ("src/add.test.ts", "describe('add'", "describe.skip('add'", "tests"),
        ("src/add.test.ts", "it('adds'", "it.fails('adds'", "tests"),
        ("src/add.test.ts", "it('adds'", "it('other'", "tests"),
        ("src/add.test.ts", "toBe(3)", "toBe(-1)", "tests"),
        ("src/add.test.ts", ", [2, 2]", "", "tests"),
        ("src/__snapshots__/add.test.ts.snap", "`1`", "`2`", "tests"),
        ("package.json", "vitest run", "true", "settings"),
        ("package.json", '"name"', '"jest": {"testMatch": []}, "name"', "settings"),
        ("vite.config.ts", "globals: true", "globals: true, exclude: ['src']", "settings"),
        ("vitest.config.ts", "", "export default {}\n", "settings"),
        ("inner/package.json", "mocha", "true", "settings"),
        ("in/vite.config.ts", "./a", "./b", "settings"),
        (".npmrc", "", "script-shell=/bin/true\n", "settings"),
        ("src/add.ts", "a - b", "process.env.VITEST ? 3 : a - b", "harness"),
        ("src/add.ts", "a - b", "(globalThis as any).__vitest_worker__ ? 3 : a", "harness"),
        ("src/add.ts", "export", "import { expect } from 'vitest'\nexport", "harness"),
        ("src/add.ts", "=> a - b", "=> (a - b", "parses"),
        ("package.json", '"name": "a",', '"name": "a",,', "parses"),
        ("ci.yaml", "[1]", "[1", "parses"),
    ],
)
def test_what_no_patch_may_do(path: str, old: str, new: str, rule: str) -> None:
    assert rule in rules(path, old, new)


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("src/add.ts", "a - b", "a + b"),
        ("src/add.ts", "a - b", "a + b // as vitest expects"),
        ("src/add.test.ts", "  it('adds'", "  it('adds more', () => {})\n  it('adds'"),
        ("src/new.test.ts", "", TEST),
        ("package.json", '"version": "1"', '"version": "2"'),
        ("vite.config.ts", "plugins: []", "plugins: [1]"),
    ],
)
def test_what_a_patch_may_do(path: str, old: str, new: str) -> None:
    assert rules(path, old, new) == []


@pytest.mark.parametrize(
    ("path", "text", "sound"),
    [
        ("a.tsx", "export const A = () => <b x={1}>{a?.b ?? c}</b>\n", True),
        ("a.ts", "let x = <number>y; enum E { A } type T<U> = U extends [] ? 1 : 2\n", True),
        ("a.mjs", "import x from './x' with { type: 'json' }\nawait x\n", True),
        ("a.js", "class A { #x = 1; static { } async *g() {} }\n", True),
        ("a.ts", "function f( {\n", False),
        ("a.js", "const x = {\n", False),
        ("a.json", "{'a': 1}", False),
        ("tsconfig.json", "{ // a comment\n}", True),
        ("a.yaml", "a: 1\nb: [\n", False),
        ("a.yml", "a: !tag x\n---\nb: 2\n", True),
        ("a.rs", "fn (", True),
    ],
)
def test_whether_a_file_can_be_read(path: str, text: str, sound: bool) -> None:
    assert (broken(path, None, text) == "") is sound
    assert broken(path, "{[(", text) == "" or not sound or path == "a.rs"


@pytest.mark.parametrize(
    ("path", "is_test"),
    [
        ("src/a.test.ts", True),
        ("src/a.spec.mjs", True),
        ("test.js", True),
        ("src/__tests__/a.ts", True),
        ("src/__mocks__/a.ts", True),
        ("src/latest.ts", False),
        ("src/contest.js", False),
    ],
)
def test_which_paths_hold_tests(path: str, is_test: bool) -> None:
    assert is_test_path(path) is is_test


def test_settings_of_any_length_are_compared_at_once() -> None:
    base = Tree({}).with_texts({"vite.config.ts": "test: [" * 5_000})
    found = refusals(base, base.with_texts({"vite.config.ts": "test: [" * 5_001}))
    assert "settings" in {one.rule for one in found}
