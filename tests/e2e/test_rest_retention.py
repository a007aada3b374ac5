"""What a house has forgotten after months: said as it is, and never what an open task needs."""

import asyncio
import io
import zipfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from evals.scripted import REPOSITORY
from observability.clock import SystemClock
from tests.e2e.rest import PATIENCE_S, Served, serving
from tests.fakes.repositories import repository

YEAR_H = 8_760


class LaterClock(SystemClock):
    """Serves the port Clock, a hundred days ahead."""

    def now(self) -> datetime:
        return super().now() + timedelta(days=100)


async def artifacts_of(house: Served, task_id: str) -> dict[str, bool]:
    """What a task left behind, and whether it is kept."""
    listed = await house.ask("GET", f"/tasks/{task_id}/artifacts")
    return {one["name"]: one["kept"] for one in listed.json()["artifacts"]}


async def question_of(house: Served, task_id: str) -> dict[str, Any]:
    """The one question of a task."""
    listed = await house.ask("GET", "/approvals", params={"task": task_id})
    (asked,) = listed.json()["approvals"]
    shown: dict[str, Any] = (await house.ask("GET", f"/approvals/{asked['approval_id']}")).json()
    return shown


async def test_artifacts_of_ended_tasks_are_gone_and_an_open_task_goes_on(tmp_path: Path) -> None:
    async with serving(tmp_path, approval_ttl_hours=YEAR_H) as house:
        ended = (await house.waiting())["task_id"]
        await house.ask("POST", f"/tasks/{ended}/approve")
        before = await house.until(ended, "completed")
        other = repository(tmp_path / "other", {**REPOSITORY, "notes.txt": "Another one.\n"})
        waits = await house.begin(repo=str(other))
        await house.until(waits, "waiting_for_input")
        kept = await artifacts_of(house, ended)
        assert len(kept) > 5 and all(kept.values())

    async with serving(tmp_path, clock=LaterClock(), approval_ttl_hours=YEAR_H) as house:
        shared = {"diagnosis.json", "reproduction.json", "review.json"}
        left = {name: name in shared for name in kept}
        async with asyncio.timeout(PATIENCE_S):
            while await artifacts_of(house, ended) != left:  # noqa: ASYNC110 - asked over HTTP
                await asyncio.sleep(0.05)
        archive = await house.ask("GET", f"/tasks/{ended}/artifacts.zip")
        assert set(zipfile.ZipFile(io.BytesIO(archive.content)).namelist()) == shared
        asked = await question_of(house, ended)
        for path in (
            f"/tasks/{ended}/artifacts/{before['artifacts'][0]['id']}",
            f"/tasks/{ended}/evidence",
            f"/tasks/{ended}/files",
        ):
            answer = await house.ask("GET", path)
            assert (answer.status_code, answer.json()["type"]) == (410, "urn:anton:expired"), path
        told = ("forgotten", "diff", "body", "state", "patch_hash")
        hashed = before["patch"]["hash"]
        assert [asked[name] for name in told] == [True, None, "", "approved", hashed]
        assert (await house.ask("GET", f"/tasks/{ended}")).json()["patch"]["hash"] == hashed

        shown = await question_of(house, waits)
        assert shown["diff"] and shown["body"] and not shown["forgotten"]
        archive = await house.ask("GET", f"/tasks/{waits}/artifacts.zip")
        assert len(zipfile.ZipFile(io.BytesIO(archive.content)).namelist()) >= 4
        await house.ask("POST", f"/tasks/{waits}/approve")
        assert (await house.until(waits, "completed", "failed"))["outcome"] == "fixed"
