"""From a card to what a Telegram message shows: text, keyboard, and the diff as a file."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from textwrap import wrap
from urllib.parse import urlsplit

from core.briefing import MISSING, Briefing
from core.channels import Button, Card
from core.incidents import Severity
from core.visible import visible
from telegram_bot.markup import BREAK, TEXT_MAX, Span, cut, flat, inactive, spoken, units

INLINE_LINES, INLINE_UNITS = 24, 1_000
"""A longer diff goes out as a file."""
ROW_UNITS = 26
"""Labels of one row of buttons have so many units together at most."""
LABEL_MAX = 60
CALLBACK_MAX = 200
"""Units of the words that answer a tap."""
FILES_SHOWN = 3
PHONE_COLUMNS, BRIEFING_LINES = 40, 24
WORDS = (400, 240, 160, 100)
"""Units of cause and of fix, most first: the first that fits one screen is taken."""
EMPTY = "(no words)"
"""What stands for nothing, which cannot be sent."""
LINK_MAX = 500
OWN_HOSTS = ("t.me", "telegram.me", "telegram.dog")
"""Addresses that act within Telegram."""
_MARKS = {Severity.P0: "🔴", Severity.P1: "🔴", Severity.P2: "🟠"}
_STYLES = {"primary": "success", "danger": "danger"}
_UNNAMED = re.compile(r"[^A-Za-z0-9-]")
_INDEX = re.compile(r"^index [0-9a-f]+\.\.[0-9a-f]+( \d+)?\n", re.MULTILINE)
"""A line of a diff that tells nobody anything: ids of files, as long as two lines of a phone."""
NEWLINE = Span("\n")


@dataclass(frozen=True)
class Rendered:
    """What is sent for a card."""

    spans: tuple[Span, ...]
    rows: tuple[tuple[Button, ...], ...] = ()
    document: tuple[str, bytes] | None = None
    """Name and content of the file that goes with it."""

    @property
    def html(self) -> str:
        """With markup."""
        return "".join(span.html for span in self.spans)

    @property
    def plain(self) -> str:
        """Without any, for when the markup is refused."""
        return "".join(span.text for span in self.spans)


def render(card: Card) -> Rendered:
    """The message of a card, within the vendor's limits whatever the card holds."""
    asks = bool(card.buttons)
    head, tail = [*_head(card)], [*_tail(card)]
    body = _told(card.briefing, asks) if card.briefing else [*_paragraphs(card.body)]
    keys = rows(card.buttons)
    if not (asks and card.diff.strip()):
        return Rendered(_fitted(head, body, tail), keys)
    diff = _INDEX.sub("", visible(card.diff)).strip("\n")
    short = _lines(diff) <= INLINE_LINES and units(diff) <= INLINE_UNITS
    if short and _length([*head, *body, *tail]) + units(diff) + 2 <= TEXT_MAX:
        return Rendered((*head, *body, *tail, Span("\n\n"), Span(diff, "diff")), keys)
    tail.append(Span(f"\n📎 The diff is the file above: {_lines(card.diff)} lines."))
    return Rendered(_fitted(head, body, tail), keys, _file(card))


def said(text: str) -> Rendered:
    """The message of an answer in words."""
    return Rendered((Span(cut(spoken(text), TEXT_MAX) if text.strip() else EMPTY),))


def settled(shown: str, text: str) -> Rendered:
    """What a message showed, as it came back, and below it the whole of an answer."""
    told = spoken(text)
    before = cut(spoken(shown.replace(BREAK, "")), TEXT_MAX - units(told) - 2)
    return Rendered((Span(cut(f"{before}\n\n{told}", TEXT_MAX)),))


def toast(text: str) -> str:
    """The words that appear over a tapped button; Telegram shows no markup there."""
    return cut(visible(text), CALLBACK_MAX)


def rows(buttons: Iterable[Button]) -> tuple[tuple[Button, ...], ...]:
    """Buttons side by side as long as a phone shows their labels whole."""
    laid: list[list[Button]] = []
    for button in buttons:
        taken = sum(units(other.label) + 4 for other in laid[-1]) if laid else 0
        if not laid or taken + units(button.label) > ROW_UNITS:
            laid.append([])
        laid[-1].append(button)
    return tuple(tuple(row) for row in laid)


def key_style(button: Button) -> str | None:
    """The vendor's name for the look of a button."""
    return _STYLES.get(button.style)


def _head(card: Card) -> Iterator[Span]:
    """What it is, and what became of it."""
    if card.repeated:
        yield Span("Repeated: you may have this message already.\n", "italic")
    mark = (
        _MARKS.get(card.briefing.severity, "") if card.briefing and card.briefing.severity else ""
    )
    told = bool(card.footer) and not card.buttons
    yield Span(f"{mark} {flat(card.title, 110)}".strip() or EMPTY, "plain" if told else "bold")
    if told:
        first, _, rest = inactive(card.footer).partition("\n")
        yield from (NEWLINE, Span(cut(first, 300), "bold"))
        yield Span(cut(f"\n{rest}" if rest else "", 1_000))
        if card.briefing:
            yield NEWLINE


