"""Calls: arguments, similar functions and methods, wrapping and unwrapping."""

from collections.abc import Iterator

import libcst as cst

from repair.edits import Edit, Splice
from repair.kinds import MAPPINGS, NUMBERS, SEQUENCES, SETS, SIZED, Kinds
from repair.operators.site import Site, alike

SIMILAR: tuple[tuple[str, ...], ...] = (
    ("append", "extend", "add", "insert", "appendleft", "update", "push"),
    ("pop", "popleft", "popitem", "remove", "discard"),
    ("lower", "upper", "title", "capitalize", "casefold", "swapcase"),
    ("strip", "lstrip", "rstrip"),
    ("find", "rfind", "index", "rindex", "count"),
    ("startswith", "endswith"),
    ("removeprefix", "removesuffix"),
    ("split", "rsplit", "splitlines", "partition", "rpartition"),
    ("ljust", "rjust", "center", "zfill"),
    ("keys", "values", "items"),
    ("get", "pop", "setdefault"),
    ("union", "intersection", "difference", "symmetric_difference", "update"),
    ("issubset", "issuperset", "isdisjoint"),
    ("isdigit", "isnumeric", "isalpha", "isalnum", "isdecimal", "isspace", "isidentifier"),
    ("match", "search", "fullmatch", "findall"),
    ("heappush", "heappop", "heappushpop", "heapreplace"),
    ("bisect", "bisect_left", "bisect_right", "insort"),
    ("total_seconds", "seconds"),
    ("read", "readline", "readlines"),
    ("sort", "reverse"),
    ("copy", "deepcopy"),
    ("min", "max", "sum"),
    ("any", "all"),
    ("sorted", "reversed", "list", "set", "tuple"),
    ("floor", "ceil", "trunc", "round", "int"),
    ("int", "float", "str", "abs", "round"),
    ("isinstance", "issubclass"),
    ("range", "enumerate", "len"),
    ("getattr", "hasattr"),
    ("str", "repr"),
    ("permutations", "combinations", "product"),
    ("chain", "zip"),
    ("exists", "is_file", "is_dir", "isfile", "isdir"),
    ("encode", "decode"),
    ("loads", "load", "dumps", "dump"),
)
ITERATORS = frozenset({"generator", "zip", "map", "filter", "enumerate", "reversed"})
WRAPS = (
    ("len", 0.25), ("sorted", 0.3), ("list", 0.28), ("set", 0.22), ("str", 0.28), ("int", 0.28),
    ("abs", 0.3), ("reversed", 0.2), ("tuple", 0.2), ("sum", 0.12), ("min", 0.1), ("max", 0.1),
    ("float", 0.15), ("bool", 0.15), ("dict", 0.12), ("repr", 0.08), ("round", 0.15),
    ("enumerate", 0.12), ("iter", 0.05), ("next", 0.05), ("frozenset", 0.05), ("any", 0.05),
    ("all", 0.05),
)  # fmt: skip
SUFFIXES = (
    (".strip()", 0.28), (".lower()", 0.25), (".copy()", 0.25), (".items()", 0.2),
    (".values()", 0.15), (".keys()", 0.1), (".upper()", 0.1), (".rstrip()", 0.12),
    (".lstrip()", 0.1), ("[::-1]", 0.12), ("[1:]", 0.15), ("[:-1]", 0.15), ("[0]", 0.15),
    ("[-1]", 0.12), (".split()", 0.05), (".casefold()", 0.04),
)  # fmt: skip


def arguments(site: Site) -> Iterator[Edit]:
    """Arguments of a call swapped, dropped and added."""
    for node in site.expressions:
        if not isinstance(node, cst.Call):
            continue
        for at, left in enumerate(node.args):
            for offset, right in enumerate(node.args[at + 1 :]):
                if left.star or right.star or site.code(left.value) == site.code(right.value):
                    continue
                splices = [
                    Splice(*_with_parens(site, left.value), _argument(site, right.value)),
                    Splice(*_with_parens(site, right.value), _argument(site, left.value)),
                ]
                yield site.edit("arguments-swapped", 0.45 if offset == 0 else 0.25, *splices)
        yield from _dropped(site, node)
        yield from _added(site, node)


