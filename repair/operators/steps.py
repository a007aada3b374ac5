"""A missing step: a counter moved on, an element kept, a variable remembered."""

import re
from collections import Counter
from collections.abc import Iterator

import libcst as cst

from repair.edits import Edit, Watch
from repair.operators.insertions import ends_block, inside
from repair.operators.logic import numberish
from repair.operators.site import Site, alike
from repair.purity import pure

_SETS = re.compile(r"([A-Za-z_][\w.]*) ([-+*/|&]?)= (.+)")
_FILLS = re.compile(r"([A-Za-z_][\w.]*\.\w+)\(([^()]+)\)")
GROWS = {
    "list": ("append", "extend"), "deque": ("append", "appendleft"), "set": ("add", "update"),
    "dict": (), "OrderedDict": (), "Counter": ("update",),
}  # fmt: skip


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
    if not inside(site):
        return
    places = [False, True] if ends_block(site.statement) else [False]
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
