"""Tell beforehand which candidates do the same: one of them is tried, the others wait for it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from repair.edits import Edit
from repair.judge import Judge, Judgement, Says, Trial

MORE_WHERE_VISITED_AGAIN = 2
"""Further members of a class that are tried where a place is visited more than once: what was
seen is the way of the base, and once a change leaves it, the next visit may tell them apart."""
Class = tuple[str, int, str, tuple[str, ...]]
"""Path, line, tag, and the values at each visit."""


@dataclass
class Sieve:
    """Sorts candidates into classes by the values that they give where they are made."""

    waiting: dict[Class, list[Trial]] = field(default_factory=dict)
    """Those whose class is being tried by another."""
    idle: int = 0
    """How many were found to change nothing."""
    base: Judgement | None = None
    """What is said of the base itself."""
    _further: Counter[Class] = field(default_factory=Counter)
    """How many further members of a class were tried."""
    _class_of: dict[Edit, Class] = field(default_factory=dict)
    _good: set[Class] = field(default_factory=set)

    async def sift(self, trials: Sequence[Trial], judge: Judge) -> list[Trial]:
        """Those to try now, in order: one of each class, and all that cannot be watched."""
        wanted: dict[str, dict[int, list[str]]] = {}
        for trial in trials:
            edit = trial.edits[0]
            if edit.watch is not None:
                texts = wanted.setdefault(edit.path, {}).setdefault(edit.line, [])
                texts += [edit.watch.expression, edit.watch.neutral]
        if not wanted:
            return list(trials)
        unique = {
            path: {line: list(dict.fromkeys(texts)) for line, texts in lines.items()}
            for path, lines in wanted.items()
        }
        seen = await judge.watch(unique)
        values = {
            (path, line, text): tuple(row[number] for row in seen.get(path, {}).get(line, []))
            for path, lines in unique.items()
            for line, texts in lines.items()
            for number, text in enumerate(texts)
        }
        return [trial for trial in trials if self._is_first(trial, values)]

    def _is_first(self, trial: Trial, values: dict[tuple[str, int, str], tuple[str, ...]]) -> bool:
        edit = trial.edits[0]
        if edit.watch is None:
            return True
        found = values.get((edit.path, edit.line, edit.watch.expression), ())
        if not found or not all(found):
            return True
        if found == values.get((edit.path, edit.line, edit.watch.neutral)):
            self.idle += 1
            return False
        key = (edit.path, edit.line, edit.watch.tag, found)
        known = key in self.waiting
        self._class_of[edit] = key
        members = self.waiting.setdefault(key, [])
        if known and key not in self._good:
            members.append(trial)
            return False
        return True

    def told(self, trial: Trial, judgement: Judgement) -> list[Trial]:
        """Take up a judgement; the members of the class that are now worth trying."""
        key = self._class_of.get(trial.edits[0]) if len(trial.edits) == 1 else None
        if key is None or key in self._good:
            return []
        if judgement.says in (Says.GREEN, Says.REGRESSION) or self._went_further(judgement):
            self._good.add(key)
            members, self.waiting[key] = self.waiting[key], []
            return members
        return self._next(key)

    def _next(self, key: Class) -> list[Trial]:
        """The next member of a class whose first one failed, while there are to be more."""
        most = MORE_WHERE_VISITED_AGAIN if len(key[3]) > 1 else 0
        members = self.waiting[key]
        if not members or self._further[key] >= most:
            return []
        self._further[key] += 1
        return [members.pop(0)]

    def _went_further(self, judgement: Judgement) -> bool:
        """Whether a test came past the place at which it fails on the base.

        From there on the members of a class may differ: the base was never seen that far.
        """
        if judgement.passed or self.base is None:
            return bool(judgement.passed)
        if judgement.at != self.base.at or judgement.says is not Says.RED:
            return judgement.at != self.base.at
        here, there = judgement.sign.split(":")[0], self.base.sign.split(":")[0]
        if here == there:
            return False
        return _line(here) >= _line(there)

    def rest(self) -> Iterable[Trial]:
        """All that still wait, best first: the values seen may not have told everything."""
        left = [trial for members in self.waiting.values() for trial in members]
        return sorted(left, key=lambda trial: -trial.score)


def _line(place: str) -> int:
    """The line of a signature's first part, `12` or `12@[…]`."""
    digits = place.partition("@")[0]
    return int(digits) if digits.isdigit() else 0
