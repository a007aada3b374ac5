"""What changed between two revisions is a diff that leads from the one to the other."""

import pytest

from core.patches import Patch
from core.revisions import changes_between, undone
from core.trees import File, Tree

BASE = Tree().with_texts(
    {"app.py": "a\nb\nc\nd\n", "old.py": "x\n", "util.py": "one\ntwo\nthree\n", "keep.py": "k\n"}
)


def patch(files: dict[str, str | None]) -> Patch:
    made = {path: None if text is None else File(text.encode()) for path, text in files.items()}
    return Patch.between("sha", BASE, BASE.with_files(made))


RESULTS: list[dict[str, str | None]] = [
    {"app.py": "a\nB\nc\nd\n"},
    {"app.py": "a\nB\nc\nD\n", "new.py": "n\nm\n"},
    {"old.py": None, "util.py": "one\n2\nthree"},
    {"new.py": "n\n", "old.py": "x\ny\n"},
    {"util.py": "zero\none\ntwo\n"},
]


@pytest.mark.parametrize("older", RESULTS)
@pytest.mark.parametrize("newer", RESULTS)
def test_it_leads_from_the_older_result_to_the_newer(
    older: dict[str, str | None], newer: dict[str, str | None]
) -> None:
    first, second = patch(older), patch(newer)
    direct = Patch.between("sha", first.apply(BASE), second.apply(BASE))
    assert changes_between(first, second) == direct.diff


def test_the_same_patch_has_no_changes() -> None:
    assert changes_between(patch(RESULTS[1]), patch(RESULTS[1])) == ""


@pytest.mark.parametrize("files", RESULTS)
def test_undone_twice_is_as_before(files: dict[str, str | None]) -> None:
    diff = patch(files).diff
    for section in ("diff --git " + part for part in diff.split("diff --git ")[1:]):
        assert undone(undone(section)) == section
