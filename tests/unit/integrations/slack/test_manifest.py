"""The manifest that is shipped makes the app that the code expects."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from api.door import SIGNED_PATHS
from integrations.slack.channel import MORE_SCOPES, SCOPES

ROOT = Path(__file__).parents[4]
PATHS = {path for path in SIGNED_PATHS if path.startswith("/slack/")}
LIMITS = {"name": 35, "description": 140}


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((ROOT / "deploy/slack/manifest.yaml").read_text())
    return read


def test_it_asks_for_exactly_the_scopes_that_are_used(manifest: dict[str, Any]):
    scopes = manifest["oauth_config"]["scopes"]
    assert scopes == {"bot": [*SCOPES, *MORE_SCOPES]}


def test_its_addresses_are_routes_that_verify(manifest: dict[str, Any]):
    settings = manifest["settings"]
    (command,) = manifest["features"]["slash_commands"]
    addresses = [
        command["url"],
        settings["interactivity"]["request_url"],
        settings["event_subscriptions"]["request_url"],
    ]
    home = "https://anton.example.com"
    assert {address.removeprefix(home) for address in addresses} == PATHS


def test_it_is_what_slack_takes(manifest: dict[str, Any]):
    shown = manifest["display_information"]
    assert all(len(shown[name]) <= most for name, most in LIMITS.items())
    (command,) = manifest["features"]["slash_commands"]
    assert command["command"] == "/oncall" and command["should_escape"] is False
    assert manifest["settings"]["event_subscriptions"]["bot_events"] == ["message.channels"]
    assert manifest["settings"]["socket_mode_enabled"] is False


def test_the_guide_names_every_scope_and_option():
    guide = (ROOT / "docs/howto/slack.md").read_text()
    for name in (*SCOPES, *MORE_SCOPES, "deploy/slack/manifest.yaml", *PATHS):
        assert name in guide
    for option in ("BOT_TOKEN", "CHANNEL", "SIGNING_SECRET", "APPROVER_IDS", "TEAM_ID", "APP_ID"):
        assert f"SLACK_{option}" in guide
