"""Block Kit as Slack publishes it: which blocks, elements and members there are, and how long."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
MESSAGE_TEXT = 40_000
UPDATE_TEXT = 4_000
BLOCKS_TEXT = 13_200
"""All characters of a message's blocks; not published as a number, but seen by many."""

Found = Iterator[str]


def wrong_blocks(blocks: Any, most: int = MESSAGE_BLOCKS) -> list[str]:
    """What is wrong with the blocks of a message or a view, each with its place."""
    if not isinstance(blocks, list):
        return ["blocks are a list"]
    found = [] if len(blocks) <= most else [f"no more than {most} items allowed"]
    ids = [block.get("block_id") for block in blocks if isinstance(block, dict)]
    named = [name for name in ids if name is not None]
    if len(set(named)) != len(named):
        found.append("a block_id is there twice")
    for at, block in enumerate(blocks):
        found += [f"{wrong} [json-pointer:/blocks/{at}]" for wrong in _block(block)]
    if sum(map(_size, blocks)) > BLOCKS_TEXT:
        found.append("msg_blocks_too_long")
    return found


def wrong_view(view: Any) -> list[str]:
    """What is wrong with a modal."""
    known = {
        "type", "title", "submit", "close", "blocks", "private_metadata", "callback_id",
        "clear_on_close", "notify_on_close", "external_id",
    }  # fmt: skip
    found = [f"no {name} in a view" for name in set(view) - known]
    if view.get("type") != "modal":
        found.append("type is modal")
    for name in ("title", "submit", "close"):
        if name == "title" or name in view:
            found += _plain(view.get(name), 24)
    found += _text(view.get("private_metadata", ""), 0, 3000)
    found += _text(view.get("callback_id", ""), 0, 255)
    blocks = view.get("blocks")
    inputs = [b for b in blocks or () if isinstance(b, dict) and b.get("type") == "input"]
    if inputs and "submit" not in view:
        found.append("a view with inputs needs a submit")
    return found + wrong_blocks(blocks, VIEW_BLOCKS)


def _size(value: Any) -> int:
    if isinstance(value, dict):
        return sum(
            len(v) if k == "text" and isinstance(v, str) else _size(v) for k, v in value.items()
        )
    return sum(map(_size, value)) if isinstance(value, list) else 0


def _block(block: Any) -> Found:
    kind = block.get("type") if isinstance(block, dict) else None
    check = BLOCKS.get(str(kind))
    if check is None:
        yield f"unsupported block {kind!r}"
        return
    members, look = check
    yield from _members(block, {"type", "block_id", *members})
    yield from _text(block.get("block_id", "x"), 1, 255)
    yield from look(block)


def _members(given: Mapping[str, Any], known: set[str]) -> Found:
    for name in sorted(set(given) - known):
        yield f"no {name!r} in a {given.get('type')}"


def _text(value: Any, least: int, most: int) -> Found:
    if not isinstance(value, str) or not least <= len(value) <= most:
        had = len(value) if isinstance(value, str) else value
        yield f"must be {least} to {most} characters, not {had!r}"


def _object(value: Any, most: int) -> Found:
    """A text object of either kind."""
    if isinstance(value, dict) and value.get("type") == "mrkdwn":
        yield from _members(value, {"type", "text", "verbatim"})
        yield from _text(value.get("text"), 1, most)
    else:
        yield from _plain(value, most)


def _plain(value: Any, most: int) -> Found:
    if not isinstance(value, dict) or value.get("type") != "plain_text":
        yield f"a plain_text object is needed, not {value!r:.80}"
        return
    yield from _members(value, {"type", "text", "emoji"})
    yield from _text(value.get("text"), 1, most)


def _header(block: Mapping[str, Any]) -> Found:
    yield from _plain(block.get("text"), 150)


