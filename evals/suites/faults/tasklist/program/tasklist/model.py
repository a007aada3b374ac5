"""Tasks and lists of them."""

from dataclasses import dataclass, field
from datetime import date, timedelta

PRIORITIES = {"low": 1, "normal": 2, "high": 3}


class UnknownTask(KeyError):
    pass


@dataclass
class Task:
    id: int
    title: str
    priority: str = "normal"
    due: date | None = None
    tags: set = field(default_factory=set)
    done: bool = False
    repeat_days: int = 0

    def is_overdue(self, today):
        return self.due is not None and not self.done and self.due < today

    def rank(self):
        """What comes first sorts first: early due days, then high priority, then age."""
        return (self.due or date.max, -PRIORITIES[self.priority], self.id)


class TaskList:
    def __init__(self):
        self.tasks = {}
        self.next_id = 1

    def add(self, title, priority="normal", due=None, tags=(), repeat_days=0):
        title = title.strip()
        if not title:
            raise ValueError("a task needs a title")
        if priority not in PRIORITIES:
            raise ValueError(f"no priority {priority}")
        task = Task(self.next_id, title, priority, due, set(tags), False, repeat_days)
        self.tasks[task.id] = task
        self.next_id += 1
        return task

    def find(self, task_id):
        if task_id not in self.tasks:
            raise UnknownTask(task_id)
        return self.tasks[task_id]

    def complete(self, task_id):
        """Mark a task as done; a repeating one leaves its successor, which is returned."""
        task = self.find(task_id)
        if task.done:
            return None
        task.done = True
        if task.repeat_days and task.due:
            due = task.due + timedelta(days=task.repeat_days)
            return self.add(task.title, task.priority, due, task.tags, task.repeat_days)
        return None

    def star(self, task_id):
        """Put a task on top of its day."""
        self.find(task_id).priority = "high"

    def archive(self, task_id, archived=True):
        task = self.find(task_id)
        task.tags = task.tags | {"archived"} if archived else task.tags - {"archived"}

    def visible(self):
        """Open tasks that are not archived, most pressing first."""
        open_tasks = [t for t in self.tasks.values() if not t.done and "archived" not in t.tags]
        return sorted(open_tasks, key=Task.rank)

    def overdue(self, today):
        return [task for task in self.visible() if task.is_overdue(today)]

    def tagged(self, *tags):
        """Visible tasks that carry all of `tags`."""
        return [task for task in self.visible() if task.tags.issuperset(tags)]

    def progress(self):
        """The share of tasks that are done, from 0 to 100."""
        if not self.tasks:
            return 0
        return round(100 * sum(task.done for task in self.tasks.values()) / len(self.tasks))