def _with_parens(site: Site, node: cst.BaseExpression) -> tuple[int, int]:
    start, end = site.source.span(node)
    for _ in node.lpar:
        start = site.source.text.rindex("(", 0, start)
        end = site.source.text.index(")", end) + 1
    return start, end


def _argument(site: Site, node: cst.BaseExpression) -> str:
    start, end = _with_parens(site, node)
    return site.source.text[start:end]


def _argument_texts(site: Site, node: cst.Call) -> list[str]:
    return [site.code(argument) for argument in node.args]


def _called_with(site: Site, node: cst.Call, arguments: list[str]) -> str:
    return f"{site.atom(node.func)}({', '.join(arguments)})"


def _dropped(site: Site, node: cst.Call) -> Iterator[Edit]:
    texts = _argument_texts(site, node)
    if len(texts) == 1 and texts[0].startswith("*"):
        return
    for at in range(len(texts)):
        rest = texts[:at] + texts[at + 1 :]
        prior = 0.35 if len(texts) > 1 else 0.2
        yield from site.put(node, _called_with(site, node, rest), "argument-dropped", prior)


def _added(site: Site, node: cst.Call) -> Iterator[Edit]:
    """An argument that the called function knows, or any name of the scope."""
    texts = _argument_texts(site, node)
    name = site.code(node.func).rpartition(".")[2]
    parameters = site.vocabulary.parameters_of(site.code(node.func)) or []
    keywords = {a.keyword.value for a in node.args if a.keyword}
    for parameter in parameters[len([a for a in node.args if not a.keyword]) :]:
        if parameter not in keywords:
            for value, near in [*site.names(), ("True", 0.5), ("False", 0.4), ("None", 0.3)]:
                same = value == parameter
                text = f"{parameter}={value}"
                prior = 0.5 if same else 0.2 * near
                yield from site.put(
                    node, _called_with(site, node, [*texts, text]), "argument-added", prior
                )
            for attribute in site.vocabulary.attributes.get("self", {}):
                same = attribute.strip("_") == parameter
                text = f"{parameter}=self.{attribute}"
                yield from site.put(
                    node,
                    _called_with(site, node, [*texts, text]),
                    "argument-added",
                    0.45 if same else 0.08,
                )
    known = {text.rpartition("=")[2] for text in texts}
    for value, near in site.names():
        if value not in known and value not in ("self", "cls") and len(texts) < 4:
            prior = (0.2 if parameters or name not in site.vocabulary.defaults else 0.08) * near
            for at in range(len(texts) + 1 - len(keywords)):
                more = [*texts[:at], value, *texts[at:]]
                yield from site.put(
                    node,
                    _called_with(site, node, more),
                    "argument-added",
                    prior * (0.6 if at < len(texts) else 1),
                )
    yield from _common_keywords(site, node, name, texts)


KEYWORDS: dict[str, tuple[str, ...]] = {
    "sorted": ("reverse=True", "key=len", "key=str.lower", "key=str"),
    "sort": ("reverse=True", "key=len", "key=str.lower", "key=str"),
    "max": ("default=0", "default=None"),
    "min": ("default=0", "default=None"),
    "popitem": ("last=False",),
    "move_to_end": ("last=False",),
    "enumerate": ("1", "start=1"),
    "range": ("-1",),
    "split": ("1", '","', '" "', "maxsplit=1"),
    "rsplit": ("1", "maxsplit=1"),
    "pop": ("0", "-1", "None"),
    "get": ("0", "None", '""', "[]", "{}", "()"),
    "next": ("None",),
    "getattr": ("None",),
    "sum": ("[]", "0"),
    "round": ("2", "1"),
    "zip": ("strict=True",),
    "dict": (),
    "open": ('encoding="utf-8"',),
    "loads": (),
    "dumps": ("sort_keys=True", "ensure_ascii=False", "indent=2"),
    "join": (),
    "int": ("2", "16", "10"),
    "replace": ("1",),
    "setdefault": ("[]", "{}", "0", "set()"),
    "makedirs": ("exist_ok=True",),
    "mkdir": ("exist_ok=True", "parents=True"),
}


