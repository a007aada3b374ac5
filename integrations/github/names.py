"""How people name a repository on GitHub."""

import re
from urllib.parse import urlsplit

_NAME = re.compile(r"(?P<owner>[A-Za-z0-9][A-Za-z0-9-]{0,38})/(?P<name>[A-Za-z0-9._-]{1,100})")


def web_host(api_url: str) -> str:
    """The host that repository URLs name, for an API at this address; empty means github.com."""
    host = urlsplit(api_url).hostname or "api.github.com"
    return host.removeprefix("api.")


def full_name(repository: str, host: str = "github.com") -> str:
    """`owner/name` from that form, an https URL or an ssh address; empty when it is none."""
    text = repository.strip()
    if text.startswith(f"git@{host}:"):
        text = text.removeprefix(f"git@{host}:")
    elif "://" in text:
        url = urlsplit(text)
        if url.hostname != host or url.scheme not in ("https", "http", "ssh", "git"):
            return ""
        text = url.path.strip("/")
    match = _NAME.fullmatch(text.removesuffix("/").removesuffix(".git"))
    return text.removesuffix("/").removesuffix(".git") if match and not _dots(match["name"]) else ""


def _dots(name: str) -> bool:
    return name.strip(".") == ""
