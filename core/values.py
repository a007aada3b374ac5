"""The base of every value that is stored: frozen, strict about its fields, versioned."""

from typing import Any, Self

from pydantic import BaseModel, ConfigDict


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
