"""Draws messages as Slack shows them, from the Block Kit that was sent."""

import html
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from docs.pictures.browser import photograph
from tests.fakes.slack_store import Shown

Block = Mapping[str, Any]

STYLE = """
* { box-sizing: border-box; margin: 0 }
body { width: WIDTHpx; background: #fff; color: #1d1c1d; overflow-x: hidden;
  font: 15px/1.46 "Lato", "Noto Sans", "DejaVu Sans", sans-serif }
header { height: 50px; padding: 13px 20px; border-bottom: 1px solid #ddd; font-weight: 700 }
.message { display: flex; gap: 8px; padding: 8px 20px }
.message.reply { padding-left: 64px }
.message.alone { background: #f8f5ec }
.face { flex: none; width: 36px; height: 36px; border-radius: 6px; background: #1f2937;
  color: #fff; display: grid; place-items: center; font-weight: 700 }
.face.person { background: #7c5cbf }
.body { flex: 1; min-width: 0 }
.who b { margin-right: 6px } .who small { color: #616061 }
.who i { font-style: normal; font-size: 10px; background: #ddd; border-radius: 3px;
  padding: 1px 3px; margin-right: 6px; color: #555 }
.edited { color: #616061; font-size: 12px }
h3 { font-size: 18px; line-height: 1.3; margin: 8px 0 4px }
.section, .rich { margin: 6px 0; overflow-wrap: anywhere }
.fields { display: grid; grid-template-columns: COLUMNS; gap: 4px 16px }
.rich { white-space: pre-wrap }
.rich pre, .mrkdwn code { font: 12px/1.5 "DejaVu Sans Mono", monospace; border-radius: 4px;
  background: #f8f8f8; border: 1px solid #ddd }
.rich code { font: 12px "DejaVu Sans Mono", monospace; border-radius: 3px; color: #c01343;
  background: #f8f8f8; border: 1px solid #ddd; padding: 1px 3px }
.rich pre { padding: 8px; white-space: pre-wrap; margin: 4px 0 }
.rich blockquote { border-left: 4px solid #ddd; padding-left: 12px }
.context { color: #616061; font-size: 12px; margin: 6px 0 }
.context span + span::before { content: "   " } .context span { white-space: pre-wrap }
.actions { display: flex; flex-wrap: wrap; gap: 8px; margin: 8px 0 }
.actions span { border: 1px solid #bbb; border-radius: 4px; padding: 5px 12px; font-weight: 700;
  font-size: 13px; background: #fff }
.actions .primary { background: #007a5a; border-color: #007a5a; color: #fff }
.actions .danger { background: #fff; border-color: #e01e5a; color: #e01e5a }
a { color: #1264a3; text-decoration: none }
.only { color: #616061; font-size: 12px }
.file { border: 1px solid #ddd; border-radius: 8px; padding: 10px 12px; display: inline-block;
  margin: 4px 0 }
.modal { position: fixed; inset: 0; background: #0008; display: grid; place-items: center }
.modal div.box { background: #fff; width: 480px; max-width: 92%; border-radius: 8px;
  padding: 20px 24px } .modal h2 { font-size: 20px; margin-bottom: 14px }
.modal label { font-weight: 700; display: block; margin-bottom: 6px }
.modal .words { border: 1px solid #999; border-radius: 4px; min-height: 84px; padding: 8px 12px }
.modal .foot { display: flex; justify-content: flex-end; gap: 8px; margin-top: 18px }
"""


