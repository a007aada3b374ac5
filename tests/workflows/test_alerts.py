"""The house tells of itself: once, again after six hours, in every channel, the log and /health."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from control import alerts
from control.alerts import AGAIN_AFTER, CALLS_MIN
from core.interactions import Interaction
from core.models import Tokens
from tests.event_models import held
from tests.fakes.channel import FakeChannel
from tests.fakes.clock import FakeClock
from tests.workflows.house import House, house


class Watch:
    """A house with a clock of its own, and one chat."""

    def __init__(self, here: House, chat: FakeChannel, clock: FakeClock) -> None:
        self.here = here
        self.chat = chat
        self.clock = clock
        self._calls = 0

    @property
    def alerts(self) -> alerts.Alerts:
        return self.here.anton.observatory.alerts

    async def check(self, after: timedelta = timedelta()) -> list[str]:
        """Look after some time; the titles of all that the chat was told so far."""
        self.clock.advance(after.total_seconds())
        await self.alerts.check()
        await self.here.look()
        return [one.cards[-1].title for one in self.chat.about("alert")]

    def called(self, count: int, *, failed: int = 0, seconds: float = 1.0) -> None:
        """So many model calls just now."""
        log = self.here.anton.interactions
        for number in range(count):
            self._calls += 1
            log.record(
                Interaction(
                    interaction_id=f"call-{self._calls}",
                    ended_at=self.clock.now(),
                    role="fix",
                    model="m",
                    tokens=Tokens(sent=1, received=1),
                    cost_usd=0.0,
                    seconds=seconds,
                    success=number >= failed,
                )
            )

    async def health(self) -> dict[str, Any]:
        told: dict[str, Any] = (await self.here.anton.health())["alerts"]
        return told


@asynccontextmanager
async def watching(tmp_path: Path, **options: Any) -> AsyncIterator[Watch]:
    chat, clock = FakeChannel(name="telegram"), FakeClock()
    settings = {"telegram_approver_ids": ("7",), **options}
    async with house(tmp_path, channels=[chat], clock=clock, **settings) as here:
        watch = Watch(here, chat, clock)
        await here.look()
        yield watch


async def test_an_error_rate_is_told_once_and_again_after_six_hours(tmp_path: Path) -> None:
    async with watching(tmp_path) as watch:
        watch.called(CALLS_MIN, failed=1)
        assert await watch.check() == [], "ten per cent is not more than ten"
        watch.called(CALLS_MIN, failed=3)
        assert await watch.check() == ["Anton: errors"]
        assert "4 of 20 model calls failed" in (await watch.health())["errors"]
        for _ in range(3):
            watch.called(CALLS_MIN, failed=5)
            assert len(await watch.check(timedelta(minutes=1))) == 1
        watch.called(CALLS_MIN, failed=5)
        assert len(await watch.check(AGAIN_AFTER - timedelta(minutes=4))) == 1
        watch.called(CALLS_MIN, failed=5)
        assert len(await watch.check(timedelta(minutes=1))) == 2
        told = [event for event in await watch.here.anton.events.after(0) if event.type == "alert"]
        assert held(told) == {"alert"}
        assert [event.data["state"] for event in told] == ["raised", "cleared", "raised"]


async def test_what_comes_and_goes_is_told_once_too(tmp_path: Path) -> None:
    async with watching(tmp_path) as watch:
        for _ in range(4):
            watch.called(CALLS_MIN, failed=5)
            assert len(await watch.check()) == 1
            assert len(await watch.check(timedelta(minutes=20))) == 1
            assert await watch.health() == {}


async def test_few_calls_say_nothing_about_a_rate(tmp_path: Path) -> None:
    async with watching(tmp_path) as watch:
        watch.called(CALLS_MIN - 1, failed=5)
        assert await watch.check() == []


async def test_slow_calls_are_named_by_model_and_role(tmp_path: Path) -> None:
    async with watching(tmp_path) as watch:
        watch.called(5, seconds=31.0)
        assert await watch.check() == ["Anton: latency"]
        assert "m for fix 31 s" in (await watch.health())["latency"]


async def test_the_budget_of_the_day_is_told_at_80_and_at_100_per_cent(tmp_path: Path) -> None:
    async with watching(tmp_path, max_day_budget_usd=1.0) as watch:
        budgets = watch.here.anton.observatory.records.budgets

        async def spend(usd: float) -> None:
            taken = await budgets.reserve("", "fix", tokens=1, cost_usd=usd)
            await budgets.settle(taken.reservation_id, Tokens(), cost_usd=usd, seconds=1.0)

        await spend(0.79)
        assert await watch.check() == []
        await spend(0.01)
        assert await watch.check() == ["Anton: day_budget_soon"]
        await spend(0.20)
        assert await watch.check() == ["Anton: day_budget_soon", "Anton: day_budget"]
        assert list(await watch.health()) == ["day_budget"]


async def test_a_disk_that_fills_up_is_told_and_a_restart_tells_it_no_second_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alerts, "DISK_MIN_BYTES", shutil.disk_usage(tmp_path).total + 1)
    async with watching(tmp_path) as watch:
        assert await watch.check() == ["Anton: disk"]
    async with watching(tmp_path) as watch:
        assert await watch.check() == []
        assert list(await watch.health()) == ["disk"]


async def test_what_cannot_be_looked_at_stays_as_it_was_and_hides_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with watching(tmp_path) as watch:
        watch.called(CALLS_MIN, failed=5)
        assert await watch.check() == ["Anton: errors"]
        await watch.here.anton.interactions.close()
        monkeypatch.setattr(alerts, "DISK_MIN_BYTES", shutil.disk_usage(tmp_path).total + 1)
        assert await watch.check(timedelta(minutes=20)) == ["Anton: errors", "Anton: disk"]
        assert list(await watch.health()) == ["disk", "errors"]
        assert "no look at errors and latency" in caplog.text


async def test_code_that_runs_unprotected_is_told_as_long_as_it_may(
    tmp_path: Path,
) -> None:
    bare = {"sandbox": "subprocess", "sandbox_allow_host": True}
    async with watching(tmp_path, **bare) as watch:
        [title] = await watch.check()
        assert "NO SANDBOX" in title and "sandbox" in title
        assert "no protection at all" in str(await watch.health())
    async with watching(tmp_path) as watch:
        await watch.check()
        assert not await watch.health()


async def test_a_task_that_another_worker_took_is_told(tmp_path: Path) -> None:
    async with watching(tmp_path) as watch:
        assert await watch.check() == []
        runner = watch.here.anton._worker._runner
        assert runner
        runner.leases_lost += 1
        assert await watch.check() == ["Anton: lease"]


async def test_a_change_of_an_identity_that_could_not_be_kept_is_told(tmp_path: Path) -> None:
    async with watching(tmp_path) as watch:
        lost = 0
        watch.alerts._changes = alerts.Growth(lambda: lost)
        assert await watch.check() == []
        lost = 2
        assert await watch.check() == ["Anton: identity_write"]
        assert "2 changes of what roles" in (await watch.health())["identity_write"]


async def test_quiet_hours_hold_alerts_back_until_they_are_over(tmp_path: Path) -> None:
    async with watching(tmp_path, quiet_hours="11:00-13:00") as watch:
        watch.called(5, seconds=31.0)
        assert await watch.check() == []
        watch.clock.advance(3600)
        watch.called(5, seconds=31.0)
        assert await watch.check() == ["Anton: latency"]
