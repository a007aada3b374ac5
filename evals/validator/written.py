"""Cases written by hand: small repositories, each with a change that one gate is there for."""

import tomllib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

from core.errors import AntonError
from core.findings import Reading, Reproduction
from core.patches import FileChange
from core.trees import File, Tree
from evals.validator.attempts import Attempt, Ground, Kind
from evals.validator.recordings import Recordings
from repair.validate import with_files

FOLDER = Path(__file__).parent.parent / "suites" / "validator"


class MalformedCase(AntonError):
    """A written case breaks its format; the message names the case."""


def load_cases(folder: Path = FOLDER) -> list[Mapping[str, Any]]:
    """Every written case, by file, then as written; raises MalformedCase."""
    cases: list[Mapping[str, Any]] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            found = tomllib.loads(path.read_text())["case"]
        except (tomllib.TOMLDecodeError, KeyError) as error:
            raise MalformedCase(f"{path}: {error!r}") from error
        for case in found:
            missing = {"id", "kind", "why", "files", "fix", "red"} - case.keys()
            if missing or case["kind"] not in tuple(Kind):
                said = f"lacks {', '.join(sorted(missing))}" if missing else "has no such kind"
                raise MalformedCase(f"{path.name}, {case.get('id', '?')}: {said}")
            cases.append(case)
    return cases


async def written_attempts(
    case: Mapping[str, Any], recordings: Recordings
) -> AsyncIterator[Attempt]:
    """The right change of a case, then the wrong one; the right one only where it is one.

    `files` are the base and `fix` what mends it; `change` is proposed, an empty text taking a file
    out. `tests` come with the reproduction and ship, `scaffold` serves the proof alone.
    """
    base = Tree().with_texts(case["files"])
    tests, scaffold = (_changes(case.get(name, {})) for name in ("tests", "scaffold"))
    red = tuple(case["red"])
    with_tests = with_files(base, [*tests, *scaffold])
    recorded_with = () if case.get("among") else red
    run = (await recordings.nth(with_tests, recorded_with, 0)).run
    reproduction = Reproduction(
        reading=Reading.REPRODUCED,
        origin="written by hand",
        tests=red,
        files=tests,
        scaffold=scaffold,
        run=run,
    )
    right = base.with_texts(case["fix"])
    ground = Ground(f"written/{case['id']}", base, right, case.get("hidden", {}), reproduction)
    if case.get("fair", True):
        yield Attempt(Kind.REFERENCE, "fix", ground, right, reproduction)
    changed = {path: File(text.encode()) if text else None for path, text in _change(case)}
    wrong = base.with_files(changed)
    yield Attempt(Kind(case["kind"]), case["id"], ground, wrong, reproduction)


def _change(case: Mapping[str, Any]) -> list[tuple[str, str]]:
    return list(case.get("change", {}).items())


def _changes(texts: Mapping[str, str]) -> tuple[FileChange, ...]:
    return tuple(FileChange.of(path, File(text.encode())) for path, text in texts.items())
