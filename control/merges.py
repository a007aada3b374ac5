"""What became of pull requests: a merge settles an incident, and a refusal leaves it to reports."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable

from control.care import Care
from control.chronicle import Records
from core import care
from core.care import Change
from core.effects import PullState
from core.errors import AntonError, StoreError
from core.incidents import Incident, IncidentState
from core.ports import IncidentFilter

log = logging.getLogger(__name__)

EVERY_S = 300.0
PAGE = 200
WAITING = IncidentFilter(states=(IncidentState.AWAITING_MERGE,))
LEADS = {
    PullState.MERGED: (IncidentState.RESOLVED, "The pull request was merged."),
    PullState.CLOSED: (IncidentState.REJECTED, "The pull request was closed without a merge."),
}
"""Where a pull request that is over leads its incident, and why."""


class Merges:
    """Asks code hosts for the pull requests that incidents wait for."""

    def __init__(
        self, records: Records, state_of: Callable[[str, str], Awaitable[PullState]]
    ) -> None:
        """`state_of` takes repository and address of a pull request."""
        self._store = records.incidents
        self._clock = records.clock
        self._care = Care(records.incidents, records.events, records.clock)
        self._state_of = state_of

    async def run(self) -> None:
        """Look again and again, until it is cancelled; a store that fails is asked again."""
        while True:
            try:
                await self.look()
            except StoreError as error:
                log.error("pull requests cannot be looked for: %s", error)
            await self._clock.sleep(EVERY_S)

    async def look(self) -> None:
        """Bring every incident that waits for a merge up to date; raises StoreError.

        A pull request is where the last task worked: a merged report may come from elsewhere.
        """
        async for incident in self._waiting():
            repository = str(incident.request.get("repository") or incident.repository)
            try:
                state = await self._state_of(repository, incident.pr_url)
            except AntonError as error:
                log.warning("%s is not known to be merged or not: %s", incident.pr_url, error)
                continue
            if state in LEADS:
                await self._settle(incident, state)

    async def _waiting(self) -> AsyncIterator[Incident]:
        cursor = ""
        while True:
            page = await self._store.list(WAITING, cursor=cursor, limit=PAGE)
            for incident in page.incidents:
                if incident.pr_url:
                    yield incident
            cursor = page.cursor
            if not cursor:
                return

    async def _settle(self, seen: Incident, state: PullState) -> None:
        to, reason = LEADS[state]

        def how(incident: Incident) -> list[Change]:
            if (incident.state, incident.pr_url) != (seen.state, seen.pr_url):
                return []
            return [care.moved(incident, to, self._clock.now(), reason=reason)]

        await self._care.change(seen.incident_id, how)
