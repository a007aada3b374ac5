"""Correct edits of the seeded faults, deformed in the ways in which models deform them."""

import difflib
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from textwrap import indent

from agents.edits.units import text_of, unit_at
from agents.edits.values import Unit
from core.trees import Tree
from evals.faults import Fault
from evals.replies import Case


@dataclass(frozen=True)
class Work:
    """A fault, the files before and after, and what has to be sent."""

    fault: Fault
    faulty: Tree
    correct: Tree
    units: tuple[Unit, ...]

    @property
    def paths(self) -> list[str]:
        return sorted({unit.path for unit in self.units})

    @property
    def functions(self) -> bool:
        """Whether every change lies within a function."""
        return all(unit.name for unit in self.units)


@dataclass(frozen=True)
class Drift:
    """One way to deform: the reply, and whether it can still be understood."""

    name: str
    reply: Callable[[Work, random.Random], str | None]
    """None where it does not concern this work."""
    clear: bool = True
    """False when only a refusal is right."""


def cases(faults: Sequence[Fault], seed: int = 0) -> Iterator[Case]:
    """Each fault's edit in each way that concerns it."""
    for fault in faults:
        work = _work(fault)
        for drift in DRIFTS:
            reply = drift.reply(work, random.Random(f"{seed} {fault.id} {drift.name}"))
            if reply is not None:
                yield Case(
                    f"{drift.name}/{fault.id}",
                    work.faulty,
                    reply,
                    work.units,
                    "stop",
                    work.correct if drift.clear else None,
                    "",
                )


def _work(fault: Fault) -> Work:
    faulty = Tree({}).with_texts(fault.apply())
    correct = Tree({}).with_texts(fault.program.files)
    units = []
    for change in fault.replacements:
        before = correct.text(change.path).partition(change.before)[0]
        first = before.count("\n") + 1
        skipped = change.before[: len(change.before) - len(change.before.lstrip("\n"))].count("\n")
        units.append(unit_at(correct, change.path, first + skipped))
    return Work(fault, faulty, correct, tuple(dict.fromkeys(units)))


def _block(path: str, text: str, language: str = "python") -> str:
    return f"FILE: {path}\n```{language}\n{text.rstrip()}\n```\n"


def _functions(
    work: Work, shape: Callable[[str], str | None], label: Callable[[str], str] = lambda path: path
) -> str | None:
    """All units in fences, each text put into shape; None where a shape does not apply."""
    if not work.functions:
        return None
    parts = []
    for unit in work.units:
        shaped = shape(text_of(work.correct, unit))
        if shaped is None:
            return None
        parts.append(_block(label(unit.path), shaped))
    return "\n".join(parts)


def _shaped(shape: Callable[[str], str | None]) -> Callable[[Work, random.Random], str | None]:
    return lambda work, _: _functions(work, shape)


def _margin(text: str) -> str | None:
    first = re.match(r" *", text)
    cut = len(first[0]) if first else 0
    return "\n".join(line[cut:] for line in text.split("\n")) if cut and '"""' not in text else None


def _further(text: str) -> str | None:
    return indent(text, "  ") if '"""' not in text else None


