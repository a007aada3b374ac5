"""Two tests that demand different results of the same call: no change can satisfy both.

Read from the source alone, and only where it is certain: the same names, the same statements before
the same call, and two literals, or two exceptions, that differ. Silence says nothing.
"""

import ast
import builtins
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.trees import Tree
from repair.contested import parsed, test_function

EXACT_BELOW = 2**53
"""Whole numbers below this are the same as a float."""
_BUILT_IN = set(dir(builtins))


@dataclass(frozen=True)
class Wanted:
    """What a test wants of a call: that it raises, or a value, of which perhaps only the truth."""

    raises: bool = False
    truth: bool = True
    value: str | None = None

    def excludes(self, other: "Wanted") -> bool:
        """Whether no result can be both; two exceptions may be one."""
        if self.raises or other.raises:
            return self.raises != other.raises
        both = self.value is not None and other.value is not None
        return self.value != other.value if both else self.truth != other.truth


Demand = tuple[str, str, str]
"""What the names mean, what is done before, and the call; each as source."""


def contradicts(tree: Tree, test_id: str, others: Sequence[str]) -> bool:
    """Whether a test of a tree demands what one of the others forbids, as far as can be told."""
    try:
        demanded = _demands(tree, test_id)
        return any(
            demanded[key].excludes(wanted)
            for other in others
            for key, wanted in _demands(tree, other).items()
            if key in demanded
        )
    except RecursionError:  # what is nested so deeply cannot be written in one form
        return False


def _demands(tree: Tree, test_id: str) -> dict[Demand, Wanted]:
    """What a test wants of each call; nothing for one whose arguments vary."""
    path = test_id.split("::", maxsplit=1)[0]
    module = parsed(tree.text(path)) if path in tree else None
    test = test_function(module, test_id) if module else None
    if module is None or test is None or test.decorator_list or test.args.args:
        return {}
    imported = _imports(module)
    own = set(_bound(test))
    demands: dict[Demand, Wanted] = {}
    before: list[str] = []
    for statement in test.body:
        for call, result in _wanted(statement):
            names = {node.id for node in ast.walk(call) if isinstance(node, ast.Name)}
            meaning = "\n".join(
                imported.get(n, f"{path}:{n}") for n in sorted(names - own - _BUILT_IN)
            )
            done = "\n".join(before) if names & own else ""
            demands[(meaning, done, ast.unparse(call))] = result
        before.append(ast.unparse(statement))
    return demands


def _imports(module: ast.Module) -> dict[str, str]:
    """What each imported name stands for."""
    found: dict[str, str] = {}
    for node in ast.walk(module):
        for alias in node.names if isinstance(node, ast.Import | ast.ImportFrom) else ():
            home = f"{'.' * node.level}{node.module}:" if isinstance(node, ast.ImportFrom) else ""
            found[alias.asname or alias.name.split(".")[0]] = f"{home}{alias.name}"
    return found


def _bound(test: ast.AST) -> Iterator[str]:
    """Names that a test gives a value."""
    for node in ast.walk(test):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _wanted(statement: ast.stmt) -> Iterator[tuple[ast.expr, Wanted]]:
    match statement:
        case ast.Assert(test=ast.Compare(ops=[ast.Eq() | ast.Is()]) as compared):
            yield from _either(compared.left, compared.comparators[0])
        case ast.Assert(test=ast.UnaryOp(op=ast.Not(), operand=ast.Call() as call)):
            yield call, Wanted(truth=False)
        case ast.Assert(test=ast.Call() as call):
            yield call, Wanted()
        case ast.With(items=[ast.withitem(context_expr=manager)], body=[ast.Expr(value=call)]):
            match manager:
                case ast.Call(func=ast.Attribute(attr="raises")):
                    yield call, Wanted(raises=True)


def _either(left: ast.expr, right: ast.expr) -> Iterator[tuple[ast.expr, Wanted]]:
    """The call and the literal that are compared, whichever stands first."""
    for call, other in ((left, right), (right, left)):
        if any(isinstance(node, ast.Call) for node in ast.walk(call)):
            value = _literal(other)
            if value is not None:
                yield call, value


def _literal(node: ast.expr) -> Wanted | None:
    """The value that a literal is; equal numbers of two kinds are one."""
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
    if isinstance(value, int | float) and abs(value) < EXACT_BELOW:
        return Wanted(truth=bool(value), value=repr(float(value)))
    return Wanted(truth=bool(value), value=repr(value))
