"""Telegram's published Bot API, held against every request and every answer of the double."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

BASE = "urn:bot-api"


@lru_cache(maxsize=2)
def _load(path: Path) -> tuple[dict[str, Any], Registry]:
    schema = json.loads(path.read_text())
    # the length of a text counts after its markup was taken out: the double counts it itself
    for method in ("sendMessage", "editMessageText"):
        schema["$defs"][f"{method}.params"]["properties"]["text"].pop("maxLength")
    resource: Resource[Any] = Resource.from_contents(schema)
    return schema["$defs"], Registry().with_resource(BASE, resource)


class TelegramContract:
    """Says what breaks the contract; with no contract at hand, nothing does."""

    def __init__(self, folder: Path) -> None:
        path = folder / "telegram" / "bot-api-schema.json"
        self.present = path.is_file()
        """Whether anything is held against it at all."""
        self._defs, self._registry = _load(path) if self.present else ({}, Registry())
        self._validators: dict[str, Draft202012Validator] = {}

    def request(self, method: str, given: Any) -> str:
        """What is wrong with decoded parameters; empty when nothing is."""
        return self._wrong(f"{method}.params", given)

    def answer(self, method: str, body: Any) -> str:
        """What is wrong with an answer; empty when nothing is."""
        return self._wrong(f"{method}.response", body)

    def update(self, body: Any) -> str:
        """What is wrong with an update; empty when nothing is."""
        return self._wrong("Update", body)

    def _wrong(self, name: str, value: Any) -> str:
        if not self.present:
            return ""
        if name not in self._defs:
            return f"{name} is not published"
        if name not in self._validators:
            schema = {"$ref": f"{BASE}#/$defs/{name}"}
            self._validators[name] = Draft202012Validator(schema, registry=self._registry)
        errors = self._validators[name].iter_errors(value)
        return " | ".join(
            f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}" for error in errors
        )
