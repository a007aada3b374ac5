"""Candidates that do the same where they are made are tried once, or a few of them."""

from collections.abc import Mapping, Sequence

from repair.edits import Edit, Splice, Watch
from repair.judge import Judgement, Says, Trial
from repair.sifting import MORE_WHERE_VISITED_AGAIN, Sieve

RED = Judgement(Says.RED, at="test_a", sign="3:AssertionError:")


class Seen:
    """Tells what each expression gave, as a judge would after watching a run."""

    def __init__(self, values: Mapping[str, Sequence[str]]) -> None:
        self._values = values

    async def watch(
        self, wanted: Mapping[str, Mapping[int, Sequence[str]]]
    ) -> dict[str, dict[int, list[list[str]]]]:
        return {
            path: {
                line: [list(row) for row in zip(*(self._values[t] for t in texts), strict=True)]
                for line, texts in lines.items()
            }
            for path, lines in wanted.items()
        }


def candidate(text: str) -> Trial:
    watch = Watch(text, "base", "tag")
    return Trial((Edit("a.py", (Splice(0, 1, text),), "made", 0.5, 3, watch=watch),), 0.5)


async def tried(names: Sequence[str], values: Mapping[str, Sequence[str]], said: Judgement) -> int:
    """How many of these candidates are tried when each is judged so."""
    sieve = Sieve(base=RED)
    todo = await sieve.sift([candidate(name) for name in names], Seen(values))  # type: ignore[arg-type]
    count = 0
    while todo:
        count += 1
        todo += sieve.told(todo.pop(0), said)
    return count


NAMES = [f"x{number}" for number in range(8)]


async def test_what_does_as_the_base_is_not_tried() -> None:
    values = {"base": ["1", "2"], **{key: ["1", "2"] for key in NAMES}}
    assert await tried(NAMES, values, RED) == 0


async def test_of_one_class_one_is_tried_and_some_more_where_a_place_is_visited_again() -> None:
    once = {"base": ["1"], **{key: ["2"] for key in NAMES}}
    assert await tried(NAMES, once, RED) == 1
    again = {"base": ["1", "1"], **{key: ["2", "1"] for key in NAMES}}
    assert await tried(NAMES, again, RED) == 1 + MORE_WHERE_VISITED_AGAIN


async def test_all_of_a_class_are_tried_once_one_of_it_passes() -> None:
    values = {"base": ["1"], **{key: ["2"] for key in NAMES}}
    assert await tried(NAMES, values, Judgement(Says.GREEN)) == len(NAMES)
