"""Draws a chat as a phone shows it: from what was sent to the Bot API, by headless Chromium."""

import html
from collections.abc import Sequence
from pathlib import Path

from docs.pictures.browser import photograph
from tests.fakes.telegram_chats import BOT, Message

WIDTH, HEIGHT = 390, 844
STYLE = """
* { box-sizing: border-box; margin: 0 }
body { width: 390px; height: 844px; overflow: hidden; background: #d5dfc9;
  font: 15px/1.33 "Noto Sans", "DejaVu Sans", sans-serif; color: #111 }
header { position: fixed; inset: 0 0 auto; height: 56px; padding: 8px 16px; background: #fff;
  border-bottom: 1px solid #ccd; z-index: 1 }
header b { display: block } header span { color: #789; font-size: 13px }
main { position: fixed; inset: 56px 0 0; display: flex; flex-direction: column; gap: 6px;
  justify-content: flex-end; padding: 8px }
.line { display: flex; flex-direction: column; align-items: flex-start; flex: none }
.line.own { align-items: flex-end }
.bubble { max-width: 350px; padding: 6px 10px 4px; background: #fff; border-radius: 14px;
  white-space: pre-wrap; overflow-wrap: anywhere; box-shadow: 0 1px 1px #0002 }
.own .bubble { background: #e3fbc8 }
.bubble code { font: 12.5px/1.35 "DejaVu Sans Mono", monospace; color: #27548a }
.bubble pre { margin: 4px -4px 0; padding: 6px 8px; background: #f1f4f7; border-radius: 8px;
  border-left: 3px solid #5b9bd5; white-space: pre-wrap }
.bubble pre code { color: #234; font-size: 11.5px }
.bubble blockquote { border-left: 3px solid #5b9bd5; background: #eef5fb; border-radius: 6px;
  padding: 2px 8px; max-height: 60px; overflow: hidden; font-size: 14px }
.bubble a { color: #2a7ab9; text-decoration: none }
.reply { border-left: 3px solid #5b9bd5; padding-left: 6px; margin-bottom: 3px; color: #567;
  font-size: 13px; white-space: nowrap; overflow: hidden; text-overflow: ellipsis;
  max-width: 320px }
.time { text-align: right; font-size: 11px; color: #89a; line-height: 1.2 }
.keys { width: 350px; display: grid; gap: 4px; margin-top: 4px }
.row { display: flex; gap: 4px } .row span { flex: 1; text-align: center; padding: 8px 4px;
  border-radius: 8px; background: #7f9a77d0; color: #fff; font-weight: 600; font-size: 14px }
.row .success { background: #4caf50 } .row .danger { background: #e25b52 }
.file { display: flex; gap: 10px; align-items: center }
.file i { width: 40px; height: 40px; border-radius: 50%; background: #5b9bd5; color: #fff;
  display: grid; place-items: center; font-style: normal; font-size: 18px }
.file small { color: #789; display: block }
.toast { position: fixed; left: 24px; right: 24px; top: 70px; padding: 10px 14px; color: #fff;
  background: #000b; border-radius: 10px; z-index: 2; font-size: 14px }
"""


def draw(messages: Sequence[Message], picture: Path, *, toast: str = "") -> None:
    """Write a PNG of one screen, the latest message at its lower edge."""
    lines = "\n".join(_line(message) for message in messages)
    over = f'<div class="toast">{html.escape(toast)}</div>' if toast else ""
    page = (
        f'<!doctype html><meta charset="utf-8"><style>{STYLE}</style>'
        f"<header><b>Anton</b><span>bot</span></header>{over}"
        f"<main>{lines}</main>"
    )
    photograph(page, picture, width=WIDTH, height=HEIGHT)


def _line(message: Message) -> str:
    own = "" if message.sender.get("id") == BOT["id"] else "own"
    text = message.now.raw if not own and message.now.raw else html.escape(message.text)
    above = message.reply_to
    reply = f'<div class="reply">{html.escape(above.text[:80])}</div>' if above else ""
    edited = "edited " if message.history else ""
    body = f"{reply}{_file(message)}{text}"
    return (
        f'<div class="line {own}"><div class="bubble">{body}'
        f'<div class="time">{edited}02:11</div></div>{_keys(message)}</div>'
    )


def _file(message: Message) -> str:
    if message.document is None:
        return ""
    name, data = message.document
    size = f"{len(data) / 1024:.1f} KB"
    told = f"<div><b>{html.escape(name)}</b><small>{size}</small></div>"
    return f'<div class="file"><i>↓</i>{told}</div>'


def _keys(message: Message) -> str:
    rows = "".join(
        "<div class='row'>"
        + "".join(
            f"<span class='{k.get('style', '')}'>{html.escape(k['text'])}</span>" for k in row
        )
        + "</div>"
        for row in message.now.keyboard
    )
    return f'<div class="keys">{rows}</div>' if rows else ""
