"""The pages on the options: `.env.example` and the reference."""

from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import SecretStr

from settings.budgets import RoleLimit
from settings.models import ModelPrice
from settings.whole import GROUPS


def env_example() -> str:
    """The text of `.env.example`: every option with meaning and default, commented out."""
    lines = [
        "# Made by `python config.py > .env.example`. Copy to `.env`, chmod 600, and change what",
        "# you need; the environment wins over the file.",
    ]
    for group in GROUPS:
        lines += ["", f"## {(group.__doc__ or '').strip()}"]
        for name, field in group.model_fields.items():
            default = "" if field.default_factory else _shown(field.default)
            lines += [f"# {field.description}", f"# {name.upper()}={default}"]
    return "\n".join(lines) + "\n"


def reference() -> str:
    """The text of `docs/configuration.md`: every option in a table for each group."""
    lines = [
        "# Configuration",
        "",
        "Options come from the environment, or from `.env` in the folder of Anton (`ANTON_HOME`);",
        "the environment wins. A bad value ends the start, and all of them are listed at once.",
        "This page is made by `python config.py reference > docs/configuration.md`.",
    ]
    for group in GROUPS:
        lines += ["", f"## {(group.__doc__ or '').strip().rstrip('.')}", ""]
        lines += ["| option | values | default | meaning |", "|---|---|---|---|"]
        for name, field in group.model_fields.items():
            default = "" if field.default_factory else _shown(field.default)
            cells = (
                f"`{name.upper()}`",
                _values(field.annotation),
                f"`{default}`" if default else "",
                field.description or "",
            )
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _values(annotation: Any) -> str:
    if get_origin(annotation) is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(annotation))
    for kind, words in (
        (bool, "`true`, `false`"),
        (int, "whole number"),
        (int | None, "whole number"),
        (dict[str, RoleLimit], "JSON"),
        (dict[str, dict[str, Any]], "JSON"),
        (dict[str, ModelPrice], "JSON"),
        (dict[str, tuple[str, ...]], "JSON"),
        (float, "number"),
        (SecretStr, "secret"),
        (Path, "path"),
        (Path | None, "path"),
        (tuple[str, ...], "list"),
    ):
        if annotation == kind:
            return words
    return "text"


def _shown(default: object) -> str:
    if default is None or isinstance(default, SecretStr):
        return ""
    if isinstance(default, bool):
        return str(default).lower()
    return ",".join(default) if isinstance(default, tuple) else str(default)
