"""Tests that were there and contradict a fix: either they assert the fault, or the fix is wrong.

Nothing here decides which. A test is told of when it names a function that the patch changes, by
itself or by helpers of its file, and fails with the patch: such a test may assert exactly what a
report calls a fault, and only a person can say whether the report or the test is right.
"""

import ast
import difflib
from collections.abc import Iterator, Sequence

from core.evidence import CaseOutcome, ContestedTest, TestCase
from core.trees import Tree
from repair.gate import is_test_path

SHOWN_MAX = 300
PREPARATIONS = ("setUp", "setup_method", "setup_class", "setUpClass")
"""What a test class does before each test, without being named by it."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def contested_tests(
    base: Tree, result: Tree, broken: Sequence[str], cases: Sequence[TestCase] = ()
) -> tuple[ContestedTest, ...]:
    """Those of the broken tests that are about a function which differs in `result`.

    `cases` tell how tests went on `result`, as far as that was recorded. What is known to have
    ended otherwise than by failing does not count: a test that cannot be loaded any more, or
    vanished, asserts nothing.
    """
    names = changed_functions(base, result)
    known = {case.test_id: case for case in cases}
    failed = CaseOutcome.FAILED
    took = [known.get(test, TestCase(test_id=test, outcome=failed)) for test in broken]
    if cases:
        took = [case for case in took if case.test_id in known and case.outcome is failed]
    found = (_contested(base, case, names) for case in took)
    return tuple(test for test in found if test)


def changed_functions(base: Tree, result: Tree) -> frozenset[str]:
    """Names by which tests know the functions that differ: a constructor goes by its class.

    For a line outside of functions they are the names it binds, and the functions that read them.
    """
    names: set[str] = set()
    for path in {*base.files, *result.files}:
        if not path.endswith(".py") or is_test_path(path) or base.get(path) == result.get(path):
            continue
        texts = [tree.text(path) if path in tree else "" for tree in (base, result)]
        for text, lines in zip(texts, _differing(*texts), strict=True):
            if module := parsed(text):
                names |= _names_at(module, lines)
    return frozenset(names)


def _differing(before: str, after: str) -> tuple[set[int], set[int]]:
    """The lines of either text that the other lacks, counted from 1."""
    old, new = before.split("\n"), after.split("\n")
    gone: set[int] = set()
    come: set[int] = set()
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=len(old) * len(new) > 4_000_000)
    for tag, a1, a2, b1, b2 in matcher.get_opcodes():
        if tag != "equal":
            gone |= set(range(a1 + 1, a2 + 1))
            come |= set(range(b1 + 1, b2 + 1))
    return gone, come


def _names_at(module: ast.Module, lines: set[int]) -> set[str]:
    spans = list(_spans(module, "", ""))
    inside = {n for _, first, last in spans for n in lines if first <= n <= last}
    names = {name for name, first, last in spans if any(first <= n <= last for n in lines)}
    bound = {
        node.id
        for statement in module.body
        if not isinstance(statement, Function | ast.ClassDef)
        for node in ast.walk(statement)
        if isinstance(node, ast.Name)
        and isinstance(node.ctx, ast.Store)
        and node.lineno in lines - inside
    }
    readers = {
        name
        for name, node in _functions(module)
        if bound & {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
    }
    return names | bound | readers


def _spans(node: ast.AST, owner: str, function: str) -> Iterator[tuple[str, int, int]]:
    """Outermost functions with their first and last line, by the name that callers use."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            yield from _spans(child, child.name, function)
        elif isinstance(child, Function):
            special = owner and child.name.startswith("__") and child.name.endswith("__")
            name = function or (owner if special else child.name)
            yield name, child.lineno, child.end_lineno or child.lineno
            yield from _spans(child, owner, name)
        else:
            yield from _spans(child, owner, function)


def _functions(module: ast.Module) -> Iterator[tuple[str, Function]]:
    return ((n.name, n) for n in ast.walk(module) if isinstance(n, Function))


# --- tests ------------------------------------------------------------------------------------


def _contested(base: Tree, case: TestCase, names: frozenset[str]) -> ContestedTest | None:
    path = case.test_id.split("::", maxsplit=1)[0]
    module = parsed(base.text(path)) if path in base else None
    test = test_function(module, case.test_id) if module else None
    if module is None or test is None or not names & _named_by(module, test):
        return None
    statement = _asserting(test, case.line if case.path == path else 0, names)
    return ContestedTest(
        test_id=case.test_id,
        path=path,
        line=statement.lineno,
        asserts=_one_line(ast.unparse(statement)),
        said=_one_line(case.message),
    )


def test_function(module: ast.Module, test_id: str) -> Function | None:
    """The function of a test, by pytest's id; its parameters do not matter."""
    _, *names = test_id.split("[", maxsplit=1)[0].split("::")
    node: ast.AST = module
    for name in names:
        inner = ast.iter_child_nodes(node)
        fits = (n for n in inner if isinstance(n, Function | ast.ClassDef) and n.name == name)
        found = next(fits, None)
        if found is None:
            return None
        node = found
    return node if isinstance(node, Function) else None


def _named_by(module: ast.Module, test: Function) -> set[str]:
    """Every name that a test uses, by itself, by helpers of its file and by its preparations."""
    helpers = dict(_functions(module))
    todo = [test, *(helpers[name] for name in PREPARATIONS if name in helpers)]
    named: set[str] = set()
    while todo:
        fresh = _names_in(todo.pop()) - named
        named |= fresh
        todo += [helpers[name] for name in fresh if name in helpers]
    return named


def _names_in(node: ast.AST) -> set[str]:
    names: set[str] = set()
    for inner in ast.walk(node):
        match inner:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
                names.add(name)
    return names


def _asserting(test: Function, line: int, names: frozenset[str]) -> ast.stmt:
    """The statement at which a test failed, else its first assertion on what changed."""
    statements = [n for n in ast.walk(test) if isinstance(n, ast.stmt) and n is not test]
    here = [s for s in statements if s.lineno <= line <= (s.end_lineno or s.lineno)]
    if here:
        return max(here, key=lambda statement: statement.lineno)
    asserts = sorted(
        (s for s in statements if isinstance(s, ast.Assert) or _is_assertion_call(s)),
        key=lambda statement: statement.lineno,
    )
    on_it = [s for s in asserts if names & _names_in(s)]
    return next(iter([*on_it, *asserts, *test.body]))


def _is_assertion_call(statement: ast.stmt) -> bool:
    call = statement.value if isinstance(statement, ast.Expr) else None
    named = call.func if isinstance(call, ast.Call) else None
    return isinstance(named, ast.Attribute) and named.attr.startswith("assert")


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SHOWN_MAX else line[: SHOWN_MAX - 1] + "…"


def parsed(text: str) -> ast.Module | None:
    """The syntax tree; None for what is no Python."""
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
