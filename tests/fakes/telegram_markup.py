"""Telegram's HTML as its servers read it: text and entities, or the refusal in their words."""

import html
import re
from dataclasses import dataclass, field
from typing import Any

KINDS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "a": "text_link",
}
_TOKEN = re.compile(r"<(/?)([a-zA-Z-]*)((?:\s[^<>]*)?)>|<|&(#\d+|#x[0-9a-fA-F]+|lt|gt|amp|quot);")
_MENTION = re.compile(r"(?<![\w@/])@[A-Za-z]\w{3,31}\b")
_COMMAND = re.compile(r"(?<![\w/@<>])/[A-Za-z0-9_]{1,32}(?![\w/])")
_LINK = re.compile(r"(?i)\b(?:(?:https?|ftp|tg|ton)://|(?:t|telegram)\.me/|www\.)[^\s<>\"']+")
_ADDRESS = re.compile(r"\b[\w.+-]+@[\w-]+\.[a-z]{2,}\b")


class Unparsable(Exception):
    """A text whose entities cannot be parsed."""


def units(text: str) -> int:
    """Length as Telegram counts it: UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


@dataclass
class _Reader:
    text: str = ""
    entities: list[dict[str, Any]] = field(default_factory=list)
    open: list[tuple[str, int, str]] = field(default_factory=list)

    def start(self, tag: str, attributes: str, at: int) -> None:
        if tag not in KINDS:
            raise Unparsable(f'Unsupported start tag "{tag}" at byte offset {at}')
        self.open.append((tag, units(self.text), attributes))

    def end(self, tag: str, at: int) -> None:
        if not self.open:
            raise Unparsable(f"Unexpected end tag at byte offset {at}")
        opened, offset, attributes = self.open.pop()
        if tag not in ("", opened):
            raise Unparsable(
                f'Unmatched end tag at byte offset {at}, expected "</{opened}>", found "</{tag}>"'
            )
        length = units(self.text) - offset
        entity: dict[str, Any] = {"type": KINDS[opened], "offset": offset, "length": length}
        if opened == "a":
            address = re.search(r"""href=["']?([^"'\s>]+)""", attributes)
            if not address:
                return
            entity["url"] = html.unescape(address[1])
        if opened == "blockquote" and "expandable" in attributes:
            entity["type"] = "expandable_blockquote"
        if length:
            self.entities.append(entity)


def parse(text: str) -> tuple[str, list[dict[str, Any]]]:
    """The text that people see, and its entities; raises Unparsable."""
    reader, at = _Reader(), 0
    for token in _TOKEN.finditer(text):
        reader.text += text[at : token.start()]
        at = token.end()
        offset = len(text[: token.start()].encode())
        if token[4]:
            reader.text += html.unescape(token[0])
        elif token[0] == "<":
            raise Unparsable(f"Unclosed start tag at byte offset {offset}")
        elif token[1]:
            reader.end(token[2].lower(), offset)
        else:
            reader.start(token[2].lower(), token[3], offset)
    reader.text += text[at:]
    if reader.open:
        raise Unparsable(f'Can\'t find end tag corresponding to start tag "{reader.open[-1][0]}"')
    return reader.text, [*reader.entities, *found_by_itself(reader.text, reader.entities)]


def found_by_itself(text: str, entities: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What a client makes clickable unasked: mentions, commands, links; not within code."""
    code = [
        (entity["offset"], entity["offset"] + entity["length"])
        for entity in entities
        if entity["type"] in ("code", "pre")
    ]
    found = []
    for kind, pattern in (
        ("mention", _MENTION),
        ("bot_command", _COMMAND),
        ("url", _LINK),
        ("email", _ADDRESS),
    ):
        for match in pattern.finditer(text):
            offset, length = units(text[: match.start()]), units(match[0])
            if not any(start < offset + length and offset < end for start, end in code):
                found.append({"type": kind, "offset": offset, "length": length})
    return found
