"""The server: its address, its keys, and where its callers may come from."""

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr

from settings.addresses import is_loopback
from settings.kinds import Group, Key, Names


def _bare(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if not re.fullmatch(r"[A-Za-z0-9.-]+|\[?[0-9A-Fa-f:.]+\]?", name):
            raise ValueError("should hold host names without port or wildcard")
    return tuple(name.strip("[]").lower() for name in names)


def _origins(origins: tuple[str, ...]) -> tuple[str, ...]:
    for origin in origins:
        if not re.fullmatch(r"https?://(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?", origin):
            raise ValueError("should hold origins such as https://anton.example, never `*`")
    return origins


class Server(Group):
    """The server: where it listens, and who may speak to it."""

    host: str = "127.0.0.1"
    """Address to listen on; one that others can reach needs a key."""
    port: int = Field(default=8000, ge=0, le=65535)
    """Port to listen on; 0 takes a free one."""
    api_key: Key = SecretStr("")
    """The operator's key, at least 16 characters; empty is possible on loopback alone."""
    api_keys_file: Path | None = None
    """File of more keys, one a line: `name:scopes:sha256`; scopes read, operate, approve, admin."""
    allowed_hosts: Annotated[Names, AfterValidator(_bare)] = ()
    """Names that the server answers to, comma-separated, beside HOST and the loopback names."""
    trusted_proxies: Names = ()
    """Addresses of proxies whose forwarded headers are believed, comma-separated."""
    cors_origins: Annotated[Names, AfterValidator(_origins)] = (
        "http://localhost:3000",
        "http://localhost:5173",
    )
    """Origins of other pages that may ask with a key, comma-separated; never `*`."""
    environment: Literal["dev", "production"] = "dev"
    """`production` refuses to start with anything that is for trying out only."""

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        return is_loopback(self.host)

    @property
    def has_key(self) -> bool:
        """Whether a caller has to show a key."""
        return bool(self.api_key.get_secret_value()) or self.api_keys_file is not None
