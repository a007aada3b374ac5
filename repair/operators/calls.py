"""Calls: arguments swapped, dropped and added; similar functions and methods; `await`."""

from collections.abc import Iterator

import libcst as cst

from repair.edits import Edit, Splice
from repair.operators.site import Site

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


def argument_texts(site: Site, node: cst.Call) -> list[str]:
    """The arguments of a call as they are written."""
    return [site.code(argument) for argument in node.args]


def called_with(site: Site, node: cst.Call, arguments: list[str]) -> str:
    """The call with other arguments."""
    return f"{site.atom(node.func)}({', '.join(arguments)})"


def _dropped(site: Site, node: cst.Call) -> Iterator[Edit]:
    texts = argument_texts(site, node)
    if len(texts) == 1 and texts[0].startswith("*"):
        return
    for at in range(len(texts)):
        rest = texts[:at] + texts[at + 1 :]
        prior = 0.35 if len(texts) > 1 else 0.2
        yield from site.put(node, called_with(site, node, rest), "argument-dropped", prior)


def _added(site: Site, node: cst.Call) -> Iterator[Edit]:
    """An argument that the called function knows, or any name of the scope."""
    texts = argument_texts(site, node)
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
                    node, called_with(site, node, [*texts, text]), "argument-added", prior
                )
            for attribute in site.vocabulary.attributes.get("self", {}):
                same = attribute.strip("_") == parameter
                text = f"{parameter}=self.{attribute}"
                yield from site.put(
                    node,
                    called_with(site, node, [*texts, text]),
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
                    called_with(site, node, more),
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
            more = called_with(site, node, [*texts, text])
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