def _common_keywords(site: Site, node: cst.Call, name: str, texts: list[str]) -> Iterator[Edit]:
    for text in KEYWORDS.get(name, ()):
        if text not in texts:
            more = _called_with(site, node, [*texts, text])
            yield from site.put(node, more, "argument-added", 0.3)


def similar_call(site: Site) -> Iterator[Edit]:
    """A similar method or function, one of the same class or module."""
    for node in site.expressions:
        if not isinstance(node, cst.Call):
            continue
        if isinstance(node.func, cst.Attribute):
            yield from _similar_method(site, node.func)
        elif isinstance(node.func, cst.Name):
            yield from _similar_function(site, node, node.func)


def _similar_method(site: Site, called: cst.Attribute) -> Iterator[Edit]:
    name, base = called.attr.value, site.atom(called.value)
    done = {name}
    for other in _siblings(name):
        done.add(other)
        yield from site.put(called, f"{base}.{other}", "similar-call", 0.45)
    for other in site.vocabulary.called.get(site.code(called.value), {}):
        if other not in done:
            done.add(other)
            yield from site.put(called, f"{base}.{other}", "similar-call", 0.35)
    if base == "self":
        for other in site.vocabulary.methods.get(site.statement.function.class_name, {}):
            if other not in done and not other.startswith("__"):
                done.add(other)
                yield from site.put(called, f"self.{other}", "similar-call", 0.3)
    everywhere = sorted({n for names in site.vocabulary.called.values() for n in names} - done)
    for other in everywhere:
        yield from site.put(called, f"{base}.{other}", "similar-call", 0.08)


def _similar_function(site: Site, node: cst.Call, called: cst.Name) -> Iterator[Edit]:
    done = {called.value}
    for other in _siblings(called.value):
        done.add(other)
        yield from site.put(called, other, "similar-call", 0.4)
    for other, function in site.vocabulary.functions.items():
        if other not in done:
            count = len(function.params.params)
            fits = len(node.args) <= count
            yield from site.put(called, other, "similar-call", 0.3 if fits else 0.08)
    if "self" in site.locals:
        for other in site.vocabulary.methods.get(site.statement.function.class_name, {}):
            if other == called.value:
                yield from site.put(called, f"self.{other}", "similar-call", 0.4)
    for other in site.vocabulary.classes:
        if other not in done:
            yield from site.put(called, other, "similar-call", 0.12)


def _siblings(name: str) -> list[str]:
    return list(dict.fromkeys(n for group in SIMILAR if name in group for n in group if n != name))


def wrapped(site: Site) -> Iterator[Edit]:
    """A call put around an expression, or a method call behind it."""
    for node in site.expressions:
        if not _wrappable(site, node):
            continue
        seen = site.kinds(node)
        place = 1.0 if not isinstance(site.parent(node), cst.Attribute | cst.Call) else 0.4
        for name, prior in WRAPS:
            fit = _wrap_fits(name, seen)
            yield from site.put(node, f"{name}({site.code(node)})", "wrapped", prior * place * fit)
        for suffix, prior in SUFFIXES:
            fit = _suffix_fits(suffix, seen)
            yield from site.put(node, f"{site.atom(node)}{suffix}", "wrapped", prior * place * fit)
        functions = site.vocabulary.functions
        for name, function in functions.items():
            if len(function.params.params) == 1:
                text = f"{name}({site.code(node)})"
                yield from site.put(node, text, "wrapped", 0.15 * place)
        if site.statement.function.class_name and "self" in site.locals:
            for name, function in site.vocabulary.methods.get(
                site.statement.function.class_name, {}
            ).items():
                if len(function.params.params) == 2 and not name.startswith("__"):
                    text = f"self.{name}({site.code(node)})"
                    yield from site.put(node, text, "wrapped", 0.12 * place)


