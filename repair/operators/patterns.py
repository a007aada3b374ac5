"""Regular expressions: a quantifier, an anchor, a class or an alternative otherwise."""

import re
from collections.abc import Iterator

import libcst as cst

from repair.edits import Edit
from repair.operators.site import Site

_TOKEN = re.compile(
    r"""(?P<escape>\\.)|(?P<set>\[\^?\]?(?:\\.|[^\]\\])*\])|(?P<open>\((?:\?[^)]*?[:=!>]|\?P<\w+>)?)
    |(?P<close>\))|(?P<times>(?:[*+?]|\{\d*,?\d*\})\??)|(?P<bar>\|)|(?P<anchor>[\^$])|(?P<any>\.)
    |(?P<plain>.)""",
    re.VERBOSE | re.DOTALL,
)
TIMES: dict[str, tuple[tuple[str, float], ...]] = {
    "+": (("*", 0.35), ("+?", 0.2), ("?", 0.12), ("", 0.1)),
    "*": (("+", 0.35), ("*?", 0.25), ("?", 0.15), ("", 0.1)),
    "?": (("", 0.25), ("*", 0.2), ("+", 0.1)),
    "*?": (("*", 0.25), ("+?", 0.25)),
    "+?": (("+", 0.25), ("*?", 0.25)),
}
CLASSES: dict[str, tuple[tuple[str, float], ...]] = {
    "\\d": (("\\w", 0.15), ("[\\d.]", 0.12), ("[\\d,]", 0.06), ("[\\d-]", 0.06), (".", 0.05)),
    "\\w": (("[\\w-]", 0.25), ("[\\w.]", 0.2), ("[\\w.-]", 0.15), ("\\S", 0.2)),
    "\\s": ((" ", 0.2), ("[ \\t]", 0.25), ("\\S", 0.05)),
    "\\S": (("\\w", 0.15), (".", 0.15)),
    "\\W": (("\\s", 0.12), ("[^\\w-]", 0.12)),
    ".": (("\\.", 0.3), ("[^\\n]", 0.03), ("[\\s\\S]", 0.15), ("\\w", 0.06)),
    "\\.": ((".", 0.1), ("[.,]", 0.12)),
}
ADDED = ("-", ".", "_", " ", "\\s", "+", ",", ":", "/", "'", "\\n", "a-z", "A-Z", "0-9")
ITEM = frozenset({"escape", "set", "close", "any", "plain"})
MARKS = re.compile(r"\\[dwsDWSb.]|\[[^\]]+\]|\(\?|[)\]\w.][*+?{]|^\^|\$$|\|")


def pattern(site: Site) -> Iterator[Edit]:
    """A regular expression changed in one place."""
    for node in site.expressions:
        if isinstance(node, cst.SimpleString) and not isinstance(site.small, cst.Expr):
            code = site.code(node)
            quotes = 3 if code.endswith(('"""', "'''")) else 1
            head = code[: code.index(code[-1]) + quotes]
            body = code[len(head) : -quotes]
            if not _is_pattern(site, node, head, body):
                continue
            likely = 1.0 if "r" in head.lower() else 0.8
            for text, prior in variants(body):
                if _compiles(text):
                    made = f"{head}{text}{code[-quotes:]}"
                    yield from site.put(node, made, "pattern", prior * likely)


def _is_pattern(site: Site, node: cst.SimpleString, head: str, body: str) -> bool:
    """Whether a text is meant as a regular expression, by its form and its file."""
    if len(body) < 2 or "b" in head.lower() or not MARKS.search(body) or not _compiles(body):
        return False
    return "r" in head.lower() or "re" in site.vocabulary.imports


def _compiles(text: str) -> bool:
    try:
        re.compile(text)
    except (re.error, OverflowError, RecursionError):
        return False
    return True


def variants(body: str) -> Iterator[tuple[str, float]]:
    """The pattern with one change, and how likely each is."""
    tokens = [(match.lastgroup or "plain", match[0]) for match in _TOKEN.finditer(body)]
    texts = [text for _, text in tokens]
    for at, (kind, text) in enumerate(tokens):
        before, after = "".join(texts[:at]), "".join(texts[at + 1 :])
        follows = tokens[at + 1][0] if at + 1 < len(tokens) else ""
        for other, prior in _others(kind, text, follows):
            yield f"{before}{other}{after}", prior
    yield from _anchored(body)
    yield from _alternatives(body)


def _others(kind: str, text: str, follows: str) -> Iterator[tuple[str, float]]:
    """What may stand in the place of one token."""
    if kind == "times":
        yield from TIMES.get(text, ())
        yield from _counted(text)
    elif kind == "set":
        yield from _other_sets(text)
    elif kind == "anchor":
        yield "", 0.15
        if text == "$":
            yield "\\Z", 0.15
    else:
        yield from CLASSES.get(text, ())
    if kind in ITEM and follows != "times":
        for sign, prior in (("?", 0.25), ("*", 0.15), ("+", 0.15)):
            yield text + sign, prior * (0.4 if kind == "plain" else 1.0)
        if kind in ("escape", "any"):
            yield "", 0.06


def _counted(text: str) -> Iterator[tuple[str, float]]:
    """Other bounds for `{n}` and `{n,m}`."""
    match = re.fullmatch(r"\{(\d*)(,?)(\d*)\}\??", text)
    if match is None:
        return
    low, comma, high = match.groups()
    if not comma:
        yield f"{{1,{low}}}", 0.35
        yield f"{{{low},}}", 0.3
        for number in (int(low) + 1, int(low) - 1):
            yield f"{{{number}}}", 0.15
    else:
        yield f"{{{low},}}", 0.2
        yield f"{{0,{high}}}", 0.15
        yield f"{{1,{high}}}", 0.15
        if high:
            yield f"{{{low},{int(high) + 1}}}", 0.15
    yield "+", 0.2
    yield "*", 0.12


def _other_sets(text: str) -> Iterator[tuple[str, float]]:
    """A set with one more or one less in it, or turned round."""
    head = "[^" if text.startswith("[^") else "["
    inner = text[len(head) : -1]
    for more in ADDED:
        if more not in inner:
            made = f"{inner}{more}" if more != "-" else f"{inner.removesuffix('-')}-"
            yield f"{head}{made}]", 0.12
    yield (f"[{inner}]" if head == "[^" else f"[^{inner}]"), 0.08
    for part in re.findall(r"\\.|.-[^\]]|.", inner):
        rest = inner.replace(part, "", 1)
        if rest:
            yield f"{head}{rest}]", 0.1


def _anchored(body: str) -> Iterator[tuple[str, float]]:
    if not body.startswith("^"):
        yield f"^{body}", 0.15
    if not body.endswith("$"):
        yield f"{body}$", 0.2
    yield f"(?i){body}", 0.12
    yield f"\\b{body}", 0.06
    yield f"{body}\\b", 0.1


def _alternatives(body: str) -> Iterator[tuple[str, float]]:
    """Neighbours among alternatives swapped, or one left out; only where none holds a group."""
    for match in re.finditer(r"(?<=[(|:])([^()|]+)\|([^()|]+)(?=[)|])", f"({body})"):
        start, end = match.start() - 1, match.end() - 1
        left, right = match.groups()
        for text, prior in ((f"{right}|{left}", 0.2), (left, 0.1), (right, 0.1)):
            yield f"{body[:start]}{text}{body[end:]}", prior