def _section(block: Mapping[str, Any]) -> Found:
    if "text" not in block and "fields" not in block:
        yield "a section needs text or fields"
    if "text" in block:
        yield from _object(block["text"], 3000)
    fields = block.get("fields", [None])
    if not 1 <= len(fields) <= 10:
        yield "1 to 10 fields"
    if "fields" in block:
        for field in fields:
            yield from _object(field, 2000)
    if "accessory" in block:
        yield from _element(block["accessory"])


def _context(block: Mapping[str, Any]) -> Found:
    elements = block.get("elements", [])
    if not 1 <= len(elements) <= 10:
        yield "1 to 10 elements in a context"
    for element in elements:
        yield from _object(element, 3000)


def _actions(block: Mapping[str, Any]) -> Found:
    elements = block.get("elements", [])
    if not 1 <= len(elements) <= 25:
        yield "1 to 25 elements in actions"
    ids = [element.get("action_id") for element in elements]
    if len(set(ids)) != len(ids):
        yield "an action_id is there twice"
    for element in elements:
        yield from _element(element)


def _element(element: Mapping[str, Any]) -> Found:
    kind = element.get("type")
    if kind == "button":
        known = {"text", "action_id", "url", "value", "style", "confirm", "accessibility_label"}
        yield from _members(element, {"type", *known})
        yield from _plain(element.get("text"), 75)
        yield from _text(element.get("action_id", "x"), 1, 255)
        yield from _text(element.get("value", "x"), 1, 2000)
        yield from _text(element.get("url", "x"), 1, 3000)
        if element.get("style", "primary") not in ("primary", "danger"):
            yield f"no style {element['style']!r}"
    elif kind == "plain_text_input":
        known = {"action_id", "initial_value", "multiline", "min_length", "max_length"}
        yield from _members(element, {"type", "placeholder", "focus_on_load", *known})
        yield from _text(element.get("action_id", "x"), 1, 255)
        yield from _text(element.get("initial_value", ""), 0, 3000)
        if not 1 <= element.get("max_length", 3000) <= 3000:
            yield "max_length is 1 to 3000"
        if "placeholder" in element:
            yield from _plain(element["placeholder"], 150)
    else:
        yield f"unsupported element {kind!r}"


def _input(block: Mapping[str, Any]) -> Found:
    yield from _plain(block.get("label"), 2000)
    yield from _element(block.get("element", {}))
    if "hint" in block:
        yield from _plain(block["hint"], 2000)


def _rich(block: Mapping[str, Any]) -> Found:
    for element in block.get("elements", [{}]):
        kind = element.get("type")
        if kind not in ("rich_text_section", "rich_text_preformatted", "rich_text_quote"):
            yield f"unsupported rich text {kind!r}"
            continue
        yield from _members(element, {"type", "elements", "border"})
        if not element.get("elements"):
            yield "a rich text element is not empty"
        for part in element.get("elements", []):
            yield from _part(part, kind)


def _part(part: Mapping[str, Any], within: str) -> Found:
    if part.get("type") == "link":
        yield from _members(part, {"type", "url", "text", "unsafe", "style"})
        yield from _text(part.get("url"), 1, 3000)
        return
    if part.get("type") != "text":
        yield f"unsupported part {part.get('type')!r}"
        return
    yield from _members(part, {"type", "text", "style"} - ({"style"} if "pre" in within else set()))
    yield from _text(part.get("text"), 1, BLOCKS_TEXT)
    for name, value in part.get("style", {}).items():
        if name not in ("bold", "italic", "strike", "code") or not isinstance(value, bool):
            yield f"no style {name!r}"


def _divider(block: Mapping[str, Any]) -> Found:
    yield from ()


BLOCKS: Mapping[str, tuple[set[str], Callable[[Mapping[str, Any]], Found]]] = {
    "header": ({"text"}, _header),
    "section": ({"text", "fields", "accessory", "expand"}, _section),
    "context": ({"elements"}, _context),
    "actions": ({"elements"}, _actions),
    "input": ({"label", "element", "hint", "optional", "dispatch_action"}, _input),
    "rich_text": ({"elements"}, _rich),
    "divider": (set(), _divider),
}
"""By type: its members, and what is looked at."""
