import pytest

from wording import (
    NotANumeral,
    center,
    duration,
    frequent,
    from_roman,
    headline,
    listing,
    mask,
    ordinal,
    plural,
    size,
    slug,
    to_roman,
    wrap,
)


def test_every_numeral_can_be_read():
    assert all(from_roman(to_roman(number)) == number for number in range(1, 4000, 7))


@pytest.mark.parametrize(("number", "text"), [(9, "IX"), (40, "XL"), (90, "XC"), (2400, "MMCD")])
def test_numerals(number, text):
    assert to_roman(number) == text
    assert from_roman(text.lower()) == number


@pytest.mark.parametrize("text", ["IC", "XXXX", "MMMM", "I I", "7"])
def test_unusual_numerals(text):
    with pytest.raises(NotANumeral):
        from_roman(text)


@pytest.mark.parametrize("number", [-1, 0, 4000])
def test_numbers_without_numeral(number):
    with pytest.raises(ValueError):
        to_roman(number)


def test_ordinals_of_larger_numbers():
    shown = {12: "12th", 13: "13th", 21: "21st", 101: "101st", 111: "111th", 113: "113th", 123: "123rd"}
    assert {number: ordinal(number) for number in shown} == shown


def test_plurals_of_y():
    assert plural(3, "boy") == "3 boys"
    assert plural(3, "berry") == "3 berries"
    assert plural(1, "berry") == "1 berry"
    assert plural(-1, "degree") == "-1 degrees"


@pytest.mark.parametrize(
    ("count", "text"),
    [(1, "1 B"), (123_456, "123.5 kB"), (10**6, "1 MB"), (2_500_000_000, "2.5 GB"), (10**12, "1 TB")],
)
def test_sizes(count, text):
    assert size(count) == text


@pytest.mark.parametrize(
    ("seconds", "parts", "text"),
    [
        (60, 2, "1 min"),
        (86_400, 1, "1 d"),
        (86_461, 2, "1 d 1 min"),
        (7_325, 1, "2 h"),
        (-75, 2, "-1 min 15 s"),
    ],
)
def test_durations(seconds, parts, text):
    assert duration(seconds, parts) == text


def test_two_units_are_shown_unless_asked_otherwise():
    assert duration(93_784) == "1 d 2 h"


def test_listing_of_nothing_and_many():
    assert listing([]) == ""
    assert listing("wxyz") == "w, x, y and z"
    assert listing(["x", "y"], "or") == "x or y"


def test_wrap_fills_lines():
    text = "one two three four five six seven"
    for width in (5, 8, 13, 40):
        lines = wrap(text, width)
        assert " ".join(lines) == text
        assert all(len(line) <= width for line in lines)
    assert wrap(text, 13) == ["one two three", "four five six", "seven"]
    assert wrap("", 10) == []


def test_center_of_several_lines():
    assert center(["a", "bbb"], 5, ".") == ["..a..", ".bbb."]
    assert center(["x"]) == [" " * 9 + "x"]


def test_headlines_begin_and_end_with_capitals():
    assert headline("what to look to") == "What to Look To"
    assert headline("a TALE of  two cities") == "A Tale of Two Cities"


def test_slugs_are_remembered_only_where_asked():
    assert [slug("A b") for _ in range(3)] == ["a-b"] * 3
    taken = set()
    assert [slug("A b", taken) for _ in range(3)] == ["a-b", "a-b-2", "a-b-3"]
    assert taken == {"a-b", "a-b-2", "a-b-3"}
    assert slug(" ?! ") == "untitled"


def test_three_most_frequent_words():
    assert frequent("The cat. the dog! A cat; the end") == [("the", 3), ("cat", 2), ("a", 1)]
    assert frequent("") == []


def test_masks():
    assert mask("secret", shown=2, char="#") == "####et"
    assert mask("abc") == "abc"
    assert mask("ab cd ef", shown=0) == "** ** **"
