"""Triage by rules names the kind of software from the files at hand."""

import pytest

from agents.offline.triage import triage
from core.ports import Case
from core.trees import Tree


@pytest.mark.parametrize(
    ("files", "report", "template"),
    [
        ({"a.py": "", "b.py": "", "site.js": ""}, "It is wrong.", "python-backend"),
        ({"a.py": "", "b.py": "", "site.js": ""}, "site.js is wrong.", "node-backend"),
        ({"src/a.ts": "", "package.json": "{}"}, "It is wrong.", "node-backend"),
        (
            {"src/a.tsx": "", "package.json": '{"dependencies": {"react": "19"}}'},
            "It is wrong.",
            "react-frontend",
        ),
        ({"A.java": "", "README.md": ""}, "It is wrong.", "java-backend"),
        ({"main.go": ""}, "It is wrong.", "general-research"),
    ],
)
def test_template_follows_the_files_that_are_named_else_most_files(
    files: dict[str, str], report: str, template: str
) -> None:
    found = triage(Case("t", "", report, "/r", "0" * 40, Tree().with_texts(files)))
    assert found.template == template


def test_a_line_of_any_length_is_read_at_once() -> None:
    report = f"{'a.b/' * 50_000}\n{'x' * 300_000}\nIt should be 3.\nshop.py:1"
    found = triage(Case("t", "", report, "/r", "0" * 40, Tree().with_texts({"shop.py": ""})))
    assert found.acceptance_criteria == ("It should be 3",)
