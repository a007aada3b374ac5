"""Names of branches."""

import pytest

from core.effects import branch_name


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("BUG-42", "anton/bug-42-1a2b3c4d"),
        ("", "anton/1a2b3c4d"),
        ("  ", "anton/1a2b3c4d"),
        ("日本", "anton/1a2b3c4d"),
        ("Größe & Maß: kaputt!", "anton/groe-ma-kaputt-1a2b3c4d"),
        ("complete() toggles / instead_of", "anton/complete-toggles-instead_of-1a2b3c4d"),
        ("../../main", "anton/main-1a2b3c4d"),
        ("$(touch x).py; -rf", "anton/touch-x-py-rf-1a2b3c4d"),
        ("refs/heads/main.lock", "anton/refs-heads-main-lock-1a2b3c4d"),
        ("x" * 59 + " yz", "anton/" + "x" * 59 + "-1a2b3c4d"),
        ("a\0b\nc", "anton/a-b-c-1a2b3c4d"),
    ],
)
def test_a_branch_is_named_after_its_key_in_plain_letters(key: str, name: str) -> None:
    assert branch_name("anton/", key, "1a2b3c4d") == name
