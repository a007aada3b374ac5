"""What Poetry's tables in pyproject.toml ask for, as plain requirements."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.project import Project

Entry = tuple[str, str, bool]
"""The file, a requirement as pip would have it, and whether only tests need it."""

_LIMIT = re.compile(r"\s*(<=|>=|==|!=|<|>)\s*([\w.*]+)\s*")


def from_poetry(project: Project, groups: tuple[str, ...]) -> Iterator[Entry]:
    """Requirements of the code, and of these groups and extras.

    What comes from elsewhere than an index is given with its address, which nobody follows.
    """
    poetry = project.section("tool", "poetry")
    extras = {
        str(name)
        for group, names in project.section("tool", "poetry", "extras").items()
        if group.lower() in groups and isinstance(names, list)
        for name in names
    }
    tables = [(poetry.get("dependencies"), False), (poetry.get("dev-dependencies"), True)]
    tables += [
        (table.get("dependencies"), True)
        for group, table in project.section("tool", "poetry", "group").items()
        if group.lower() in groups and isinstance(table, Mapping)
    ]
    for table, for_tests in tables:
        for name, value in table.items() if isinstance(table, Mapping) else ():
            for one in value if isinstance(value, list) else [value]:
                text = "" if name == "python" else _line(name, one, wanted=name in extras)
                if text:
                    yield "pyproject.toml", text, for_tests


def _line(name: str, value: Any, *, wanted: bool) -> str:
    """One requirement; empty for what is optional and not wanted."""
    if isinstance(value, str):
        return f"{name}{specifier(value)}"
    if not isinstance(value, Mapping) or (value.get("optional") and not wanted):
        return ""
    for kind in ("git", "url", "path", "file"):
        if isinstance(value.get(kind), str):
            return f"{name} @ {'git+' if kind == 'git' else ''}{value[kind]}"
    named = value.get("extras")
    extras = [str(one) for one in named] if isinstance(named, list) else []
    chosen = f"[{','.join(extras)}]" if extras else ""
    markers = [f"({text})" for text in (value.get("markers"), _on(value.get("python"))) if text]
    condition = f" ; {' and '.join(markers)}" if markers else ""
    return f"{name}{chosen}{specifier(str(value.get('version', '*')))}{condition}"


def _on(versions: Any) -> str:
    """A marker for the versions of Python that a requirement holds for."""
    clauses = _LIMIT.findall(specifier(versions)) if isinstance(versions, str) else []
    return " and ".join(f'python_full_version {sign} "{number}"' for sign, number in clauses)


def specifier(version: str) -> str:
    """Poetry's `^1.2` and `~1.2` as a specifier; what is plain stays as it is.

    Of alternatives (`^1 || ^2`), which no specifier can say, the lower bound of the first.
    """
    first, *others = version.split("||")
    parts = []
    for part in re.split(r",|(?<=[\w*])\s+(?=[<>=!~^])", first):
        text = re.sub(r"\s", "", part)
        if text in ("", "*"):
            continue
        match = re.fullmatch(r"[\^~](\d+(?:\.\d+)*)\S*", text)
        if match:
            numbers = [int(number) for number in match[1].split(".")]
            parts += [f">={text[1:]}", f"<{_next(numbers, caret=text[0] == '^')}"]
        else:
            parts.append(text if text[0] in "<>=!~" else f"=={text}")
    if others:
        parts = [part for part in parts if part.startswith(">")][:1]
    return ",".join(parts)


def _next(numbers: list[int], *, caret: bool) -> str:
    """The first version that `^` or `~` no longer allows."""
    at = (
        next((n for n, number in enumerate(numbers) if number), len(numbers) - 1)
        if caret
        else (min(1, len(numbers) - 1))
    )
    return ".".join(str(number) for number in [*numbers[:at], numbers[at] + 1])
