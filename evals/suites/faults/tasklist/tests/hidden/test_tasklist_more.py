from datetime import date

import pytest

from tasklist.model import TaskList
from tasklist.text import dump, line_of, parse

DAY = date(2023, 11, 20)


def test_identifiers_are_never_reused():
    tasks = TaskList()
    ids = [tasks.add(f"task {n}").id for n in range(4)]
    assert ids == [1, 2, 3, 4]


def test_age_decides_last():
    tasks = TaskList()
    for title in ("first", "second", "third"):
        tasks.add(title, due=DAY)
    tasks.star(3)
    assert [t.title for t in tasks.visible()] == ["third", "first", "second"]
    tasks.star(3)
    assert [t.title for t in tasks.visible()] == ["third", "first", "second"]


def test_low_priority_with_a_day_comes_before_high_without():
    tasks = TaskList()
    tasks.add("high", priority="high")
    tasks.add("low", priority="low", due=DAY)
    assert [t.title for t in tasks.visible()] == ["low", "high"]


def test_done_stays_done():
    tasks = TaskList()
    tasks.add("once")
    for _ in range(4):
        tasks.complete(1)
        assert tasks.find(1).done
    assert tasks.progress() == 100


def test_repeating_task_has_one_successor():
    tasks = TaskList()
    tasks.add("report", priority="high", due=DAY, repeat_days=30)
    assert tasks.complete(1).due == date(2023, 12, 20)
    assert tasks.complete(1) is None
    assert len(tasks.tasks) == 2
    assert tasks.find(2).priority == "high"
    assert tasks.find(2).repeat_days == 30


def test_tags_of_the_successor_are_its_own():
    tasks = TaskList()
    tasks.add("report", due=DAY, tags=["work"], repeat_days=1)
    tasks.complete(1)
    tasks.find(2).tags.add("late")
    assert tasks.find(1).tags == {"work"}


def test_finished_task_is_not_overdue():
    tasks = TaskList()
    tasks.add("old", due=date(2020, 1, 1))
    tasks.add("undated")
    assert [t.id for t in tasks.overdue(DAY)] == [1]
    tasks.complete(1)
    assert tasks.overdue(DAY) == []
    assert not tasks.find(1).is_overdue(DAY)


def test_due_today_is_in_time():
    tasks = TaskList()
    assert not tasks.add("today", due=DAY).is_overdue(DAY)


def test_archiving_twice_keeps_it_away():
    tasks = TaskList()
    tasks.add("a", tags=["x"])
    tasks.archive(1)
    tasks.archive(1)
    assert tasks.visible() == []
    tasks.archive(1, archived=False)
    tasks.archive(1, archived=False)
    assert [t.tags for t in tasks.visible()] == [{"x"}]


def test_tagged_with_a_tag_nobody_has():
    tasks = TaskList()
    tasks.add("a", tags=["x"])
    assert tasks.tagged("y") == []
    assert tasks.tagged("x", "y") == []
    assert [t.title for t in tasks.tagged("x")] == ["a"]


def test_unknown_priority():
    with pytest.raises(ValueError):
        TaskList().add("a", priority="mega")


def test_line_of_a_full_task():
    task = TaskList().add("ship it", "low", DAY, {"b", "a"})
    assert line_of(task) == "[ ] ship it !low @2023-11-20 #a #b"


def test_parse_skips_comments_and_empty_lines():
    tasks = parse("; my list\n\n  [x] buy milk #shop\n[ ] think\n")
    assert [(t.title, t.done, t.tags) for t in tasks.tasks.values()] == [
        ("buy milk", True, {"shop"}),
        ("think", False, set()),
    ]
    assert dump(tasks) == "[x] buy milk #shop\n[ ] think"


def test_parse_refuses_other_lines():
    with pytest.raises(ValueError):
        parse("- [ ] markdown")
