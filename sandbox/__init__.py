"""Closed rooms where untrusted code runs; this table is the one place that names their kinds."""

from importlib import import_module
from pathlib import Path
from typing import Any

from core.errors import ConfigError
from core.ports import SandboxProvider

PROVIDERS = {
    "bubblewrap": "sandbox.bubblewrap:BubblewrapProvider",
    "subprocess": "sandbox.subprocess:SubprocessProvider",
}
AUTO = "bubblewrap"
"""What `auto` stands for; the bare machine is never chosen by itself."""


def open_provider(
    backend: str,
    scratch: Path,
    *,
    max_sandboxes: int = 4,
    allow_host: bool = False,
    allow_no_memory_limit: bool = False,
) -> SandboxProvider:
    """The provider that SANDBOX names, `auto` included; its `check` says whether it is fit.

    Raises ConfigError for an unknown name, SandboxUnavailable for `subprocess` without
    `allow_host`.
    """
    name = AUTO if backend == "auto" else backend
    bare = {"allow_host": allow_host} if name == "subprocess" else {}
    provider: SandboxProvider = provider_class(name)(
        scratch, max_sandboxes, allow_no_memory_limit=allow_no_memory_limit, **bare
    )
    return provider


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
