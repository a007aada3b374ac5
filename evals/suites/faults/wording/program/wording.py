"""Numbers and texts as people like to read them."""

import re

ROMAN = [
    (1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"),
    (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"),
]
ROMAN_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
UNITS = ["B", "kB", "MB", "GB", "TB"]
SPANS = [("d", 86400), ("h", 3600), ("min", 60), ("s", 1)]
SMALL_WORDS = {"a", "an", "and", "of", "on", "or", "the", "to"}


class NotANumeral(ValueError):
    pass


def to_roman(number):
    if not 1 <= number <= 3999:
        raise ValueError(f"no Roman numeral for {number}")
    letters = []
    for value, letter in ROMAN:
        while number >= value:
            letters.append(letter)
            number -= value
    return "".join(letters)


def from_roman(text):
    """The number; only the usual form is taken, so not IIII."""
    total = 0
    try:
        values = [ROMAN_VALUES[letter] for letter in text.upper()]
    except KeyError as error:
        raise NotANumeral(text) from error
    for value, following in zip(values, [*values[1:], 0]):
        total += -value if value < following else value
    if not 1 <= total <= 3999 or to_roman(total) != text.upper():
        raise NotANumeral(text)
    return total


def ordinal(number):
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"


def plural(count, one, many=None):
    if many is None:
        many = one[:-1] + "ies" if re.search("[^aeiou]y$", one) else one + "s"
    return f"{count} {one if count == 1 else many}"


def size(count):
    """An amount of bytes with at most one decimal."""
    amount = float(count)
    for unit in UNITS:
        if amount < 1000 or unit == UNITS[-1]:
            break
        amount /= 1000
    text = f"{amount:.1f}".removesuffix(".0")
    return f"{text} {unit}"


def duration(seconds, parts=2):
    """The greatest units of a span of time, at most `parts` of them."""
    if seconds < 0:
        return "-" + duration(-seconds, parts)
    words = []
    for unit, length in SPANS:
        amount, seconds = divmod(seconds, length)
        if amount:
            words.append(f"{amount} {unit}")
    return " ".join(words[:parts]) or "0 s"


def listing(items, word="and"):
    """Items as in a sentence, with commas and a word before the last one."""
    items = [str(item) for item in items]
    if len(items) <= 2:
        return f" {word} ".join(items)
    return f"{', '.join(items[:-1])} {word} {items[-1]}"


def wrap(text, width):
    """Lines no longer than `width`; a word that is longer gets a line of its own."""
    lines = []
    current = ""
    for word in text.split():
        if current and len(current) + 1 + len(word) > width:
            lines.append(current)
            current = word
        else:
            current = f"{current} {word}" if current else word
    if current:
        lines.append(current)
    return lines


def center(lines, width=20, fill=" "):
    return [line.center(width, fill).rstrip(" ") for line in lines]


def headline(text):
    """Every word with a capital letter, but for small ones inside."""
    words = text.lower().split()
    last = len(words) - 1
    return " ".join(
        word if word in SMALL_WORDS and 0 < at < last else word.capitalize()
        for at, word in enumerate(words)
    )


def slug(text, taken=None):
    """A name for addresses; a number is added where it is taken, and it is then taken too."""
    taken = set() if taken is None else taken
    base = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "untitled"
    name, number = base, 2
    while name in taken:
        name = f"{base}-{number}"
        number += 1
    taken.add(name)
    return name


def frequent(text, count=3):
    """The most frequent words with their counts; ties in order of the alphabet."""
    counts = {}
    for word in re.findall(r"[a-z']+", text.lower()):
        counts[word] = counts.get(word, 0) + 1
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:count]


def mask(text, shown=4, char="*"):
    """All but the last characters hidden, spaces kept."""
    hidden = len(text) - shown
    return "".join(char if at < hidden and c != " " else c for at, c in enumerate(text))
