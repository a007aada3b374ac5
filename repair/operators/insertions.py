"""Statements put in: jumps, guards, steps, and statements of the same file."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

import libcst as cst

from repair.edits import Edit, Splice, Watch
from repair.operators.logic import made_conditions, numberish
from repair.operators.site import Site, alike
from repair.purity import pure
from repair.source import Statement
from repair.vocabulary import bound_names, names_in

JUMPS = cst.Return | cst.Raise | cst.Break | cst.Continue
OPPOSITE = {
    "add": ("discard", "remove"), "append": ("remove", "pop"), "remove": ("add", "append"),
    "discard": ("add",), "push": ("pop",), "update": ("clear",), "extend": ("clear", "append"),
    "append_left": ("popleft",), "pop": ("append",), "heappush": ("heappop",),
}  # fmt: skip
"""Methods that undo each other."""
_SETS = re.compile(r"([A-Za-z_][\w.]*) ([-+*/|&]?)= (.+)")
_FILLS = re.compile(r"([A-Za-z_][\w.]*\.\w+)\(([^()]+)\)")
GROWS = {
    "list": ("append", "extend"), "deque": ("append", "appendleft"), "set": ("add", "update"),
    "dict": (), "OrderedDict": (), "Counter": ("update",),
}  # fmt: skip


def _inside(site: Site) -> bool:
    return site.statement.in_block and not site.statement.function.is_module


def _ends_block(statement: Statement) -> bool:
    return bool(statement.siblings) and statement.siblings[-1] is statement


def jump(site: Site) -> Iterator[Edit]:
    """A missing `return`, `break` or `continue`, behind or before the statement."""
    if not _inside(site):
        return
    is_jump = isinstance(site.small, cst.Return | cst.Raise | cst.Break | cst.Continue)
    nested = site.statement.parent is not None and site.statement.depth > 0
    if _ends_block(site.statement) and not is_jump:
        if site.statement.loop() is not None:
            prior = 0.4 if nested and isinstance(_parent_node(site), cst.If) else 0.25
            yield from site.insert("break", "jump", prior, after=True)
            yield from site.insert("continue", "jump", prior, after=True)
        for text, prior in _results(site):
            yield from site.insert(f"return {text}", "jump", prior, after=True)
        if site.statement.depth:
            yield from site.insert("return", "jump", 0.2, after=True)
    if isinstance(site.small, cst.Break | cst.Continue):
        other = "continue" if isinstance(site.small, cst.Break) else "break"
        span = site.source.span(site.small)
        yield site.edit("jump", 0.5, Splice(*span, other))
        for text, prior in _results(site):
            yield site.edit("jump", prior * 0.7, Splice(*span, f"return {text}"))
        yield site.edit("jump", 0.25, Splice(*span, "return"))
    if isinstance(site.small, cst.Return) and site.statement.loop() is not None:
        span = site.source.span(site.small)
        yield site.edit("jump", 0.25, Splice(*span, "continue"))
        yield site.edit("jump", 0.25, Splice(*span, "break"))


def _parent_node(site: Site) -> cst.CSTNode | None:
    return site.statement.parent.node if site.statement.parent else None


def _results(site: Site) -> list[tuple[str, float]]:
    """What the function may return: what it returns elsewhere, what it builds."""
    found: dict[str, float] = {}
    for statement in site.statement.function.statements:
        small = statement.small
        if isinstance(small, cst.Return) and small.value is not None:
            found.setdefault(site.code(small.value), 0.4)
    for name in site.own_names:
        parameter = name in site.statement.function.parameters
        found.setdefault(name, 0.15 if parameter else 0.3)
    for name in ("True", "False", "None", "[]", "0", '""', "{}", "1", "set()"):
        found.setdefault(name, 0.15)
    return list(found.items())


def guard(site: Site) -> Iterator[Edit]:
    """`if …: return`, `continue` or `break` put before a statement."""
    if not _inside(site) or isinstance(site.small, cst.Break | cst.Continue):
        return
    conditions = made_conditions(site)
    known = site.vocabulary.known(site.statement.function)
    for text, statement in site.vocabulary.conditions:
        if names_in(text) <= known:
            near = statement.function is site.statement.function
            conditions.append((text, 0.16 if near else 0.1))
    in_loop = site.statement.loop() is not None
    results = [(f"return {text}", prior) for text, prior in _results(site)[:8]]
    jumps = [*results, ("return", 0.1), *((("continue", 0.4), ("break", 0.25)) if in_loop else ())]
    for test, likely in conditions:
        for text, prior in jumps:
            lines = f"if {test}:\n{site.source.one_indent}{text}"
            yield from site.insert(
                lines,
                "guard",
                1.2 * likely * prior,
                guard=site.crashed and "None" in test,
                watch=_truth(test, "False", f"guard {text}"),
            )


def conditional(site: Site) -> Iterator[Edit]:
    """The statement put under a condition."""
    if not _inside(site) or isinstance(site.small, cst.FunctionDef | cst.ClassDef):
        return
    body = site.indented(site.plain(site.statement), 1)
    cut = site.whole(site.statement)
    known = site.vocabulary.known(site.statement.function)
    tests = made_conditions(site)
    tests += [(t, 0.2) for t, _ in site.vocabulary.conditions if names_in(t) <= known]
    for test, prior in tests:
        text = f"{site.indent}if {test}:\n{body}"
        yield site.edit(
            "conditional",
            prior * 0.6,
            Splice(cut.start, cut.end, text),
            guard=site.crashed,
            watch=_truth(test, "True", "conditional") if site.watchable else None,
        )


def _truth(test: str, neutral: str, tag: str) -> Watch | None:
    return Watch(f"bool({test})", neutral, tag) if pure(test) else None


def _effect(text: str) -> Watch | None:
    """What an inserted step does, for those that set a name or fill a collection."""
    if match := _SETS.fullmatch(text):
        name, sign, value = match.groups()
        if pure(value):
            return Watch(f"{name} {sign} ({value})" if sign else value, name, f"set {name}")
    elif (match := _FILLS.fullmatch(text)) and pure(match[2]):
        return Watch(match[2], "object()", f"fill {match[1]}")
    return None


def step(site: Site) -> Iterator[Edit]:
    """A missing step: a counter moved on, an element kept, a variable remembered."""
    if not _inside(site):
        return
    places = [False, True] if _ends_block(site.statement) else [False]
    jumps = isinstance(site.small, cst.Return | cst.Raise | cst.Break | cst.Continue)
    for after in places:
        if after and jumps:
            continue
        for text, prior in _steps(site):
            yield from site.insert(text, "step", prior, after=after, watch=_effect(text))


def _steps(site: Site) -> Iterator[tuple[str, float]]:
    function = site.statement.function
    names = [name for name in site.locals if name not in ("self", "cls")]
    parameters = set(function.parameters)
    for name in names:
        mine = 0.6 if name in parameters else 1.0
        if numberish(site, name):
            yield f"{name} += 1", 0.3 * mine
            yield f"{name} -= 1", 0.2 * mine
        for other in names:
            if other != name:
                yield from _pair_steps(site, name, other, mine)
        yield from _attribute_steps(site, name)
    for attribute in (
        site.vocabulary.attributes.get("self", Counter()) if "self" in site.locals else ()
    ):
        yield f"self.{attribute} += 1", 0.15
        yield f"self.{attribute} -= 1", 0.1
        for name in ["None", "True", "False", *names]:
            same = name == attribute.strip("_")
            yield f"self.{attribute} = {name}", 0.3 if same else 0.08
    for name, method in site.vocabulary.methods.get(function.class_name, {}).items():
        if len(method.params.params) == 1 and not name.startswith("__"):
            yield f"self.{name}()", 0.15
        if len(method.params.params) == 2 and not name.startswith("__"):
            for other in names:
                yield f"self.{name}({other})", 0.08


def _pair_steps(site: Site, name: str, other: str, mine: float) -> Iterator[tuple[str, float]]:
    seen, kinds = site.types(name), site.types(other)
    fit = alike(seen, kinds)
    yield f"{name} = {other}", 0.22 * fit * mine
    if numberish(site, name) and numberish(site, other):
        yield f"{name} += {other}", 0.2 * mine
        yield f"{name} -= {other}", 0.12 * mine
    for kind, methods in GROWS.items():
        if kind in seen or (not seen and kind in ("list", "set")):
            for method in methods:
                yield f"{name}.{method}({other})", 0.2
    if seen & {"set", "dict", "list"} or not seen:
        yield f"{name}.remove({other})", 0.06
    if any("dict" in kind.lower() for kind in seen) or not seen:
        yield f"{name}[{other}] = True", 0.06
        for third in site.own_names:
            if third not in (name, other, "self"):
                yield f"{name}[{other}] = {third}", 0.1


def _attribute_steps(site: Site, name: str) -> Iterator[tuple[str, float]]:
    for base, attributes in site.vocabulary.attributes.items():
        if base == name:
            for attribute in attributes:
                yield f"{name} = {name}.{attribute}", 0.15
        elif base in site.locals:
            for attribute in attributes:
                yield f"{base}.{attribute} = {name}", 0.08
                if base == "self":
                    yield f"self.{attribute}.append({name})", 0.08
                    yield f"self.{attribute}.add({name})", 0.06
                    yield f"self.{attribute}.discard({name})", 0.04
                    yield f"del self.{attribute}[{name}]", 0.05
                    yield f"self.{attribute}.pop({name}, None)", 0.06
    for base, methods in site.vocabulary.called.items():
        if base in site.locals or base.split(".")[0] in site.locals:
            for method in methods:
                yield f"{base}.{method}({name})", 0.12


def copied(site: Site) -> Iterator[Edit]:
    """A statement of the same file once more, here."""
    if not _inside(site):
        return
    known = site.vocabulary.known(site.statement.function)
    jumps = isinstance(site.small, cst.Return | cst.Raise | cst.Break | cst.Continue)
    last = _ends_block(site.statement) and not jumps
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
    if not _inside(site):
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
    if not _inside(site):
        return
    known = site.vocabulary.known(site.statement.function)
    for text, prior in _related_calls(site, known):
        yield from site.insert(text, "related", prior)
        if _ends_block(site.statement) and not isinstance(site.small, JUMPS):
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
    if not _inside(site):
        return
    names = [name for name, near in site.names() if near > 0.5 and name not in ("self", "cls")]
    known = site.vocabulary.known(site.statement.function)
    last = _ends_block(site.statement) and not isinstance(site.small, JUMPS)
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


def declared(site: Site) -> Iterator[Edit]:
    """A missing `global` or `nonlocal`."""
    function = site.statement.function
    if (
        function.is_module
        or not function.statements
        or function.statements[0] is not site.statement
    ):
        return
    for name in site.scope.own:
        if name in site.vocabulary.constants and name not in function.parameters:
            yield from site.insert(f"global {name}", "declared", 0.5)
    outer = function.outer
    if outer is not None and not outer.is_module:
        for name in site.scope.own:
            if name in site.vocabulary.scope(outer).own and name not in function.parameters:
                yield from site.insert(f"nonlocal {name}", "declared", 0.6)
