"""To-dos, kept in memory."""

from dataclasses import dataclass, replace


class TodoNotFound(Exception):
    """There is no to-do with this id."""


@dataclass(frozen=True)
class Todo:
    """One thing to do."""

    id: int
    title: str
    done: bool = False


class TodoStore:
    """All to-dos of this process, by id."""

    def __init__(self) -> None:
        self._todos: dict[int, Todo] = {}
        self._next_id = 1

    def add(self, title: str) -> Todo:
        title = title.strip()
        if not title:
            raise ValueError("a to-do needs a title")
        todo = Todo(self._next_id, title)
        self._todos[todo.id] = todo
        self._next_id += 1
        return todo

    def get(self, todo_id: int) -> Todo:
        if todo_id not in self._todos:
            raise TodoNotFound(todo_id)
        return self._todos[todo_id]

    def all(self, *, open_only: bool = False) -> list[Todo]:
        """To-dos in the order of their ids."""
        return [todo for todo in self._todos.values() if not (open_only and todo.done)]

    def rename(self, todo_id: int, title: str) -> Todo:
        todo = replace(self.get(todo_id), title=title.strip())
        self._todos[todo_id] = todo
        return todo

    def complete(self, todo_id: int) -> Todo:
        """Mark a to-do as done; doing so again changes nothing."""
        todo = self.get(todo_id)
        self._todos[todo_id] = replace(todo, done=not todo.done)
        return self._todos[todo_id]

    def remove(self, todo_id: int) -> None:
        self.get(todo_id)
        del self._todos[todo_id]

    def progress(self) -> float:
        """The share of to-dos that are done, from 0.0 to 1.0; 1.0 for an empty list."""
        if not self._todos:
            return 1.0
        return sum(todo.done for todo in self._todos.values()) / len(self._todos)
