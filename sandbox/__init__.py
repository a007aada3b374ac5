"""Closed rooms where untrusted code runs; this table is the one place that names their kinds."""

from importlib import import_module
from typing import Any

from core.errors import ConfigError

PROVIDERS = {
    "bubblewrap": "sandbox.bubblewrap:BubblewrapProvider",
    "docker": "sandbox.docker:DockerProvider",
    "e2b": "sandbox.e2b:E2BProvider",
    "subprocess": "sandbox.subprocess:SubprocessProvider",
}


def provider_class(backend: str) -> Any:
    """The provider of this name; its module is imported only now."""
    try:
        module, _, name = PROVIDERS[backend].partition(":")
    except KeyError as error:
        known = ", ".join(PROVIDERS)
        raise ConfigError(
            f"There is no sandbox named {backend!r}.", remedy=f"SANDBOX is one of: {known}."
        ) from error
    return getattr(import_module(module), name)
