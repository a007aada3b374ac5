"""Consent: who may decide, on every channel alike."""

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from control.people import People
from core.approvals import Decision, Person
from core.errors import ConfigError, NotEntitled

TRUSTED = ("terminal", "rest")
"""Channels that prove who may decide before they call: an account of this machine, a key."""
FILE_NAME = "APPROVERS_FILE"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Approvers:
    """Who may decide on one channel."""

    ids: frozenset[str] = frozenset()
    """The channel's own ids of people."""
    place: str = ""
    """Where nobody is named: the chat whose people may decide."""
    variable: str = ""
    """The option that names them."""


class ApproversFile:
    """A file of approvers, one `channel:id` a line, read again whenever it has changed."""

    def __init__(self, file: Path) -> None:
        """Raises ConfigError when it cannot be used."""
        self._file = file
        self._accounts = read_approvers(file)
        self._seen = _signature(file)

    def accounts(self) -> frozenset[str]:
        """Who is named in it now; nobody once it has become unreadable."""
        if (signature := _signature(self._file)) != self._seen:
            self._seen = signature
            try:
                self._accounts = read_approvers(self._file)
            except ConfigError as error:
                self._accounts = frozenset()
                log.error("nobody may decide by %s: %s", FILE_NAME, error)
        return self._accounts


@dataclass(frozen=True)
class Deciders:
    """Who may answer a question, seen by somebody who looks at it."""

    others: tuple[str, ...] = ()
    """Persons or accounts, and chats whose people may; whoever looks is not named."""
    barred: str = ""
    """Why an approval of whoever looks would be refused; empty where it would count."""


@dataclass(frozen=True)
class Consent:
    """The rules by which a decision is taken or refused."""

    approvers: Mapping[str, Approvers] = field(default_factory=dict)
    """By channel."""
    file: ApproversFile | None = None
    """Takes the place of all ids that are named by options."""
    people: People = field(default_factory=People)
    forbid_requester: bool = False

    def may_decide(self, person: Person, place: str = "") -> bool:
        """Whether this person may answer questions, in this place of the channel."""
        if person.channel in TRUSTED:
            return True
        if self.file is not None:
            return person.account in self.file.accounts()
        known = self.approvers.get(person.channel)
        if known is None:
            return False
        return person.person_id in known.ids or (bool(known.place) and place == known.place)

    def others(
        self, channels: Collection[str], keys: Collection[str], without: Collection[str]
    ) -> list[str]:
        """Who may decide: persons as PEOPLE calls them, else accounts, and then whole chats.

        `channels` are those that people are asked in, `keys` the names of keys of REST that may
        approve. The persons of the accounts `without` are left out.
        """
        listed = self.file.accounts() if self.file else _named(self.approvers)
        asked = {one for one in listed if one.partition(":")[0] in channels}
        may = asked | {f"rest:{key}" for key in keys}
        left = [one for one in may if not any(self.people.same(one, out) for out in without)]
        persons = {self.people.name_of(one) or one.removeprefix("rest:") for one in left}
        chats = () if self.file else self.approvers.items()
        places = [
            f"everybody in {known.place} ({channel})"
            for channel, known in chats
            if known.place and channel in channels
        ]
        return sorted(persons) + places

    def check(self, decision: Decision, requested_by: str) -> None:
        """Raise NotEntitled when the rules do not let this person decide so.

        `requested_by` is the account that asked for the task, as `channel:id`.
        """
        if not self.may_decide(decision.by, decision.place):
            raise NotEntitled(
                f"{decision.by.account} is not among those who may decide.",
                remedy="Ask one of them, or whoever runs Anton to add this id to "
                f"{self._list(decision.by)}.",
            )
        if (
            self.forbid_requester
            and decision.choice == "approve"
            and requested_by
            and self.people.same(decision.by.account, requested_by)
        ):
            raise NotEntitled(
                "Whoever asked for a task does not approve its change "
                "(APPROVAL_FORBID_REQUESTER=true).",
                remedy="Ask another person to look at it.",
            )

    def _list(self, person: Person) -> str:
        """What names the approvers of a person's channel."""
        known = self.approvers.get(person.channel)
        return known.variable if known and known.variable and self.file is None else FILE_NAME


def _named(approvers: Mapping[str, Approvers]) -> set[str]:
    return {f"{channel}:{one}" for channel, known in approvers.items() for one in known.ids}


def approvers_of(
    telegram_ids: Collection[str],
    telegram_chat: str,
    slack_ids: Collection[str],
    slack_channel: str,
) -> dict[str, Approvers]:
    """Who may decide where options name people, and else the chats that they name.

    A private chat of Telegram has the id of its person; in Slack everybody who answers in the
    channel counts.
    """
    private = telegram_chat.isdecimal()
    alone = {telegram_chat} if private and not telegram_ids else set()
    return {
        "telegram": Approvers(frozenset({*telegram_ids, *alone}), variable="TELEGRAM_APPROVER_IDS"),
        "slack": Approvers(
            frozenset(slack_ids),
            place="" if slack_ids else slack_channel,
            variable="SLACK_APPROVER_IDS",
        ),
    }


def read_approvers(file: Path) -> frozenset[str]:
    """The accounts in a file of lines `channel:id`; `#` begins a comment. Raises ConfigError."""
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{FILE_NAME} cannot be read.", remedy=f"Put UTF-8 text at {file}."
        ) from error
    found = set()
    for number, line in enumerate(lines, 1):
        account = line.partition("#")[0].strip()
        channel, colon, person_id = account.partition(":")
        if account and not (colon and channel.isalpha() and person_id.isalnum()):
            raise ConfigError(
                f"{file}, line {number} is no approver.",
                remedy="Write `telegram:4711` or `slack:U024BE7LH`.",
            )
        if account:
            found.add(account)
    return frozenset(found)


def _signature(file: Path) -> tuple[int, ...]:
    try:
        found = file.stat()
    except OSError:
        return ()
    return (found.st_mtime_ns, found.st_size, found.st_ino)
