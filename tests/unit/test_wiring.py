"""What the wiring refuses before anything is started."""

import subprocess
import sys
from pathlib import Path

import pytest

import bootstrap
from bootstrap.suites import SUITES
from cli import arguments
from config import load_settings
from core.errors import ConfigError
from tests.conftest import ROOT

WHOLE = """
import sys, main, bootstrap, api.app, api.slack, config, agents.models.roster
import integrations.slack.inbound, observability.interactions.sqlite
settings, _ = config.load_settings(telegram_bot_token="")
assert "telegram" not in bootstrap.channel_options(settings)
print(sorted({name.partition(".")[0] for name in sys.modules} & set(sys.argv[1:])))
"""
VENDORS = "aiohttp duckdb google grpc litellm openai slack_sdk sqlglot telegram tiktoken"
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


def test_no_vendor_is_loaded_before_it_is_chosen() -> None:
    """Neither by the commands nor by the wiring, the server, or the ear for Slack."""
    done = subprocess.run(
        [sys.executable, "-c", WHOLE, *VENDORS.split()],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
