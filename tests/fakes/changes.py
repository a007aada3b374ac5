"""An approved change of the small repository, as the workflow would ask for it."""

from collections.abc import Mapping
from datetime import UTC, datetime

from core.effects import ChangeRequest, Commit
from core.patches import Patch
from core.ports import Snapshot
from core.trees import File

FIX: Mapping[str, File | None] = {
    "todo.py": File(b"def complete(item):\n    item.done = True\n"),
    "tests/test_twice.py": File(b"def test_twice():\n    pass\n"),
}


def change(
    snapshot: Snapshot,
    files: Mapping[str, File | None] = FIX,
    *,
    branch: str = "anton/bug-42-1a2b3c4d",
) -> tuple[ChangeRequest, Patch]:
    """A request and its patch, split into tests first and fix second."""
    patch = Patch.between(snapshot.sha, snapshot.tree, snapshot.tree.with_files(files))
    tests = tuple(path for path in patch.paths if path.startswith("tests/"))
    rest = tuple(path for path in patch.paths if path not in tests)
    request = ChangeRequest(
        task_id="1a2b3c4d-0000-4000-8000-000000000000",
        branch=branch,
        base_sha=snapshot.sha,
        base_branch=snapshot.default_branch,
        patch_hash=patch.sha256,
        tree_hash=patch.tree_hash,
        commits=(
            Commit(message="[BUG-42] Add regression tests", tree=tests),
            Commit(message="[BUG-42] complete() sets instead of toggling", tree=rest),
        ),
        authored_at=datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC),
        title="[BUG-42] complete() sets instead of toggling",
        body="## Problem\n\nA second call undoes the first.\n",
        labels=("bug", "anton"),
    )
    return request, patch
