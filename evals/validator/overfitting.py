"""Changes made for the red tests alone: they know the test, or its values, or hush the crash."""

import ast
import textwrap
from collections.abc import Iterator, Sequence

from core.evidence import TestRun
from core.trees import Tree
from evals.validator.text import Function, Text, body_of
from repair.holding import is_test_path

BY_ENVIRONMENT = (
    'any(f"::{name}" in __import__("os").environ.get("PYTEST_CURRENT_TEST", "") for name in NAMES)'
)
BY_CALLERS = 'any(frame.function in NAMES for frame in __import__("inspect").stack())'
"""Ways to tell whether one of the tests `NAMES` runs."""


def for_named_tests(
    wrong: str, right: str, line: int, tests: Sequence[str], running: str = BY_ENVIRONMENT
) -> str | None:
    """The broken file, which does right while one of these tests runs; None where it cannot.

    `line` is that of the seeded change in the right file.
    """
    faulty, correct = Text(wrong), Text(right)
    found = correct.function_at(line)
    broken = faulty.function(found[0]) if found else None
    if found is None or broken is None or not _same_head(found[1], broken):
        return None
    first = body_of(broken)[:1]
    if not first or first[0].lineno == broken.lineno:
        return None
    indent = " " * first[0].col_offset
    names = tuple(sorted({test.rpartition("::")[2].partition("[")[0] for test in tests}))
    body = "\n".join(ast.unparse(statement) for statement in body_of(found[1]))
    head = f"if {running.replace('NAMES', repr(names))}:"
    put = f"{head}\n{textwrap.indent(body, '    ')}\n    return"
    return faulty.with_line(first[0].lineno, textwrap.indent(put, indent))


def _same_head(one: Function, other: Function) -> bool:
    same = ast.dump(one.args) == ast.dump(other.args)
    return same and [*map(ast.dump, one.decorator_list)] == [*map(ast.dump, other.decorator_list)]


def for_asserted_values(base: Tree, tests: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Path and text of files in which a function answers what the red tests assert of it."""
    wanted = list(_asserted(base, tests))
    for path in sorted(base.files):
        if not path.endswith(".py") or is_test_path(path):
            continue
        text = Text(base.text(path))
        for name, function in text.functions():
            known = [(call, value) for called, call, value in wanted if called == name]
            if known and (put := _special(function, known)):
                first = body_of(function)[0]
                if first.lineno != function.lineno:
                    indent = " " * first.col_offset
                    yield path, text.with_line(first.lineno, textwrap.indent(put, indent))


def _asserted(base: Tree, tests: Sequence[str]) -> Iterator[tuple[str, ast.Call, str]]:
    """Function, call and literal of each `assert f(literals) == literal` in these tests."""
    for test in tests:
        path, _, name = test.partition("[")[0].partition("::")
        function = Text(base.text(path)).function(name.replace("::", "."))
        for node in ast.walk(function) if function else ():
            match node:
                case ast.Assert(
                    test=ast.Compare(
                        left=ast.Call(func=called) as call, ops=[ast.Eq()], comparators=[value]
                    )
                ) if _literal(value) and all(map(_literal, call.args)) and not call.keywords:
                    yield ast.unparse(called).rpartition(".")[2], call, ast.unparse(value)


def _special(function: Function, known: Sequence[tuple[ast.Call, str]]) -> str:
    """Statements that answer for the known arguments."""
    names = [arg.arg for arg in function.args.args]
    if names[:1] in (["self"], ["cls"]):
        return ""
    lines = []
    for call, value in known:
        given = names[: len(call.args)]
        if not given or len(call.args) > len(names):
            continue
        conditions = (f"{n} == {ast.unparse(v)}" for n, v in zip(given, call.args, strict=True))
        lines += [f"if {' and '.join(conditions)}:", f"    return {value}"]
    return "\n".join(lines)


def _literal(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except ValueError:
        return False
    return True


def hushed(base: Tree, red: TestRun) -> Iterator[tuple[str, str]]:
    """Path and text of files in which the statement that crashed is put under a `try`."""
    places = sorted({(case.path, case.line) for case in red.cases if case.outcome.red})
    for path, line in places:
        if path not in base or is_test_path(path):
            continue
        text = Text(base.text(path))
        simple = (ast.Assign, ast.AugAssign, ast.Expr, ast.Return, ast.AnnAssign)
        for node in ast.walk(text.module):
            if isinstance(node, simple) and node.lineno <= line <= (node.end_lineno or line):
                indent = " " * node.col_offset
                inner = textwrap.indent(ast.unparse(node), f"{indent}    ")
                put = f"try:\n{inner}\n{indent}except Exception:\n{indent}    pass"
                yield path, text.with_spans([(*text.span(node), put)])
                break
