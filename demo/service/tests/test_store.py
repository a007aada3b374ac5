"""What the store promises."""

import pytest

from todo.store import TodoNotFound, TodoStore


@pytest.fixture
def store() -> TodoStore:
    return TodoStore()


def test_a_new_todo_is_open(store):
    todo = store.add("  buy milk ")
    assert (todo.title, todo.done) == ("buy milk", False)


def test_a_title_is_required(store):
    with pytest.raises(ValueError, match="title"):
        store.add("   ")


def test_ids_are_never_reused(store):
    first = store.add("one")
    store.remove(first.id)
    assert store.add("two").id != first.id


def test_completing_marks_it_done(store):
    todo = store.add("buy milk")
    assert store.complete(todo.id).done is True


def test_completed_todos_can_be_left_out(store):
    milk, bread = store.add("buy milk"), store.add("buy bread")
    store.complete(milk.id)
    assert store.all(open_only=True) == [bread]
    assert len(store.all()) == 2


def test_renaming_keeps_the_rest(store):
    todo = store.add("buy milk")
    store.complete(todo.id)
    renamed = store.rename(todo.id, "buy oat milk")
    assert (renamed.title, renamed.done) == ("buy oat milk", True)


def test_an_unknown_todo_is_named(store):
    with pytest.raises(TodoNotFound):
        store.complete(7)


def test_progress_is_the_share_that_is_done(store):
    assert store.progress() == 1.0
    store.add("one")
    store.complete(store.add("two").id)
    assert store.progress() == 0.5
