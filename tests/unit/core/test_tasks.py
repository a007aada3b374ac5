"""How a report is named: its headline and its ticket."""

import pytest

from core.tasks import TaskRequest, ticket_key


@pytest.mark.parametrize(
    ("text", "key", "headline"),
    [
        ("# BUG-42: To-dos come back\n\nmore", "BUG-42", "To-dos come back"),
        ("[OPS-7] It is slow", "OPS-7", "[OPS-7] It is slow"),
        ("It is slow, see OPS-7", "", "It is slow, see OPS-7"),
        ("UTF-8 names break", "", "UTF-8 names break"),
        ("CVE-2026-1234 in a dependency", "", "CVE-2026-1234 in a dependency"),
        ("BUG-1", "BUG-1", "BUG-1"),
        ("x" * 200, "", "x" * 119 + "…"),
        ("# # #\n\n**It is slow**", "", "It is slow"),
        ("# # #", "", "# # #"),
    ],
)
def test_headline_and_key(text: str, key: str, headline: str) -> None:
    assert ticket_key(text) == key
    assert TaskRequest(repository="r", text=text, ticket=key).headline == headline
