"""What is shown of the settings: options, integrations, repositories, and what doctor finds."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from api.views import Answer
from control.examination import Report
from control.integrations import Integration, State
from control.services import OTHERS, Services
from core.examination import Level
from core.services import Rung, Service


class _Facts(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)


class OptionFacts(_Facts):
    """One option as it holds now."""

    name: str
    group: str
    meaning: str
    value: Any
    """Plain JSON; of a secret only `set` or `not set`."""
    secret: bool
    changed: bool
    """Whether it is not the default."""


class IntegrationFacts(_Facts):
    """Something outside that Anton can work with, as it stands."""

    name: str
    state: State
    detail: str
    variable: str
    """The option that switches it on."""
    since: datetime | None
    """Since when it fails, as far as that is known."""
    channel: bool
    """Whether a test message can be sent there."""

    @classmethod
    def of(cls, one: Integration) -> "IntegrationFacts":
        """As it is shown."""
        return cls(**{**asdict(one), "since": one.since or None})


class ServiceFacts(_Facts):
    """What REPOS_FILE says of a repository."""

    repository: str
    """`*` is every one that has no entry of its own."""
    profile: str
    autonomy: Rung
    max_task_budget_usd: float | None
    max_task_tokens: int | None

    @classmethod
    def of(cls, repository: str, service: Service) -> "ServiceFacts":
        """As it is shown."""
        return cls(
            repository=repository,
            profile=service.profile,
            autonomy=service.autonomy,
            max_task_budget_usd=service.max_task_budget_usd,
            max_task_tokens=service.max_task_tokens,
        )


class SettingsView(Answer):
    """The effective options and what follows from them."""

    options: list[OptionFacts]
    integrations: list[IntegrationFacts]
    services: list[ServiceFacts]
    quiet_now: bool
    """Whether questions that can wait are held back at this moment."""


class FindingFacts(_Facts):
    """One line of an examination."""

    name: str
    level: Level
    text: str
    remedy: str


class DoctorView(Answer):
    """What an examination found, as `python main.py doctor` tells it."""

    status: Level
    at: datetime
    checks: list[FindingFacts]

    @classmethod
    def of(cls, report: Report, seq: int) -> "DoctorView":
        """As it is shown."""
        checks = [FindingFacts(**asdict(finding)) for finding in report.findings]
        return cls(as_of_seq=seq, status=report.status, at=report.at, checks=checks)


class ChannelTested(Answer):
    """A test message arrived in a channel."""

    channel: str
    ref: str
    """The channel's own reference of the message."""


def services_shown(services: Services) -> Iterator[ServiceFacts]:
    """Every repository with an entry, and the rest."""
    for repository, service in services.known.items():
        yield ServiceFacts.of(repository, service)
    yield ServiceFacts.of(OTHERS, services.others)
