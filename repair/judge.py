"""Judge candidates by the hundred a second: a process in the sandbox has the tests imported."""

import base64
import json
from collections import deque
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Any

from core.errors import SandboxGone
from core.ports import Process, Sandbox
from repair.edits import Edit

INSIDE = Path(__file__).parent / "inside"
START_S = 120.0
"""Wall time for the tests to be imported."""
ANSWER_S = 180.0
"""Wall time without any verdict after which the judge counts as lost."""
BATCH = 8
"""Candidates that one forked child screens."""
AHEAD = 2
"""Batches on their way for each worker, so that none waits for the host."""

BOOTSTRAP = """
import json, sys
from importlib import abc, machinery
sources = json.loads(%r)
class Sent(abc.MetaPathFinder, abc.Loader):
    def find_spec(self, name, path=None, target=None):
        if name in sources:
            return machinery.ModuleSpec(name, self, is_package=name == "anton_judge")
    def exec_module(self, module):
        exec(compile(sources[module.__name__], module.__name__, "exec"), module.__dict__)
sys.meta_path.insert(0, Sent())
from anton_judge.main import main
main()
"""


def scope_key(path: str, first: int) -> str:
    """How the tests of a function are named; those of a whole file for `first` 0."""
    return f"{path}:{first}" if first else path


class Says(StrEnum):
    """How the tests ended for a candidate."""

    GREEN = "green"
    RED = "red"
    """A red test stays red."""
    REGRESSION = "regression"
    """The red tests pass, a green one fails."""
    HANG = "hang"
    """A limit of time ended it."""
    INVALID = "invalid"
    """It does not compile."""
    CRASH = "crash"
    """The process ended by itself."""


@dataclass(frozen=True)
class Trial:
    """Edits that are judged together, and what the search expects of them."""

    edits: tuple[Edit, ...]
    score: float = 0.0

    @property
    def splices(self) -> dict[str, list[tuple[int, int, str]]]:
        """What changes, by path."""
        found: dict[str, list[tuple[int, int, str]]] = {}
        for edit in self.edits:
            for splice in edit.splices:
                found.setdefault(edit.path, []).append((splice.start, splice.end, splice.text))
        return found

    @property
    def scopes(self) -> list[str]:
        """Whose tests it can turn red."""
        return list(dict.fromkeys(scope_key(edit.path, edit.scope) for edit in self.edits))


@dataclass(frozen=True)
class Judgement:
    """What the forked child said."""

    says: Says
    at: str = ""
    """The test at which it ended."""
    passed: tuple[str, ...] = ()
    """Red tests that passed."""
    sign: str = ""
    """What went wrong there, alike for alike failures."""
    seconds: float = 0.0
    cold: bool = False
    """Whether a fresh import was needed."""


@dataclass(frozen=True)
class Probed:
    """What a change does with calls that the tests make, and with calls near to them."""

    origins: str = ""
    """A letter a call: `R` from a red test, `G` from a green one, small ones for variants."""
    outcomes: tuple[str, ...] = ()
    """A text a call, `!` before what was raised; none for what cannot be probed."""


@dataclass(frozen=True)
class Setup:
    """What a judge has to know once."""

    sources: Mapping[str, str]
    """Text of every file that may change."""
    red: Sequence[str]
    orders: Mapping[str, Sequence[str]]
    """The tests that must stay green, nearest first: for each file, and for its functions."""
    files: Sequence[str]
    """Test files to collect."""
    limits: Mapping[str, float] = field(default_factory=dict)
    """Processor seconds a test may take, where it differs from the default."""
    default_limit: float = 0.5
    import_limit: float = 20.0
    workers: int = 2
    imported: Sequence[str] = ()
    """Functions, as in `orders`, whose changes show only when the tests are imported anew."""
    home: str = ""
    """The folder that tests are run in; empty for the root."""
    paths: Sequence[str] = ()
    """Folders put first on the import path."""
    args: Sequence[str] = ()
    """Further arguments for pytest."""

    def line(self) -> bytes:
        """As it is sent."""
        coded = {
            path: base64.b64encode(text.encode()).decode() for path, text in self.sources.items()
        }
        return _json_line(
            {
                "sources": coded,
                "red": list(self.red),
                **self._numbered_orders(),
                "files": list(self.files),
                "limits": dict(self.limits),
                "default_limit": self.default_limit,
                "import_limit": self.import_limit,
                "workers": self.workers,
                "imported": list(self.imported),
                "home": self.home,
                "paths": list(self.paths),
                "args": list(self.args),
            }
        )

    def _numbered_orders(self) -> dict[str, Any]:
        """The orders by the numbers of their tests, since most tests stand in many of them."""
        tests = list(dict.fromkeys(test for order in self.orders.values() for test in order))
        number = {test: at for at, test in enumerate(tests)}
        orders = {key: [number[test] for test in order] for key, order in self.orders.items()}
        return {"tests": tests, "orders": orders}


