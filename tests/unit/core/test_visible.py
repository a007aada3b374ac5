"""Nothing in foreign text acts on a terminal or hides in it."""

import unicodedata

import pytest

from core.visible import inert, one_line, visible


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[2Jgone", "<U+001B>[2Jgone"),
        ("\x1b]8;;http://evil\x07text", "<U+001B>]8;;http://evil<U+0007>text"),
        ("\x9b31m", "<U+009B>31m"),
        ("safe\rhidden", "safe<U+000D>hidden"),
        ("back\b\b\b", "back<U+0008><U+0008><U+0008>"),
        ("\u202egnp.exe", "<U+202E>gnp.exe"),
        ("a\u2066b\u2069", "a<U+2066>b<U+2069>"),
        ("zero\u200bwidth\u200d\ufeff", "zero<U+200B>width<U+200D><U+FEFF>"),
        ("tag\U000e0041", "tag<U+E0041>"),
        ("sel\ufe0f", "sel<U+FE0F>"),
        ("line\u2028sep", "line<U+2028>sep"),
        ("lone\udc80", "lone<U+DC80>"),
        ("nul\0", "nul<U+0000>"),
        ("[bold]markup[/bold]", "[bold]markup[/bold]"),
        ("tab\tand\nline", "tab\tand\nline"),
        ("Grüße, 世界 ✓", "Grüße, 世界 ✓"),
    ],
)
def test_what_acts_or_hides_is_written_out(hostile: str, shown: str) -> None:
    assert visible(hostile) == shown


def test_every_control_format_and_surrogate_of_unicode_is_written_out() -> None:
    hidden = [
        chr(code)
        for code in range(0x110000)
        if chr(code) not in "\n\t"
        and unicodedata.category(chr(code)) in ("Cc", "Cf", "Cs", "Zl", "Zp")
        and visible(chr(code)) == chr(code)
    ]
    assert hidden == []


def test_one_line_is_one_short_harmless_line() -> None:
    assert one_line("first\nsecond\x1b[0m") == "first second<U+001B>[0m"
    assert one_line("x" * 300, 10) == "xxxxxxxxx…"


def test_markup_in_a_document_does_not_act() -> None:
    text = inert("a < b ![x](http://h/?s) <img src=x>\u202e")
    assert text == "a < b !\\[x](http://h/?s) <\\img src=x><U+202E>"
