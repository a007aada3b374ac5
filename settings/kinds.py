"""What options have in common: their group, and how lists, JSON and keys are written."""

import json
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, SecretStr
from pydantic_settings import NoDecode


class Group(BaseModel):
    """A part of the settings; its sentence is a headline in `.env.example`."""

    model_config = {"use_attribute_docstrings": True}


def _split(value: object) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _parsed(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise ValueError(f"should be JSON: {error.msg} at {where}") from None


def _one_line(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if not text.isascii() or any(sign.isspace() or not sign.isprintable() for sign in text):
        raise ValueError("should be printable ASCII without blanks")
    return value


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
"""Several names, comma-separated."""
Key = Annotated[SecretStr, AfterValidator(_one_line)]
"""A secret that fits into a header."""
FROM_JSON = BeforeValidator(_parsed)
"""Reads JSON; goes with NoDecode, which keeps the library from reading it without a clear error."""
