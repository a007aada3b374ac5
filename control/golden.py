"""Golden cases: reports that triage misjudged and a person put right, read from what was decided.

A noise decision is its own record, so no crash can part it from its case; only what people say
beside any question is written down for itself.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from control.chronicle import Records
from control.words import says_noise
from core.approvals import Choice, Person, Ruling
from core.corrections import Correction, GoldenCase, Judgement, TriageVerdict
from core.errors import Conflict
from core.events import AuditEntry
from core.incidents import Severity
from core.ports import AuditLog, CorrectionStore, TaskFilter
from core.tasks import Outcome, Task

WORDS_MAX = 2_000
PAGE = 200
NOISE = TaskFilter(outcome=Outcome.NOISE)
REFUSALS: tuple[Choice, ...] = ("reject", "stop")
"""Answers whose words may call a report noise."""


@dataclass(frozen=True)
class Standing:
    """How right triage was about some tasks."""

    real: int
    """Tasks that it took for real."""
    false_positives: int
    """Those of them that a person called noise."""
    missed: int
    """Tasks that it took for no fault of their own, and a person called real."""
    corrected: int
    """Tasks of which a person said anything else than it did."""

    @property
    def rate(self) -> float | None:
        """The share of false positives; None where nothing was taken for real."""
        return round(self.false_positives / self.real, 4) if self.real else None


class Golden:
    """Takes corrections, and finds the cases that follow."""

    def __init__(
        self,
        records: Records,
        corrections: CorrectionStore,
        audit: AuditLog,
        redacted: Callable[[str], str],
    ) -> None:
        """`redacted` takes secrets out of a text."""
        self._records = records
        self._corrections = corrections
        self._audit = audit
        self._redacted = redacted

    async def correct(
        self,
        task: Task,
        by: Person,
        *,
        verdict: TriageVerdict | None,
        severity: Severity | None,
        words: str,
    ) -> GoldenCase:
        """Note what a person says of a task that triage has judged; the last word counts.

        Raises Conflict where triage has not judged it, or said the same.
        """
        decided = await self._decided()
        said = said_of(task, decided.get(task.task_id))
        if said is None:
            raise Conflict("Triage has not judged this task.")
        correction = Correction(
            task_id=task.task_id,
            kind="stated",
            verdict=verdict,
            severity=severity,
            words=self._redacted(words)[:WORDS_MAX],
            by=by.account,
            corrected_at=self._records.clock.now(),
        )
        case = self._case(task, said, correction)
        if case.expected == said and task.task_id not in await self._all(decided):
            raise Conflict(f"Triage said so: {said.verdict}, {said.severity}.")
        await self._corrections.add(correction)
        detail = {"said": said.dump(), "expected": case.expected.dump(), "words": correction.words}
        await self._audit.record(
            AuditEntry(
                action="triage_corrected", task_id=task.task_id, actor=by.account, detail=detail
            )
        )
        return case

    async def cases(self) -> Sequence[GoldenCase]:
        """Every case in which triage was wrong, oldest correction first."""
        decided = await self._decided()
        found = []
        for task_id, correction in (await self._all(decided)).items():
            task = await self._records.tasks.get(task_id)
            said = said_of(task, decided.get(task_id))
            if said:
                case = self._case(task, said, correction)
                found += [case] if case.expected != said else []
        return sorted(found, key=lambda case: case.corrected_at)

    async def standing(self, tasks: Iterable[Task]) -> Standing:
        """How right triage was about these tasks."""
        decided = await self._decided()
        corrections = await self._all(decided)
        real = false = missed = corrected = 0
        for task in tasks:
            said = said_of(task, decided.get(task.task_id))
            if said is None:
                continue
            correction = corrections.get(task.task_id)
            expected = _expected(said, correction) if correction else said
            real += said.verdict == "real"
            false += (said.verdict, expected.verdict) == ("real", "noise")
            missed += said.verdict != "real" and expected.verdict == "real"
            corrected += expected != said
        return Standing(real, false, missed, corrected)

    async def _decided(self) -> Mapping[str, Correction]:
        """What answers to questions say of a report, by task; the last of each."""
        found: dict[str, Correction] = {}
        for ruling in await self._records.approvals.rulings(choices=("noise", *REFUSALS)):
            correction = self._of_answer(ruling)
            before = found.get(ruling.task_id)
            if correction and (not before or before.corrected_at < correction.corrected_at):
                found[ruling.task_id] = correction
        return found

    def _of_answer(self, ruling: Ruling) -> Correction | None:
        decision = ruling.decision
        if decision.choice in REFUSALS and not says_noise(decision.text):
            return None
        return Correction(
            task_id=ruling.task_id,
            kind="noise" if decision.choice == "noise" else "rejected_as_noise",
            verdict="noise",
            words=self._redacted(decision.text)[:WORDS_MAX],
            by=decision.by.account,
            corrected_at=ruling.decided_at,
        )

    async def _all(self, decided: Mapping[str, Correction]) -> Mapping[str, Correction]:
        """The last word of a person on each task, whichever way it was said."""
        found = dict(decided)
        for correction in (*await self._reopened(), *await self._corrections.all()):
            before = found.get(correction.task_id)
            if before is None or before.corrected_at <= correction.corrected_at:
                found[correction.task_id] = correction
        return found

    async def _reopened(self) -> Sequence[Correction]:
        """Tasks that ended as noise and whose incidents a person took up again after that."""
        found, cursor = [], ""
        while True:
            page = await self._records.tasks.list(NOISE, cursor=cursor, limit=PAGE)
            found += [one for task in page.tasks if (one := await self._reopening(task))]
            cursor = page.cursor
            if not cursor:
                return found

    async def _reopening(self, task: Task) -> Correction | None:
        if not task.incident_id or task.ended_at is None:
            return None
        said = await self._records.incidents.history(
            task.incident_id, kinds=("dismissed", "reopened"), limit=1
        )
        if not said or said[0].kind != "reopened" or said[0].at < task.ended_at:
            return None
        last = said[0]
        return Correction(
            task_id=task.task_id,
            kind="reopened",
            verdict="real",
            words=self._redacted(last.reason)[:WORDS_MAX],
            by=last.by,
            corrected_at=last.at,
        )

    def _case(self, task: Task, said: Judgement, correction: Correction) -> GoldenCase:
        return GoldenCase(
            case_id=task.task_id,
            title=self._redacted(task.title),
            report=self._redacted(task.request.text),
            source=task.request.source,
            said=said,
            expected=_expected(said, correction),
            kind=correction.kind,
            words=self._redacted(correction.words),
            corrected_at=correction.corrected_at,
        )


def said_of(task: Task, decided: Correction | None) -> Judgement | None:
    """What triage made of a task; None where it has not come to it."""
    if task.severity is None:
        return None
    verdict: TriageVerdict = "real"
    if decided is None and task.outcome in (Outcome.NOISE, Outcome.DUPLICATE):
        verdict = "noise" if task.outcome is Outcome.NOISE else "duplicate"
    return Judgement(verdict=verdict, severity=task.severity)


def _expected(said: Judgement, correction: Correction) -> Judgement:
    return Judgement(
        verdict=correction.verdict or said.verdict, severity=correction.severity or said.severity
    )
