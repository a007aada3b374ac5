"""Which host a repository lives on, by how people name it."""

from pathlib import Path

import pytest

from core.errors import ConfigError
from integrations import HOSTS, host_class, host_for
from integrations.github.names import full_name, web_host

GITHUB = {"github": {"token": "t"}}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("acme/todo", "acme/todo"),
        ("https://github.com/acme/todo", "acme/todo"),
        ("https://github.com/acme/todo.git", "acme/todo"),
        ("https://github.com/acme/todo/", "acme/todo"),
        ("git@github.com:acme/todo.git", "acme/todo"),
        ("ssh://git@github.com/acme/todo.git", "acme/todo"),
        ("https://user:password@github.com/acme/todo", "acme/todo"),
        ("https://github.com.evil.example/acme/todo", ""),
        ("https://github.com@evil.example/acme/todo", ""),
        ("https://evil.example/github.com/acme/todo", ""),
        ("ext::sh -c id", ""),
        ("file:///etc", ""),
        ("acme/todo/tree/main", ""),
        ("acme/..", ""),
        ("acme/to do", ""),
        ("-x/todo", ""),
        ("acme", ""),
        ("", ""),
    ],
)
def test_only_names_of_github_are_taken_for_one(text: str, name: str) -> None:
    assert full_name(text) == name


def test_an_enterprise_server_has_its_own_name() -> None:
    assert web_host("https://git.acme.example/api/v3") == "git.acme.example"
    assert web_host("") == "github.com"
    assert full_name("https://git.acme.example/a/b", "git.acme.example") == "a/b"
    assert full_name("https://github.com/a/b", "git.acme.example") == ""


async def test_a_folder_is_local_and_a_name_is_github(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    host = host_for("acme/todo", GITHUB)
    assert host.kind == "github"
    await host.close()
    (tmp_path / "acme/todo").mkdir(parents=True)
    for name in ("acme/todo", str(tmp_path), ".", "no/such/folder"):
        assert host_for(name, GITHUB).kind == "local"


def test_github_without_an_account_is_said() -> None:
    without: list[dict[str, dict[str, str]] | None] = [None, {}, {"github": {}}]
    for options in [*without, {"github": {"token": ""}}]:
        with pytest.raises(ConfigError, match="GITHUB_TOKEN"):
            host_for("https://github.com/acme/todo", options)


def test_every_host_of_the_table_is_there() -> None:
    assert {host_class(kind).kind for kind in HOSTS} == set(HOSTS)
    with pytest.raises(ConfigError, match="known: local, github"):
        host_class("svn")
