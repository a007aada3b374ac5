"""The file of services: strictly read, and an autonomy that nobody knows gives the least."""

from pathlib import Path

import pytest

from control.services import Services, read_services
from core.errors import ConfigError
from core.recipes import Recipe
from core.services import Rung, Service

FILE = """\
# how far Anton goes by himself
acme/shop:
  autonomy: patch
  profile: library
  max_task_budget_usd: 0.25
  max_task_tokens: 90000
/srv/todo:
  autonomy: pr
"*":
  autonomy: diagnose
"""


def written(folder: Path, text: str) -> Path:
    file = folder / "repos.yaml"
    file.write_text(text)
    return file


def test_what_is_said_of_a_repository_holds_however_it_is_spelt(tmp_path: Path) -> None:
    services = read_services(written(tmp_path, FILE))
    shop = Service(
        profile="library", autonomy=Rung.PATCH, max_task_budget_usd=0.25, max_task_tokens=90_000
    )
    for name in ("acme/shop", "Acme/Shop", "https://github.com/acme/shop.git"):
        assert services.of(name) == shop
    assert services.of("/srv/todo").autonomy is Rung.PR
    assert services.of("/srv/other").autonomy is Rung.DIAGNOSE


def test_how_tests_are_set_up_and_run_is_the_operators_to_say(tmp_path: Path) -> None:
    text = (
        "acme/shop:\n  setup: make ext\n  test: pytest -q --junitxml={junit}\n"
        "  image: shop/ci:3.12\n  compose: true\n  env:\n    MODE: ci\n    PORT: 80\n"
    )
    assert read_services(written(tmp_path, text)).of("acme/shop").recipe == Recipe(
        setup="make ext",
        test="pytest -q --junitxml={junit}",
        image="shop/ci:3.12",
        compose=True,
        env={"MODE": "ci", "PORT": "80"},
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("test: ''", "test is no text"),
        ("image: 'a b'", "image should be the name"),
        ("compose: perhaps", "compose should be true or false"),
        ("env: {A-B: x}", "env should name variables, and 'A-B'"),
        ("env: {A: [x]}", "env should give A a text"),
    ],
)
def test_a_recipe_that_cannot_be_is_refused(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(ConfigError, match=f"acme/shop: {said}"):
        read_services(written(tmp_path, f"acme/shop:\n  {line}\n"))


def test_without_a_file_everything_ends_in_a_pull_request(tmp_path: Path) -> None:
    assert Services().of("acme/shop") == Service()
    assert read_services(written(tmp_path, "")).of("acme/shop").autonomy is Rung.PR


@pytest.mark.parametrize("rung", ["full", "PR", "yes", "null", "", "3"])
def test_an_unknown_rung_is_notify_and_said(
    tmp_path: Path, rung: str, caplog: pytest.LogCaptureFixture
) -> None:
    services = read_services(written(tmp_path, f"acme/shop:\n  autonomy: {rung}\n"))
    assert services.of("acme/shop").autonomy is Rung.NOTIFY
    assert "line 2, acme/shop: autonomy" in caplog.text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("acme/shop:\n  autonomi: pr\n", r"line 2, acme/shop: there is no key autonomi"),
        ("a/b:\n  profile: loose\n", r"line 2, a/b: profile should be one of default, library"),
        ("a/b:\n  max_task_budget_usd: -1\n", r"line 2, a/b: max_task_budget_usd should be an"),
        ("a/b:\n  max_task_budget_usd: .nan\n", r"line 2, a/b: max_task_budget_usd should be an"),
        ("a/b:\n\n  max_task_tokens: some\n", r"line 3, a/b: max_task_tokens should be a whole"),
        ("a/b:\n  max_task_tokens: [1]\n", r"line 2, a/b: max_task_tokens should be a whole"),
        ("a/b: pr\n", r"line 1 holds no mapping"),
        ("- a/b\n", r"line 1 holds no mapping"),
        ("a/b:\n  autonomy: pr\na/b:\n  autonomy: pr\n", r"line 3 names a/b twice"),
        ("a/b:\n  autonomy: pr\n  autonomy: patch\n", r"line 3 names autonomy twice"),
        ("a/b:\n  autonomy: 'pr\n", r"line 3 is no YAML"),
    ],
)
def test_a_bad_line_ends_the_start_and_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        read_services(written(tmp_path, text))


def test_two_spellings_of_one_repository_are_one(tmp_path: Path) -> None:
    text = "acme/shop:\n  autonomy: pr\nhttps://github.com/acme/shop:\n  autonomy: notify\n"
    with pytest.raises(ConfigError, match="names acme/shop and https://github"):
        read_services(written(tmp_path, text))


def test_a_missing_file_ends_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="REPOS_FILE cannot be read"):
        read_services(tmp_path / "none.yaml")
