"""What people see and change of what roles have learned; every change is written down."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from control.differences import Difference, difference
from core import figures
from core.approvals import Person
from core.errors import NotFound, PayloadInvalid, StoreError
from core.events import AuditEntry, Notice
from core.figures import LoggedDiff, SuccessRate
from core.identities import (
    NAMED_BYTES_MAX,
    RULE_MAX,
    RULES_MAX,
    Identity,
    IdentityHealth,
    IdentityVersion,
)
from core.interactions import MemoryDiff
from core.learning import RuleRecord
from core.ports import AuditLog, Clock, EventLog, IdentityStore, InteractionLog, LessonStore
from core.visible import visible

CHANGES_MAX = 200
"""Changes of a memory that are searched for why a rule went."""


@dataclass(frozen=True)
class Rule:
    """A rule as a person writes it."""

    text: str
    pinned: bool = False
    correction: bool = False
    """Whether people taught it, and not the role itself."""


class IdentityDesk:
    """Reads, mends and rolls back the identities of the roles of this house."""

    def __init__(
        self,
        store: IdentityStore,
        roles: Sequence[str],
        *,
        lessons: LessonStore,
        interactions: InteractionLog,
        audit: AuditLog,
        events: EventLog,
        clock: Clock,
        masked: Callable[[str], str],
    ) -> None:
        """`masked` takes secrets out of what people write."""
        self._store = store
        self._roles = tuple(roles)
        self._lessons = lessons
        self._interactions = interactions
        self._audit = audit
        self._events = events
        self._clock = clock
        self._masked = masked

    async def all(self) -> Sequence[Identity]:
        """The identity of every role, also of those that have learned nothing yet."""
        found = {identity.role: identity for identity in await self._store.list()}
        return [found.get(role, Identity(role=role)) for role in self._roles]

    async def one(self, role: str) -> Identity:
        """The identity of a role; raises NotFound for a role that is not there."""
        return await self._store.get(self._known(role))

    async def records(self, role: str) -> Mapping[str, RuleRecord]:
        """How tasks ended with each rule and without it, as counted up to now; raises NotFound."""
        return await self._lessons.records(self._known(role))

    async def versions(self, role: str) -> Sequence[IdentityVersion]:
        """The versions that are kept, newest first; raises NotFound."""
        return await self._store.versions(self._known(role))

    async def standings(self) -> Mapping[str, SuccessRate]:
        """How the tasks of each role ended; empty while the log of model calls is away."""
        try:
            rates = await self._interactions.ask(figures.success_rates(figures.BEGINNING))
        except StoreError:
            return {}
        return {rate.role: rate for rate in rates}

    async def changes(self, role: str = "", limit: int = 50) -> Sequence[LoggedDiff]:
        """How memories changed, newest first, of one role or of all; raises NotFound."""
        wanted = self._known(role) if role else ""
        return await self._interactions.ask(figures.memory_diffs(wanted, limit))

    async def difference(self, role: str, version: int, against: int) -> Difference:
        """What is other in a version than in another one of those kept; raises NotFound."""
        kept = {one.identity.version: one.identity for one in await self.versions(role)}
        for number in (version, against):
            if number not in kept:
                known = ", ".join(map(str, kept)) or "none"
                raise NotFound(f"{role} has no version {number}; kept are: {known}.")
        return difference(kept[version], kept[against], await self.changes(role, CHANGES_MAX))

    async def roll_back(
        self, role: str, version: int, by: Person, seen: int | None = None
    ) -> Identity:
        """Make the content of an older version the newest one.

        Raises NotFound, and Conflict where another version stands than the one that was `seen`.
        """
        before = await self.one(role)
        after = await self._store.roll_back(role, version, by=_name(by), seen=seen)
        await self._note("identity_rolled_back", before, after, by, f"back to version {version}")
        return after

    async def set_rules(
        self, role: str, rules: Sequence[Rule], version: int, by: Person
    ) -> Identity:
        """Put rules in place of all that stand in the version that was seen.

        Raises NotFound, PayloadInvalid for rules that cannot be, Conflict for a stale version.
        """
        before = await self.one(role)
        after = await self._store.save(
            _with_rules(before, self._plain(rules)).but(version=version),
            by=_name(by),
            reason="rules set by a person",
        )
        await self._note("identity_rules_set", before, after, by, "rules set by a person")
        return after

    def health(self) -> IdentityHealth:
        """Whether what is told is what stands, or the last copy of it."""
        return self._store.health()

    def _known(self, role: str) -> str:
        if role not in self._roles:
            raise NotFound(f"There is no role {role}; known are {', '.join(self._roles)}.")
        return role

    def _plain(self, rules: Sequence[Rule]) -> list[Rule]:
        """The rules on one line each, without secrets and doubles."""
        if len(rules) > RULES_MAX:
            raise PayloadInvalid(f"{len(rules)} rules are too many: {RULES_MAX} is the most.")
        plain: dict[str, Rule] = {}
        for rule in rules:
            text = " ".join(visible(self._masked(rule.text)).split())
            if not text or len(text) > RULE_MAX:
                raise PayloadInvalid(f"A rule has 1 to {RULE_MAX} characters, not {len(text)}.")
            if len(text.encode()) > NAMED_BYTES_MAX:
                raise PayloadInvalid(f"A rule has at most {NAMED_BYTES_MAX} bytes.")
            plain.setdefault(text, Rule(text, rule.pinned, rule.correction))
        return list(plain.values())

    async def _note(
        self, action: str, before: Identity, after: Identity, by: Person, reason: str
    ) -> None:
        added = [rule for rule in after.rules if rule not in before.rules]
        removed = [rule for rule in before.rules if rule not in after.rules]
        self._interactions.record(
            MemoryDiff(
                role=after.role,
                version=after.version,
                changed_at=self._clock.now(),
                added=tuple(added),
                removed=tuple(removed),
                reason=reason,
            )
        )
        detail = {"role": after.role, "version": after.version, "added": added, "removed": removed}
        await self._audit.record(AuditEntry(action=action, actor=_name(by), detail=detail))
        cause = "rollback" if action == "identity_rolled_back" else "person"
        told = {**detail, "previous": before.version, "cause": cause}
        await self._events.append(Notice(type="identity", role=after.role, data=told))


def _with_rules(identity: Identity, rules: Sequence[Rule]) -> Identity:
    texts = {rule.text for rule in rules}
    return identity.but(
        learned_rules=tuple(rule.text for rule in rules if not rule.correction),
        correction_rules=tuple(rule.text for rule in rules if rule.correction),
        pinned=tuple(rule.text for rule in rules if rule.pinned),
        rule_stats={rule: stats for rule, stats in identity.rule_stats.items() if rule in texts},
        origins={rule: origin for rule, origin in identity.origins.items() if rule in texts},
    )


def _name(by: Person) -> str:
    return f"{by.channel}:{by.person_id}"
