"""A browser signs in, acts by its session, and signs out."""

from pathlib import Path

import httpx

from integrations.http import trusted
from tests.e2e.rest import OPERATOR, key_file, serving

OWN = {"X-Anton": "dashboard", "Sec-Fetch-Site": "same-origin"}


async def test_the_root_leads_to_the_dashboard(tmp_path: Path) -> None:
    async with serving(tmp_path, api_key=OPERATOR) as house:
        for path in ("/", "/ui"):
            answer = await house.ask("GET", path)
            assert (answer.status_code, answer.headers["location"]) == (307, "/ui/")


async def test_a_house_without_a_bundle_says_how_to_build_it(tmp_path: Path) -> None:
    async with serving(tmp_path) as house:
        object.__setattr__(house.app.state.front, "bundle", {})
        answer = await house.ask("GET", "/ui/board")
        assert answer.status_code == 503
        assert "make web" in answer.text


async def test_a_key_becomes_a_cookie_that_no_script_reads_and_ends_by_sign_out(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path, api_key=OPERATOR) as house:
        async with httpx.AsyncClient(base_url=house.base, headers=OWN, verify=trusted()) as browser:
            assert (await browser.get("/session")).status_code == 401
            wrong = await browser.post("/session", headers={"X-API-Key": "wrong"})
            assert wrong.status_code == 401
            assert "set-cookie" not in wrong.headers
            signed = await browser.post("/session", headers={"X-API-Key": OPERATOR})
            cookie = signed.headers["set-cookie"]
            for part in ("HttpOnly", "SameSite=strict", "Path=/", "Max-Age=7776000"):
                assert part in cookie
            assert OPERATOR not in cookie
            told = (await browser.get("/session")).json()
            assert (told["name"], told["key_needed"]) == ("operator", True)
            assert set(told["scopes"]) == {"read", "operate", "approve", "admin"}
            kept = browser.cookies.get("anton_session")
            assert (await browser.delete("/session")).status_code == 204
            stale = {"Cookie": f"anton_session={kept}"}
            assert (await browser.get("/tasks", headers=stale)).status_code == 401
        assert OPERATOR not in (tmp_path / "data" / "sessions.json").read_text()


async def test_a_session_has_the_scopes_of_its_key_and_decides_in_its_name(
    tmp_path: Path,
) -> None:
    file, keys = key_file(tmp_path)
    admin = {"X-API-Key": keys["admin"]}
    async with serving(tmp_path, api_keys_file=file, headers=admin) as house:
        question = await house.waiting()
        body = {"decision": "approve", "patch_hash": question["patch_hash"]}
        path = f"/approvals/{question['approval_id']}/decision"
        for name, status in (("read", 403), ("approve", 200)):
            async with httpx.AsyncClient(
                base_url=house.base, headers=OWN, verify=trusted()
            ) as browser:
                await browser.post("/session", headers={"X-API-Key": keys[name]})
                answer = await browser.post(path, json=body)
                assert answer.status_code == status
                foreign = {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost:3000"}
                refused = await browser.post(path, json=body, headers=foreign)
                assert refused.status_code == 403
        assert answer.json()["decision"]["by"] == "approve"
