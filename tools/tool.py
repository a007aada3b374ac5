"""A tool: a function that a model may ask for, told to it by its signature and docstring."""

import inspect
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Concatenate, Literal, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from core.errors import ToolRefused
from core.models import ToolSpec
from tools.workplace import Workplace

Risk = Literal["read", "edit", "safe", "unknown", "dangerous", "outside"]
"""What a call may do: look, change the workspace, run a command that is known to be harmless, one
that nobody knows, or one known to harm, or act beyond the workspace."""

OBSERVATION_CHARACTERS = 10_000
"""Of a result, unless its tool says otherwise."""

Doing = Callable[Concatenate[Workplace, ...], Awaitable[Any]]


@dataclass(frozen=True)
class Tool:
    """One tool as the executor knows it."""

    name: str
    description: str
    arguments: type[BaseModel]
    risk: Risk | Callable[[BaseModel], Risk]
    """Its class, or what tells the class of a call from its arguments."""
    do: Doing
    """Gets the workplace and the validated arguments by name; raises ToolError."""
    parallel: bool = False
    """Whether calls of it may run beside each other: it changes nothing."""
    ends: bool = False
    """Whether it ends the work, with what it returns as the answer."""
    characters: int = OBSERVATION_CHARACTERS
    """Of its result, the rest is cut out of the middle."""

    @cached_property
    def spec(self) -> ToolSpec:
        """As a model is told of it."""
        schema = _without_titles(self.arguments.model_json_schema())
        schema.setdefault("properties", {})
        schema.pop("description", None)
        return ToolSpec(name=self.name, description=self.description, parameters=schema)

    def parsed(self, arguments: str) -> BaseModel:
        """The arguments as JSON, validated strictly; raises ToolRefused, naming what is wrong."""
        try:
            return self.arguments.model_validate_json(arguments.strip() or "{}", strict=True)
        except ValidationError as error:
            wrong = "; ".join(_worded(fault) for fault in error.errors(include_url=False)[:5])
            raise ToolRefused(
                f"{self.name} cannot take these arguments: {wrong}. It takes {self._signature}.",
                rule="arguments",
            ) from error

    def risk_of(self, arguments: BaseModel) -> Risk:
        """The class of one call."""
        return self.risk(arguments) if callable(self.risk) else self.risk

    @property
    def _signature(self) -> str:
        fields = self.arguments.model_fields.items()
        names = [name if field.is_required() else f"{name}?" for name, field in fields]
        return f"({', '.join(names)})"


def tool(
    *,
    risk: Risk | Callable[[Any], Risk],
    parallel: bool = False,
    ends: bool = False,
    characters: int = OBSERVATION_CHARACTERS,
) -> Callable[[Doing], Tool]:
    """Make a tool of a function `async def name(place: Workplace, argument: Type = default)`.

    The first part of its docstring describes the tool, the lines under `Args:` its arguments.
    """

    def made(do: Doing) -> Tool:
        description, about = _documented(inspect.getdoc(do) or "")
        return Tool(
            name=do.__name__,
            description=description,
            arguments=_arguments(do, about),
            risk=risk,
            do=do,
            parallel=parallel,
            ends=ends,
            characters=characters,
        )

    return made


def _arguments(do: Doing, about: Mapping[str, str]) -> type[BaseModel]:
    hints = get_type_hints(do, include_extras=True)
    fields: dict[str, Any] = {}
    for parameter in list(inspect.signature(do).parameters.values())[1:]:
        default = ... if parameter.default is parameter.empty else parameter.default
        described = Field(default, description=about.get(parameter.name))
        fields[parameter.name] = (hints[parameter.name], described)
    return create_model(do.__name__, __config__=ConfigDict(extra="forbid"), **fields)


def _documented(text: str) -> tuple[str, dict[str, str]]:
    """The description, and each argument's, of a docstring in Google's style."""
    description, _, rest = text.partition("\nArgs:\n")
    about: dict[str, str] = {}
    name = ""
    for line in rest.split("\n"):
        if found := re.match(r"    (\w+): (.*)", line):
            name = found[1]
            about[name] = found[2]
        elif name and line.startswith("        "):
            about[name] += " " + line.strip()
    return re.sub(r"(?<!\n)\n(?!\n)", " ", description).strip(), about


def _worded(fault: Any) -> str:
    where = ".".join(str(part) for part in fault["loc"])
    said = str(fault["msg"]).removeprefix("Value error, ")
    match fault["type"]:
        case "extra_forbidden":
            return f"there is no argument {where!r}"
        case "missing":
            return f"{where!r} is missing"
        case "json_invalid":
            return f"they are no valid JSON object ({said})"
    return f"{where!r}: {said}" if where else said


def _without_titles(schema: Any) -> Any:
    """A JSON schema without the titles that pydantic gives everything."""
    if isinstance(schema, dict):
        return {
            key: _without_titles(item)
            for key, item in schema.items()
            if not (key == "title" and isinstance(item, str))
        }
    return [_without_titles(item) for item in schema] if isinstance(schema, list) else schema
