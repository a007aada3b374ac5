"""What an agent keeps for itself while it works: memory by name, and what is to be done."""

from typing import Literal

from pydantic import Field

from core.errors import ToolError
from core.values import Value

ENTRIES_MAX = 1_000
ENTRY_BYTES_MAX = 10_240


class Todo(Value):
    """One thing to do."""

    text: str = Field(max_length=1_000)
    status: Literal["open", "doing", "done"] = "open"


class Notes(Value):
    """A notebook as a state or store keeps it."""

    memory: dict[str, str] = Field(default_factory=dict)
    todos: tuple[Todo, ...] = ()


class Notebook:
    """The memory and the list of one task; every text in it comes from a model."""

    def __init__(self, notes: Notes | None = None) -> None:
        """Go on with what was kept."""
        self._memory = dict(notes.memory) if notes else {}
        self._todos = notes.todos if notes else ()

    @property
    def notes(self) -> Notes:
        """All of it, to be kept."""
        return Notes(memory=self._memory, todos=self._todos)

    def put(self, key: str, value: str) -> None:
        """Keep a value; raises ToolError when there is no room for it."""
        size = len(key.encode()) + len(value.encode())
        if size > ENTRY_BYTES_MAX:
            raise ToolError(f"An entry has at most {ENTRY_BYTES_MAX:,} bytes; this has {size:,}.")
        if key not in self._memory and len(self._memory) >= ENTRIES_MAX:
            raise ToolError(f"Memory holds {ENTRIES_MAX:,} entries already; delete one first.")
        self._memory[key] = value

    def get(self, key: str) -> str:
        """A value; raises ToolError, naming what there is."""
        if key not in self._memory:
            raise ToolError(f"Memory holds nothing under {key!r}; it holds: {self.keys}.")
        return self._memory[key]

    def delete(self, key: str) -> None:
        """Forget a value; raises ToolError when there is none."""
        self.get(key)
        del self._memory[key]

    def clear(self) -> int:
        """Forget everything; how much that was."""
        count = len(self._memory)
        self._memory.clear()
        return count

    @property
    def keys(self) -> str:
        """All keys in one line."""
        return ", ".join(sorted(self._memory)) or "nothing"

    def plan(self, todos: tuple[Todo, ...]) -> None:
        """Replace the list; raises ToolError when it is too long."""
        if len(todos) > ENTRIES_MAX:
            raise ToolError(f"The list has at most {ENTRIES_MAX:,} entries.")
        self._todos = todos
