"""Addresses of servers, and whether they lead to this machine."""

import ipaddress
import re
from typing import Annotated

from pydantic import AfterValidator


def is_loopback(host: str) -> bool:
    """Whether nobody but this machine reaches a server on this address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def secure(value: str) -> str:
    """An address without its last slash; raises ValueError unless it is https or on loopback."""
    match = re.fullmatch(r"(https?)://(\[[^\]]+\]|[^/:@\s]+)(:\d+)?(/[^\s?#]*)?", value)
    if not match:
        raise ValueError("should be an address such as https://host/path")
    if match[1] == "http" and not is_loopback(match[2].strip("[]")):
        raise ValueError("should begin with https:// unless it is on loopback")
    return value.rstrip("/")


def _secure_if_any(value: str) -> str:
    return secure(value) if value else ""


def _web(value: str) -> str:
    if value and not re.fullmatch(r"https?://(\[[^\]@]+\]|[^/:@\s]+)(:\d+)?(/[^\s?#]*)?", value):
        raise ValueError("should be an address such as http://localhost:11434")
    return value.rstrip("/")


SecureAddress = Annotated[str, AfterValidator(secure)]
"""By https, or on loopback."""
MaybeSecureAddress = Annotated[str, AfterValidator(_secure_if_any)]
"""The same, or empty."""
WebAddress = Annotated[str, AfterValidator(_web)]
"""By http or https, or empty."""
