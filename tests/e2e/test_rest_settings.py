"""Settings over REST: options without secrets, integrations as they stand, the examination."""

import asyncio
from pathlib import Path

from core.errors import IntegrationError
from tests.e2e.rest import OPERATOR, serving
from tests.fakes.channel import FakeChannel

REPOS = """
acme/shop: {autonomy: diagnose, max_task_budget_usd: 2.5}
"*": {profile: library}
"""


async def test_options_say_of_a_secret_only_that_it_is_set(tmp_path: Path) -> None:
    headers = {"X-API-Key": OPERATOR}
    async with serving(tmp_path, api_key=OPERATOR, max_iterations=4, headers=headers) as house:
        answer = await house.ask("GET", "/settings")
    told = {one["name"]: one for one in answer.json()["options"]}
    assert (told["API_KEY"]["value"], told["API_KEY"]["secret"]) == ("set", True)
    assert (told["GITHUB_TOKEN"]["value"], told["GITHUB_TOKEN"]["changed"]) == ("not set", False)
    assert (told["MAX_ITERATIONS"]["value"], told["MAX_ITERATIONS"]["changed"]) == (4, True)
    assert (told["PORT"]["value"], told["PORT"]["group"]) == (8000, "The server")
    assert told["PORT"]["meaning"].startswith("Port to listen on")
    assert OPERATOR not in answer.text


async def test_what_the_file_of_repositories_says_and_whether_it_is_quiet(tmp_path: Path) -> None:
    (tmp_path / "repos.yaml").write_text(REPOS)
    file = tmp_path / "repos.yaml"
    async with serving(tmp_path, repos_file=file, quiet_hours="00:00-23:59") as house:
        told = (await house.ask("GET", "/settings")).json()
    shop, others = told["services"]
    assert (shop["repository"], shop["autonomy"]) == ("acme/shop", "diagnose")
    assert shop["max_task_budget_usd"] == 2.5
    assert (others["repository"], others["profile"]) == ("*", "library")
    assert told["quiet_now"] is True


async def test_an_integration_is_live_embedded_off_or_failing_with_the_option(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path) as house:
        told = (await house.ask("GET", "/settings")).json()["integrations"]
    stands = {one["name"]: (one["state"], one["variable"]) for one in told}
    assert stands["sandbox"] == ("embedded", "SANDBOX")
    assert stands["github"] == ("embedded", "GITHUB_TOKEN")
    assert stands["telegram"] == ("off", "TELEGRAM_BOT_TOKEN")
    assert stands["slack"] == ("off", "SLACK_BOT_TOKEN")
    assert stands["interactions"] == ("embedded", "GCP_PROJECT_ID")
    assert stands["langfuse"] == ("off", "LANGFUSE_SECRET_KEY")


async def test_the_examination_finds_what_doctor_finds_and_needs_more_than_reading(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path) as house:
        first, second = await asyncio.gather(*(house.ask("GET", "/doctor") for _ in range(2)))
    told = first.json()
    assert told["at"] == second.json()["at"], "two at once are one examination"
    found = {one["name"]: one for one in told["checks"]}
    assert found["sandbox"]["text"].startswith(("bubblewrap", "docker"))
    assert (found["store"]["level"], found["audit"]["level"]) == ("ok", "ok")
    assert {"python", "packages", "git", "disk", "data", "models"} <= found.keys()
    assert told["status"] in ("ok", "warning", "error")


async def test_what_a_vendor_says_of_a_failure_is_told_without_secrets(tmp_path: Path) -> None:
    channel, headers = FakeChannel(), {"X-API-Key": OPERATOR}
    channel.failing = IntegrationError(f"refused: api_key={OPERATOR} is not known")
    async with serving(tmp_path, api_key=OPERATOR, headers=headers, channels=[channel]) as house:
        tried = await house.ask("POST", "/channels/fake/test")
        task_id = await house.begin()
        await house.until(task_id, "waiting_for_input")
        for _ in range(600):
            health = (await house.ask("GET", "/health")).json()
            if health["trouble"]:
                break
            await asyncio.sleep(0.05)
        settings = await house.ask("GET", "/settings")
        events = await house.ask("GET", "/events/search", params={"q": "refused"})
    assert (tried.status_code, tried.json()["detail"]) == (
        502,
        "refused: api_key=[secret] is not known",
    )
    assert health["trouble"]["fake"].startswith("refused: ")
    told = f"{health} {settings.text} {events.text}"
    assert OPERATOR not in told and events.status_code == 200
