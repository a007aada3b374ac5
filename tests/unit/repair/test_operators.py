"""Every family of small edits makes the right text of a broken one, and leaves the rest alone."""

import ast
from dataclasses import dataclass
from itertools import islice

import pytest

from core.patches import Suspect
from core.trees import Tree
from repair.proposals import Proposals
from repair.search import Bounds

PATH = "shop.py"
HEAD = "import os ,  sys   # kept: as it was written\n\n\n"
TAIL = "\n\ndef other( a,b ):   # kept: blanks and all\n    return  a+b\n"
IN_REACH = Bounds().max_candidates
"""A right text that comes later than this is never tried."""


@dataclass(frozen=True)
class Fault:
    """A correct text, and how it is broken: `before` is found once and gives way to `after`."""

    family: str
    right: str
    before: str
    after: str
    at: str = ""
    """A text on the suspect line, when that is not where the fault begins."""

    @property
    def text(self) -> str:
        assert self.right.count(self.before) == 1
        return HEAD + self.right.replace(self.before, self.after) + TAIL

    @property
    def line(self) -> int:
        """Where the fault is, counted from 1."""
        if self.at:
            assert self.text.count(self.at) == 1
            return self.text[: self.text.index(self.at)].count("\n") + 1
        return (HEAD + self.right[: self.right.index(self.before)]).count("\n") + 1


BOUNDARY = """\
def grade(points, limit):
    # the limit itself is enough
    if points >= limit:
        return "pass"
    return "fail"


def failed(mark):
    return mark == "fail"
"""
SCAN = """\
def first_even(numbers):
    found = None
    for number in numbers:  # in order
        if number % 2 == 0:
            found = number
            break
    return found
"""
SKIP = """\
def total(rows):
    result = missing = 0
    for row in rows:
        if row is None:
            missing += 1
            continue
        result += row
    return result
"""
PRICE = """\
def price(amount, rate, discount):
    net = amount - discount  # before tax
    return net * (1 + rate)


def tax(net, rate):
    return round(net * (1 + rate) - net, 2)
"""
ACCOUNT = """\
class Account:
    def __init__(self, owner, limit, spent):
        self.owner = owner
        self.limit = limit
        self.spent = spent
        self.frozen = False

    def left(self):
        return self.limit - self.spent

    def freeze(self):
        self.frozen = True

    def may_spend(self, amount):
        return not self.frozen and amount <= self.left()
"""
TEXTS = """\
def between(low, high, step=1):
    return list(range(low, high, step))


def evens(high):
    return between(0, high, 2)


def steps(low, high, step):
    return between(low, high, step)


def in_order(words):
    return sorted(words)
"""
MEMBER = """\
def known(name, names):
    return name in names


def called(name, nick):
    return name or nick


def take(queue):
    if queue:
        queue.pop()
"""
EQUAL = """\
def equal(left, right):
    return left == right


def identical(left, right):
    return left is right


def given(left):
    return left is not None
"""
RANGE = """\
def up_to(n):
    return [i for i in range(n + 1)]
"""
SHARED = """\
def add(entry, to=None):
    if to is None:
        to = []
    to.append(entry)
    return to
"""
CLEAN = """\
def clean(text):
    return text.rstrip()


def best(marks):
    return max(marks)
"""
FLAT_BODY = "    result.append(rows)\n"
FLAT_LOOP = "    for row in rows:\n        result.append(rows)\n"
FLAT = """\
def collected(rows, result):
    result.append(rows)
    return result
"""
GUARDED = """\
def collect(name, out):
    if name:
        out.append(name)
    return out
"""
ENOUGH = """\
def orderable(stock, wanted):
    if stock >= 10 * wanted:
        return "many"
    return "some"


def praise(stock, wanted):
    return "plenty" if stock >= 10 * wanted else ""
"""
FREE = """\
def allowed(free, user):
    if free and user:
        return True
    return False
"""
ASYNC = """\
async def fetch(name):
    return name.upper()


async def greet(name):
    text = await fetch(name)
    return "hello " + text
"""
LOOKUP = """\
def count_of(counts, name):
    return counts.get(name, 0)


def port_of(settings):
    return settings["port"]


def host_of(settings):
    return settings["host"]


def save(settings, port):
    settings["port"] = port
"""
ERRORS = """\
def parse(text):
    try:
        return int(text)
    except ValueError:
        raise KeyError(text) from None
"""
STRIP = "    entry = entry.strip()\n"
APPEND = "    events.append(entry)\n"
ORDER = """\
def log(events, entry):
    entry = entry.strip()
    events.append(entry)
    return len(events)
"""
STEPS = """\
def run(step, queue, done):
    done.append(step)
    while queue:
        step = queue.pop()
        done.append(step)
    return done
"""
NAMES = """\
def label(first, last, title):
    parts = [first, last, title]
    return " ".join(parts)
"""
WINDOW = """\
def window(items, size):
    return items[:size]


def rest(items):
    return items[1:]
"""
MIDDLE_GUARD = "    if low > value:\n        return low\n"
MIDDLE = """\
def clamp(value, low, high):
    if low > value:
        return low
    if value > high:
        return high
    return value
"""
USABLE = """\
def usable(user, now):
    if user.active and user.expires > now:
        return True
    return False


def visible(user, now):
    return user.active
"""
LAST = """\
def last_index(items):
    return len(items) - 1
"""