NUMERIC_WRAPS = frozenset({"abs", "round", "float", "int"})
FOLDING_WRAPS = frozenset({"len", "sorted", "list", "set", "reversed", "tuple", "sum", "min", "max",
                           "enumerate", "iter", "frozenset", "any", "all", "dict"})  # fmt: skip


def _wrap_fits(name: str, seen: Kinds) -> float:
    """How well a function fits what it would be put around."""
    if not seen:
        return 0.5
    if seen == {name}:
        return 0.0
    if name in ("int", "float"):
        return float(bool(seen & {"str", "int", "float", "bool", "Decimal"}))
    if name in NUMERIC_WRAPS:
        return float(bool(seen & NUMBERS - {"bool"}))
    if name in FOLDING_WRAPS:
        many = seen & (SIZED | ITERATORS)
        if "str" in seen and name in ("list", "set", "tuple", "sum", "dict", "any", "all"):
            return 0.2
        return float(bool(many)) if name not in ("len", "reversed") else float(bool(seen & SIZED))
    return 0.6 if name == "bool" else 1.0


def _suffix_fits(suffix: str, seen: Kinds) -> float:
    """How well a method or a cut fits what it would be put behind."""
    if not seen:
        return 0.4
    if suffix.startswith("["):
        return float(bool(seen & SEQUENCES))
    if suffix == ".copy()":
        return float(bool(seen & (MAPPINGS | SETS | {"list", "deque"})))
    if suffix in (".items()", ".values()", ".keys()"):
        return float(bool(seen & MAPPINGS))
    return float("str" in seen)


def _wrappable(site: Site, node: cst.BaseExpression) -> bool:
    parent = site.parent(node)
    places = (
        cst.Arg
        | cst.Return
        | cst.Assign
        | cst.AugAssign
        | cst.For
        | cst.Comparison
        | (cst.ComparisonTarget | cst.Index | cst.Element | cst.DictElement | cst.BinaryOperation)
    )
    more = (
        cst.CompFor
        | cst.Yield
        | cst.If
        | cst.While
        | cst.IfExp
        | cst.Attribute
        | (cst.FormattedStringExpression | cst.ListComp | cst.GeneratorExp | cst.From | cst.Call)
    )
    if not isinstance(parent, places | more):
        return False
    if isinstance(parent, cst.Attribute | cst.Call) and not isinstance(node, cst.Name | cst.Call):
        return False
    if isinstance(parent, cst.Call) and parent.func is node:
        return False
    if isinstance(parent, cst.Attribute) and parent.attr is node:
        return False
    if isinstance(parent, cst.Arg) and parent.keyword is node:
        return False
    if isinstance(parent, cst.For | cst.CompFor | cst.AugAssign) and parent.target is node:
        return False
    if isinstance(node, cst.Name) and node.value in ("self", "cls", "None", "True", "False"):
        return False
    kinds = (
        cst.Name
        | cst.Attribute
        | cst.Subscript
        | cst.Call
        | cst.BinaryOperation
        | (cst.GeneratorExp | cst.ListComp)
    )
    return isinstance(node, kinds)


def unwrapped(site: Site) -> Iterator[Edit]:
    """The argument alone in place of the call; the object alone in place of its method."""
    for node in site.expressions:
        if not isinstance(node, cst.Call):
            continue
        for argument in node.args:
            if not argument.star and not argument.keyword:
                prior = 0.45 if len(node.args) == 1 else 0.3
                yield from site.put(node, site.code(argument.value), "unwrapped", prior)
        if isinstance(node.func, cst.Attribute):
            yield from site.put(node, site.code(node.func.value), "unwrapped", 0.35)
        if not node.args:
            yield from site.put(node, site.code(node.func), "unwrapped", 0.2)


