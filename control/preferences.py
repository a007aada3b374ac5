"""Preferences: what people turned down and what they approved later, read from the approvals.

An answered question is the record; so no crash can part a rejection from its pair, and an approval
completes every pair that waits for it.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from control.chronicle import Records
from core.approvals import POLICY, Choice, QuestionKind, Ruling
from core.errors import NotFound
from core.patches import Patch
from core.preferences import Preference
from core.tasks import TaskRequest


class Preferences:
    """Finds the pairs, without a secret in them."""

    def __init__(self, records: Records, redacted: Callable[[str], str]) -> None:
        """`redacted` takes secrets out of a text."""
        self._records = records
        self._redacted = redacted

    async def all(self) -> Sequence[Preference]:
        """Every diff that a person turned down, oldest first; some without a later one."""
        down = await self._releases("request_changes", "reject")
        approved = sorted(await self._releases("approve"), key=_when)
        requests = {
            task_id: (await self._records.tasks.get(task_id)).request
            for task_id in {one.task_id for one in (*down, *approved)}
        }
        found = []
        for one in sorted(down, key=_when):
            later = _later(one, approved, requests)
            if pair := await self._pair(one, later, requests[one.task_id]):
                found.append(pair)
        return found

    async def _releases(self, *choices: Choice) -> list[Ruling]:
        """What people decided so on releases."""
        kind = QuestionKind.RELEASE
        found = await self._records.approvals.rulings(kind=kind, choices=choices)
        return [one for one in found if one.decision.by.channel != POLICY]

    async def _pair(
        self, down: Ruling, later: Ruling | None, request: TaskRequest
    ) -> Preference | None:
        """The pair; None when its diff is not kept any more."""
        rejected = await self._diff(down)
        if not rejected:
            return None
        title = request.title if request.title not in request.text else ""
        return Preference(
            task_id=down.task_id,
            report=self._redacted("\n\n".join(filter(None, (title, request.text)))),
            rejected=rejected,
            words=self._redacted(down.decision.text),
            accepted=await self._diff(later) if later else "",
        )

    async def _diff(self, ruling: Ruling) -> str:
        try:
            kept = await self._records.artifacts.get(ruling.patch_ref)
        except NotFound:
            return ""
        return self._redacted(Patch.model_validate_json(kept).diff)


def _when(ruling: Ruling) -> datetime:
    return ruling.decided_at


def _later(
    down: Ruling, approved: Iterable[Ruling], requests: dict[str, TaskRequest]
) -> Ruling | None:
    """The first other diff that was approved afterwards, for the same task or the same report."""
    wanted = requests[down.task_id]
    for one in approved:
        same = one.task_id == down.task_id or _same_report(wanted, requests[one.task_id])
        other = one.patch_hash != down.patch_hash
        if same and other and _when(one) > _when(down):
            return one
    return None


def _same_report(one: TaskRequest, other: TaskRequest) -> bool:
    if one.repository != other.repository:
        return False
    return one.text == other.text or bool(one.ticket and one.ticket == other.ticket)
