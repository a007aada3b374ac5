"""Harmless rewritings: text that differs and means the same."""

import ast
import textwrap
from collections.abc import Callable, Iterator, Mapping

from evals.validator.text import Function, Text, body_of

FLIPPED = {ast.Eq: "==", ast.NotEq: "!=", ast.Lt: ">", ast.LtE: ">=", ast.Gt: "<", ast.GtE: "<="}
SIMPLE = (ast.Name, ast.Attribute, ast.Constant, ast.Call, ast.Subscript)
"""Operands that need no parentheses, whatever stands beside them."""

Rewriting = Callable[[Text, Function], str | None]


def commented(text: Text, function: Function) -> str | None:
    """The function with a comment more."""
    first = body_of(function)[:1]
    if not first or first[0].lineno == function.lineno:
        return None
    indent = " " * first[0].col_offset
    return text.with_line(first[0].lineno, f"{indent}# What follows is checked by the tests.")


def renamed(text: Text, function: Function) -> str | None:
    """The function with another name for one of its variables."""
    for name in sorted(_locals(function)):
        places = [n for n in ast.walk(function) if isinstance(n, ast.Name) and n.id == name]
        spans = [text.span(place) for place in places]
        if all(text.text[start:end] == name for start, end in spans):
            return text.with_spans((start, end, f"{name}_here") for start, end in spans)
    return None


def commuted(text: Text, function: Function) -> str | None:
    """The function with the sides of its first comparison exchanged."""
    for node in ast.walk(function):
        match node:
            case ast.Compare(left=left, ops=[op], comparators=[right]) if (
                type(op) in FLIPPED and isinstance(left, SIMPLE) and isinstance(right, SIMPLE)
            ):
                put = f"{text.source(right)} {FLIPPED[type(op)]} {text.source(left)}"
                return text.with_spans([(*text.span(node), put)])
    return None


def reprinted(text: Text, function: Function) -> str | None:
    """The function as Python itself would print it."""
    indent = " " * function.col_offset
    put = textwrap.indent(ast.unparse(function), indent).lstrip(" ")
    return text.with_spans([(*text.span(function), put)])


REWRITINGS: Mapping[str, Rewriting] = {
    "comment": commented,
    "renamed": renamed,
    "commuted": commuted,
    "reprinted": reprinted,
}


def rewritten(before: str, line: int) -> Iterator[tuple[str, str]]:
    """Ways to rewrite the function at a line, and the file after each that still parses."""
    text = Text(before)
    found = text.function_at(line)
    for how, rewriting in REWRITINGS.items() if found else ():
        after = rewriting(text, found[1]) if found else None
        if after and after != before and _parses(after):
            yield how, after


def _locals(function: Function) -> set[str]:
    """Variables that are bound by plain assignments and loops alone, and by nothing else."""
    stored, other = set[str](), set[str]()
    for node in ast.walk(function):
        match node:
            case ast.Name(id=name, ctx=ast.Store()):
                stored.add(name)
            case ast.Name(id=name, ctx=ast.Del()):
                other.add(name)
            case ast.arg(arg=name) | ast.ExceptHandler(name=str(name)):
                other.add(name)
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                other.add(name)
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                other |= set(names)
            case ast.alias(name=name, asname=asname):
                other.add(asname or name.split(".")[0])
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
                other.add(name)
            case ast.JoinedStr():
                other |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    return stored - other


def _parses(text: str) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True
