"""Decisions about users, actions and resources."""

from dataclasses import dataclass, field


@dataclass
class User:
    name: str
    roles: list = field(default_factory=list)
    active: bool = True


@dataclass
class Resource:
    path: str
    owner: str
    public: bool = False


@dataclass(frozen=True)
class Grant:
    user: str
    action: str
    path: str
    expires: int | None = None

    def covers(self, user, action, path, now):
        """Whether it holds now for this path or one below it."""
        if self.user != user.name or self.action != action:
            return False
        if self.expires is not None and now >= self.expires:
            return False
        return path == self.path or path.startswith(self.path.rstrip("/") + "/")


class Policy:
    def __init__(self, roles):
        self.roles = roles
        self.grants = []
        self.denied = set()
        self.log = []

    def grant(self, user, action, path, expires=None):
        self.grants.append(Grant(user.name, action, path, expires))

    def revoke(self, user, action, path):
        """Take grants back; returns how many there were."""
        before = len(self.grants)
        self.grants = [
            g for g in self.grants if (g.user, g.action, g.path) != (user.name, action, path)
        ]
        return before - len(self.grants)

    def deny(self, user, path):
        """Shut a user out of a path, whatever else is granted."""
        self.denied.add((user.name, path))

    def decide(self, user, action, resource, now=0):
        allowed, reason = self._decide(user, action, resource, now)
        self.log.append((user.name, action, resource.path, allowed, reason))
        return allowed

    def _decide(self, user, action, resource, now):
        if not user.active:
            return False, "inactive"
        if (user.name, resource.path) in self.denied:
            return False, "denied"
        if resource.owner == user.name:
            return True, "owner"
        if resource.public and action == "read":
            return True, "public"
        for role in user.roles:
            if self.roles.allows(role, action):
                return True, f"role {role}"
        for grant in self.grants:
            if grant.covers(user, action, resource.path, now):
                return True, "grant"
        return False, "nothing fits"

    def visible(self, user, resources, now=0):
        return [r for r in resources if self.decide(user, "read", r, now)]

    def refusals(self, name=None):
        """Refused decisions of the log, of one user or of all."""
        return [
            (who, action, path)
            for who, action, path, allowed, _ in self.log
            if not allowed and (name is None or who == name)
        ]
