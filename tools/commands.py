"""Shell commands judged by what they consist of: parsed as bash parses them, never matched as text.

Every command of a pipe, list, loop or substitution is judged, and the worst counts. What cannot be
parsed is unknown at best. The sandbox is what holds a command; this decides what needs consent.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from tools.command_rules import DOWNLOADERS, INTERPRETERS, danger, is_harmless, name_of, written_to
from tools.shell_words import Word, word_of

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

CommandRisk = Literal["safe", "unknown", "outside", "dangerous"]

BYTES_MAX = 20_000
NESTING_MAX = 5
"""Scripts within scripts, as in `sh -c "sh -c …"`."""
_ORDER: tuple[CommandRisk, ...] = ("safe", "unknown", "outside", "dangerous")
_PLAIN = frozenset(
    "program list pipeline command command_name word number string string_content raw_string "
    "concatenation simple_expansion variable_name special_variable_name command_substitution "
    "redirected_statement file_redirect file_descriptor subshell negated_command comment".split()
)
"""Kinds of syntax that by themselves do no harm."""
_SHELLS = frozenset("sh bash dash zsh ksh".split())
_TAKES_SCRIPTS = frozenset("eval trap alias".split())
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True)
class Judgement:
    """How a command is taken, and why."""

    risk: CommandRisk
    why: str = ""


def judged(command: str) -> Judgement:
    """What a command may do at worst."""
    return _worst(_judgements(command, 0))


def _judgements(command: str, depth: int) -> Iterator[Judgement]:
    data = command.encode("utf-8", "replace")
    if len(data) > BYTES_MAX or depth > NESTING_MAX:
        yield Judgement("dangerous", "it is too long or too deep to be judged")
        return
    if re.search(r":\(\)\{:\|:&?\};?", re.sub(r"\s", "", command)):
        yield Judgement("dangerous", "a fork bomb")
    if _CONTROL.search(command):
        yield Judgement("unknown", "it holds control characters")
    root = _parser().parse(data).root_node
    if root.has_error:
        yield Judgement("unknown", "it cannot be parsed")
    nodes = list(_all(root))
    runs_shell = any(_called(node) in _SHELLS for node in nodes)
    for node in nodes:
        yield from _of(node, depth)
        if runs_shell and node.type == "heredoc_body":
            yield from _judgements((node.text or b"").decode("utf-8", "replace"), depth + 1)
        if runs_shell and node.type == "herestring_redirect":
            for child in node.named_children:
                yield from _judgements(word_of(child).text, depth + 1)


def _of(node: "Node", depth: int) -> Iterator[Judgement]:
    match node.type:
        case "command":
            yield from _command(node, depth)
        case "pipeline":
            yield from _pipeline(node)
        case "file_redirect":
            yield _redirect(node)
        case "function_definition":
            yield _function(node)
        case kind if node.is_named and kind not in _PLAIN:
            yield Judgement("unknown", f"it holds a {kind.replace('_', ' ')}")
        case "&":
            yield Judgement("unknown", "it goes on in the background")


def _command(node: "Node", depth: int) -> Iterator[Judgement]:
    words = _words(node)
    if why := danger(words):
        yield Judgement("dangerous", why)
        return
    name = name_of(words)
    if name in INTERPRETERS | {"eval", "source", "."} and _downloads(node):
        yield Judgement("dangerous", "what is downloaded is run at once")
    yield (
        Judgement("safe") if is_harmless(words) else Judgement("unknown", f"{name or 'a command'}")
    )
    if name in _TAKES_SCRIPTS:
        yield from _judgements(" ".join(word.text for word in words[1:]), depth + 1)
        for word in words[1:]:
            yield from _judgements(word.text.partition("=")[2] or word.text, depth + 1)
    for place, word in enumerate(words):
        if word.text.rpartition("/")[2] in _SHELLS and (script := _script(words[place + 1 :])):
            yield from _judgements(script, depth + 1)


def _script(words: list[Word]) -> str:
    """What a shell is given by `-c`."""
    for option, script in pairwise(words):
        if re.fullmatch(r"-[a-zA-Z]*c[a-zA-Z]*", option.text):
            return script.text
    return ""


def _pipeline(node: "Node") -> Iterator[Judgement]:
    downloaded = False
    for stage in node.named_children:
        called = {word.text.rpartition("/")[2] for part in _all(stage) for word in _words(part)}
        if downloaded and called & INTERPRETERS:
            yield Judgement("dangerous", "what is downloaded is run at once")
        downloaded = downloaded or _downloads(stage)


def _redirect(node: "Node") -> Judgement:
    operator = next((child.type for child in node.children if not child.is_named), "")
    target = node.child_by_field_name("destination")
    word = word_of(target) if target else Word("", known=False)
    if operator == "<" or (operator.endswith("&") and re.fullmatch(r"\d+|-", word.text)):
        return Judgement("safe")
    risk = written_to(word)
    return Judgement(risk, "" if risk == "safe" else f"it writes to {word.text or 'a file'}")


def _function(node: "Node") -> Judgement:
    name = node.child_by_field_name("name")
    called = {_called(part) for part in _all(node)}
    kinds = {part.type for part in _all(node)}
    if name and name.text and name.text.decode() in called and kinds & {"&", "pipeline"}:
        return Judgement("dangerous", "a fork bomb")
    return Judgement("unknown", "it defines a function")


def _downloads(node: "Node") -> bool:
    return any(_called(part) in DOWNLOADERS for part in _all(node))


def _called(node: "Node") -> str:
    return name_of(_words(node)) if node.type == "command" else ""


def _words(node: "Node") -> list[Word]:
    """Name and arguments of a command."""
    if node.type != "command":
        return []
    apart = ("variable_assignment", "file_redirect", "herestring_redirect")
    return [word_of(child) for child in node.named_children if child.type not in apart]


def _all(node: "Node") -> Iterator["Node"]:
    pending = [node]
    while pending:
        here = pending.pop()
        yield here
        pending.extend(reversed(here.children))


def _worst(judgements: Iterator[Judgement]) -> Judgement:
    found = list(judgements) or [Judgement("unknown", "it is empty")]
    return max(found, key=lambda judgement: _ORDER.index(judgement.risk))


@cache
def _parser() -> "Parser":
    import tree_sitter
    import tree_sitter_bash

    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_bash.language()))
