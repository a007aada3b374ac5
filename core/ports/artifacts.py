"""Files that are named after their content."""

from typing import Protocol


class ArtifactStore(Protocol):
    """Content-addressed files: whatever is too big for a state."""

    async def put(self, data: bytes) -> str:
        """Keep it, safe on disk before this returns; its reference."""
        ...

    async def get(self, ref: str) -> bytes:
        """What was put; raises NotFound."""
        ...
