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


def test_to_roman():
    assert [to_roman(n) for n in (1, 4, 8, 44, 1994)] == ["I", "IV", "VIII", "XLIV", "MCMXCIV"]


def test_limits_of_roman():
    assert to_roman(3999) == "MMMCMXCIX"
    for number in (0, 4000):
        with pytest.raises(ValueError):
            to_roman(number)


def test_from_roman():
    assert [from_roman(t) for t in ("III", "ix", "MCMXCIV")] == [3, 9, 1994]


@pytest.mark.parametrize("text", ["IIII", "VX", "", "ABC"])
def test_no_numerals(text):
    with pytest.raises(NotANumeral):
        from_roman(text)


def test_ordinal():
    assert [ordinal(n) for n in (1, 2, 3, 4, 11, 22)] == ["1st", "2nd", "3rd", "4th", "11th", "22nd"]


def test_plural():
    assert plural(1, "box", "boxes") == "1 box"
    assert plural(2, "city") == "2 cities"
    assert plural(0, "day") == "0 days"


def test_size():
    assert [size(n) for n in (0, 999, 1000, 1550)] == ["0 B", "999 B", "1 kB", "1.6 kB"]
    assert size(5 * 10**15) == "5000 TB"


def test_duration():
    assert duration(59) == "59 s"
    assert duration(3661) == "1 h 1 min"
    assert duration(90061, parts=4) == "1 d 1 h 1 min 1 s"
    assert duration(0) == "0 s"


def test_listing():
    assert listing(["a"]) == "a"
    assert listing(["a", "b"]) == "a and b"
    assert listing([1, 2, 3], "or") == "1, 2 or 3"


def test_wrap():
    assert wrap("the quick brown fox", 9) == ["the quick", "brown fox"]
    assert wrap("a incomprehensible b", 5) == ["a", "incomprehensible", "b"]


def test_center():
    assert center(["ab"], 6) == ["  ab"]
    assert center(["ab"], 6, "-") == ["--ab--"]


def test_headline():
    assert headline("the lord OF the rings") == "The Lord of the Rings"


def test_slug():
    assert slug("Hello, World!") == "hello-world"
    assert slug("Hello, World!") == "hello-world"
    taken = {"news"}
    assert [slug("News", taken) for _ in range(2)] == ["news-2", "news-3"]


def test_frequent():
    assert frequent("d b a b d c a d", 2) == [("d", 3), ("a", 2)]


def test_mask():
    assert mask("4000 1234 5678") == "**** **** 5678"
