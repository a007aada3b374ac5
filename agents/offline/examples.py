"""Executable examples in a report, turned into a regression test.

A fenced block of Python is taken as it stands; a `>>>` session becomes assertions on what it
shows, or on what the report says it should have shown.
"""

import ast
import builtins
import doctest
import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from agents.offline.wishes import Wish, literal, wish_in, wish_in_comment

_FENCE = re.compile(
    r"^[ \t]*(?P<mark>`{3,}+|~{3,}+)[ \t]*(?P<tag>[\w+-]*)[^\n]*\n(?P<code>.*?)^[ \t]*(?P=mark)",
    re.MULTILINE | re.DOTALL,
)
_PYTHON_TAGS = ("", "python", "py", "python3", "pycon", "doctest")
_LABEL_EXPECTED = re.compile(
    r"\b(?:expected|desired|correct|wanted|should (?:be|give|return|print))\b[^\d'\"\[({]*$", re.I
)
_LABEL_ACTUAL = re.compile(r"\b(?:actual(?:ly)?|current(?:ly)?|observed|got|instead|wrong)\b", re.I)
_VOLATILE = re.compile(r" at 0x[0-9a-fA-F]+|\.\.\.")
_IMPORTS = (ast.Import, ast.ImportFrom)


@dataclass(frozen=True)
class Example:
    """Something in the report that can be run."""

    imports: tuple[str, ...]
    """Import statements, in order."""
    body: str
    """Statements of the test, not indented; they fail while the fault is there."""
    asserts: bool
    """Whether it states a value or an error; otherwise it only must not raise."""
    whole: bool = False
    """Whether the body is a test file already."""


@dataclass(frozen=True)
class _Block:
    """Code of a report, with the prose around it."""

    code: str
    before: str
    after: str
    fenced: bool = True

    @property
    def label(self) -> str:
        """The last line before it."""
        lines = [line for line in self.before.split("\n") if line.strip()]
        return lines[-1] if lines else ""

    def wish(self, call: str, shown: str, *, raises: bool = False) -> Wish | None:
        """What the prose beside it wishes for a call: the words behind it come first."""
        after = wish_in(self.after, call, shown, raises=raises)
        return after or wish_in(self.before, call, shown, raises=raises)


def examples_in(report: str, imports: tuple[str, ...] = ()) -> Iterator[Example]:
    """All examples, those that state a value first; those without imports have `imports`."""
    found: list[Example] = []
    for block in _blocks(report):
        if example := _example(block):
            if not example.imports and not example.whole:
                example = replace(example, imports=imports)
            imports = example.imports or imports
            found.append(example)
    yield from sorted(found, key=lambda example: not example.asserts)


def wished(example: Example, report: str) -> Example | None:
    """A call that raises, held to what the report wishes instead; None when that is unwritable."""
    wish = wish_in(report, example.body, "", raises=True)
    if wish is None:
        return example
    demand = _demanded(ast.parse(example.body).body[0], wish, example.imports)
    if demand is None:
        return None
    return Example(_with_pytest(example.imports, demand), "\n".join(demand), asserts=True)


def regression_file(example: Example, name: str, title: str) -> str:
    """The text of a test file that runs the example as one test."""
    heading = title.replace('"""', "'''").replace("\\", "\\\\").strip()
    if example.whole:
        return f'"""{heading}"""\n\n{example.body.strip()}\n'
    imports = "\n".join(dict.fromkeys(example.imports))
    body = textwrap.indent(example.body.rstrip() + "\n", "    ")
    head = f'"""{heading}"""\n' + (f"\n{imports}\n" if imports else "")
    return f"{head}\n\ndef {name}():\n{body}"


def _blocks(report: str) -> Iterator[_Block]:
    fences = [match for match in _FENCE.finditer(report) if _may_run(match)]
    ends = [0, *(match.end() for match in fences)]
    starts = [*(match.start() for match in fences), len(report)]
    for number, match in enumerate(fences):
        yield _Block(
            textwrap.dedent(match["code"]),
            before=report[ends[number] : match.start()],
            after=report[match.end() : starts[number + 1]],
        )
    if not fences and ">>> " in report:
        after = report[report.rindex(">>> ") :].partition("\n")[2]
        yield _Block(report, report[: report.index(">>> ")], after, fenced=False)


