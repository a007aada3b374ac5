"""Whether a file can be read in its language: Python, JavaScript, TypeScript, JSON, YAML, TOML."""

import ast
import json
import tomllib
from collections.abc import Callable, Mapping
from functools import lru_cache

from sandbox.node_detection import SOURCES
from sandbox.scripts import script_of

MAX_CHARACTERS = 2_000_000
Reader = Callable[[str, str], str]
"""From a path and a text to what is wrong with it; empty when nothing is."""


@lru_cache(maxsize=64)
def fault_in(path: str, text: str) -> str:
    """What keeps a file from being read, in a few words; empty when nothing does.

    A language that is not known here, or a file beyond all measure, has no faults.
    """
    reader = READERS.get(_ending(path))
    return reader(path, text) if reader and len(text) <= MAX_CHARACTERS else ""


def language_of(path: str) -> str:
    """The name of the language of a file, for people; empty when it is not checked here."""
    return NAMES.get(_ending(path), "")


def broken(path: str, before: str | None, after: str) -> str:
    """What is wrong with a file that could be read before, or is new; empty when nothing is."""
    fault = fault_in(path, after)
    return fault if fault and (before is None or not fault_in(path, before)) else ""


def _ending(path: str) -> str:
    name = path.rpartition("/")[2]
    return f".{name.rpartition('.')[2].lower()}" if "." in name else ""


def _python(_: str, text: str) -> str:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = (getattr(error, "text", "") or "").strip()[:120]
        words = getattr(error, "msg", "") or type(error).__name__
        return f"{words}{f', at `{line}`' if line else ''}"
    return ""


def _script(path: str, text: str) -> str:
    return script_of(path, text).fault


def _json(path: str, text: str) -> str:
    if path.rpartition("/")[2].startswith(("tsconfig", "jsconfig")):
        return ""  # these may hold comments
    return _said(lambda: json.loads(text))


def _toml(_: str, text: str) -> str:
    return _said(lambda: tomllib.loads(text))


def _yaml(_: str, text: str) -> str:
    import yaml

    try:
        for _event in yaml.parse(text, Loader=yaml.SafeLoader):
            pass
    except (yaml.YAMLError, RecursionError) as error:
        return " ".join(str(error).split())[:200]
    return ""


def _said(read: Callable[[], object]) -> str:
    try:
        read()
    except (ValueError, RecursionError) as error:
        return str(error).split("\n", maxsplit=1)[0][:200]
    return ""


READERS: Mapping[str, Reader] = {
    ".py": _python,
    **dict.fromkeys(SOURCES, _script),
    ".json": _json,
    ".toml": _toml,
    ".yaml": _yaml,
    ".yml": _yaml,
}
NAMES = {
    ".py": "Python",
    **dict.fromkeys((".js", ".jsx", ".cjs", ".mjs"), "JavaScript"),
    **dict.fromkeys((".ts", ".tsx", ".cts", ".mts"), "TypeScript"),
    ".json": "JSON",
    ".toml": "TOML",
    ".yaml": "YAML",
    ".yml": "YAML",
}