def _tail(card: Card) -> Iterator[Span]:
    """Until when it waits, and where to read more."""
    if card.footer and card.buttons:
        yield Span("\n\n")
        yield Span(cut(inactive(card.footer), 300), "italic")
    if _leads_to_the_web(card.link) and card.link not in card.footer + card.body:
        yield NEWLINE
        yield Span(visible(card.link), "link")


def _leads_to_the_web(link: str) -> bool:
    """Whether it is an address that may be shown as one."""
    try:
        parts = urlsplit(link)
    except ValueError:
        return False
    web = parts.scheme in ("https", "http") and bool(parts.hostname) and "@" not in parts.netloc
    return web and parts.hostname not in OWN_HOSTS and len(link) <= LINK_MAX


def _paragraphs(body: str) -> Iterator[Span]:
    if body.strip():
        yield Span("\n\n")
        yield Span(inactive(body.strip()))


def _told(told: Briefing, asks: bool) -> list[Span]:
    """The briefing with as many words for cause and fix as one screen has room for."""
    for words in WORDS:
        spans = [*_briefing(told, asks, words)]
        if lines_on_a_phone("".join(span.text for span in spans)) <= BRIEFING_LINES:
            break
    return spans


def lines_on_a_phone(text: str) -> int:
    """How many lines a text takes on an ordinary phone."""
    return sum(len(wrap(line, PHONE_COLUMNS)) or 1 for line in text.split("\n"))


def _briefing(told: Briefing, asks: bool, words: int) -> Iterator[Span]:
    """The facts in the order in which somebody who was woken asks for them."""
    yield from (NEWLINE, Span(_standing(told)))
    if asks and told.told:
        yield from (NEWLINE, Span(flat(told.told, 400), "quote"))
    else:
        yield NEWLINE
    yield from _fact("Cause", told.root_cause, words, _sure(told))
    yield from _fact("Fix", told.fix, words)
    yield from _fact("Changes", _changes(told), 110)
    if not asks:
        return
    yield from _fact("Proof", told.tests, 90)
    yield from _fact("Review", told.review, 60)
    yield from _fact("Cost", told.cost, 70)
    if told.protected:
        yield from _fact("⚠️ Protected", ", ".join(told.protected), 150)
    if told.unproven:
        yield from _fact("⚠️ Missing proof", told.unproven, 150)
    if told.demo:
        yield from _demo(told)
    yield NEWLINE
    yield from _fact("On Approve", told.on_approve, 80)
    yield Span("\nbase ")
    yield Span(flat(told.base, 40), "code")
    yield Span(" · diff ")
    yield Span(flat(told.patch_hash, 40), "code")


def _demo(told: Briefing) -> Iterator[Span]:
    """Where the change is shown live, or why not."""
    url = told.demo_url
    if not (_leads_to_the_web(url) and told.demo.startswith(url)):
        yield from _fact("Demo", told.demo, 200)
        return
    yield from (NEWLINE, Span("Demo", "bold"), Span(" "), Span(visible(url), "link"))
    yield Span(f" {flat(told.demo.removeprefix(url), 100)}")


def _standing(told: Briefing) -> str:
    """Severity, risk, what broke, and since when."""
    known = [
        str(told.severity or ""),
        f"risk {told.risk}" if told.risk else "",
        "" if told.component in (MISSING, "unknown") else flat(told.component, 40),
        flat(told.ticket, 20),
        f"since {_moment(told.reported_at)}" if told.reported_at else "",
    ]
    return " · ".join(filter(None, known))


def _sure(told: Briefing) -> str:
    return "" if told.confidence == MISSING else f" ({flat(told.confidence, 10)} sure)"


def _changes(told: Briefing) -> str:
    files, added, deleted = told.size
    if not files:
        return MISSING
    named = ", ".join(file.path for file in told.files[:FILES_SHOWN])
    more = f" and {files - FILES_SHOWN} more" if files > FILES_SHOWN else ""
    counted = "1 file" if files == 1 else f"{files} files"
    return f"+{added} -{deleted} in {counted}: {named}{more}"


def _fact(name: str, text: str, limit: int, more: str = "") -> Iterator[Span]:
    yield from (NEWLINE, Span(name, "bold"), Span(" "))
    for number, piece in enumerate(flat(text, limit).split("`")):
        if piece:
            yield Span(piece, "code" if number % 2 else "plain")
    yield Span(more)


def _file(card: Card) -> tuple[str, bytes]:
    """The diff as a file, with its controls written out, named after task and diff."""
    told = card.briefing
    name = f"{card.task_id[:8]}-{told.patch_hash[:12]}" if told else card.task_id[:8]
    return f"{_UNNAMED.sub('_', name)}.diff", visible(card.diff).encode()


def _lines(diff: str) -> int:
    return len(diff.strip("\n").split("\n"))


def _fitted(head: list[Span], body: list[Span], tail: list[Span]) -> tuple[Span, ...]:
    """All of head and tail, and as much of what is between as there is room for."""
    room = TEXT_MAX - _length([*head, *tail])
    kept: list[Span] = []
    for span in body:
        if units(span.text) > room:
            kept.append(Span(cut(span.text, max(room, 1)), span.style))
            break
        room -= units(span.text)
        kept.append(span)
    return (*head, *kept, *tail)


def _length(spans: Iterable[Span]) -> int:
    return sum(units(span.text) for span in spans)


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%d %b %H:%M} UTC"
