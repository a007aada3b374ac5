"""A change before it is made: its commits, its fence, its secrets."""

from core.effects import Commit
from core.ports import Snapshot
from core.trees import File, Tree, object_id
from integrations.changes import (
    Entries,
    check_secrets,
    drafts,
    touched_since,
    unread_submodules,
)
from tests.fakes.changes import change

BASE = Tree(
    {"todo.py": File(b"old\n"), "pkg": File(b"a file\n"), "inner": File(b"1" * 40, "160000")}
)
SNAPSHOT = Snapshot("a" * 40, BASE, "main")


def entries(tree: Tree) -> Entries:
    return {path: (file.mode, file.id) for path, file in tree.items()}


def test_a_commit_that_brings_nothing_is_left_out() -> None:
    request, patch = change(SNAPSHOT, {"todo.py": File(b"new\n")})
    nothing = Commit(message="Nothing", tree=("elsewhere.py",))
    commits = [nothing.dump(), request.commits[1].dump(), nothing.dump()]
    made = drafts(request.but(commits=commits), patch, entries(BASE))
    assert [draft.message for draft in made] == [request.commits[1].message]
    assert made[0].parent == SNAPSHOT.sha


def test_the_last_commit_brings_whatever_is_left() -> None:
    request, patch = change(SNAPSHOT, {"todo.py": File(b"new\n"), "pkg": None, "pkg/a": File(b"")})
    commits = [
        Commit(message="One", tree=("todo.py",)).dump(),
        Commit(message="Two", tree=()).dump(),
    ]
    first, last = drafts(request.but(commits=commits), patch, entries(BASE))
    assert [change.path for change in last.changes] == ["pkg", "pkg/a"]
    assert last.tree == patch.tree_hash
    assert last.parent == first.id


def test_a_commit_is_a_git_object_with_fixed_dates() -> None:
    request, patch = change(SNAPSHOT, {"todo.py": File(b"new\n")})
    (made,) = drafts(request.but(commits=[]), patch, entries(BASE))
    stamp = f"anton-bot <anton-bot@localhost> {int(request.authored_at.timestamp())} +0000"
    assert made.body.decode() == (
        f"tree {patch.tree_hash}\nparent {SNAPSHOT.sha}\nauthor {stamp}\ncommitter {stamp}\n\n"
        f"{request.title}"
    )
    assert made.id == object_id("commit", made.body)


def test_files_are_compared_by_mode_and_content() -> None:
    _, patch = change(SNAPSHOT, {"todo.py": File(b"new\n"), "fresh.py": File(b"x\n")})
    tip = dict(entries(BASE))
    assert touched_since(patch, entries(BASE), tip) == []
    tip["pkg"] = ("100755", tip["pkg"][1])
    assert touched_since(patch, entries(BASE), tip) == []
    tip["todo.py"] = ("100755", tip["todo.py"][1])
    tip["fresh.py"] = ("100644", "b" * 40)
    assert touched_since(patch, entries(BASE), tip) == ["fresh.py", "todo.py"]


def test_only_what_leaves_is_searched_for_secrets() -> None:
    seen: list[str] = []

    def scan(text: str) -> list[str]:
        seen.append(text)
        return []

    base = Tree({"todo.py": File(b"KEY = 'old secret'\n")})
    request, patch = change(Snapshot("a" * 40, base, "main"), {"todo.py": File(b"KEY = read()\n")})
    check_secrets(request, patch, scan)
    told = "\n".join(seen)
    assert "KEY = read()" in told
    assert "old secret" not in told
    for text in (request.branch, request.title, request.body, request.commits[0].message):
        assert text in told


def test_submodules_are_named_as_not_fetched() -> None:
    assert unread_submodules(BASE) == ("Submodules are not fetched: inner.",)
    assert unread_submodules(Tree({"a": File(b"")})) == ()
