"""Changes that only keep a crash from happening: a guard, a `try`, a skipped call at that place."""

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache


def only_guards(before: str, after: str, crash_lines: Iterable[int]) -> bool:
    """Whether all that a change adds is protection around the lines that crashed.

    The guards of the new source are taken out again; when what remains is the old source, they
    were the whole change.
    """
    try:
        old, new = _known(before), ast.parse(after)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    if old.dump == ast.dump(new) or not any(line in old.lines for line in crash_lines):
        return False
    stripped = _Unguarded(old.statements, old.expressions).visit(new)
    return old.dump == ast.dump(stripped)


@dataclass(frozen=True)
class _Known:
    """A source and all that stands in it, as text."""

    dump: str
    statements: frozenset[str]
    expressions: frozenset[str]
    lines: frozenset[int]
    """Those of statements, without definitions."""


@lru_cache(maxsize=4)
def _known(text: str) -> _Known:
    tree = ast.parse(text)
    definitions = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    statements = [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]
    plain = [statement for statement in statements if not isinstance(statement, definitions)]
    return _Known(
        dump=ast.dump(tree),
        statements=frozenset(ast.dump(statement) for statement in statements),
        expressions=frozenset(ast.dump(n) for n in ast.walk(tree) if isinstance(n, ast.expr)),
        lines=frozenset(
            line for s in plain for line in range(s.lineno, (s.end_lineno or s.lineno) + 1)
        ),
    )


class _Unguarded(ast.NodeTransformer):
    """Takes out every guard that the old source did not have."""

    def __init__(self, statements: frozenset[str], expressions: frozenset[str]) -> None:
        self._statements = statements
        self._expressions = expressions

    def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt] | None:
        """`if x: old` gives `old`; `if x: return` gives nothing."""
        if ast.dump(node) in self._statements:
            return node
        inner = [statement for statement in node.body if ast.dump(statement) in self._statements]
        only_leaves = all(
            isinstance(s, ast.Return | ast.Continue | ast.Break | ast.Pass) for s in node.body
        )
        if _protects(node.test) and inner and not node.orelse:
            return inner
        if _protects(node.test) and only_leaves:
            return node.orelse or None
        return self.generic_visit(node)

    def visit_Try(self, node: ast.Try) -> ast.AST | list[ast.stmt]:
        """`try: old except …: …` gives `old`."""
        if ast.dump(node) in self._statements:
            return node
        if all(ast.dump(statement) in self._statements for statement in node.body):
            return list(node.body)
        return self.generic_visit(node)

    def visit_With(self, node: ast.With) -> ast.AST | list[ast.stmt]:
        """`with suppress(…): old` gives `old`."""
        if ast.dump(node) not in self._statements and "suppress" in ast.dump(node.items[0]):
            return list(node.body)
        return self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        """`old if x else y` gives `old`."""
        for branch in (node.body, node.orelse):
            if ast.dump(node) not in self._expressions and ast.dump(branch) in self._expressions:
                if _protects(node.test):
                    return branch
        return self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        """`x and old`, `old or y` give `old`."""
        if ast.dump(node) not in self._expressions:
            known = [value for value in node.values if ast.dump(value) in self._expressions]
            if isinstance(node.op, ast.Or) and ast.dump(node.values[0]) in self._expressions:
                if all(
                    isinstance(value, ast.Constant | ast.List | ast.Dict | ast.Tuple)
                    for value in node.values[1:]
                ):
                    return node.values[0]
            if isinstance(node.op, ast.And) and known and node.values[-1] is known[-1]:
                if all(_protects(value) for value in node.values[:-1]):
                    return node.values[-1]
        return self.generic_visit(node)


def _protects(test: ast.expr) -> bool:
    """Whether a condition asks if something is there, as `x`, `x is None`, `k in d`, `len(x)`."""
    match test:
        case ast.Name() | ast.Attribute():
            return True
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return _protects(operand)
        case ast.Compare(ops=[ast.Is() | ast.IsNot()], comparators=[ast.Constant(value=None)]):
            return True
        case ast.Compare(ops=[ast.In() | ast.NotIn()]):
            return True
        case ast.Compare(left=ast.Call(func=ast.Name(id="len"))):
            return True
        case ast.Compare(comparators=[ast.Constant(value=0)]):
            return True
        case ast.Call(func=ast.Name(id="len" | "isinstance" | "hasattr" | "callable")):
            return True
        case ast.BoolOp(values=values):
            return all(_protects(value) for value in values)
        case _:
            return False
