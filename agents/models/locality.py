"""What counts as here: loopback, and the private hosts that were listed."""

import ipaddress
from collections.abc import Sequence
from urllib.parse import urlsplit


def is_local(address: str, private_hosts: Sequence[str] = ()) -> bool:
    """Whether an address leads to this machine, or to a host or `host:port` that was listed."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    if host in private_hosts or parts.netloc.lower() in private_hosts:
        return True
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