def bounded(site: Site) -> Iterator[Edit]:
    """`max(x, 0)`, `min(x, y)`, `max(x, y)` for `x`."""
    for node in site.expressions:
        if not _may_be_bounded(site, node):
            continue
        text, own = site.code(node), site.kinds(node)
        place = 1.0 if isinstance(site.parent(node), cst.Return | cst.Assign) else 0.7
        if not own or own & NUMBERS:
            for made, prior in (
                (f"max({text}, 0)", 0.18),
                (f"max(0, {text})", 0.18),
                (f"max(1, {text})", 0.08),
            ):
                yield from site.put(node, made, "bounded", prior * place)
        others = [(name, near) for name, near in site.names() if near > 0.5]
        for base, names in site.vocabulary.attributes.items():
            if base in site.locals:
                others += [(f"{base}.{name}", 0.6) for name in names]
        for name, near in others:
            if name != text and name not in ("self", "cls"):
                fit = alike(own, site.types(name)) * near * place
                yield from site.put(node, f"min({text}, {name})", "bounded", 0.2 * fit)
                yield from site.put(node, f"max({text}, {name})", "bounded", 0.2 * fit)


def _may_be_bounded(site: Site, node: cst.BaseExpression) -> bool:
    parent = site.parent(node)
    simple = cst.Name | cst.Attribute | cst.BinaryOperation | cst.Call | cst.Subscript
    places = cst.Return | cst.Assign | cst.Arg | cst.Index | cst.Slice | cst.AugAssign
    if not isinstance(node, simple) or not isinstance(parent, places):
        return False
    if isinstance(parent, cst.Arg) and parent.keyword is node:
        return False
    if isinstance(parent, cst.AugAssign) and parent.target is node:
        return False
    kinds = site.kinds(node)
    never = SIZED | {"bool", "NoneType", "function"}
    return site.code(node) not in ("None", "True", "False", "self", "cls") and not (
        kinds and kinds <= never
    )


def awaited(site: Site) -> Iterator[Edit]:
    """`await` added to a call or dropped; parentheses of a call added."""
    for node in site.expressions:
        parent = site.parent(node)
        if isinstance(node, cst.Await):
            yield from site.put(node, site.code(node.expression), "await", 0.2)
        elif isinstance(node, cst.Call) and site.statement.function.is_async:
            if not isinstance(parent, cst.Await):
                yield from site.put(node, f"await {site.code(node)}", "await", 0.6)
        elif isinstance(node, cst.Attribute) and not isinstance(parent, cst.Attribute):
            if not (isinstance(parent, cst.Call) and parent.func is node):
                method = any(node.attr.value in names for names in site.vocabulary.called.values())
                defined = node.attr.value in site.vocabulary.defaults
                if method or defined:
                    yield from site.put(node, f"{site.code(node)}()", "called", 0.4)


def recursion(site: Site) -> Iterator[Edit]:
    """Arguments of a function's call of itself: passed on, advanced, cut."""
    own = site.statement.function.name.rpartition(".")[2]
    for node in site.expressions:
        if not isinstance(node, cst.Call) or site.code(node.func).rpartition(".")[2] != own:
            continue
        parameters = [p for p in site.statement.function.parameters if p not in ("self", "cls")]
        for argument in node.args:
            yield from _advanced(site, argument.value, parameters)
        if parameters and len(parameters) == len(node.args) + 1:
            last, texts = parameters[-1], _argument_texts(site, node)
            for made, prior in ((last, 0.5), (f"{last} + 1", 0.45), (f"{last} - 1", 0.35)):
                text = _called_with(site, node, [*texts, made])
                yield from site.put(node, text, "recursion", prior)


def _advanced(site: Site, node: cst.BaseExpression, parameters: list[str]) -> Iterator[Edit]:
    text, atom = site.code(node), site.atom(node)
    made = [
        (f"{text} + 1", 0.4), (f"{text} - 1", 0.4), (f"{atom}[1:]", 0.35), (f"{atom}[:-1]", 0.3),
        (f"{atom} // 2", 0.15), (f"{atom} // 10", 0.06),
        (f"None if {text} is None else {text} - 1", 0.12),
        (f"None if {text} is None else {text} + 1", 0.08),
    ]  # fmt: skip
    for other in parameters:
        if other != text:
            made += [(f"{atom} // {other}", 0.2), (f"{atom} - {other}", 0.2)]
            made += [(f"{atom} + {other}", 0.15), (f"{atom} % {other}", 0.12)]
    for result, prior in made:
        yield from site.put(node, result, "recursion", prior)
