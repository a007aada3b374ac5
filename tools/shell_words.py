"""Words of a shell command as bash would see them, where that can be told without running it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node

HOME = "~"


@dataclass(frozen=True)
class Word:
    """One word."""

    text: str
    """Without its quotes; what only a run could tell is left out."""
    known: bool = True
    """Whether the text is all there is."""
    quoted: bool = False
    """Whether all of it stood in quotes, so that `~` and `*` are themselves."""


def word_of(node: "Node") -> Word:
    """A word, number, string or concatenation; `$HOME` is written `~`."""
    text = _source(node)
    match node.type:
        case "command_name" if node.named_child_count == 1:
            return word_of(node.named_children[0])
        case "word" | "number" | "variable_name":
            return Word(_unescaped(text))
        case "raw_string":
            return Word(text[1:-1], quoted=True)
        case "ansi_c_string":
            return Word(_ansi(text[2:-1]), quoted=True)
        case "string" | "translated_string":
            return _string(node)
        case "concatenation":
            return _joined([word_of(child) for child in node.children])
        case "simple_expansion" | "expansion" if text in ("$HOME", "${HOME}"):
            return Word(HOME)
        case "comment" | '"':
            return Word("")
    return Word(text if not node.is_named else "", known=not node.is_named)


def _string(node: "Node") -> Word:
    """A string in double quotes; what lies between its parts belongs to it."""
    source, start = node.text or b"", node.start_byte
    inner = [child for child in node.children if child.is_named and child.type != "string_content"]
    parts: list[Word] = []
    place = source.index(b'"') + 1
    for child in inner:
        parts.append(Word(_escaped_in_quotes(source[place : child.start_byte - start])))
        parts.append(word_of(child))
        place = child.end_byte - start
    parts.append(Word(_escaped_in_quotes(source[place : source.rindex(b'"')])))
    joined = _joined(parts)
    return Word(joined.text, joined.known, quoted=not inner)


def _joined(parts: list[Word]) -> Word:
    return Word(
        "".join(part.text for part in parts),
        all(part.known for part in parts),
        bool(parts) and all(part.quoted for part in parts),
    )


def _source(node: "Node") -> str:
    return (node.text or b"").decode("utf-8", "replace")


def _unescaped(text: str) -> str:
    """A bare word without its backslashes; one before a line's end vanishes with it."""
    return "".join(_characters(text.replace("\\\n", "")))


def _characters(text: str) -> Iterator[str]:
    escaped = False
    for character in text:
        if character == "\\" and not escaped:
            escaped = True
            continue
        yield character
        escaped = False


def _escaped_in_quotes(data: bytes) -> str:
    text = data.decode("utf-8", "replace").replace("\\\n", "")
    for character in '$`"\\':
        text = text.replace("\\" + character, character)
    return text


def _ansi(text: str) -> str:
    r"""A `$'…'` string; its escapes are those of Python but for `\e`."""
    try:
        return text.replace("\\e", "\\x1b").encode("latin-1", "replace").decode("unicode_escape")
    except UnicodeDecodeError:
        return text
