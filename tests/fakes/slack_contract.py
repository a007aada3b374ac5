"""Slack's published Web API, held against every request and every answer of the double."""

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from jsonschema import Draft4Validator

ADDED: Mapping[str, Mapping[str, tuple[str, bool]]] = {
    "files.getUploadURLExternal": {
        "filename": ("string", True),
        "length": ("integer", True),
        "alt_txt": ("string", False),
        "snippet_type": ("string", False),
    },
    "files.completeUploadExternal": {
        "files": ("string", True),
        "channel_id": ("string", False),
        "channels": ("string", False),
        "initial_comment": ("string", False),
        "thread_ts": ("string", False),
    },
    "chat.update": {"metadata": ("string", False), "reply_broadcast": ("boolean", False)},
    "chat.postMessage": {"metadata": ("string", False)},
}
"""Arguments that came after the published file, as Slack documents them: type, and if needed."""

JSON_ENCODED = {"blocks", "attachments", "view", "files", "metadata"}
"""Strings in a form, which a JSON body holds as they are."""


@lru_cache(maxsize=2)
def _load(path: Path) -> dict[str, Any]:
    published: dict[str, Any] = json.loads(path.read_text())
    return published


class Contract:
    """Says what breaks the contract; with no contract at hand, only what came after it does."""

    def __init__(self, folder: Path) -> None:
        path = folder / "slack" / "web-api-swagger2.json"
        self._api = _load(path) if path.is_file() else None

    @property
    def present(self) -> bool:
        """Whether anything is held against it at all."""
        return self._api is not None

    def request(self, method: str, arguments: Mapping[str, Any]) -> str:
        """What is wrong with the arguments of a call; empty when nothing is."""
        known = self._known(method)
        if known is None:
            return ""
        for name in sorted(set(arguments) - set(known) - {"token"}):
            return f"{method} takes no {name!r}"
        for name, (kind, needed) in known.items():
            if name not in arguments:
                if needed:
                    return f"{method} needs {name!r}"
                continue
            if not _fits(name, kind, arguments[name]):
                return f"{name!r} of {method} is a {kind}, not {arguments[name]!r:.100}"
        return ""

    def answer(self, method: str, body: Mapping[str, Any]) -> str:
        """What is wrong with an answer; empty when nothing is."""
        described = self._method(method)
        if described is None or not body.get("ok"):
            return ""  # the list of errors has grown since it was published
        assert self._api is not None
        schema = {**described["responses"]["200"]["schema"]}
        schema["definitions"] = self._api["definitions"]
        for name in ("message", "channel"):
            # what a message or a channel holds has grown too
            if isinstance(body.get(name), dict):
                body = {**body, name: {k: v for k, v in body[name].items() if k in _OLD[name]}}
        worst = next(iter(Draft4Validator(schema).iter_errors(body)), None)
        return f"{'/'.join(map(str, worst.absolute_path))}: {worst.message[:200]}" if worst else ""

    def _known(self, method: str) -> dict[str, tuple[str, bool]] | None:
        described = self._method(method)
        added = dict(ADDED.get(method, {}))
        if described is None:
            return added if method.startswith("files.") and added else None
        listed = described["parameters"]
        return {
            **{p["name"]: (p["type"], bool(p.get("required"))) for p in listed},
            **added,
            "token": ("string", False),
        }

    def _method(self, method: str) -> dict[str, Any] | None:
        found = (self._api or {"paths": {}})["paths"].get(f"/{method}")
        first: dict[str, Any] | None = next(iter(found.values())) if found else None
        return first


_OLD = {
    "message": {"text", "type", "ts", "user", "team", "thread_ts"},
    "channel": {"id", "name"},
}


def _fits(name: str, kind: str, value: Any) -> bool:
    if name in JSON_ENCODED:
        return isinstance(_decoded(value), list | dict)
    if kind == "boolean":
        return isinstance(value, bool) or value in ("0", "1", "true", "false")
    if kind in ("integer", "number"):
        return not isinstance(value, bool) and str(value).replace(".", "", 1).isdigit()
    return isinstance(value, str)


def _decoded(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return None


def decoded(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments with what a form carries as JSON read."""
    return {k: _decoded(v) if k in JSON_ENCODED else v for k, v in arguments.items()}
