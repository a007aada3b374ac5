"""Who is asked, when, and whose word counts."""

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_settings import NoDecode

from settings.addresses import MaybeSecureAddress
from settings.kinds import FROM_JSON, Group, Names


def _channel(name: str) -> str:
    if not re.fullmatch(r"#?[\w-]{0,80}", name):
        raise ValueError("should be the id of a channel or its name, as `incidents`")
    return name.removeprefix("#")


def _numeric(people: tuple[str, ...]) -> tuple[str, ...]:
    if not all(re.fullmatch(r"[0-9]{1,20}", person) for person in people):
        raise ValueError("should hold numeric ids of people, never names, which can be taken")
    return people


def _of_slack(people: tuple[str, ...]) -> tuple[str, ...]:
    if not all(re.fullmatch(r"[UW][A-Z0-9]{2,20}", person) for person in people):
        raise ValueError("should hold ids of people such as U024BE7LH, never their names")
    return people


def _one_owner(people: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    accounts = [account for owned in people.values() for account in owned]
    if not all(re.fullmatch(r"[a-z]+:[\w.@-]+", account) for account in accounts):
        raise ValueError("should hold accounts written `channel:id`")
    if len(accounts) != len(set(accounts)):
        raise ValueError("gives one account to two names")
    return people


Owners = Annotated[dict[str, tuple[str, ...]], NoDecode, FROM_JSON, AfterValidator(_one_owner)]


class ConsentRules(Group):
    """Consent: whose word counts for a change."""

    telegram_chat_id: str = Field(default="", pattern=r"^(-?[0-9]{1,20})?$")
    """Chat in Telegram that is asked; the person of a private chat may also decide."""
    telegram_approver_ids: Annotated[Names, AfterValidator(_numeric)] = ()
    """Numeric ids of those who may decide in Telegram, comma-separated."""
    slack_channel: Annotated[str, AfterValidator(_channel)] = ""
    """Channel in Slack that is asked, by its id or its name without #."""
    slack_approver_ids: Annotated[Names, AfterValidator(_of_slack)] = ()
    """Ids of those who may decide in Slack, as U024BE7LH; empty: all in SLACK_CHANNEL."""
    approvers_file: Path | None = None
    """File of `channel:id` lines in place of both lists; a change counts from the next decision."""
    approval_two_for: Literal["none", "high", "critical"] = "none"
    """Risk from which on two different persons have to approve a change."""
    auto_approve_risk: Literal["none", "low", "medium"] = "none"
    """Risk up to which a proven change passes without a person; high and critical always ask."""
    repos_file: Path | None = None
    """YAML file with autonomy, profile and budgets of each repository; empty: none has its own."""
    approval_forbid_requester: bool = False
    """Whether whoever asked for a task is kept from approving its change."""
    people: Owners = Field(default_factory=dict)
    """Accounts of one person, JSON, as `{"ann": ["telegram:4711", "slack:U024BE7LH"]}`."""


class Asking(Group):
    """Asking: when people are asked, when again, and where else."""

    approval_remind_minutes: float = Field(default=30.0, gt=0, le=10_000)
    """Minutes after which a question that nobody answers is asked again."""
    approval_alarm_minutes: float = Field(default=60.0, gt=0, le=10_000)
    """Minutes after which it is asked loudly, and in ESCALATION_CHANNEL too."""
    escalation_channel: str = Field(default="", pattern=r"^$|^[a-z]+:\S+$")
    """Where else to ask then, as `slack:oncall-leads` or `telegram:-1001234567890`."""
    public_url: MaybeSecureAddress = ""
    """Where people reach this server from elsewhere; messages then link to the page of a task."""
    quiet_hours: str = ""
    """Hours in which P2 to P4 are not asked about, as `22:00-07:00 Europe/Berlin`; UTC else."""
