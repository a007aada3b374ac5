"""How tasks ended for rules, counted in Firestore beside the identities by all houses together."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from google.api_core.exceptions import AlreadyExists
from google.cloud import firestore
from pydantic import ValidationError

from core.errors import Conflict, StoreUnusable
from core.learning import RuleRecord
from memory.identities.firestore import CALL_S, NEVER, in_our_words
from memory.identities.tallies import Tally

RULES = "rules"
COUNTED = "counted"
"""A document a task, so that none is counted twice."""
PAGE = 500
"""Documents that one commit may change at most."""
FIELDS = ("shown", "shown_well", "withheld", "withheld_well")


class FirestoreCounts:
    """Counts below the document of each role: `rules` by the digest of the rule, `counted`."""

    def __init__(self, client: firestore.AsyncClient, collection: str, *, page: int = PAGE) -> None:
        """`page` is how many marks are read at once."""
        self._client = client
        self._page = page
        self._roles = client.collection(collection)

    async def count(self, tallies: Sequence[Tally]) -> None:
        """Count one task of one role, all or nothing, and once; raises StoreUnusable."""
        role = self._roles.document(tallies[0].role)
        batch = self._client.batch()
        batch.create(role.collection(COUNTED).document(tallies[0].task_id), {})
        for tally in tallies:
            document = role.collection(RULES).document(_digest(tally.rule))
            batch.set(document, {"rule": tally.rule, **_increments(tally)}, merge=True)
        try:
            async with in_our_words():
                await batch.commit(retry=NEVER, timeout=CALL_S)
        except Conflict as conflict:
            if not isinstance(conflict.__cause__, AlreadyExists):
                raise

    async def marks(self, role: str, after: str = "") -> Sequence[str]:
        """Tasks that are marked as counted, in the order of their ids, page by page."""
        marked = self._roles.document(role).collection(COUNTED)
        query = marked.select([]).order_by("__name__").limit(self._page)
        if after:
            query = query.start_after({"__name__": marked.document(after)})
        async with in_our_words():
            return [one.id async for one in query.stream(retry=NEVER, timeout=CALL_S)]

    async def unmark(self, role: str, task_ids: Collection[str]) -> None:
        """Forget that tasks were counted, at most a page of them; harmless when repeated."""
        marked, batch = self._roles.document(role).collection(COUNTED), self._client.batch()
        for task_id in task_ids:
            batch.delete(marked.document(task_id))
        async with in_our_words():
            await batch.commit(retry=NEVER, timeout=CALL_S)

    async def records(self, role: str) -> Mapping[str, RuleRecord]:
        """What was counted, by rule."""
        async with in_our_words():
            wanted = self._roles.document(role).collection(RULES)
            found = [one async for one in wanted.stream(retry=NEVER, timeout=CALL_S)]
        return dict(_record(one.to_dict() or {}) for one in found)


def _digest(rule: str) -> str:
    return sha256(rule.encode("utf-8", "surrogatepass")).hexdigest()[:40]


def _increments(tally: Tally) -> dict[str, Any]:
    side = "shown" if tally.shown else "withheld"
    counted = {side: firestore.Increment(1), f"{side}_well": firestore.Increment(int(tally.well))}
    used = {"last_used": firestore.Maximum(tally.ended_at.timestamp())} if tally.shown else {}
    return {**counted, **used}


def _record(fields: Mapping[str, Any]) -> tuple[str, RuleRecord]:
    used = fields.get("last_used")
    try:
        record = RuleRecord.model_validate(
            {
                **{name: fields.get(name, 0) for name in FIELDS},
                "last_used_at": datetime.fromtimestamp(used, UTC) if used else None,
            }
        )
        return str(fields["rule"]), record
    except (ValidationError, KeyError, TypeError) as error:
        raise StoreUnusable("The counts of a rule in Firestore cannot be read.") from error
