"""People: which accounts on which channels belong to one person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class People:
    """Tells persons apart, as far as PEOPLE says who is who."""

    names: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """A person's name to accounts, each written `channel:id`."""

    def name_of(self, account: str) -> str:
        """The person that an account belongs to; empty when PEOPLE does not say."""
        found = (name for name, accounts in self.names.items() if account in accounts)
        return next(found, "")

    def same(self, one: str, other: str) -> bool:
        """Whether two accounts are known to belong to one person."""
        name = self.name_of(one)
        return one == other or (name != "" and name == self.name_of(other))

    def apart(self, one: str, other: str) -> bool:
        """Whether two accounts are known to belong to two persons.

        Within a channel another account is another person unless PEOPLE joins them; across
        channels nobody knows, unless PEOPLE names both.
        """
        if self.same(one, other):
            return False
        one_channel, other_channel = one.partition(":")[0], other.partition(":")[0]
        return one_channel == other_channel or bool(self.name_of(one) and self.name_of(other))
