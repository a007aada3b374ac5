"""Tools for an agent's own notes, kept with the task."""

from typing import Literal

from core.errors import ToolRefused
from tools.notebook import Notebook, Todo
from tools.tool import tool
from tools.workplace import Workplace


@tool(risk="read")
async def memory(
    place: Workplace,
    action: Literal["set", "get", "delete", "list", "clear"],
    key: str = "",
    value: str = "",
) -> str:
    """Keep facts for later turns, by name; nobody else reads them.

    Args:
        action: What to do.
        key: Name of the entry, for set, get and delete.
        value: The text to keep, for set.
    """
    book = place.notebook
    if action in ("set", "get", "delete") and not key:
        raise ToolRefused(f"memory needs a key to {action}.", rule="arguments")
    match action:
        case "set":
            book.put(key, value)
            return f"Kept under {key!r}."
        case "get":
            return book.get(key)
        case "delete":
            book.delete(key)
            return f"Deleted {key!r}."
        case "clear":
            return f"Forgot {book.clear()} entries."
        case "list":
            return f"Memory holds: {book.keys}."


@tool(risk="read")
async def todos(
    place: Workplace,
    open: tuple[str, ...] = (),
    doing: tuple[str, ...] = (),
    done: tuple[str, ...] = (),
) -> str:
    """Replace the list of what is to be done, which people can see.

    Args:
        open: What is still to be done, in order.
        doing: What is at work.
        done: What is done.
    """
    place.notebook.plan(
        tuple(
            Todo(text=text, status=status)
            for status, texts in (("done", done), ("doing", doing), ("open", open))
            for text in texts
        )
    )
    return _shown(place.notebook)


def _shown(book: Notebook) -> str:
    marks = {"open": " ", "doing": ">", "done": "x"}
    lines = (f"[{marks[todo.status]}] {todo.text}" for todo in book.notes.todos)
    return "\n".join(lines) or "The list is empty."
