"""A ticket is words, a file or standard input, and never nothing."""

from io import BytesIO
from pathlib import Path

import pytest

from cli.tickets import MAX_BYTES, Ticket, parsed, ticket_from
from core.errors import PayloadInvalid

NOTHING = BytesIO(b"")


def test_words_are_the_report() -> None:
    ticket = ticket_from("Completing twice reopens\nthe to-do", NOTHING)
    assert ticket == Ticket("Completing twice reopens\nthe to-do", "Completing twice reopens")


def test_a_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "bug.md"
    file.write_bytes(b"\xef\xbb\xbf# BUG-42: It toggles\n\nmore \xff")
    assert ticket_from(str(file), NOTHING) == Ticket(
        "# BUG-42: It toggles\n\nmore \ufffd", "It toggles", "BUG-42"
    )


def test_a_dash_reads_standard_input() -> None:
    assert ticket_from("-", BytesIO(b"It is broken")).text == "It is broken"


@pytest.mark.parametrize(
    ("text", "key", "title"),
    [
        ("BUG-42 It toggles", "BUG-42", "It toggles"),
        ("[nothing] special", "", "[nothing] special"),
        ("## SHOP-7 - Wrong sum\nbody", "SHOP-7", "Wrong sum"),
        ("UTF-8 text is broken", "", "UTF-8 text is broken"),
        ("\n\n  # Title  \nbody", "", "Title"),
        ("#", "", "#"),
    ],
)
def test_the_first_line_gives_title_and_key(text: str, key: str, title: str) -> None:
    ticket = parsed(text)
    assert (ticket.key, ticket.title) == (key, title)


@pytest.mark.parametrize("empty", ["", "   ", "\n\n\t"])
def test_an_empty_ticket_is_refused_with_the_remedy(empty: str) -> None:
    with pytest.raises(PayloadInvalid, match="empty") as refused:
        ticket_from(empty, NOTHING)
    assert "failing test" in (refused.value.remedy or "")


def test_empty_standard_input_is_an_empty_ticket() -> None:
    with pytest.raises(PayloadInvalid, match="empty"):
        ticket_from("-", NOTHING)


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("tickets/BUG-43.md", "There is no file tickets/BUG-43.md"),
        ("BUG-42", "alone cannot be looked up"),
        ("https://example.com/issues/7", "address alone"),
    ],
)
def test_what_cannot_be_read_is_not_taken_for_words(argument: str, said: str) -> None:
    with pytest.raises(PayloadInvalid, match=said):
        ticket_from(argument, NOTHING)


def test_an_endless_ticket_is_refused() -> None:
    with pytest.raises(PayloadInvalid, match="longer than"):
        ticket_from("-", BytesIO(b"x" * (MAX_BYTES + 1)))


@pytest.mark.parametrize("argument", ["a" * 10_000, "nul\0byte", "~nobody-like-this/x"])
def test_odd_words_are_still_words(argument: str) -> None:
    assert ticket_from(argument, NOTHING).text == argument
