"""A card as Block Kit, in which foreign words call nobody, link nowhere and pass for nothing."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.briefing import MISSING, Briefing
from core.channels import Button, Card, Heard
from core.visible import one_line, visible
from integrations.slack.kit import (
    BODY_MAX,
    FOOTER_MAX,
    TEXT_MAX,
    Block,
    clipped,
    context,
    escaped,
    field,
    header,
    paragraph,
    paragraphs,
    plain_text,
    preformatted,
    rich,
    runs,
)

LABEL_MAX = 75
NOTICE_MAX = 300
"""Characters of what a notification shows."""
DIFF_LINES = 30
DIFF_CHARACTERS = 2_000
"""A longer diff is a file."""
FILES_SHOWN = 8
ACTIONS_MAX = 25

ACTION_IDS = {"approve": "hitl_approve", "request_changes": "hitl_reject", "reject": "hitl_refuse"}
"""What actions are called in Slack, where that is not `hitl_` and their name."""
_ACTIONS = {action_id: action for action, action_id in ACTION_IDS.items()}
RELEASE_LABELS = {"approve": "Approve & Open PR", "request_changes": "Request Changes"}
_STYLES = {"approve": "primary", "request_changes": "danger", "stop": "danger"}
_FILES = re.compile(r"(?m)^(?=diff --git )")
_NOISE = re.compile(r"diff --git .*|index [0-9a-f]+\.\.[0-9a-f]+.*|new file mode 100644")


@dataclass(frozen=True)
class Rendered:
    """What goes to Slack."""

    text: str
    """What a notification shows, and a screen reader reads."""
    blocks: Sequence[Block]
    file: str = ""
    """A diff that is too long for a message."""


def render(card: Card) -> Rendered:
    """All of a card: a screen of briefing and buttons, and below them the diff.

    Of what is decided it shows the decision first, and the diff no more.
    """
    brief, open_ = card.briefing, bool(card.buttons)
    whole = visible(card.diff) if open_ else ""
    diff = _readable(whole)
    short = len(diff) <= DIFF_CHARACTERS and diff.count("\n") <= DIFF_LINES
    blocks = [header(card.title), *_repetition(card)]
    blocks += [] if open_ else _outcome(card)
    blocks += [paragraph(card.body, limit=TEXT_MAX if brief else BODY_MAX)] if card.body else []
    blocks += _briefing(brief, proof=open_) if brief else []
    blocks += _demo(brief) if brief and open_ else []
    blocks += [paragraph(f"On approval {brief.on_approve}")] if brief and open_ else []
    blocks += _actions(card)
    below = [card.footer if open_ else "", *_pinned(brief), "" if short else "diff in the thread"]
    texts = [text for text in below if text.strip()]
    blocks += [context(texts)] if texts else []
    blocks += [preformatted(diff)] if diff.strip() and short else []
    return Rendered(_notice(card.title), blocks, "" if short else whole)


def plain(card: Card) -> Rendered:
    """The least of a card: for when Slack does not take the whole."""
    lines = (card.title, card.body, card.footer, card.link)
    text = "\n".join(line for line in lines if line)
    section = {"type": "section", "text": plain_text(text or card.subject, BODY_MAX)}
    return Rendered(_notice(card.title), [section, *_actions(card)])


def told(text: str, buttons: Sequence[Button] = (), subject: str = "told") -> Rendered:
    """An answer to somebody, with what can be tapped next."""
    blocks = [
        paragraph(text or "Done.", limit=BODY_MAX),
        *_buttons(buttons, subject, released=False),
    ]
    return Rendered(_notice(text), blocks)


def answer_of(heard: Heard, *, replacing: bool = False) -> dict[str, Any]:
    """An answer as Slack takes it; all in the channel see that something was begun."""
    shown = told(heard.text, heard.buttons, heard.task_id[:8] or "told")
    answer: dict[str, Any] = {"text": shown.text, "blocks": list(shown.blocks)}
    if replacing:
        return {**answer, "replace_original": True}
    everybody = heard.state == "started"
    return {**answer, "response_type": "in_channel" if everybody else "ephemeral"}


def form(title: str, label: str, metadata: str) -> dict[str, Any]:
    """A modal that asks for words; `metadata` comes back with them."""
    asked = {
        "type": "plain_text_input",
        "action_id": "words",
        "multiline": True,
        "max_length": 3000,
        "focus_on_load": True,
    }
    block = {
        "type": "input",
        "block_id": "words",
        "label": plain_text(one_line(label), 200),
        "element": asked,
    }
    return {
        "type": "modal",
        "callback_id": "hitl_words",
        "private_metadata": metadata,
        "title": plain_text(one_line(title, 24), 24),
        "submit": plain_text("Send", 24),
        "close": plain_text("Cancel", 24),
        "blocks": [block],
    }


def action_of(action_id: str) -> str:
    """The action behind the id of a button; empty for a button that is none of ours."""
    action_id = action_id.partition(":")[0]
    if action_id in _ACTIONS:
        return _ACTIONS[action_id]
    return action_id.removeprefix("hitl_") if action_id.startswith("hitl_") else ""


def _notice(title: str) -> str:
    return escaped(one_line(title, NOTICE_MAX)) or "Anton"


def _repetition(card: Card) -> list[Block]:
    said = "Repeated: this may have been shown before."
    return [context([said])] if card.repeated else []


def _outcome(card: Card) -> list[Block]:
    """Who decided what and what came of it, with the link."""
    blocks = [paragraph(card.footer, limit=FOOTER_MAX)] if card.footer.strip() else []
    if card.link.startswith(("https://", "http://")):
        link = {"type": "link", "url": visible(card.link), "text": visible(card.link)}
        blocks.append(rich([{"type": "rich_text_section", "elements": [link]}]))
    return blocks


def _briefing(brief: Briefing, *, proof: bool) -> list[Block]:
    """What broke, how sure that is, what changes; and what proves it, and what speaks against."""
    blocks = [_fields(brief)]
    if brief.told:
        told = runs(clipped(visible(brief.told), TEXT_MAX))
        blocks.append(rich([{"type": "rich_text_quote", "elements": told}]))
    named = [("Cause", brief.root_cause), ("Fix", brief.fix)]
    if proof:
        named += [("Changes", _changes(brief)), ("Proof", _proof(brief))]
    blocks.append(paragraphs(*named))
    warnings = (
        ("Protected paths", ", ".join(brief.protected)),
        ("Unproven", brief.unproven),
        ("Notes", "\n".join(brief.notes)),
    )
    held = [(name, text) for name, text in warnings if text and proof]
    return [*blocks, paragraphs(*held)] if held else blocks


def _demo(brief: Briefing) -> list[Block]:
    """Where the change is shown live, or why not."""
    if not brief.demo:
        return []
    if brief.demo_url not in brief.demo or not brief.demo_url.startswith(("https://", "http://")):
        return [paragraph(f"Demo: {brief.demo}")]
    link = {"type": "link", "url": visible(brief.demo_url), "text": visible(brief.demo_url)}
    rest = visible(brief.demo.replace(brief.demo_url, ""))
    parts = [*runs("Demo: "), link, *(runs(rest) if rest else [])]
    return [rich([{"type": "rich_text_section", "elements": parts}])]


def _fields(brief: Briefing) -> Block:
    reported = f"{brief.reported_at:%Y-%m-%d %H:%M} UTC" if brief.reported_at else MISSING
    facts = (
        ("Severity", f"{brief.severity or MISSING}, {brief.risk} risk"),
        ("Confidence", brief.confidence),
        ("Where", f"{brief.component} ({brief.ticket})" if brief.ticket else brief.component),
        ("Reported", reported),
    )
    return {"type": "section", "fields": [field(name, value) for name, value in facts]}


def _changes(brief: Briefing) -> str:
    files, added, deleted = brief.size
    shown = [f"{file.path} +{file.added} -{file.deleted}" for file in brief.files[:FILES_SHOWN]]
    rest = [f"and {files - FILES_SHOWN} more"] if files > FILES_SHOWN else []
    listed = ", ".join([*shown, *rest]) or MISSING
    return f"{files} file{'s' * (files != 1)}, +{added} -{deleted}: {listed}"


def _proof(brief: Briefing) -> str:
    """What the tests said, by which test, who read it; what was not recorded is not spoken of."""
    facts = (brief.tests, brief.regression_test, f"review {brief.review}", f"CI {brief.ci}")
    return "; ".join(fact for fact in facts if MISSING not in fact) or MISSING


def _pinned(brief: Briefing | None) -> list[str]:
    """What the answer is bound to, and what it took to get there."""
    if brief is None:
        return []
    return [f"base {brief.base} · patch {brief.patch_hash}", f"cost: {brief.cost}"]


def _readable(diff: str) -> str:
    """A diff without the lines that only git reads; what has no text keeps all of its lines."""
    return "".join(map(_bare, _FILES.split(diff)))


def _bare(section: str) -> str:
    head, names, rest = section.partition("\n--- ")
    kept = [line for line in head.split("\n") if not _NOISE.fullmatch(line)] if names else [head]
    return "\n".join([*kept, names.lstrip("\n") + rest]) if names else head


def _actions(card: Card) -> list[Block]:
    return _buttons(card.buttons, card.task_id[:8] or card.subject, card.briefing is not None)


def _buttons(buttons: Sequence[Button], subject: str, released: bool) -> list[Block]:
    if not buttons:
        return []
    elements = [_button(button, released) for button in buttons[:ACTIONS_MAX]]
    for at, element in enumerate(elements[1:], 1):  # Slack takes each id once in a block
        if any(element["action_id"] == other["action_id"] for other in elements[:at]):
            element["action_id"] += f":{at}"
    return [{"type": "actions", "block_id": f"hitl_{subject}"[:255], "elements": elements}]


def _button(button: Button, released: bool) -> Block:
    label = RELEASE_LABELS.get(button.action, button.label) if released else button.label
    style = _STYLES.get(button.action, "")
    made: Block = {
        "type": "button",
        "action_id": ACTION_IDS.get(button.action, f"hitl_{button.action}"),
        "text": plain_text(one_line(label, LABEL_MAX), LABEL_MAX),
        "value": button.nonce,
    }
    return {**made, "style": style} if style else made
