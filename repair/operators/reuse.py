"""Statements of the same file once more, here: as they are, or for something else."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

import libcst as cst

from repair.blocks import Statement
from repair.edits import Edit
from repair.operators.insertions import JUMPS, ends_block, inside
from repair.operators.site import Site, alike
from repair.vocabulary import bound_names, names_in

OPPOSITE = {
    "add": ("discard", "remove"), "append": ("remove", "pop"), "remove": ("add", "append"),
    "discard": ("add",), "push": ("pop",), "update": ("clear",), "extend": ("clear", "append"),
    "append_left": ("popleft",), "pop": ("append",), "heappush": ("heappop",),
}  # fmt: skip
"""Methods that undo each other."""


def copied(site: Site) -> Iterator[Edit]:
    """A statement of the same file once more, here."""
    if not inside(site):
        return
    known = site.vocabulary.known(site.statement.function)
    jumps = isinstance(site.small, cst.Return | cst.Raise | cst.Break | cst.Continue)
    last = ends_block(site.statement) and not jumps
    seen: set[str] = set()
    for other in site.source.statements:
        small = other.small
        if (
            other.function.is_module
            or not other.in_block
            or isinstance(small, cst.FunctionDef | cst.ClassDef)
        ):
            continue
        text = site.plain(other)
        if text in seen or text.count("\n") > 4 or text.startswith(('"""', "'''")):
            continue
        if not names_in(text) <= known | _bound(other) or isinstance(
            small, cst.Break | cst.Continue | cst.Pass
        ):
            continue
        seen.add(text)
        near = other.function is site.statement.function
        same_class = (
            bool(other.function.class_name)
            and other.function.class_name == site.statement.function.class_name
        )
        prior = 0.22 if near else 0.2 if same_class else 0.1
        if isinstance(small, cst.Return):
            prior *= 0.4
        yield from site.insert(text, "copied", prior)
        if last:
            yield from site.insert(text, "copied", prior, after=True)


def emptied(site: Site) -> Iterator[Edit]:
    """A loop over a collection that is filled and never read, doing what is done elsewhere."""
    if not inside(site):
        return
    filled = [
        n
        for n in site.hints.unread(site.statement.function)
        if not site.types(n) or site.types(n) & {"list", "set", "deque"}
    ]
    for name in filled:
        item = "item" if "item" not in site.locals else f"each_{name}"
        for text, prior in _calls_with(site, item):
            lines = f"for {item} in {name}:\n{site.source.one_indent}{text}"
            yield from site.insert(lines, "emptied", prior)


def _calls_with(site: Site, item: str) -> list[tuple[str, float]]:
    """Calls that are statements of this file, with one argument exchanged."""
    found: dict[str, float] = {}
    known = site.vocabulary.known(site.statement.function)
    for other in site.source.statements:
        small = other.small
        if not isinstance(small, cst.Expr) or not isinstance(small.value, cst.Call):
            continue
        call = small.value
        texts = [site.code(argument) for argument in call.args]
        for at in range(len(texts)):
            rest = [a for n, a in enumerate(call.args) if n != at]
            if (
                all(names_in(site.code(a.value)) <= known for a in rest)
                and names_in(site.code(call.func)) <= known
            ):
                changed = [*texts[:at], item, *texts[at + 1 :]]
                near = other.function.class_name == site.statement.function.class_name
                text = f"{site.code(call.func)}({', '.join(changed)})"
                found.setdefault(text, 0.15 if near else 0.08)
    return list(found.items())


def related(site: Site) -> Iterator[Edit]:
    """A call of the same file as a statement here, with another method or argument."""
    if not inside(site):
        return
    known = site.vocabulary.known(site.statement.function)
    for text, prior in _related_calls(site, known):
        yield from site.insert(text, "related", prior)
        if ends_block(site.statement) and not isinstance(site.small, JUMPS):
            yield from site.insert(text, "related", prior, after=True)


def _related_calls(site: Site, known: set[str]) -> list[tuple[str, float]]:
    found: dict[str, float] = {}
    names = [name for name, near in site.names() if near > 0.5 and name not in ("self", "cls")]
    for other in site.source.statements:
        small = other.small
        if not isinstance(small, cst.Expr) or not isinstance(small.value, cst.Call):
            continue
        call = small.value
        if not isinstance(call.func, cst.Attribute) or not names_in(site.code(call.func)) <= known:
            continue
        base, method = site.code(call.func.value), call.func.attr.value
        texts = [site.code(argument) for argument in call.args]
        fits = all(names_in(site.code(argument.value)) <= known for argument in call.args)
        if fits:
            for similar in OPPOSITE.get(method, ()):
                found.setdefault(f"{base}.{similar}({', '.join(texts)})", 0.1)
        for at, argument in enumerate(call.args):
            for name in names if len(texts) <= 2 else ():
                changed = [*texts[:at], name, *texts[at + 1 :]]
                if all(
                    names_in(site.code(a.value)) <= known for a in call.args if a is not argument
                ):
                    found.setdefault(f"{base}.{method}({', '.join(changed)})", 0.08)
                    for similar in OPPOSITE.get(method, ()):
                        found.setdefault(f"{base}.{similar}({', '.join(changed)})", 0.05)
    if "heapq" in site.vocabulary.imports:
        for heap in _heaps(site, names, known):
            found.setdefault(f"heapq.heapify({heap})", 0.1)
    return list(found.items())


def _heaps(site: Site, names: Sequence[str], known: set[str]) -> Iterator[str]:
    """What may be a heap: attributes of the object, and lists in scope."""
    if "self" in known:
        for attribute in site.vocabulary.attributes.get("self", Counter()):
            yield f"self.{attribute}"
    for name in names:
        if not site.types(name) or "list" in site.types(name):
            yield name


def cloned(site: Site) -> Iterator[Edit]:
    """A statement of the same function once more, here, for another variable."""
    if not inside(site):
        return
    names = [name for name, near in site.names() if near > 0.5 and name not in ("self", "cls")]
    known = site.vocabulary.known(site.statement.function)
    last = ends_block(site.statement) and not isinstance(site.small, JUMPS)
    for other in site.statement.function.statements:
        simple = isinstance(other.small, cst.Expr | cst.Assign | cst.AugAssign)
        text = site.plain(other)
        used = names_in(text)
        if not simple or not other.in_block or "\n" in text or not used <= known | _bound(other):
            continue
        for old in sorted(used & set(site.scope.own)):
            for new in names:
                if new not in used:
                    fit = alike(site.types(old), site.types(new))
                    changed = re.sub(rf"(?<![\w.]){re.escape(old)}(?!\w)", new, text)
                    yield from site.insert(changed, "cloned", 0.09 * fit)
                    if last:
                        yield from site.insert(changed, "cloned", 0.09 * fit, after=True)


def _bound(statement: Statement) -> set[str]:
    small = statement.small
    if isinstance(small, cst.Assign):
        return {name for target in small.targets for name in bound_names(target.target)}
    return set()
