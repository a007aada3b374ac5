"""What can be seen of the house from outside: figures, statistics, the settings."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from control.alerts import Alerts
from control.chronicle import Records
from control.examples import Example, examples
from control.golden import Golden
from control.hours import QuietHours
from control.integrations import Offer
from control.meter import Meter
from control.pace import Way, ways
from control.services import Services
from control.stats import stats


@dataclass(frozen=True)
class Observatory:
    """Reads, and changes nothing."""

    records: Records
    meter: Meter
    alerts: Alerts
    golden: Golden
    redacted: Callable[[str], str] = str
    """A text without secrets."""
    settings: Sequence[Mapping[str, Any]] = ()
    """The effective options, as config describes them."""
    offers: Sequence[Offer] = ()
    """What he can work with outside, as it is configured."""
    services: Services = field(default_factory=Services)
    quiet: QuietHours | None = None

    @property
    def quiet_now(self) -> bool:
        """Whether questions that can wait are held back at this moment."""
        return self.quiet is not None and self.quiet.hold(None, self.records.clock.now())

    async def stats(self, since: datetime, until: datetime | None = None) -> dict[str, Any]:
        """All that can be said of the tasks and model calls of a time, plain JSON."""
        return await stats(self.records, self.golden, since, until or self.records.clock.now())

    async def ways(self, since: datetime) -> list[Way]:
        """From report to pull request, task by task."""
        return await ways(self.records.tasks, self.records.outbox, since)

    def examples(self) -> AsyncIterator[Example]:
        """Every answered model call of a task that is still known, to learn from."""
        return examples(self.records, self.redacted)
