"""No request can make Anton look into a repository that its owner did not name."""

from pathlib import Path

import pytest

from control.repositories import Repositories, RepositoryMissing
from core.errors import PayloadInvalid


def refused(repositories: Repositories, asked: str, *, anywhere: bool = True) -> PayloadInvalid:
    with pytest.raises(PayloadInvalid) as error:
        repositories.resolve(asked, anywhere=anywhere)
    return error.value


@pytest.mark.parametrize(
    ("known", "asked"),
    [
        ("acme/shop", "acme/shop"),
        ("acme/shop", "ACME/Shop"),
        ("acme/shop", "https://github.com/acme/shop"),
        ("acme/shop", "https://github.com/acme/shop.git"),
        ("https://git.acme.example/team/shop", "https://git.acme.example/team/shop.git"),
        ("/srv/shop", "/srv/shop/"),
        ("/srv/shop", "/srv/./other/../shop"),
    ],
)
def test_spellings_of_a_known_one_lead_to_it(known: str, asked: str) -> None:
    assert Repositories((known,)).resolve(asked, anywhere=False) == known


def test_what_a_request_can_lead_to_is_listed() -> None:
    listed = Repositories(("acme/shop",))
    assert listed.lists("https://github.com/acme/shop.git")
    for name in ("acme/other", "git@github.com:acme/shop.git", "/srv/shop"):
        assert not listed.lists(name)
    assert Repositories((), any_path=True).lists("/srv/shop")


def test_a_link_to_a_known_one_leads_to_it(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "shop")
    known = str(tmp_path / "shop")
    assert Repositories((known,)).resolve(str(tmp_path / "link"), anywhere=False) == known


@pytest.mark.parametrize(
    "asked",
    [
        "acme/other",
        "https://github.com/acme/shop/../other",
        "https://github.com.evil.example/acme/shop",
        "https://user:pass@github.com/acme/shop",
        "file:///srv/shop",
        "ssh://git@github.com/acme/shop",
        "ext::sh -c id",
        "--upload-pack=id",
        "/etc",
        "/srv/shop/../../etc",
        "srv/shop/x",
        ".",
    ],
)
def test_everything_else_is_refused_and_what_is_listed_is_named(asked: str) -> None:
    told = str(refused(Repositories(("acme/shop", "/srv/shop")), asked))
    assert "acme/shop, /srv/shop" in told
    assert "REPOSITORIES" in told


def test_where_any_path_will_do_it_is_made_real(tmp_path: Path) -> None:
    repositories = Repositories(any_path=True)
    assert repositories.resolve(f"{tmp_path}/a/..", anywhere=True) == str(tmp_path.resolve())


def test_any_path_is_for_those_who_may_go_anywhere() -> None:
    refused(Repositories(any_path=True), "/etc", anywhere=False)
    refused(Repositories(any_path=False), "/etc", anywhere=True)


@pytest.mark.parametrize("asked", ["relative/path/here", "~/shop", "https://github.com/a/b"])
def test_any_path_is_an_absolute_path(asked: str) -> None:
    refused(Repositories(any_path=True), asked)


def test_the_default_is_for_those_who_name_none() -> None:
    assert Repositories(("/srv/shop",), default="/srv/shop").resolve("", anywhere=False)
    assert isinstance(refused(Repositories(("/srv/shop",)), ""), RepositoryMissing)
