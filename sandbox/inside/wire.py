"""Frames between a sandbox and its host: a JSON header and a body of bytes, lengths first."""

from __future__ import annotations

import json
import os
import struct
from typing import Any

HEAD = struct.Struct(">IQ")
PART = struct.Struct(">BQQI")
"""Before a part of a stream that may be cut: its kind, where it begins, how many bytes were heard
of the other direction, and how many follow."""
FRESH, AGAIN = 0, 1
"""Kinds of parts: the next bytes, or the wish to hear again what was not heard."""
RESUMED = b"!"
"""How the line begins that says at which byte answers go on."""


def pack(header: dict[str, Any], body: bytes = b"") -> bytes:
    """One frame."""
    text = json.dumps(header).encode()
    return HEAD.pack(len(text), len(body)) + text + body


def read_frame(fd: int) -> tuple[dict[str, Any], bytes] | None:
    """The next frame of a blocking descriptor; None at its end."""
    head = _exactly(fd, HEAD.size)
    if head is None:
        return None
    header_size, body_size = HEAD.unpack(head)
    header, body = _exactly(fd, header_size), _exactly(fd, body_size)
    return None if header is None or body is None else (json.loads(header), body)


def write_frame(fd: int, header: dict[str, Any], body: bytes = b"") -> None:
    """Write one frame to a blocking descriptor."""
    rest = memoryview(pack(header, body))
    while rest:
        rest = rest[os.write(fd, rest) :]


def _exactly(fd: int, size: int) -> bytes | None:
    data = bytearray()
    while len(data) < size:
        chunk = os.read(fd, min(size - len(data), 1 << 20))
        if not chunk:
            return None
        data += chunk
    return bytes(data)
