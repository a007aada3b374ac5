from datetime import date

import pytest

from tasklist.model import TaskList, UnknownTask
from tasklist.text import dump, parse

MONDAY = date(2024, 5, 6)
FRIDAY = date(2024, 5, 10)


@pytest.fixture
def tasks():
    tasks = TaskList()
    tasks.add("water plants", due=FRIDAY, tags=["home"])
    tasks.add("call bank", priority="high")
    tasks.add("pay rent", due=MONDAY, tags=["home", "money"])
    return tasks


def titles(found):
    return [task.title for task in found]


def test_most_pressing_first(tasks):
    assert titles(tasks.visible()) == ["pay rent", "water plants", "call bank"]


def test_priority_decides_within_a_day(tasks):
    tasks.add("urgent", priority="high", due=MONDAY)
    tasks.add("whenever", priority="low", due=MONDAY)
    assert titles(tasks.visible())[:3] == ["urgent", "pay rent", "whenever"]


def test_completed_task_disappears(tasks):
    tasks.complete(2)
    assert titles(tasks.visible()) == ["pay rent", "water plants"]


def test_completing_twice_changes_nothing(tasks):
    tasks.complete(1)
    tasks.complete(1)
    assert tasks.find(1).done


def test_repeating_task_comes_back():
    tasks = TaskList()
    tasks.add("bins", due=MONDAY, tags=["home"], repeat_days=7)
    successor = tasks.complete(1)
    assert successor.due == date(2024, 5, 13)
    assert successor.tags == {"home"}
    assert titles(tasks.visible()) == ["bins"]


def test_unknown_task(tasks):
    with pytest.raises(UnknownTask):
        tasks.complete(99)


def test_star_twice(tasks):
    tasks.star(1)
    tasks.star(1)
    assert tasks.find(1).priority == "high"


def test_archive_and_back(tasks):
    tasks.archive(2)
    assert "call bank" not in titles(tasks.visible())
    tasks.archive(2, archived=False)
    assert "call bank" in titles(tasks.visible())


def test_overdue_starts_the_day_after(tasks):
    assert tasks.overdue(MONDAY) == []
    assert titles(tasks.overdue(date(2024, 5, 7))) == ["pay rent"]


def test_tagged_needs_all_tags(tasks):
    assert titles(tasks.tagged("home")) == ["pay rent", "water plants"]
    assert titles(tasks.tagged("home", "money")) == ["pay rent"]


def test_progress(tasks):
    assert TaskList().progress() == 0
    tasks.complete(1)
    assert tasks.progress() == 33


def test_title_is_needed(tasks):
    with pytest.raises(ValueError):
        tasks.add("   ")


def test_text_and_back(tasks):
    tasks.complete(2)
    text = dump(tasks)
    assert text.splitlines() == [
        "[ ] water plants @2024-05-10 #home",
        "[x] call bank !high",
        "[ ] pay rent @2024-05-06 #home #money",
    ]
    assert dump(parse(text)) == text