def _tabs(text: str) -> str | None:
    lines = text.split("\n")
    depths = [len(line) - len(line.lstrip(" ")) for line in lines]
    if any(depth % 4 for depth in depths):
        return None
    return "\n".join(
        "\t" * (d // 4) + line.lstrip(" ") for d, line in zip(depths, lines, strict=True)
    )


def _curly(text: str) -> str | None:
    if '"' not in text or '"""' in text:
        return None
    return re.sub(r'"([^"\n]*)"', r"“\1”", text)


def _undecorated(text: str) -> str | None:
    kept = re.sub(r"\A(?: *@.*\n)+", "", text)
    return kept if kept != text else None


def _without_docstring(text: str) -> str | None:
    found = re.sub(r'(?m)^ *"""(?:[^"]|"(?!""))*"""\n', "", text, count=1)
    return found if found != text and re.search(r"(?m)^ +\S", found) else None


def _elided(at_change: bool) -> Callable[[Work, random.Random], str | None]:
    """Leaves out lines that stay the same: away from the change, or right beside it."""

    def reply(work: Work, chance: random.Random) -> str | None:
        if len(work.units) != 1 or not work.functions:
            return None
        unit = work.units[0]
        old, new = (text_of(tree, unit).split("\n")[:-1] for tree in (work.faulty, work.correct))
        matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
        margin = 0 if at_change else 2
        spans = [
            (b + margin, b + size - margin)
            for _, b, size in matcher.get_matching_blocks()
            if size > 2 * margin + 1
        ]
        spans = [(max(a, 1), b) for a, b in spans if b - max(a, 1) >= 2]
        if not spans:
            return None
        start, stop = chance.choice(spans)
        space = re.match(r" *", new[start])
        mark = (space[0] if space else "") + chance.choice(MARKS)
        return _block(unit.path, "\n".join([*new[:start], mark, *new[stop:]]))

    return reply


MARKS = ("# ... existing code ...", "...", "# rest of the code unchanged", "# ...")


def _in_prose(work: Work, chance: random.Random) -> str | None:
    inner = _functions(work, lambda text: text)
    if inner is None:
        return None
    return f"The cause is a wrong condition.\n\n{inner}\nRun this:\n\n```bash\npytest -q\n```\n"


def _crlf(work: Work, chance: random.Random) -> str | None:
    inner = _functions(work, lambda text: text)
    return inner.replace("\n", "\r\n") if inner else None


def _open_end(work: Work, chance: random.Random) -> str | None:
    inner = _functions(work, lambda text: text) if len(work.units) == 1 else None
    return inner.removesuffix("```\n") if inner else None


def _no_fence(work: Work, chance: random.Random) -> str | None:
    inner = _open_end(work, chance)
    return inner.replace("```python\n", "") if inner else None


def _cut_short(work: Work, chance: random.Random) -> str | None:
    inner = _open_end(work, chance)
    lines = inner.rstrip().split("\n") if inner else []
    return "\n".join(lines[: chance.randrange(3, len(lines) - 1)]) if len(lines) > 5 else None


def _in_class(work: Work, chance: random.Random) -> str | None:
    parts = []
    for unit in work.units:
        outer, _, _ = unit.name.rpartition(".")
        if not outer or "." in outer:
            return None
        text = text_of(work.correct, unit).rstrip()
        parts.append(_block(unit.path, f"class {outer}:\n    # ... other methods ...\n\n{text}\n"))
    return "\n".join(parts)


def _whole(work: Work, chance: random.Random) -> str:
    return "\n".join(_block(path, work.correct.text(path)) for path in work.paths)


def _base_name(work: Work, chance: random.Random) -> str | None:
    return _functions(work, lambda text: text, lambda path: path.rpartition("/")[2])


def _foreign_root(work: Work, chance: random.Random) -> str | None:
    return _functions(work, lambda text: text, lambda path: f"/home/user/project/{path}")


def _no_path(work: Work, chance: random.Random) -> str | None:
    inner = _functions(work, lambda text: text) if len(work.units) == 1 else None
    return inner.partition("\n")[2] if inner else None


def _wrong_file(work: Work, chance: random.Random) -> str | None:
    others = [path for path in work.faulty if path not in work.paths and path.endswith(".py")]
    if not others:
        return None
    return _functions(work, lambda text: text, lambda _: chance.choice(others))


def _renamed(text: str) -> str | None:
    found = re.search(r"def ([a-z]\w*)\(", text)
    if not found or len(re.findall(rf"\b{found[1]}\b", text)) > 1:
        return None
    return text.replace(f"def {found[1]}(", f"def fixed_{found[1]}(", 1)


def _diff(numbers: bool) -> Callable[[Work, random.Random], str]:
    def reply(work: Work, chance: random.Random) -> str:
        parts = []
        for path in work.paths:
            old, new = (tree.text(path).splitlines() for tree in (work.faulty, work.correct))
            lines = difflib.unified_diff(old, new, f"a/{path}", f"b/{path}", lineterm="", n=3)
            text = "\n".join(lines)
            if not numbers:
                text = re.sub(r"(?m)^@@ .* @@", f"@@ -{chance.randrange(999)},9 +1,9 @@", text)
            parts.append(text)
        return "```diff\n" + "\n".join(parts) + "\n```\n"

    return reply


def _searched(
    context: int,
    deform: Callable[[list[str], random.Random], list[str] | None],
    *,
    both: bool = True,
) -> Callable[[Work, random.Random], str | None]:
    """Search blocks with so many lines of context, its search deformed, or both sides alike."""

    def reply(work: Work, chance: random.Random) -> str | None:
        parts = []
        for path in work.paths:
            old, new = (tree.text(path).splitlines() for tree in (work.faulty, work.correct))
            matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
            for group in matcher.get_grouped_opcodes(context):
                first, last = group[0], group[-1]
                state = chance.getstate()
                search = deform(old[first[1] : last[2]], chance)
                chance.setstate(state)
                replace: list[str] | None = new[first[3] : last[4]]
                replace = deform(new[first[3] : last[4]], chance) if both else replace
                if search is None or replace is None or not any(search):
                    return None
                parts += [f"FILE: {path}", "<<<<<<< SEARCH", *search, "======="]
                parts += [*replace, ">>>>>>> REPLACE", ""]
        return "\n".join(parts)

    return reply


def _same(lines: list[str], chance: random.Random) -> list[str] | None:
    return lines


def _outdented(lines: list[str], chance: random.Random) -> list[str] | None:
    depths = [len(line) - len(line.lstrip(" ")) for line in lines if line.strip()]
    cut = min(depths, default=0)
    return [line[cut:] for line in lines]


def _spaced(lines: list[str], chance: random.Random) -> list[str] | None:
    return [re.sub(r"(?<=\S) (?=\S)", "  ", line) + "  " for line in lines]


def _as_tabs(lines: list[str], chance: random.Random) -> list[str] | None:
    text = _tabs("\n".join(lines))
    return text.split("\n") if text is not None else None


def _misread(work: Work, chance: random.Random) -> str | None:
    """Search blocks in which one letter of the anchor is another."""
    reply = _searched(2, _same)(work, chance)
    if reply is None or reply.count("SEARCH") > 1:
        return None
    head, mark, rest = reply.partition("<<<<<<< SEARCH\n")
    places = [match.start() for match in re.finditer(r"[a-z]", rest.partition("\n=======")[0])]
    if not places:
        return None
    at = chance.choice(places)
    return head + mark + rest[:at] + ("q" if rest[at] != "q" else "z") + rest[at + 1 :]


DRIFTS: tuple[Drift, ...] = (
    Drift("as-asked", _shaped(lambda text: text)),
    Drift("at-the-margin", _shaped(_margin)),
    Drift("further-in", _shaped(_further)),
    Drift("tabs", _shaped(_tabs)),
    Drift("curly-quotes", _shaped(_curly)),
    Drift("no-decorators", _shaped(_undecorated)),
    Drift("no-docstring", _shaped(_without_docstring)),
    Drift("left-out-apart", _elided(at_change=False)),
    Drift("left-out-beside", _elided(at_change=True)),
    Drift("in-prose", _in_prose),
    Drift("crlf", _crlf),
    Drift("open-end", _open_end),
    Drift("no-fence", _no_fence),
    Drift("cut-short", _cut_short, clear=False),
    Drift("in-class", _in_class),
    Drift("whole-file", _whole),
    Drift("base-name", _base_name),
    Drift("foreign-root", _foreign_root),
    Drift("no-path", _no_path),
    Drift("wrong-file", _wrong_file, clear=False),
    Drift("renamed", _shaped(_renamed), clear=False),
    Drift("diff", _diff(numbers=True)),
    Drift("diff-wrong-numbers", _diff(numbers=False)),
    Drift("search", _searched(2, _same)),
    Drift("search-no-context", _searched(0, _same)),
    Drift("search-outdented", _searched(1, _outdented)),
    Drift("search-spaced", _searched(2, _spaced, both=False)),
    Drift("search-tabs", _searched(2, _as_tabs)),
    Drift("search-misread", _misread, clear=False),
)