class Judge:
    """A judging process in a sandbox that holds the base."""

    def __init__(self, process: Process, workers: int) -> None:
        self._process = process
        self._window = workers * AHEAD * BATCH
        self._sent = 0
        self.tests = 0
        """How many tests it could collect."""

    @classmethod
    async def start(cls, sandbox: Sandbox, python: str, setup: Setup) -> "Judge":
        """Start the process and wait until it has the tests; raises SandboxGone."""
        start = [python, "-P", "-s", "-B", "-c", program()]
        process = await sandbox.start(start, variables={"PYTHONPATH": ""})
        judge = cls(process, setup.workers)
        await process.send(setup.line())
        judge.tests = (await judge._answer(START_S))["tests"]
        return judge

    async def look(self, tests: Sequence[str]) -> dict[str, dict[str, dict[str, list[str]]]]:
        """Types of the variables while these tests run: by path, function and name."""
        self._sent += 1
        await self._process.send(_json_line({"jobs": [{"id": self._sent, "look": list(tests)}]}))
        answer = await self._answer(ANSWER_S)
        seen: dict[str, dict[str, dict[str, list[str]]]] = answer.get("seen", {})
        return seen

    async def watch(
        self, wanted: Mapping[str, Mapping[int, Sequence[str]]]
    ) -> dict[str, dict[int, list[list[str]]]]:
        """Values of expressions, by path and line, at each visit of the line by a red test."""
        self._sent += 1
        texts = {
            path: {str(line): list(expressions) for line, expressions in lines.items()}
            for path, lines in wanted.items()
        }
        await self._process.send(_json_line({"jobs": [{"id": self._sent, "watch": texts}]}))
        answer = await self._answer(ANSWER_S)
        return {
            path: {int(line): rows for line, rows in lines.items()}
            for path, lines in answer.get("seen", {}).items()
        }

    async def probe(self, trials: Sequence[Trial], tests: Sequence[str]) -> list[Probed]:
        """What each trial does with the calls of these tests and with calls near to them."""
        first = self._sent + 1
        for trial in trials:
            self._sent += 1
            job = {"id": self._sent, "edits": trial.splices, "probe": list(tests)}
            await self._process.send(_json_line({"jobs": [job]}))
        answers = [await self._answer(ANSWER_S) for _ in trials]
        found = {
            answer["id"]: Probed(answer.get("origins", ""), tuple(answer.get("outcomes", ())))
            for answer in answers
        }
        return [found[first + number] for number in range(len(trials))]

    async def judge(self, trials: Iterable[Trial]) -> AsyncIterator[tuple[Trial, Judgement]]:
        """Judge one after the other; answers come in the order of the trials.

        Trials are taken from the iterable only as workers become free. Raises SandboxGone when
        the process ended or fell silent.
        """
        under_way: deque[tuple[int, Trial]] = deque()
        answers: dict[int, Judgement] = {}
        source = iter(trials)
        exhausted = False
        while under_way or not exhausted:
            while not exhausted and len(under_way) - len(answers) <= self._window - BATCH:
                batch = list(islice(source, BATCH))
                exhausted = len(batch) < BATCH
                under_way.extend(await self._send(batch))
            while under_way and under_way[0][0] in answers:
                number, trial = under_way.popleft()
                yield trial, answers.pop(number)
            if under_way and under_way[0][0] not in answers:
                answer = await self._answer(ANSWER_S)
                answers[answer["id"]] = _judgement(answer)

    async def _send(self, batch: Sequence[Trial]) -> list[tuple[int, Trial]]:
        numbered = [(self._sent + number, trial) for number, trial in enumerate(batch)]
        self._sent += len(batch)
        jobs = [
            {"id": number, "edits": trial.splices, "then": trial.scopes}
            for number, trial in numbered
        ]
        if jobs:
            await self._process.send(_json_line({"jobs": jobs}))
        return numbered

    async def _answer(self, timeout_s: float) -> dict[str, Any]:
        try:
            line = await self._process.receive(timeout_s)
        except TimeoutError as error:
            raise SandboxGone("The judge in the sandbox fell silent.") from error
        if line is None:
            raise SandboxGone("The judge in the sandbox ended.")
        answer: dict[str, Any] = json.loads(line)
        return answer

    async def close(self) -> None:
        """End the process."""
        await self._process.kill()


def _judgement(answer: Mapping[str, Any]) -> Judgement:
    return Judgement(
        says=Says(answer["verdict"]),
        at=answer.get("at", ""),
        passed=tuple(answer.get("passed", ())),
        sign=answer.get("sign", ""),
        seconds=answer.get("seconds", 0.0),
        cold=answer.get("cold", False),
    )


def _json_line(data: Mapping[str, Any]) -> bytes:
    return json.dumps(data, separators=(",", ":")).encode() + b"\n"


def program() -> str:
    """The inner package as one program for `python -c`."""
    sources = {"anton_judge": ""}
    for path in sorted(INSIDE.glob("*.py")):
        name = "anton_judge" if path.stem == "__init__" else f"anton_judge.{path.stem}"
        sources[name] = path.read_text()
    return BOOTSTRAP % json.dumps(sources)
