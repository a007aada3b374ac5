"""Roles and what they inherit."""

from fnmatch import fnmatchcase


class UnknownRole(LookupError):
    pass


class Roles:
    def __init__(self):
        self._permissions = {}
        self._parents = {}

    def define(self, name, permissions=(), inherits=()):
        for parent in inherits:
            if parent not in self._permissions:
                raise UnknownRole(parent)
        self._permissions[name] = set(permissions)
        self._parents[name] = list(inherits)

    def lineage(self, name):
        """The role and all roles it inherits from, nearest first, each once."""
        if name not in self._permissions:
            raise UnknownRole(name)
        found = [name]
        for role in found:
            for parent in self._parents[role]:
                if parent not in found:
                    found.append(parent)
        return found

    def permissions(self, name):
        granted = set()
        for role in self.lineage(name):
            granted |= self._permissions[role]
        return granted

    def allows(self, name, action):
        """Whether a permission of the role, maybe with `*`, fits the action."""
        return any(fnmatchcase(action, pattern) for pattern in self.permissions(name))
