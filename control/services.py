"""Services: the file that says how far Anton goes in which repository, strictly read."""

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import yaml

from control.repositories import identity_of
from core.errors import ConfigError
from core.recipes import Recipe
from core.services import Rung, Service
from graph.repair.guards import PROFILES
from sandbox.recipes import command_flaw

FILE_NAME = "REPOS_FILE"
OTHERS = "*"
"""The entry for every repository that has none of its own."""

Number = TypeVar("Number", int, float)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Services:
    """What is said of each repository."""

    known: Mapping[str, Service] = field(default_factory=dict)
    """By what all spellings of a repository have in common."""
    others: Service = field(default_factory=Service)

    @property
    def composed(self) -> tuple[str, ...]:
        """The repositories whose own compose service runs their tests."""
        entries = (*self.known.items(), (OTHERS, self.others))
        return tuple(name for name, service in entries if service.recipe.compose)

    def of(self, repository: str) -> Service:
        """What is said of a repository, however it is spelt."""
        return self.known.get(identity_of(repository), self.others)


def read_services(file: Path) -> Services:
    """The services in a YAML file of repositories; ConfigError names line and key.

    An autonomy that is not known is `notify`, the least: a slip of the keys gives no more.
    """
    try:
        root = yaml.compose(file.read_text("utf-8"), Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{FILE_NAME} cannot be read.", remedy=f"Put UTF-8 text at {file}."
        ) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{file}, line {mark.line + 1}" if mark else str(file)
        raise ConfigError(
            f"{where} is no YAML: {getattr(error, 'problem', 'unreadable')}."
        ) from error
    known, spelt = dict[str, Service](), dict[str, str]()
    for name, node in _entries(root, file) if root else ():
        one = identity_of(name)
        if one in known:
            raise ConfigError(f"{file} names {spelt[one]} and {name}, which are one repository.")
        known[one], spelt[one] = _service(name, node, file), name
    return Services(known, known.pop(OTHERS, Service()))


def _service(name: str, node: yaml.Node, file: Path) -> Service:
    said: dict[str, Any] = {}
    recipe: dict[str, Any] = {}
    for key, value in _entries(node, file):
        where = f"{file}, line {value.start_mark.line + 1}, {name}"
        of_recipe = key in _OF_RECIPE
        reader = _OF_RECIPE.get(key) or _READERS.get(key)
        if reader is None:
            known = ", ".join((*_READERS, *_OF_RECIPE))
            raise ConfigError(f"{where}: there is no key {key}.", remedy=f"Known are {known}.")
        try:
            (recipe if of_recipe else said)[key] = (
                _variables(value, file) if key == "env" else reader(str(value.value))
            )
        except ValueError as error:
            raise ConfigError(f"{where}: {key} {error}.") from error
        if key == "autonomy" and said[key] != value.value:
            log.warning("%s: autonomy %r is not known; it is notify", where, value.value)
    return Service(**said, recipe=Recipe(**recipe))


def _entries(node: yaml.Node, file: Path) -> Iterator[tuple[str, yaml.Node]]:
    """Keys and values of a mapping; a key that comes twice is refused."""
    if not isinstance(node, yaml.MappingNode):
        line = node.start_mark.line + 1
        raise ConfigError(
            f"{file}, line {line} holds no mapping.",
            remedy="Write a repository, a colon, and below it `autonomy: patch` and the like.",
        )
    seen = set[str]()
    for key, value in node.value:
        if str(key.value) in seen:
            raise ConfigError(f"{file}, line {key.start_mark.line + 1} names {key.value} twice.")
        seen.add(str(key.value))
        yield str(key.value), value


def _rung(text: str) -> Rung:
    return Rung(text) if text in list(Rung) else Rung.NOTIFY


def _profile(text: str) -> str:
    if text not in PROFILES:
        raise ValueError(f"should be one of {', '.join(PROFILES)}")
    return text


def _usd(text: str) -> float:
    return _number(text, float, 0, 10_000, "an amount in US dollars from 0 to 10000")


def _tokens(text: str) -> int:
    return _number(text, int, 1, 10**12, "a whole number of tokens, at least 1")


def _number(text: str, kind: Callable[[str], Number], least: int, most: int, what: str) -> Number:
    try:
        number = kind(text)
    except ValueError:
        raise ValueError(f"should be {what}") from None
    if not least <= number <= most:
        raise ValueError(f"should be {what}")
    return number


def _command(text: str) -> str:
    if flaw := command_flaw(text):
        raise ValueError(flaw)
    return text.strip()


def _image(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9][\w./:@-]{0,254}", text):
        raise ValueError("should be the name of an image, as `registry/name:tag`")
    return text


def _switch(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError("should be true or false")
    return text.lower() == "true"


def _variables(node: yaml.Node, file: Path) -> dict[str, str]:
    """Environment variables; each a name and one line of text."""
    found: dict[str, str] = {}
    for name, value in _entries(node, file):
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            raise ValueError(f"should name variables, and {name!r} cannot be one")
        if not isinstance(value, yaml.ScalarNode) or "\0" in value.value:
            raise ValueError(f"should give {name} a text")
        found[name] = value.value
    return found


_OF_RECIPE: Mapping[str, Callable[[str], Any]] = {
    "setup": _command,
    "test": _command,
    "demo": _command,
    "image": _image,
    "env": str,
    "compose": _switch,
}
"""What is said of how its tests are set up and run."""
_READERS: Mapping[str, Callable[[str], Any]] = {
    "profile": _profile,
    "autonomy": _rung,
    "max_task_budget_usd": _usd,
    "max_task_tokens": _tokens,
}
