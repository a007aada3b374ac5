import pytest

from access.policy import Grant, Policy, Resource, User
from access.roles import Roles, UnknownRole


def diamond():
    roles = Roles()
    roles.define("base", ["see"])
    roles.define("left", ["push"], inherits=["base"])
    roles.define("right", ["pull", "db.?ead"], inherits=["base"])
    roles.define("top", inherits=["left", "right"])
    roles.define("chief", ["fire"], inherits=["top"])
    return roles


def test_lineage_has_each_role_once():
    assert diamond().lineage("top") == ["top", "left", "right", "base"]
    assert diamond().lineage("base") == ["base"]


def test_permissions_come_from_all_ancestors():
    assert diamond().permissions("chief") == {"fire", "see", "push", "pull", "db.?ead"}
    assert diamond().permissions("base") == {"see"}
    assert diamond().permissions("left") == {"see", "push"}


def test_parents_get_nothing_from_children():
    assert not diamond().allows("base", "push")
    assert diamond().allows("chief", "see")


def test_patterns_match_the_whole_action():
    roles = diamond()
    assert roles.allows("right", "db.read")
    assert not roles.allows("right", "db.readall")
    assert not roles.allows("right", "PULL")


def test_unknown_role_of_a_user():
    policy = Policy(Roles())
    with pytest.raises(UnknownRole):
        policy.decide(User("u", ["none"]), "see", Resource("/a", "x"))


def test_reasons_are_logged():
    policy = Policy(diamond())
    thing = Resource("/a", "own", public=True)
    policy.decide(User("own"), "x", thing)
    policy.decide(User("u"), "read", thing)
    policy.decide(User("u", ["left"]), "push", thing)
    policy.decide(User("u", active=False), "read", thing)
    assert [entry[-1] for entry in policy.log] == ["owner", "public", "role left", "inactive"]
    assert [entry[-2] for entry in policy.log] == [True, True, True, False]


def test_second_role_counts():
    policy = Policy(diamond())
    user = User("u", ["left", "right"])
    assert policy.decide(user, "pull", Resource("/a", "x"))
    assert not policy.decide(user, "fire", Resource("/a", "x"))


def test_public_pages_cannot_be_changed():
    policy = Policy(diamond())
    page = Resource("/p", "x", public=True)
    assert not policy.decide(User("u", ["base"]), "push", page)
    assert not policy.decide(User("u"), "see", Resource("/q", "x"))


def test_public_pages_can_be_denied():
    policy = Policy(diamond())
    user = User("u")
    policy.deny(user, "/p")
    assert not policy.decide(user, "read", Resource("/p", "x", public=True))
    assert not policy.decide(user, "read", Resource("/p", "u"))
    assert policy.decide(User("v"), "read", Resource("/p", "x", public=True))


@pytest.mark.parametrize(
    ("path", "covered"),
    [("/a/b", True), ("/a/b/c/d", True), ("/a", False), ("/a/bc", False), ("/x/a/b", False)],
)
@pytest.mark.parametrize("granted", ["/a/b", "/a/b/"])
def test_paths_that_a_grant_covers(granted, path, covered):
    if granted.endswith("/") and path == "/a/b":
        return
    assert Grant("u", "see", granted).covers(User("u"), "see", path, 0) is covered


def test_grant_is_for_one_user_and_action():
    grant = Grant("u", "see", "/a", expires=10)
    assert grant.covers(User("u"), "see", "/a/b", 9)
    assert not grant.covers(User("v"), "see", "/a/b", 9)
    assert not grant.covers(User("u"), "push", "/a/b", 9)
    assert not grant.covers(User("u"), "see", "/a/b", 10)


def test_revoke_counts_and_keeps_the_others():
    policy = Policy(diamond())
    u, v = User("u"), User("v")
    for user in (u, u, v):
        policy.grant(user, "see", "/a")
    assert policy.revoke(u, "see", "/a") == 2
    assert policy.revoke(u, "see", "/a") == 0
    assert [g.user for g in policy.grants] == ["v"]


def test_refusals_of_one_user():
    policy = Policy(diamond())
    for name in ("u", "v", "u"):
        policy.decide(User(name), "push", Resource("/a", "v"))
    assert policy.refusals("u") == [("u", "push", "/a")] * 2
    assert policy.refusals("v") == []
    assert len(policy.refusals()) == 2


def test_users_do_not_share_roles():
    first, second = User("a"), User("b")
    first.roles.append("chief")
    assert second.roles == []
