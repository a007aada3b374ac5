"""What holds for every reply: only the edited unit changes, and only files of the repository."""

import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from agents.edits.apply import apply_reply
from agents.edits.code import code_of, functions
from agents.edits.texts import Source
from agents.edits.units import text_of
from agents.edits.values import Unit
from core.trees import SUBMODULE, SYMLINK, File, Tree

NAMES = ("alpha", "beta", "gamma", "delta")
BETWEEN = st.lists(
    st.sampled_from(
        ["", "# a comment", "LIMIT = 3", "  ", "x = 'a  b'  ", "import os", '"""\ntext\n  """']
    ),
    max_size=4,
)
BODIES = st.lists(
    st.sampled_from(
        ["x = 1", "if x:\n{}    y = 2", "return x", "# note", "z = [1,  2]", "s = '''a\n b'''"]
    ),
    min_size=1,
    max_size=4,
)


def function(name: str, body: list[str], step: str, depth: str = "") -> str:
    lines = [line.replace("{}", depth + step) for line in body]
    return "\n".join(
        [f"{depth}def {name}(x):", *(depth + step + line for line in lines), depth + step + "pass"]
    )


@st.composite
def modules(draw: Any) -> tuple[str, str, str, str, str]:
    """A file's text before a function, the function, the text behind it, its name, a new text."""
    step, end = draw(st.sampled_from(["    ", "  ", "\t"])), draw(st.sampled_from(["\n", "\r\n"]))
    chosen = draw(st.sampled_from(NAMES))
    before: list[str] = []
    after: list[str] = []
    found = ""
    part = before
    for name in NAMES:
        part += draw(BETWEEN)
        text = function(name, draw(BODIES), step)
        if name == chosen:
            found, part = text, after
            part += ["", ""]
        else:
            part += [text, ""]
    new = function(chosen, draw(BODIES), step)
    texts = ["\n".join([*before, ""]), found + "\n", "\n".join([*after, "end = 1"])]
    first, own, last = (text.replace("\n", end) for text in texts)
    return first, own, last + (end if draw(st.booleans()) else ""), chosen, new


@given(modules(), st.sampled_from(["", "    ", "\t"]))
@settings(max_examples=150, deadline=None)
def test_an_applied_edit_changes_nothing_outside_of_its_unit(
    module: tuple[str, str, str, str, str], shift: str
) -> None:
    before, own, after, name, new = module
    tree = Tree({"m.py": File((before + own + after).encode())})
    moved = new if "'''" in new else "\n".join(shift + line for line in new.split("\n"))
    applied = apply_reply(
        f"FILE: m.py\n```python\n{moved}\n```\n", tree, offered=[Unit("m.py", name)]
    )
    result = (applied.tree or tree).files["m.py"].data.decode()
    assert result.startswith(before)
    assert result.endswith(after)
    if applied.complete:
        end = "\r\n" if "\r\n" in before + own + after else "\n"
        middle = result[len(before) : len(result) - len(after)]
        assert [line.strip() for line in middle.split(end)] == [
            line.strip() for line in (new + "\n").split("\n")
        ]


@given(modules(), st.integers(0, 60), st.integers(1, 4), st.booleans())
@settings(max_examples=150, deadline=None)
def test_a_search_block_changes_nothing_outside_of_its_lines(
    module: tuple[str, str, str, str, str], at: int, count: int, drifted: bool
) -> None:
    text = "".join(module[:3])
    tree = Tree({"m.txt": File(text.encode())})
    lines = text.replace("\r\n", "\n").split("\n")
    start = at % len(lines)
    search = lines[start : start + count]
    if drifted:
        search = ["   " + " ".join(line.split()) for line in search]
    reply = "\n".join(
        ["FILE: m.txt", "<<<<<<< SEARCH", *search, "=======", "new", ">>>>>>> REPLACE"]
    )
    applied = apply_reply(reply, tree)
    if applied.tree is not None:
        got = applied.tree.text("m.txt").replace("\r\n", "\n").split("\n")
        (place,) = (index for index, line in enumerate(got) if line.strip() == "new")
        assert lines[:place] == got[:place]
        rest = len(got) - place - 1
        assert got[place + 1 :] == (lines[-rest:] if rest else [])
        gone = [line.strip() for line in lines[place : len(lines) - rest] if line.strip()]
        assert [line.split() for line in gone] == [line.split() for line in search if line.strip()]


