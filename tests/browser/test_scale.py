"""A thousand tasks and a diff of five thousand lines: what the page carries, and what it costs."""

import uuid
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.incidents import Severity
from core.tasks import Outcome, Task, TaskRequest, TaskStatus
from evals.scripted import MENDED, Script
from tests.browser.watching import DESK, PHONE, Watched, looking, needs_chromium
from tests.conftest import FIGURE
from tests.e2e.rest import Served, serving

pytestmark = needs_chromium

MANY, FEW = 1_000, 10
LINES = 5_000
ROWS_MAX = 120
"""Rows of the board that are on the page at once, however many tasks there are."""
ELEMENTS_MAX = 9_000
"""Elements of a page that shows the beginning of a long diff."""
DOWN = """async () => {
  for (let at = 0; at < document.body.scrollHeight; at += 2000) {
    scrollTo(0, at);
    await new Promise(requestAnimationFrame);
  }
  scrollTo(0, document.body.scrollHeight);
}"""
SLOWER_MAX = 8.0
"""How much longer the board of a thousand tasks may take than that of ten."""
ENDS = [
    (TaskStatus.COMPLETED, Outcome.FIXED),
    (TaskStatus.COMPLETED, Outcome.NOT_A_CODE_FAULT),
    (TaskStatus.FAILED, Outcome.FAILED),
    (TaskStatus.CANCELLED, Outcome.CANCELLED),
]
Figure = Callable[[str, object], None]


async def crowd(house: Served, count: int) -> None:
    """So many ended tasks in the store of a house."""
    begun = datetime.now(UTC) - timedelta(days=20)
    for number in range(count):
        status, outcome = ENDS[number % len(ENDS)]
        at = begun + timedelta(minutes=20 * number)
        await house.anton.observatory.records.tasks.add(
            Task(
                task_id=str(uuid.uuid4()),
                request=TaskRequest(
                    repository=f"acme/shop-{number % 7}",
                    text=f"Order {number} is counted twice when its customer pays twice",
                    ticket=f"SHOP-{number}",
                ),
                status=status,
                outcome=outcome,
                severity=list(Severity)[number % 4],
                node="report",
                created_at=at,
                updated_at=at,
                started_at=at,
                ended_at=at + timedelta(minutes=9),
            )
        )


async def opened_ms(watched: Watched, path: str, shown: str) -> float:
    """Milliseconds from asking for a screen until a text stands on it, the bundle being known."""
    await watched.page.goto(f"{watched.base}{path}")
    await watched.page.get_by_text(shown).first.wait_for()
    told: float = await watched.page.evaluate("performance.now()")
    return told


async def best_ms(watched: Watched, path: str, shown: str) -> float:
    """The best of three openings."""
    return min([await opened_ms(watched, path, shown) for _ in range(3)])


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Served]:
    longer = MENDED + "".join(f"# {line}: what was counted\n" for line in range(LINES))
    async with serving(tmp_path, script=Script(fixes=(longer,))) as served:
        yield served


async def test_the_board_of_a_thousand_tasks_is_as_usable_as_that_of_ten(
    house: Served, record_property: Figure
) -> None:
    async with looking(house.base, **DESK) as watched:
        await crowd(house, FEW)
        await opened_ms(watched, "/ui/board?view=table", f"Order {FEW - 1} is")
        few = await best_ms(watched, "/ui/board?view=table", f"Order {FEW - 1} is")
        await crowd(house, MANY)
        many = await best_ms(watched, "/ui/board?view=table", f"Order {MANY - 1} is")
        rows = await watched.page.locator("tbody tr").count()
        size = await watched.page.evaluate("document.querySelectorAll('*').length")
        record_property(
            FIGURE,
            f"board: {FEW} tasks {few:.0f} ms, {FEW + MANY} tasks {many:.0f} ms, "
            f"{rows} rows and {size} elements on the page",
        )
        assert rows <= ROWS_MAX
        assert many <= SLOWER_MAX * few
        await watched.page.get_by_label("Search tasks").fill("SHOP-17")
        await watched.page.get_by_text("Order 17 is").first.wait_for()
        await watched.fine()


@pytest.mark.parametrize(
    "look", [PHONE, pytest.param(DESK, marks=pytest.mark.slow)], ids=["phone", "desk"]
)
async def test_a_diff_of_five_thousand_lines_is_shown_in_part_and_whole_when_asked(
    house: Served, look: dict[str, object], record_property: Figure
) -> None:
    question = await house.waiting()
    async with looking(house.base, **look) as watched:
        path = f"/ui/tasks/{question['task_id']}"
        await opened_ms(watched, path, "Show anyway")
        took = await best_ms(watched, path, "Show anyway")
        elements = "document.querySelectorAll('*').length"
        before = await watched.page.evaluate(elements)
        await watched.page.get_by_role("button", name="Show anyway").click()
        await watched.page.get_by_text("# 9: what was counted").first.wait_for()
        shown = await watched.page.evaluate(elements)
        record_property(
            FIGURE,
            f"diff of {LINES} lines: page {took:.0f} ms, {before} elements, {shown} once shown",
        )
        assert before < shown <= ELEMENTS_MAX
        await watched.page.evaluate(DOWN)
        await watched.page.get_by_text(f"# {LINES - 1}: what was counted").wait_for()
        await watched.page.get_by_role("region", name="Decision").wait_for()
