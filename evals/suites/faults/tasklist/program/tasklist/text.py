"""Tasks as lines of text: `[x] title !high @2024-05-01 #tag #tag`."""

from datetime import date

from tasklist.model import TaskList


def line_of(task):
    words = ["[x]" if task.done else "[ ]", task.title]
    if task.priority != "normal":
        words.append(f"!{task.priority}")
    if task.due:
        words.append(f"@{task.due.isoformat()}")
    words.extend(f"#{tag}" for tag in sorted(task.tags))
    return " ".join(words)


def dump(tasks):
    return "\n".join(line_of(task) for task in tasks.tasks.values())


def parse(text):
    tasks = TaskList()
    for line in text.splitlines():
        line = line.strip()
        if not line or line.startswith(";"):
            continue
        mark, rest = line[:3], line[3:]
        if mark not in ("[ ]", "[x]"):
            raise ValueError(f"not a task: {line}")
        title, priority, due, tags = [], "normal", None, set()
        for word in rest.split():
            if word.startswith("!"):
                priority = word[1:]
            elif word.startswith("@"):
                due = date.fromisoformat(word[1:])
            elif word.startswith("#"):
                tags.add(word[1:])
            else:
                title.append(word)
        task = tasks.add(" ".join(title), priority, due, tags)
        task.done = mark == "[x]"
    return tasks
