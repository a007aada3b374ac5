"""What an Ollama server has: the installed models, the best of them, and their windows."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.errors import IntegrationError
from integrations.http import Http

LOOK_S = 3.0
CODER_BONUS = 1.5
"""A model made for code counts as so much larger than it is."""
NO_CHAT = re.compile(r"embed|bge-|minilm|rerank|whisper|bert")
UNITS = {"K": 1e-6, "M": 1e-3, "B": 1.0, "T": 1e3}


@dataclass(frozen=True)
class Installed:
    """A model on the server."""

    name: str
    billions: float
    """Of parameters; 0 when the server does not say."""
    family: str = ""

    @property
    def chats(self) -> bool:
        """Whether it answers at all, and does not only embed."""
        return not NO_CHAT.search(f"{self.name} {self.family}".lower())

    @property
    def rank(self) -> float:
        """The greater, the better for our work."""
        made_for_code = re.search(r"cod(e|er|ing)|dev", self.name.lower())
        return self.billions * (CODER_BONUS if made_for_code else 1.0)


async def installed(base: str) -> tuple[Installed, ...] | None:
    """What the server at this address has; None when it does not answer."""
    told = await _ask(base, "GET", "api/tags")
    if told is None:
        return None
    models = told.get("models")
    rows = [row for row in models if isinstance(row, dict)] if isinstance(models, list) else []
    return tuple(_installed(row) for row in rows if row.get("name"))


def best(models: Sequence[Installed]) -> Installed | None:
    """The most able one; among equals the first by name."""
    able = sorted((model for model in models if model.chats), key=lambda model: model.name)
    return max(able, key=lambda model: model.rank, default=None)


async def window_of(base: str, model: str) -> int | None:
    """Tokens that a model takes; None when the server does not say."""
    told = await _ask(base, "POST", "api/show", {"model": model})
    facts = told.get("model_info") if told else None
    for name, value in facts.items() if isinstance(facts, dict) else ():
        if name.endswith(".context_length") and isinstance(value, int) and value > 0:
            return value
    return None


async def _ask(base: str, method: str, path: str, body: Any = None) -> dict[str, Any] | None:
    http = Http(base, timeout_s=LOOK_S, max_bytes=10_000_000)
    try:
        reply = await http.send(method, path, body=body)
    except IntegrationError:
        return None
    finally:
        await http.close()
    told = reply.json()
    return told if reply.status == 200 and isinstance(told, dict) else None


def _installed(row: dict[str, Any]) -> Installed:
    details = row.get("details")
    facts = details if isinstance(details, dict) else {}
    return Installed(
        str(row["name"]), _billions(facts.get("parameter_size")), str(facts.get("family"))
    )


def _billions(size: object) -> float:
    match = re.fullmatch(r"([\d.]+)\s*([KMBT])", str(size).upper())
    try:
        return float(match[1]) * UNITS[match[2]] if match else 0.0
    except ValueError:
        return 0.0
