"""How checkpoints become bytes and back: plain JSON, and the few types LangGraph itself needs."""

from functools import partial
from typing import Any

import ormsgpack
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from core.errors import StoreError

REVIVED = {("langgraph.types", "Interrupt"), ("langgraph.types", "Send")}
"""All that is made anew from a checkpoint, as module and name."""


class StrictSerializer(JsonPlusSerializer):
    """LangGraph's serializer, refusing what is not listed where the original would go on.

    That one gives an unlisted object back as its bare fields; a state would then continue with
    something that it never held.
    """

    def __init__(self) -> None:
        super().__init__(allowed_msgpack_modules=None)

    def loads_typed(self, data: tuple[str, bytes]) -> Any:
        kind, content = data
        if kind == "null":
            return None
        if kind != "msgpack":
            raise StoreError(f"The checkpoint holds data of the kind {kind}, which is not revived.")
        refused: list[str] = []
        try:
            value = _unpack(content, partial(self._revive, refused))
        except ValueError as error:
            raise StoreError("The checkpoint is damaged: it cannot be read.") from error
        if refused:
            raise StoreError(f"The checkpoint holds a {refused[0]}, which may not be revived.")
        return value

    def _revive(self, refused: list[str], code: int, content: bytes) -> Any:
        """Revive one object if all in it is listed; a hook cannot raise, so it takes notes."""
        named = _unpack(content, partial(self._revive, refused))
        if not isinstance(named, list) or tuple(named[:2]) not in REVIVED:
            name = ".".join(map(str, named[:2])) if isinstance(named, list) else f"type {code}"
            refused.append(name)
        return None if refused else self._unpack_ext_hook(code, content)


def _unpack(content: bytes, hook: Any) -> Any:
    return ormsgpack.unpackb(content, ext_hook=hook, option=ormsgpack.OPT_NON_STR_KEYS)