STREAM = """\
import re

HEADER = re.compile(r"^(\\w+): *([\\d.]{1,6})$")


def put(out, value, depth=0):
    # only one at the top
    if whole and depth == 0 and len(value) > 1:
        raise ValueError("several")
    out.append(value)


def stamp(day, year, month):
    return day.replace(year=int(year), month=int(month))


def listed(value):
    if isinstance(value, (list, tuple)):
        return list(value)
    return [value]


def kind(text):
    if not text:
        return "empty"
    elif text.isdigit():
        return "number"
    return "text"


def error(message, details=None):
    return message, details
"""
HANDED = """\
def emit(out, value, depth=0, whole=True):
    # only one at the top
    if whole and depth == 0 and len(value) > 1:
        raise ValueError("several")
    out.append(value)


def write(values, whole=True):
    out = []
    for value in values:
        emit(out, value, whole=whole)
    return out
"""
FAULTS = (
    Fault("comparison boundary", BOUNDARY, "points >= limit", "points > limit"),
    Fault("comparison swapped", BOUNDARY, "points >= limit", "points <= limit"),
    Fault("membership", MEMBER, "name in names", "name not in names"),
    Fault("is for equals", EQUAL, "left == right", "left is right"),
    Fault("equals for is", EQUAL, "left is right", "left == right"),
    Fault("is for is not", EQUAL, "is not None", "is None"),
    Fault("one more", WINDOW, "items[1:]", "items[2:]"),
    Fault("one less", LAST, "len(items) - 1", "len(items)"),
    Fault("end of a range", RANGE, "n + 1", "n"),
    Fault("and for or", USABLE, "active and", "active or"),
    Fault("or for and", MEMBER, "name or nick", "name and nick"),
    Fault("negation missing", ACCOUNT, "return not self.frozen", "return self.frozen"),
    Fault("negation too many", USABLE, "return user.active", "return not user.active"),
    Fault("toggle to constant", ACCOUNT, "frozen = True", "frozen = not self.frozen"),
    Fault("truth value", ACCOUNT, "frozen = True", "frozen = False"),
    Fault("wrong variable", PRICE, "return net *", "return amount *"),
    Fault("wrong attribute", ACCOUNT, "self.limit - self.spent", "self.limit - self.limit"),
    Fault("wrong owner", ACCOUNT, "self.spent = spent", "self.spent = self.limit"),
    Fault("argument missing", TEXTS, "between(low, high, step)", "between(low, high)"),
    Fault("argument too many", TEXTS, "sorted(words)", "sorted(words, reverse=True)"),
    Fault("arguments swapped", TEXTS, "between(0, high, 2)", "between(high, 0, 2)"),
    Fault("return missing", MIDDLE, "return value", "value"),
    Fault("return behind missing", SCAN, "    return found\n", "", "for number"),
    Fault("break missing", SCAN, "            break\n", "", "found = number"),
    Fault("continue missing", SKIP, "            continue\n", "", "missing += 1"),
    Fault("break for continue", SKIP, "continue", "break"),
    Fault("await missing", ASYNC, "await fetch(name)", "fetch(name)"),
    Fault("arithmetic operator", PRICE, "amount - discount", "amount + discount"),
    Fault("augmented operator", SKIP, "result += row", "result -= row"),
    Fault("assignment for addition", SKIP, "result += row", "result = row"),
    Fault("grouping", PRICE, "return net * (1 + rate)", "return net * 1 + rate"),
    Fault("operands swapped", PRICE, "amount - discount", "discount - amount"),
    Fault("operand too many", PRICE, "amount - discount", "amount - discount - rate"),
    Fault("operand missing", PRICE, "amount - discount", "amount"),
    Fault("slice bound", WINDOW, "items[:size]", "items[: size - 1]"),
    Fault("slice side", WINDOW, "items[:size]", "items[size:]"),
    Fault("default argument", TEXTS, "step=1", "step=2"),
    Fault("shared default", SHARED, "None):\n    if to is None:\n        to = []\n", "[]):\n"),
    Fault("similar method", CLEAN, "rstrip", "lstrip"),
    Fault("similar function", CLEAN, "max", "min"),
    Fault("exception caught", ERRORS, "except ValueError", "except TypeError"),
    Fault("exception raised", ERRORS, "raise KeyError", "raise ValueError"),
    Fault("lookup default", LOOKUP, "counts.get(name, 0)", "counts.get(name)"),
    Fault("lookup without default", LOOKUP, "counts.get(name, 0)", "counts[name]"),
    Fault("lookup key", LOOKUP, 'return settings["port"]', 'return settings["host"]'),
    Fault("another text", BOUNDARY, 'return "fail"', 'return "pass"'),
    Fault("statement moved", ORDER, STRIP + APPEND, APPEND + STRIP),
    Fault("statement out of the loop", SKIP, "    return result", "        return result"),
    Fault("statement into the loop", SKIP, "        result += row", "    result += row"),
    Fault("statement copied", STEPS, "        done.append(step)\n", "", "step = queue"),
    Fault("statement too many", ORDER, APPEND, APPEND + "    events.sort()\n", "events.sort()"),
    Fault("call wrapped", TEXTS, "sorted(words)", "words"),
    Fault("method behind", CLEAN, "text.rstrip()", "text"),
    Fault("call unwrapped", PRICE, "return net * (1 + rate)", "return int(net * (1 + rate))"),
    Fault("loop for condition", STEPS, "while queue", "if queue"),
    Fault("condition for loop", MEMBER, "if queue", "while queue"),
    Fault("loop too many", FLAT, FLAT_BODY, FLAT_LOOP),
    Fault("iterated too little", SKIP, "in rows:", "in rows[1:]:"),
    Fault("element missing", NAMES, "[first, last, title]", "[first, last]"),
    Fault("elements exchanged", NAMES, "[first, last, title]", "[last, first, title]"),
    Fault("element too many", NAMES, "[first, last, title]", "[first, last, title, last]"),
    Fault("condition missing", FREE, "if free and user:", "if free:"),
    Fault("condition too many", USABLE, "return user.active", "return user.active and now"),
    Fault("condition from elsewhere", ENOUGH, "if stock >= 10 * wanted:", "if stock:"),
    Fault("condition around", GUARDED, "    if name:\n        out.append", "    out.append"),
    Fault("jump under a condition", MIDDLE, MIDDLE_GUARD, "", "if value > high"),
    Fault("expression from names", LAST, "len(items) - 1", "items"),
    Fault("default for a parameter", STREAM, "message, details=None", "message, details"),
    Fault("branch too many", STREAM, "    if not", '    if text == "":\n        return None\n'
          "    elif not"),
    Fault("elif too many", STREAM, "    elif text.isdigit", "    elif text.isalpha():\n"
          '        return "word"\n    elif text.isdigit'),
    Fault("all arguments", STREAM, "year=int(year), month=int(month)", "year=year, month=month"),
    Fault("isinstance", STREAM, "(list, tuple)", "list"),
    Fault("quantifier", STREAM, "{1,6}", "{6}"),
    Fault("class of characters", STREAM, "[\\d.]", "[\\d]"),
    Fault("anchor", STREAM, "$", ""),
    Fault("expression from elsewhere", PRICE, "return net * (1 + rate)", "return net"),
)  # fmt: skip


