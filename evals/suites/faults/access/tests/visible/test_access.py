import pytest

from access.policy import Policy, Resource, User
from access.roles import Roles, UnknownRole


@pytest.fixture
def policy():
    roles = Roles()
    roles.define("reader", ["read"])
    roles.define("writer", ["write", "comment.*"], inherits=["reader"])
    roles.define("admin", ["*"], inherits=["writer"])
    return Policy(roles)


PAPER = Resource("/docs/paper", owner="ann")


def test_role_has_its_permissions(policy):
    assert policy.roles.allows("reader", "read")
    assert not policy.roles.allows("reader", "write")


def test_roles_inherit_over_two_steps(policy):
    assert policy.roles.lineage("admin") == ["admin", "writer", "reader"]
    assert policy.roles.permissions("writer") == {"read", "write", "comment.*"}


def test_patterns(policy):
    assert policy.roles.allows("writer", "comment.delete")
    assert policy.roles.allows("admin", "anything")
    assert not policy.roles.allows("writer", "delete")


def test_unknown_roles(policy):
    with pytest.raises(UnknownRole):
        policy.roles.lineage("ghost")
    with pytest.raises(UnknownRole):
        policy.roles.define("x", inherits=["ghost"])


def test_owner_may_do_everything(policy):
    assert policy.decide(User("ann"), "delete", PAPER)


def test_stranger_may_do_nothing(policy):
    assert not policy.decide(User("bob"), "read", PAPER)
    assert policy.log == [("bob", "read", "/docs/paper", False, "nothing fits")]


def test_public_is_for_reading_only(policy):
    page = Resource("/page", owner="ann", public=True)
    assert policy.decide(User("bob"), "read", page)
    assert not policy.decide(User("bob"), "write", page)


def test_any_of_several_roles(policy):
    assert policy.decide(User("bob", ["reader", "writer"]), "write", PAPER)


def test_inactive_user(policy):
    assert not policy.decide(User("ann", ["admin"], active=False), "read", PAPER)


def test_denied_beats_owner_and_admin(policy):
    ann = User("ann", ["admin"])
    policy.deny(ann, "/docs/paper")
    assert not policy.decide(ann, "read", PAPER)


def test_grant_holds_below_its_path(policy):
    bob = User("bob")
    policy.grant(bob, "read", "/docs")
    assert policy.decide(bob, "read", PAPER)
    assert policy.decide(bob, "read", Resource("/docs", "ann"))
    assert not policy.decide(bob, "write", PAPER)
    assert not policy.decide(bob, "read", Resource("/docs-old/x", "ann"))


def test_grant_expires(policy):
    bob = User("bob")
    policy.grant(bob, "read", "/docs", expires=100)
    assert policy.decide(bob, "read", PAPER, now=99)
    assert not policy.decide(bob, "read", PAPER, now=100)


def test_revoke(policy):
    bob = User("bob")
    policy.grant(bob, "read", "/docs")
    policy.grant(bob, "write", "/docs")
    assert policy.revoke(bob, "read", "/docs") == 1
    assert not policy.decide(bob, "read", PAPER)
    assert policy.decide(bob, "write", PAPER)


def test_visible_resources_and_refusals(policy):
    shown = policy.visible(User("bob"), [PAPER, Resource("/mine", "bob")])
    assert [r.path for r in shown] == ["/mine"]
    assert policy.refusals() == [("bob", "read", "/docs/paper")]
    assert policy.refusals("ann") == []