def _may_run(fence: re.Match[str]) -> bool:
    """Whether a fenced block is an example, and not what a program printed."""
    if fence["tag"].lower() not in _PYTHON_TAGS:
        return False
    code = textwrap.dedent(fence["code"])
    return ">>> " in code or _module(code) is not None


def _module(code: str) -> ast.Module | None:
    try:
        module = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return module if any(_does(node) for node in module.body) else None


def _does(node: ast.stmt) -> bool:
    """Whether a statement runs something, and does not merely say what would be run."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return _is_test(node)
    return any(isinstance(inner, ast.Call | ast.Assert) for inner in ast.walk(node))


def _example(block: _Block) -> Example | None:
    """The example that a block gives; None for none, and for what is nested too deeply."""
    try:
        if ">>> " in block.code:
            return _from_session(block)
        module = _module(block.code)
        if module is None:
            return None
        if any(_is_test(node) for node in module.body):
            return Example((), block.code, asserts=True, whole=True)
        return _from_module(module, block)
    except RecursionError:
        return None


def _is_test(node: ast.stmt) -> bool:
    if isinstance(node, ast.ClassDef):
        bases = " ".join(ast.unparse(base) for base in node.bases)
        return node.name.startswith("Test") or "TestCase" in bases
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test")


def _from_module(module: ast.Module, block: _Block) -> Example | None:
    imports = tuple(ast.unparse(node) for node in module.body if isinstance(node, _IMPORTS))
    steps = [node for node in _unguarded(module.body) if not isinstance(node, _IMPORTS)]
    asserting = any(isinstance(node, ast.Assert) for node in ast.walk(module))
    body: list[str] = []
    for step in steps:
        call = ast.unparse(step)
        wish = wish_in_comment(_comment(step, block.code), call)
        if wish is None and step is steps[-1] and not asserting:
            wish = block.wish(call, "")
        demand = _demanded(step, wish, imports) if wish else [_source(step, block.code)]
        if demand is None:
            return None
        asserting = asserting or wish is not None
        body += demand
    return Example(_with_pytest(imports, body), "\n".join(body) or "pass", asserting)


def _unguarded(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements, with those that run only as a program."""
    for node in body:
        if isinstance(node, ast.If) and "__name__" in ast.unparse(node.test):
            yield from node.body
        else:
            yield node


def _comment(step: ast.stmt, code: str) -> str:
    """The comment beside a statement, and those under it that no other statement follows."""
    lines = code.split("\n")
    end = step.end_lineno or 1
    beside = lines[end - 1].encode()[step.end_col_offset or 0 :].decode("utf-8", "replace").strip()
    below = []
    for line in [*lines[end:], ""]:
        if not line.strip().startswith("#"):
            break
        below.append(line.strip())
    follows = end + len(below) < len(lines) and lines[end + len(below)].strip()
    return "\n".join([beside] if follows else [beside, *below]).strip()


def _source(step: ast.stmt, code: str) -> str:
    """A statement as it was written, unless to indent it would change a string in it."""
    strings = (n for n in ast.walk(step) if isinstance(n, ast.Constant | ast.JoinedStr))
    if step.col_offset or any(node.lineno != node.end_lineno for node in strings):
        return ast.unparse(step)
    return "\n".join(code.split("\n")[step.lineno - 1 : step.end_lineno])


def _demanded(step: ast.stmt, wish: Wish, imports: Sequence[str]) -> list[str] | None:
    """A statement that must meet a wish; None when the wish cannot be written down."""
    if wish.error:
        if not _is_named(wish.error, imports):
            return None
        body = textwrap.indent(ast.unparse(step), "    ")
        return [f"with pytest.raises({wish.error}):\n{body}"]
    if isinstance(step, ast.Expr):
        return [_assertion(step.value, wish.value)]
    if isinstance(step, ast.Assign) and isinstance(step.targets[0], ast.Name):
        return [ast.unparse(step), f"assert {step.targets[0].id} == {wish.value}"]
    return [ast.unparse(step)]


