"""Examples that people gave in their own words, tested beside what shows the fault."""

from agents.offline.attempts import Attempted, attempted_example, is_broken
from agents.offline.examples import Example, examples_in
from core.findings import Reading, Reproduction
from core.ports import Case
from repair.bench import Bench
from repair.validate import with_files

EXAMPLES_MAX = 5
GIVEN = "example given by a person"


async def with_wanted(case: Case, bench: Bench, shown: Reproduction) -> Reproduction:
    """The reproduction with a test of each such example; one that is green on the base proves
    nothing, and is told of.
    """
    for example in _examples(case):
        tree = with_files(case.tree, [*shown.files, *shown.scaffold])
        tried = await attempted_example(case, bench, tree, example, GIVEN)
        if not tried.red:
            shown = shown.but(note=f"{shown.note} {_told(example, 'passes on the base')}".strip())
        elif is_broken(tried, ""):
            shown = shown.but(note=f"{shown.note} {_told(example, 'cannot be run')}".strip())
        else:
            shown = _added(shown, tried)
    return shown


def _examples(case: Case) -> list[Example]:
    """The latest first; without imports of their own they have those of the report."""
    imports = next((e.imports for e in examples_in(case.report) if e.imports), ())
    found = [e for words in reversed(case.words) for e in examples_in(words, imports)]
    return list(dict.fromkeys(found))[:EXAMPLES_MAX]


def _told(example: Example, standing: str) -> str:
    first = example.body.strip().split("\n")[0][:80]
    return f"The example `{first}` {standing}; no test was made of it."


def _added(shown: Reproduction, tried: Attempted) -> Reproduction:
    if shown.reading is not Reading.REPRODUCED:
        shown = Reproduction(reading=Reading.REPRODUCED, note=shown.note)
    origins = shown.origin.split(", ") if shown.origin else []
    return shown.but(
        origin=", ".join(dict.fromkeys([*origins, tried.origin])),
        tests=(*shown.tests, *tried.red),
        files=(*shown.files, *tried.files),
        run=None,
    )
