"""Executable examples in a report, turned into a regression test.

A fenced block of Python is taken as it stands; a `>>>` session becomes assertions on what it
shows, or on what the report says it should have shown.
"""

import ast
import doctest
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

_FENCE = re.compile(
    r"^(?P<mark>```+|~~~+)[ \t]*(?P<tag>[\w+-]*)[^\n]*\n(?P<code>.*?)^(?P=mark)",
    re.MULTILINE | re.DOTALL,
)
_PYTHON_TAGS = ("", "python", "py", "python3", "pycon", "doctest")
_WISH = re.compile(
    r"(?:expected(?: (?:result|output|value|behaviou?r))?(?: is| was| to be| to get)?"
    r"|should(?: (?:be|return|give|print|yield|equal|have been|have returned|evaluate to))"
    r"|must (?:be|return|give)|instead of getting [^,\n]+, (?:I )?expected)"
    r"\s*:?\s*(?P<value>[^\n]+)",
    re.IGNORECASE,
)
_COMMENT_WISH = re.compile(
    r"#\s*(?:expected|expect|should (?:be|return|print|give)|=>|->|==)\s*:?\s*(?P<value>.+)$"
)


@dataclass(frozen=True)
class Example:
    """Something in the report that can be run."""

    imports: tuple[str, ...]
    """Import statements, in order."""
    body: str
    """Statements of the test, not indented; they fail while the fault is there."""
    asserts: bool
    """Whether it states a value; otherwise it only must not raise."""


def examples_in(report: str) -> Iterator[Example]:
    """All examples, those that state a value first."""
    found = [example for code in _blocks(report) if (example := _example(code, report))]
    yield from sorted(found, key=lambda example: not example.asserts)


def regression_file(example: Example, name: str, title: str) -> str:
    """The text of a test file that runs the example as one test."""
    heading = title.replace('"""', "'''").replace("\\", "\\\\").strip()
    imports = "\n".join(dict.fromkeys(example.imports))
    body = textwrap.indent(example.body.rstrip() + "\n", "    ")
    head = f'"""{heading}"""\n' + (f"\n{imports}\n" if imports else "")
    return f"{head}\n\ndef {name}():\n{body}"


def _blocks(report: str) -> Iterator[str]:
    fenced = False
    for match in _FENCE.finditer(report):
        if match["tag"].lower() in _PYTHON_TAGS:
            fenced = True
            yield textwrap.dedent(match["code"])
    if not fenced and ">>> " in report:
        yield report


def _example(code: str, report: str) -> Example | None:
    if ">>> " in code:
        return _from_session(code, report)
    try:
        module = ast.parse(code)
    except SyntaxError:
        return None
    if not any(isinstance(node, ast.Call | ast.Assert) for node in ast.walk(module)):
        return None
    return _from_module(module, code)


def _from_module(module: ast.Module, code: str) -> Example:
    imports, body, asserts = [], [], False
    lines = code.split("\n")
    for statement in module.body:
        text = "\n".join(lines[statement.lineno - 1 : statement.end_lineno])
        if isinstance(statement, ast.Import | ast.ImportFrom):
            imports.append(text)
            continue
        wish = _COMMENT_WISH.search(lines[(statement.end_lineno or 1) - 1])
        wanted = _literal(wish["value"]) if wish else None
        if wanted is not None and isinstance(statement, ast.Expr):
            text, asserts = f"assert {_shown(statement.value)} == {wanted}", True
        body.append(text)
        asserts = asserts or any(isinstance(node, ast.Assert) for node in ast.walk(statement))
    return Example(tuple(imports), "\n".join(body) or "pass", asserts)


def _from_session(code: str, report: str) -> Example | None:
    try:
        steps = doctest.DocTestParser().get_examples(code)
    except ValueError:
        return None
    imports, body, asserts = [], [], False
    for step in steps:
        source, shown = step.source.rstrip("\n"), step.want.rstrip("\n")
        try:
            statement = ast.parse(source).body[0]
        except (SyntaxError, IndexError):
            return None
        if isinstance(statement, ast.Import | ast.ImportFrom):
            imports.append(source)
        elif shown and isinstance(statement, ast.Expr) and step.exc_msg is None:
            wanted = _wish_beside(report, shown) if step is steps[-1] else None
            body.append(_assertion(statement.value, wanted, shown))
            asserts = True
        else:
            body.append(source)
    return Example(tuple(imports), "\n".join(body) or "pass", asserts) if body else None


def _assertion(value: ast.expr, wanted: str | None, shown: str) -> str:
    if _printed(value) is not None:
        return f"assert str({_shown(value)}) == {(wanted or shown)!r}"
    if wanted is not None:
        return f"assert {ast.unparse(value)} == {wanted}"
    if _literal(shown) is not None:
        return f"assert {ast.unparse(value)} == {shown}"
    return f"assert repr({ast.unparse(value)}) == {shown!r}"


def _printed(value: ast.expr) -> ast.expr | None:
    """The one argument of a call of print."""
    if (
        isinstance(value, ast.Call)
        and isinstance(value.func, ast.Name)
        and value.func.id == "print"
        and len(value.args) == 1
    ):
        return value.args[0]
    return None


def _shown(value: ast.expr) -> str:
    """The expression whose value a statement shows: what is printed, or the expression itself."""
    return ast.unparse(_printed(value) or value)


def _wish_beside(report: str, shown: str) -> str | None:
    """What the report says the last example should have given, when it differs from the shown."""
    for match in _WISH.finditer(report):
        wanted = _literal(match["value"])
        if wanted is not None and wanted != shown:
            return wanted
    return None


def _literal(text: str) -> str | None:
    """The longest Python literal that a text begins with, as source; None when there is none."""
    text = text.strip().lstrip("`")
    for end in sorted({m.start() for m in re.finditer(r"[`.,;:!)\s]|$", text)}, reverse=True):
        candidate = text[:end].rstrip("`.,;:! ")
        try:
            ast.literal_eval(candidate)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            continue
        return candidate
    return None