def proposals(text: str, *lines: int, crashed: bool = False) -> Proposals:
    suspects = [Suspect(path=PATH, line=line, score=1 / rank) for rank, line in enumerate(lines, 1)]
    crashes = frozenset((PATH, line) for line in lines if crashed)
    return Proposals(Tree({}).with_texts({PATH: text}), suspects, crashes=crashes)


def parsed(text: str) -> str:
    try:
        return ast.dump(ast.parse(text))
    except SyntaxError:
        return ""


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.family)
def test_the_right_text_is_among_the_proposals(fault: Fault) -> None:
    right = parsed(HEAD + fault.right + TAIL)
    assert parsed(fault.text) not in ("", right)
    edits = (trial.edits[0] for trial in islice(proposals(fault.text, fault.line), IN_REACH))
    mended = next((text for e in edits if parsed(text := e.apply(fault.text)) == right), None)
    assert mended is not None, f"nothing that is proposed mends it: {fault.family}"
    assert mended.startswith(HEAD) and mended.endswith(TAIL)
    assert comments(mended) == comments(fault.text)


def test_a_flag_of_the_caller_is_handed_down() -> None:
    text = HANDED.replace(", whole=True):\n    #", "):\n    #").replace("whole and ", "")
    text = text.replace(", whole=whole", "")
    assert text.count("whole") == 1
    line = text[: text.index("if depth")].count("\n") + 1
    edits = [trial.edits[0] for trial in islice(proposals(text, line), IN_REACH)]
    assert any(edit.apply(text) == HANDED for edit in edits)


