"""Amounts of money in plain words, for raising a budget; what is not plain is asked again."""

import re

from core.budgets import increase

PLAIN_MAX = 200
"""Longer texts are no plain words; in characters."""

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
    " sixteen seventeen eighteen nineteen"
).split()
_TENS = dict(
    zip(
        "twenty thirty forty fifty sixty seventy eighty ninety".split(),
        range(20, 100, 10),
        strict=True,
    )
)
_SPOKEN = f"(?:(?:{'|'.join(_TENS)})(?:[ -](?:{'|'.join(_SMALL[1:10])}))?|{'|'.join(_SMALL)})"
_NUMBER = rf"(?:(?<![\d.,])(?:\d+(?:\.\d{{1,2}})?|\.\d{{1,2}})(?![\d.,]*\d)|\b{_SPOKEN}\b)"
_DOLLARS = r"(?:dollars?|bucks?|usd)\b"
_CENTS = r"(?:cents?|c)\b"
_MONEY = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?P<half>\bhalf a (?:dollar|buck)\b)",
        rf"(?P<n>\ba|{_NUMBER}) ?{_DOLLARS} and a (?P<more>half)",
        rf"(?P<n>{_NUMBER}) and a (?P<more>half) {_DOLLARS}",
        rf"(?P<n>\ba|{_NUMBER}) ?{_DOLLARS}(?: and)? (?P<cents>{_NUMBER}) ?{_CENTS}",
        rf"\$(?P<n>{_NUMBER})(?: and)? (?P<cents>{_NUMBER}) ?{_CENTS}",
        rf"(?P<n>\ba|{_NUMBER}) ?{_DOLLARS} (?P<tail>{_NUMBER})",
        rf"\$ ?(?P<n>{_NUMBER})(?: ?{_DOLLARS})?",
        rf"(?P<n>{_NUMBER}) ?(?:\$|{_DOLLARS})",
        rf"(?P<n>\ba) {_DOLLARS}",
        rf"(?P<cents>{_NUMBER}) ?{_CENTS}",
    )
)
_BARE = re.compile(_NUMBER)
_REWORDED = (
    (re.compile(r"\b(another|extra|additional) (dollar|buck)\b"), r"\1 one \2"),
    (
        re.compile(rf"({_NUMBER}) (?:more|extra|additional) ({_DOLLARS}|{_CENTS})"),
        r"\1 \2 more",
    ),
)
_POLITE = re.compile(
    r"\b(please|ok(ay)?|yes|yeah|yep|sure|fine|alright|all right|thanks|thank you|just|then|anton"
    r"|go ahead|go on|continue|carry on|and|now|for now)\b|[,.!;:]"
)
_BUDGET = r"(?:new )?(?:task|budget|limit)(?:'s (?:budget|limit))?"
_IT = rf"(?:it|him|this|(?:(?:the|this|its|his) )?{_BUDGET})"
_MORE = r"(?: (?:more|extra|on top|on top of that))?"
_ANOTHER = r"(?:(?:another|an? extra|an? additional|an? more|plus|extra) )?"
_RAISE = r"(?:raise|increase|bump|lift|extend|bring|top)"
_ADDED = (
    rf"(?:(?:give|grant|allow|lend) (?:{_IT} )?)?{_ANOTHER}§{_MORE}(?: (?:for|to) {_IT})?",
    rf"(?:let {_IT} have|{_IT} (?:gets|can have|may have)) {_ANOTHER}§{_MORE}",
    rf"(?:spend|use|{_IT} (?:can|may) (?:spend|use)|you (?:can|may) (?:spend|use|have))"
    r" (?:another §|§ (?:more|extra))",
    rf"add {_ANOTHER}[§#]{_MORE}(?: to {_IT})?",
    rf"{_RAISE}(?: {_IT})?(?: up)? by [§#]",
    rf"{_RAISE} up(?: {_IT})?(?: by)? §",
    r"\+ ?[§#]",
)
_TOTAL = (
    rf"(?:set|put|make|change|up|{_RAISE})(?: {_IT})?(?: up)? (?:to|at|=) [§#]",
    rf"(?:set|make) {_IT} §",
    rf"(?:cap {_IT} at|{_IT}(?: should be| is| to| of| =)?) §(?: (?:in total|total|at most|max))?",
    rf"(?:(?:give|allow) {_IT} )?(?:up to|at most|a total of|max|a maximum of) §",
    r"§ (?:in total|total|at most|max|altogether|all in all)",
)
_TIMES = {"double": 2, "triple": 3}


def raise_in(text: str, limit_usd: float | None, *, bare: bool = False) -> float | None:
    """By how many dollars a budget is to be raised; None when the words are not plain.

    A new total becomes its difference to the present limit. `bare` takes a number alone for what
    is to be added, as where only an amount was asked for.
    """
    if len(text) > PLAIN_MAX:
        return None
    words = " ".join(text.lower().replace("\u2019", "'").replace("¢", " cents").split())
    found = _said(words, limit_usd) or (_added(words) if bare else None)
    if found is None:
        return None
    amount, total = found
    return increase(amount, limit_usd, total=total)


def speaks_of_money(text: str) -> bool:
    """Whether an amount is named at all."""
    return any(pattern.search(text[:PLAIN_MAX].lower()) for pattern in _MONEY)


def _said(words: str, limit_usd: float | None) -> tuple[float, bool] | None:
    """The amount of a whole utterance, and whether it is the new total."""
    shape, amounts = _shape(words)
    if times := re.fullmatch(rf"(double|triple)(?: {_IT})?", shape):
        return (limit_usd * _TIMES[times[1]], True) if limit_usd else None
    if len(amounts) != 1:
        return None
    for patterns, total in ((_TOTAL, True), (_ADDED, False)):
        if any(re.fullmatch(pattern, shape) for pattern in patterns):
            return amounts[0], total
    return None


def _added(words: str) -> tuple[float, bool] | None:
    return (_value(words), False) if re.fullmatch(_NUMBER, words) else None


def _shape(words: str) -> tuple[str, list[float]]:
    """The words with § for each amount of money and # for each other number, and what they are."""
    amounts: list[float] = []

    def money(match: re.Match[str]) -> str:
        amount = _dollars(match.groupdict())
        if amount is None:
            return match[0]
        amounts.append(amount)
        return " § "

    def number(match: re.Match[str]) -> str:
        amounts.append(_value(match[0]))
        return " # "

    for pattern, plainer in _REWORDED:
        words = pattern.sub(plainer, words)
    for pattern in _MONEY:
        words = pattern.sub(money, words)
    words = _BARE.sub(number, words)
    return " ".join(_POLITE.sub(" ", words).split()), amounts


def _dollars(parts: dict[str, str | None]) -> float | None:
    """The value of a match; None for cents that could be something else."""
    if parts.get("half"):
        return 0.5
    dollars = _value(parts["n"]) if parts.get("n") else 0.0
    cents = _value(parts["cents"]) if parts.get("cents") else 0.0
    if tail := parts.get("tail"):
        cents = _value(tail)
        if not 10 <= cents < 100:
            return None
    return round(dollars + cents / 100 + (0.5 if parts.get("more") else 0.0), 4)


def _value(number: str | None) -> float:
    if number is None or number == "a":
        return 1.0
    if number[0].isdigit() or number[0] == ".":
        return float(number)
    tens, _, ones = number.replace("-", " ").partition(" ")
    if tens in _TENS:
        return float(_TENS[tens] + (_SMALL.index(ones) if ones else 0))
    return float(_SMALL.index(tens))
