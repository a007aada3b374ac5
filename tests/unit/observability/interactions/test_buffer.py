"""What waits for a store that does not take it."""

import asyncio
from collections.abc import Sequence

import pytest

from core.errors import StoreUnusable
from observability.interactions.buffer import BATCH, CLOSING_S, PAUSE_S, Buffer
from observability.interactions.rows import Row
from observability.redaction import Redactor
from tests.contracts.test_interactions import call
from tests.fakes.clock import FakeClock
from tests.fakes.waiting import until

MANY = 2 * BATCH + 20


class Store:
    """Takes rows, unless it is away."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.away = False

    async def write(self, rows: Sequence[Row]) -> None:
        if self.away:
            raise StoreUnusable("The disk is full.")
        self.rows += rows

    @property
    def said(self) -> list[str]:
        return [row.columns["response"] for row in self.rows]


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


async def tried(buffer: Buffer, clock: FakeClock, times: int = 1) -> None:
    await until(lambda: len(clock.slept) >= times)


async def test_a_store_that_was_away_gets_all_of_it_in_order(
    store: Store, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    store.away = True
    buffer = Buffer(store.write, clock, Redactor())
    for n in range(MANY):
        buffer.put(call(response=str(n)))
    await tried(buffer, clock)
    assert (len(buffer), buffer.trouble) == (MANY, "The disk is full.")
    await buffer.flush()  # nobody waits for a store that is away
    clock.advance(PAUSE_S)
    await tried(buffer, clock, 2)
    assert clock.slept == [PAUSE_S, 2 * PAUSE_S]
    assert caplog.text.count("cannot be written") == 1
    store.away = False
    clock.advance(2 * PAUSE_S)
    await until(lambda: not buffer.trouble)
    await buffer.flush()
    assert store.said == [str(n) for n in range(MANY)]
    assert (len(buffer), buffer.dropped) == (0, 0)
    await buffer.close()


async def test_of_too_many_the_oldest_go_and_are_counted(store: Store, clock: FakeClock) -> None:
    store.away = True
    buffer = Buffer(store.write, clock, Redactor(), capacity=2 * BATCH)
    for n in range(BATCH + 30):
        buffer.put(call(response=str(n)))
    await tried(buffer, clock)
    for n in range(BATCH + 30, 2 * BATCH + 30):
        buffer.put(call(response=str(n)))
    assert (len(buffer), buffer.dropped) == (2 * BATCH, 30)
    store.away = False
    clock.advance(PAUSE_S)
    await until(lambda: not buffer.trouble)
    await buffer.flush()
    assert store.said == [str(n) for n in (*range(BATCH), *range(BATCH + 30, 2 * BATCH + 30))]
    await buffer.close()


async def test_what_the_redactor_cannot_read_is_withheld(
    store: Store, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    class Odd(Redactor):
        def text(self, text: str) -> str:
            if "secret plan" in text:
                raise ValueError(text)
            return super().text(text)

    buffer = Buffer(store.write, clock, Odd())
    for text in ("a", "the secret plan", "b"):
        buffer.put(call(response=text))
    await buffer.flush()
    assert store.said == ["a", "b"]
    assert buffer.withheld == 1
    assert "withheld" in caplog.text
    assert "secret plan" not in caplog.text
    await buffer.close()


async def test_one_row_that_is_never_taken_is_left_and_all_others_written(clock: FakeClock) -> None:
    taken: list[str] = []

    async def write(rows: Sequence[Row]) -> None:
        if any(row.columns["response"] == "odd" for row in rows):
            raise OverflowError
        taken.extend(row.columns["response"] for row in rows)

    buffer = Buffer(write, clock, Redactor())
    for text in ("a", "odd", "b"):
        buffer.put(call(response=text))
    await buffer.flush()
    assert (taken, buffer.refused) == (["a", "b"], 1)
    await buffer.close()


async def test_what_cannot_be_written_at_the_end_is_told(
    store: Store, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    store.away = True
    buffer = Buffer(store.write, clock, Redactor())
    buffer.put(call())
    await tried(buffer, clock)
    await asyncio.wait_for(buffer.close(), 4 * CLOSING_S)
    assert "1 rows of the log of model calls are lost: The disk is full." in caplog.text


async def test_who_waits_for_his_own_does_not_wait_for_what_comes_later(clock: FakeClock) -> None:
    written: list[str] = []
    endless = True
    buffer: Buffer

    async def write(rows: Sequence[Row]) -> None:
        written.extend(row.columns["response"] for row in rows)
        if endless:
            buffer.put(call(response="one more"))

    buffer = Buffer(write, clock, Redactor())
    buffer.put(call(response="mine"))
    await buffer.flush()
    assert written[0] == "mine"
    endless = False
    await buffer.close()
    assert len(buffer) == 0
