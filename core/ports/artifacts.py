"""Files that are named after their content."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol


class ArtifactStore(Protocol):
    """Content-addressed files: whatever is too big for a state; kept for a time."""

    async def put(self, data: bytes) -> str:
        """Keep it, safe on disk before this returns; its reference."""
        ...

    async def get(self, ref: str) -> bytes:
        """What was put; raises NotFound, Expired where it is not kept any more."""
        ...

    async def has(self, ref: str) -> bool:
        """Whether it is kept."""
        ...

    async def forget(self, before: datetime, keep: Collection[str]) -> int:
        """Forget what was put last before that instant; how many files.

        But what `keep` names, and what is named in that.
        """
        ...