PARTS = st.sampled_from(
    [
        *("..", ".", "", ".git", ".GIT", ".git ", ".gi\u200ct", "git~1", "shop", "a.py", "new.py"),
        *("C:", "~", "/", "\\", "link", "sub", "hooks", "x\x00y", ".gitignore", "deep/er"),
        "\u202egnp.py",
    ]
)
TREE = Tree(
    {
        "a.py": File(b"def f():\n    return 1\n"),
        "shop/a.txt": File(b"one\ntwo\n"),
        "link": File(b"/etc", SYMLINK),
        "sub": File(b"1" * 40, SUBMODULE),
    }
)
FORMS = st.sampled_from(
    [
        "FILE: {}\n```python\ndef f():\n    return 2\n```\n",
        "FILE: {}\n```\nanything\n```\n",
        "FILE: {}\n<<<<<<< SEARCH\n=======\nanything\n>>>>>>> REPLACE\n",
        "```diff\n--- /dev/null\n+++ b/{}\n@@ -0,0 +1 @@\n+anything\n```\n",
        "*** Begin Patch\n*** Add File: {}\n+anything\n*** End Patch\n",
        "{}\n```\n<<<<<<< SEARCH\n=======\nanything\n>>>>>>> REPLACE\n```\n",
    ]
)


@given(st.lists(PARTS, min_size=1, max_size=4), FORMS)
@settings(max_examples=400, deadline=None)
def test_a_reply_writes_no_path_outside_of_the_repository_or_in_git(
    parts: list[str], form: str
) -> None:
    applied = apply_reply(form.replace("{}", "/".join(parts)), TREE)
    for path in applied.changed:
        assert not path.startswith(("/", "~/../")) and ":" not in path.split("/")[0]
        assert not {"..", ".", ""} & set(path.split("/"))
        plain = [re.sub(r"[\W_]+$", "", part.casefold()) for part in path.split("/")]
        assert not {".git", "git~1"} & set(plain)
        assert path.isprintable()
        assert not path.startswith(("link", "sub"))
    for path in ("link", "sub"):
        assert (applied.tree or TREE)[path] == TREE[path]


PIECES = st.sampled_from(
    [
        *("FILE: a.py\n", "FILE: shop/a.txt\n", "```python\n", "```\n", "<<<<<<< SEARCH\n"),
        *("=======\n", ">>>>>>> REPLACE\n", "def f():\n", "    return 2\n", "one\n", "two\n"),
        *("    ...\n", "--- a/a.py\n", "+++ b/a.py\n", "@@ -1 +1 @@\n", "-one\n", "+two\n"),
        *(" two\n", "class A:\n", "\n", "x = (\n", "# ... rest\n", "*** Begin Patch\n", "'''\n"),
        *("*** Update File: a.py\n", "\x00\n", "\r\n", "import os\n"),
    ]
)


@given(st.lists(PIECES, max_size=25))
@settings(max_examples=400, deadline=None)
def test_any_text_comes_to_edits_or_to_refusals(pieces: list[str]) -> None:
    applied = apply_reply("".join(pieces), TREE, offered=[Unit("a.py"), Unit("shop/a.txt")])
    assert (applied.tree is None) == (not applied.changed)
    assert applied.tree is not None or applied.refusals
    assert bool(applied.refusals) == bool(applied.advice)
    unchanged = set(TREE) - set(applied.changed)
    assert all((applied.tree or TREE)[path] == TREE[path] for path in unchanged)


@given(modules())
@settings(max_examples=50, deadline=None)
def test_a_unit_that_is_sent_back_as_shown_changes_nothing(
    module: tuple[str, str, str, str, str],
) -> None:
    tree = Tree({"m.py": File("".join(module[:3]).encode())})
    code = code_of(Source.of(tree.text("m.py")).bare)
    names = [name for name, _ in functions(code.module)] if code else [""]
    for unit in [Unit("m.py", name) for name in names]:
        reply = f"FILE: m.py\n```python\n{text_of(tree, unit)}```\n"
        assert apply_reply(reply, tree, offered=[unit]).tree is None