def draw(
    messages: Sequence[Shown],
    picture: Path,
    *,
    width: int = 720,
    height: int = 900,
    typed: Mapping[str, str] | None = None,
    form: tuple[Block, str] | None = None,
    files: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Write a PNG; `typed` says what somebody typed before a message, by its reference."""
    style = STYLE.replace("WIDTH", str(width))
    style = style.replace("COLUMNS", "1fr 1fr" if width > 500 else "1fr")
    lines = "\n".join(
        _typed((typed or {}).get(message.ref, "")) + _message(message, files)
        for message in messages
    )
    page = (
        f'<!doctype html><meta charset="utf-8"><style>{style}</style>'
        f"<header># incidents</header>{lines}{_form(*form) if form else ''}"
    )
    photograph(page, picture, width=width, height=height)


def _typed(text: str) -> str:
    if not text:
        return ""
    return _line("A", "person", "alice", "", f"<div class='rich'>{html.escape(text)}</div>", "")


def _message(message: Shown, files: Sequence[Mapping[str, Any]]) -> str:
    blocks = "".join(BLOCKS[block["type"]](block) for block in message.blocks)
    attached = "".join(
        f"<div class='file'>📄 <b>{html.escape(file['name'])}</b></div>"
        for file in files
        if file["thread_ts"] == message.ts
    )
    only = "<div class='only'>👁 Only visible to you</div>" if message.only_for else ""
    edited = "<span class='edited'>(edited)</span>" if len(message.history) > 1 else ""
    kind = "reply" if message.thread_ts else "alone" if message.only_for else ""
    return _line("⚒", "", "Anton", "<i>APP</i>", f"{only}{blocks}{attached}{edited}", kind)


def _line(face: str, person: str, who: str, badge: str, body: str, kind: str) -> str:
    return (
        f"<div class='message {kind}'><div class='face {person}'>{face}</div><div class='body'>"
        f"<div class='who'><b>{who}</b>{badge}<small>2:11 AM</small></div>{body}</div></div>"
    )


def _form(view: Block, words: str) -> str:
    field = next(block for block in view["blocks"] if block["type"] == "input")
    texts = (view["title"], field["label"], view["close"], view["submit"])
    title, label, close, submit = (html.escape(text["text"]) for text in texts)
    return (
        f"<div class='modal'><div class='box'><h2>{title}</h2><label>{label}</label>"
        f"<div class='words'>{html.escape(words)}</div><div class='foot actions'>"
        f"<span>{close}</span><span class='primary'>{submit}</span></div></div></div>"
    )


def _text(item: Block) -> str:
    if item["type"] != "mrkdwn":
        return html.escape(item["text"])
    marked = re.sub(r"\*([^*\n]+)\*", r"<b>\1</b>", item["text"])
    return f"<span class='mrkdwn'>{marked}</span>".replace("\n", "<br>")


def _header(block: Block) -> str:
    return f"<h3>{_text(block['text'])}</h3>"


def _section(block: Block) -> str:
    if "fields" in block:
        cells = "".join(f"<div>{_text(field)}</div>" for field in block["fields"])
        return f"<div class='section fields'>{cells}</div>"
    return f"<div class='section'>{_text(block['text'])}</div>"


def _context(block: Block) -> str:
    spans = "".join(f"<span>{_text(element)}</span>" for element in block["elements"])
    return f"<div class='context'>{spans}</div>"


def _actions(block: Block) -> str:
    buttons = "".join(
        f"<span class='{button.get('style', '')}'>{_text(button['text'])}</span>"
        for button in block["elements"]
    )
    return f"<div class='actions'>{buttons}</div>"


def _rich(block: Block) -> str:
    tags = {"rich_text_preformatted": "pre", "rich_text_quote": "blockquote"}
    parts = []
    for element in block["elements"]:
        tag = tags.get(element["type"], "div")
        runs = "".join(map(_run, element["elements"]))
        parts.append(f"<{tag}>{runs}</{tag}>")
    return f"<div class='rich'>{''.join(parts)}</div>"


def _run(run: Block) -> str:
    if run["type"] == "link":
        return f"<a href='{html.escape(run['url'])}'>{html.escape(run['text'])}</a>"
    text, style = html.escape(run["text"]), run.get("style", {})
    text = f"<code>{text}</code>" if style.get("code") else text
    return f"<b>{text}</b>" if style.get("bold") else text


BLOCKS: Mapping[str, Callable[[Block], str]] = {
    "header": _header,
    "section": _section,
    "context": _context,
    "actions": _actions,
    "rich_text": _rich,
    "divider": lambda _: "<hr>",
}