def comments(text: str) -> list[str]:
    return [line.partition("#")[2] for line in text.split("\n") if "#" in line]


def test_edits_leave_all_other_lines_as_they_were() -> None:
    text = HEAD + SKIP + TAIL
    line = text[: text.index("result += row")].count("\n") + 1
    edits = [trial.edits[0] for trial in islice(proposals(text, line), 300)]
    within = [edit for edit in edits if edit.operator in ("augmented", "variable")]
    assert within
    for edit in within:
        lines = edit.apply(text).split("\n")
        del lines[line - 1]
        assert lines == [*text.split("\n")[: line - 1], *text.split("\n")[line:]]


def test_proposals_come_by_falling_score_and_none_twice() -> None:
    text = HEAD + MIDDLE + TAIL
    trials = list(islice(proposals(text, 6, 8, 5), IN_REACH))
    scores = [trial.score for trial in trials]
    assert scores == sorted(scores, reverse=True) and scores[0] > scores[-1] > 0
    trials = list(islice(proposals(text, 6), IN_REACH))
    results = [trial.edits[0].apply(text) for trial in trials]
    assert len(set(results)) == len(results)
    assert text not in results


def test_proposals_are_the_same_each_time() -> None:
    text = HEAD + ACCOUNT + TAIL
    first = [trial.edits for trial in islice(proposals(text, 13, 8), 500)]
    assert first == [trial.edits for trial in islice(proposals(text, 13, 8), 500)]


def test_a_guard_at_the_crash_is_marked_and_comes_late() -> None:
    text = "def size(word):\n    word = word.strip()\n    return len(word)\n"
    trials = list(islice(proposals(text, 2, crashed=True), IN_REACH))
    guards = [at for at, trial in enumerate(trials) if trial.edits[0].guard]
    assert guards and guards[0] > 20
    elsewhere = islice(proposals(text, 2), IN_REACH)
    assert not any(trial.edits[0].guard for trial in elsewhere), "nothing crashed here"


def test_what_is_no_python_has_no_proposals() -> None:
    assert not list(proposals("def broken(:\n    return 1\n", 2))
