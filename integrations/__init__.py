"""The outer world, a folder per vendor: each serves a port of `core` and knows no other adapter."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, cast

from core.errors import ConfigError
from core.ports import CodeHost
from integrations.git.layout import is_folder
from integrations.github.names import full_name, web_host

HOSTS = {
    "local": "integrations.git.code_host:LocalHost",
    "github": "integrations.github.code_host:GitHubHost",
}
"""Kinds of code hosts; the module is imported only when its kind is chosen."""

CHANNELS: dict[str, str] = {
    "slack": "integrations.slack.channel:SlackChannel",
    "telegram": "telegram_bot.channel:TelegramChannel",
}
"""Kinds of channels that people are asked in; the module is imported only when it is configured."""


def channel_class(kind: str) -> Any:
    """The class of a kind of channel, which serves the port Channel."""
    module, name = CHANNELS[kind].split(":")
    return getattr(import_module(module), name)


def host_class(kind: str) -> Any:
    """The class of a kind of host; raises ConfigError for a kind that is not in the table."""
    if kind not in HOSTS:
        raise ConfigError(f"There is no code host {kind!r}; known: {', '.join(HOSTS)}.")
    module, name = HOSTS[kind].split(":")
    return getattr(import_module(module), name)


def host_for(repository: str, options: Mapping[str, Mapping[str, Any]] | None = None) -> CodeHost:
    """The host of a repository: a folder is local; `owner/name` and URLs of GitHub are GitHub's.

    `options` holds, by kind, what the constructor takes besides the repository. GitHub counts as
    configured with a `token`; raises ConfigError where the repository needs it and it is not.
    """
    given = options or {}
    github = given.get("github", {})
    name = full_name(repository, web_host(github.get("api_url", "")))
    if is_folder(repository) or not name:
        return cast(CodeHost, host_class("local")(repository, **given.get("local", {})))
    if not github.get("token"):
        raise ConfigError(
            f"{repository!r} is no folder here, and there is no account for GitHub.",
            remedy="check the path, or set GITHUB_TOKEN",
        )
    return cast(CodeHost, host_class("github")(name, **github))
