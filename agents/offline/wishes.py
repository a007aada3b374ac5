"""What the words of a report say that an example should give; words that leave doubt say nothing.

A wrong wish would make a test that a wrong fix passes, so a value counts only when it is complete,
of the kind that is shown, and said of this very call.
"""

import ast
import re
from dataclasses import dataclass

_WISH = re.compile(
    r"\b(?:expect(?:ed|s|ing)?(?: (?:result|output|value|return value|behaviou?r))?"
    r"(?: (?:is|was|to be|to get|to see|it to be|it to return))?"
    r"|(?:should|must|ought to) (?:be|return|give|print|yield|equal|show|output"
    r"|have been|have returned|have printed|evaluate to)"
    r"|(?:correct|right) (?:result|output|answer|value)(?: (?:is|would be))?)"
    r"\s*:?\s*(?:(?:it )?(?:returns?|gives?|prints?|yields?)\s+)?(?:(?:```|~~~)\w*\n)?"
    r"(?P<value>[^\n]+)",
    re.IGNORECASE,
)
_RAISE = re.compile(
    r"\b(?:should|must|expect(?:ed|s)?|ought to|supposed to)\b(?P<between>[^.\n]{0,40}?)"
    r"\b(?:raise|throw)s?\s+(?:an? |the )?`?"
    r"(?P<error>(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Exit|Interrupt|Iteration|Warning))",
    re.IGNORECASE,
)
_ARROW = re.compile(r"^#\s*(?:=>|->|==)\s*(?P<value>.+)$", re.MULTILINE)
_DENIED = re.compile(r"\b(?:not|never|without|wrong|bug|actual(?:ly)?|got|incorrect|currently)\b")
_OF_ANOTHER = re.compile(
    r"\b(?:arguments?|parameters?|inputs?|limits?|defaults?|timeouts?|versions?|options?|python)\b",
    re.IGNORECASE,
)
_CALL = re.compile(r"[\w.]*\w\([^()\n]*\)")
_AFTER = re.compile(
    r"[`*_]*(?:\s*$|[.;!](?:\s|$)|,\s+(?![\d'\"\[({-])"
    r"|\s+(?:instead|rather|but|not|and not|because|since|as|here|however|while|whereas|yet|got)\b"
    r"|\s*\()"
)
_OF_THE_CASE = re.compile(r"[`*_]*\s+(?:for|when|if|in|on)\b[^\d'\"()]*$")
_QUOTED = re.compile(r"`(?P<text>[^`\n]+)`[.!]?\s*$")
_ENDS = re.compile(r"[`.,;:!)\s]|$")
_MARKUP = re.compile(
    r"\*\*|^[ \t]*[#>]+[ \t]|^[ \t|E]*[\w.]*(?:Error|Exception|Warning): [^\n]*$", re.MULTILINE
)
"""What is no prose: marks of Markdown, and the last line of a traceback."""


@dataclass(frozen=True)
class Wish:
    """What should happen: a value or an error."""

    value: str = ""
    """Source of a Python literal."""
    error: str = ""
    """Name of an exception."""


def wish_in(text: str, call: str, shown: str, *, raises: bool = False) -> Wish | None:
    """The first wish for the result of a call in some prose; `shown` is what it gives now.

    Words behind a value that speak of a case speak of this one when the call `raises`.
    """
    text = _MARKUP.sub("", text)
    for match in _RAISE.finditer(text):
        if not _DENIED.search(match["between"]) and _is_of(call, _lead(text, match.start())):
            return Wish(error=match["error"])
    for match in _WISH.finditer(text):
        lead = _lead(text, match.start())
        value = _complete(match["value"], raises) or _printed(match["value"], call)
        if value is None or not _is_of(call, lead) or _equal(value, shown):
            continue
        alone = not re.search(r"\w", lead) and match["value"].strip(" .`") == value
        if alone or _alike(value, shown) or shown.strip() in match["value"].replace(value, "", 1):
            return Wish(value=value)
    return None


def wish_in_comment(comment: str, call: str) -> Wish | None:
    """The wish of a comment beside a call; an arrow counts where nothing says that it is wrong."""
    if wish := wish_in(re.sub(r"^#\s*", "", comment, flags=re.MULTILINE), call, ""):
        return wish
    raising = re.match(r"#\s*(?:->|=>)?\s*raises? (?P<error>[A-Z]\w*(?:Error|Exception))", comment)
    if raising:
        return Wish(error=raising["error"])
    arrow = _ARROW.search(comment)
    value = _complete(arrow["value"]) if arrow and not _DENIED.search(comment) else None
    return Wish(value=value) if value is not None else None


def literal(text: str) -> str | None:
    """The Python literal that a whole text is, on one line; None when it is none."""
    try:
        expression = ast.parse(text.strip(), mode="eval").body
        ast.literal_eval(expression)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    return ast.unparse(expression)


def _printed(text: str, call: str) -> str | None:
    """The text in backticks that a call should print."""
    quoted = _QUOTED.match(text.strip()) if call.startswith("print(") else None
    return repr(quoted["text"]) if quoted else None


def _complete(text: str, of_the_case: bool = False) -> str | None:
    """The literal that a text begins with, when the words behind it do not change what it says."""
    text = text.strip().lstrip("`")
    for end in sorted({match.start() for match in _ENDS.finditer(text)}, reverse=True):
        candidate = text[:end]
        if candidate.endswith(".") or literal(candidate) is None or _is_bare_tuple(candidate):
            continue
        rest = text[end:]
        meant = _AFTER.match(rest) or (of_the_case and _OF_THE_CASE.match(rest))
        return candidate if meant else None
    return None


def _is_bare_tuple(text: str) -> bool:
    return not text.startswith("(") and isinstance(ast.literal_eval(text), tuple)


def _lead(text: str, at: int) -> str:
    """The sentence up to a place."""
    return re.split(r"[.!?](?=\s)|\n", text[:at])[-1]


def _is_of(call: str, lead: str) -> bool:
    """Whether what begins a sentence does not speak of something else than a call."""
    if _OF_ANOTHER.search(lead):
        return False
    ours = _tight(call)
    named = [_tight(mention) for mention in _CALL.findall(lead)]
    return not named or any(
        name in ours or (name.endswith("()") and name[:-1] in ours) for name in named
    )


def _tight(code: str) -> str:
    return re.sub(r"\s", "", code).replace('"', "'")


def _equal(value: str, shown: str) -> bool:
    """Whether a wish is what happens now."""
    now = literal(shown)
    wished = ast.literal_eval(value)
    return value == shown or (now is not None and repr(wished) == repr(ast.literal_eval(now)))


def _alike(value: str, shown: str) -> bool:
    """Whether a wish is of the kind of what is shown, as far as that is known."""
    now = literal(shown)
    if now is None or now == "None":
        return True
    return _kind(ast.literal_eval(value)) == _kind(ast.literal_eval(now))


def _kind(value: object) -> object:
    if isinstance(value, int | float | complex) and not isinstance(value, bool):
        return "number"
    return type(value)
