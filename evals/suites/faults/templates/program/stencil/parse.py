"""Turn the text of a template into a tree of nodes."""

import re
from dataclasses import dataclass, field

PIECES = re.compile(r"(\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\})", re.DOTALL)


class TemplateError(Exception):
    """The template cannot be understood."""


@dataclass
class Text:
    text: str


@dataclass
class Value:
    name: str
    filters: list = field(default_factory=list)


@dataclass
class For:
    variable: str
    name: str
    body: list


@dataclass
class If:
    name: str
    negated: bool
    body: list
    otherwise: list


def parse(source):
    pieces = [piece for piece in PIECES.split(source) if piece]
    nodes, stopped_by = parse_until(pieces, ())
    if stopped_by is not None:
        raise TemplateError(f"unexpected {stopped_by}")
    return nodes


def parse_until(pieces, stops):
    """Nodes up to one of the tags in `stops`, which is eaten and returned beside them."""
    nodes = []
    while pieces:
        piece = pieces.pop(0)
        if piece.startswith("{#"):
            continue
        if piece.startswith("{{"):
            nodes.append(parse_value(piece[2:-2]))
        elif piece.startswith("{%"):
            words = piece[2:-2].split()
            if words[0] in stops:
                return nodes, words[0]
            nodes.append(parse_tag(words, pieces))
        else:
            nodes.append(Text(piece))
    if stops:
        raise TemplateError(f"missing {stops[-1]}")
    return nodes, None


def parse_value(inner):
    name, *filters = [part.strip() for part in inner.split("|")]
    if not name:
        raise TemplateError("a value needs a name")
    return Value(name, filters)


def parse_tag(words, pieces):
    if words[0] == "for" and len(words) == 4 and words[2] == "in":
        body, _ = parse_until(pieces, ("endfor",))
        return For(words[1], words[3], body)
    if words[0] == "if" and len(words) >= 2:
        negated = words[1] == "not"
        body, stopped_by = parse_until(pieces, ("else", "endif"))
        otherwise = []
        if stopped_by == "else":
            otherwise, _ = parse_until(pieces, ("endif",))
        return If(words[-1], negated, body, otherwise)
    raise TemplateError(f"unknown tag {' '.join(words)}")