def _is_named(error: str, imports: Sequence[str]) -> bool:
    """Whether an exception is built in, or imported by the example."""
    known = getattr(builtins, error, None)
    if isinstance(known, type) and issubclass(known, BaseException):
        return True
    first = error.split(".", maxsplit=1)[0]
    return any(re.search(rf"\b{re.escape(first)}$|\b{re.escape(first)},", line) for line in imports)


def _with_pytest(imports: tuple[str, ...], body: Sequence[str]) -> tuple[str, ...]:
    raising = any(step.startswith("with pytest.raises") for step in body)
    return ("import pytest", *imports) if raising else imports


def _from_session(block: _Block) -> Example | None:
    try:
        steps = doctest.DocTestParser().get_examples(block.code)
        nodes = [ast.parse(step.source).body[0] for step in steps]
    except (ValueError, SyntaxError, IndexError, RecursionError, MemoryError):
        return None
    imports = tuple(ast.unparse(node) for node in nodes if isinstance(node, _IMPORTS))
    if len(imports) == len(nodes):
        return None
    shown = [_shown(step, block.fenced) for step in steps]
    expected, actual = (label.search(block.label) for label in (_LABEL_EXPECTED, _LABEL_ACTUAL))
    wish = None if expected else _wish_of(steps[-1], shown[-1], ast.unparse(nodes[-1]), block)
    body: list[str] = []
    for node, text in zip(nodes, shown, strict=True):
        if isinstance(node, _IMPORTS):
            continue
        if wish and node is nodes[-1]:
            demand = _demanded(node, wish, imports)
        elif wish or actual or not isinstance(node, ast.Expr):
            demand = [ast.unparse(node)]
        else:
            demand = [_as_shown(node.value, text)]
        if demand is None:
            return None
        body += demand
    asserts = any(step.startswith(("assert ", "with pytest.raises")) for step in body)
    return Example(_with_pytest(imports, body), "\n".join(body), asserts)


def _wish_of(step: doctest.Example, shown: str, call: str, block: _Block) -> Wish | None:
    """What the report wishes for the last step of a session."""
    if step.exc_msg is not None:
        return block.wish(call, shown, raises=True)
    return wish_in(step.want.removeprefix(shown), call, shown) or block.wish(call, shown)


def _shown(step: doctest.Example, fenced: bool) -> str:
    """What a step shows; prose that follows it without a blank line is left out."""
    want = "" if step.exc_msg is not None else step.want.rstrip("\n")
    first = want.split("\n", maxsplit=1)[0]
    if literal(want) is None and (literal(first) is not None or not fenced):
        return first
    return want


def _as_shown(value: ast.expr, shown: str) -> str:
    """The demand that an expression shows this again; none where it could not."""
    printed = _printed(value)
    if not shown or _VOLATILE.search(shown):
        return ast.unparse(value)
    if printed is not None:
        return f"assert str({ast.unparse(printed)}) == {shown!r}"
    if (same := literal(shown)) is not None:
        return f"assert {ast.unparse(value)} == {same}"
    return f"assert repr({ast.unparse(value)}) == {shown!r}"


def _assertion(value: ast.expr, wanted: str) -> str:
    """The demand that an expression, or what it prints, is a literal."""
    printed = _printed(value)
    if printed is None:
        return f"assert {ast.unparse(value)} == {wanted}"
    what, value_wanted = ast.unparse(printed), ast.literal_eval(wanted)
    if isinstance(value_wanted, str):
        return f"assert str({what}) == {value_wanted!r}"
    return f"assert {what} == {wanted} or str({what}) == {wanted!r}"


def _printed(value: ast.expr) -> ast.expr | None:
    """The one argument of a call of print."""
    if (
        isinstance(value, ast.Call)
        and isinstance(value.func, ast.Name)
        and value.func.id == "print"
        and len(value.args) == 1
        and not value.keywords
    ):
        return value.args[0]
    return None
