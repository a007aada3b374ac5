"""The base of every stored value, frozen and versioned; and what a state may hold."""

import math
from typing import Any, Self

from pydantic import BaseModel, ConfigDict

INTEGER_MAX = 2**63 - 1


class Value(BaseModel):
    """A frozen value with a version, so that what was stored by an older release can be read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    v: int = 1
    """Version of the stored form."""

    def dump(self) -> dict[str, Any]:
        """Plain JSON types, as state and stores hold them."""
        return self.model_dump(mode="json")

    @classmethod
    def load(cls, data: Any) -> Self:
        """Validate a stored dump; raises pydantic's ValidationError when it does not fit."""
        return cls.model_validate(data)

    def but(self, **changes: Any) -> Self:
        """The same value with some fields changed, validated anew."""
        return type(self).model_validate({**self.model_dump(), **changes})


def require_json(value: Any, name: str = "state") -> None:
    """Raise TypeError, naming the place, unless a value comes back from JSON as it went in.

    Subclasses are refused too: an enum member or a tuple would come back as something else.
    """
    if type(value) is dict:
        for key, item in value.items():
            if type(key) is not str:
                raise TypeError(f"{name} has the key {key!r}: a state holds plain JSON only.")
            require_json(item, f"{name}.{key}")
    elif type(value) is list:
        for index, item in enumerate(value):
            require_json(item, f"{name}[{index}]")
    elif not _is_plain(value):
        raise TypeError(f"{name} is a {type(value).__name__}: a state holds plain JSON only.")


def _is_plain(value: Any) -> bool:
    if type(value) is float:
        return math.isfinite(value)
    if type(value) is int:
        return abs(value) <= INTEGER_MAX
    return value is None or type(value) in (str, bool)
