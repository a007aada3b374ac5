"""What the wiring refuses before anything is started."""

from pathlib import Path

import pytest

import bootstrap
from bootstrap.suites import SUITES
from cli import arguments
from config import load_settings
from core.errors import ConfigError

SECRET = "sk-ant-REDACTED"


@pytest.mark.parametrize("entry", ["env: {KEY: %s}", "test: run --key %s", "setup: echo %s"])
def test_no_secret_of_ours_is_handed_to_a_repositorys_tests(tmp_path: Path, entry: str) -> None:
    file = tmp_path / "repos.yaml"
    file.write_text(f"acme/shop:\n  {entry % SECRET}\n")
    settings, _ = load_settings(repos_file=file, anthropic_api_key=SECRET)
    with pytest.raises(ConfigError, match="secrets to the tests of acme/shop") as refused:
        bootstrap.services_of(settings)
    assert SECRET not in str(refused.value)


def test_every_suite_that_the_terminal_offers_is_wired() -> None:
    assert {*SUITES, "time-to-pr"} == set(arguments.SUITES)
