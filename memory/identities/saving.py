"""What every store of identities does alike when one is saved."""

from collections.abc import Awaitable, Callable, Sequence

from core.errors import Conflict, NotFound
from core.identities import Identity, IdentityVersion
from core.ports import IdentityStore


def next_version(seen: Identity, stands: int) -> Identity:
    """The identity as it is saved; raises Conflict unless it was made from what stands."""
    if seen.version != stands:
        raise Conflict(
            f"The identity of {seen.role} is at version {stands} by now, not {seen.version}.",
            remedy="read it again, and make the change on what stands there",
        )
    return seen.but(version=stands + 1)


def made_by(write_id: str, kept: Sequence[IdentityVersion]) -> Identity | None:
    """What this write made, among the versions that are kept."""
    return next((one.identity for one in kept if one.write_id == write_id), None)


def rolled_back(
    role: str, version: int, kept: Sequence[IdentityVersion], seen: int | None = None
) -> Identity:
    """The content of a version that was kept, as a change of the newest.

    Raises NotFound, and Conflict where the newest is not the one that was `seen`.
    """
    found = next((one.identity for one in kept if one.identity.version == version), None)
    if found is None:
        numbers = ", ".join(str(one.identity.version) for one in kept) or "none"
        raise NotFound(f"There is no version {version} of {role}; kept are: {numbers}.")
    newest = kept[0].identity.version
    if seen not in (None, newest):
        raise Conflict(f"Version {newest} stands by now, not {seen}: look at it first.")
    return found.but(version=newest)


async def revised(
    store: IdentityStore,
    role: str,
    change: Callable[[Identity], Awaitable[Identity]],
    *,
    by: str,
    reason: str,
) -> Identity:
    """Change what stands and save it; who comes second reads again and tries once more."""
    for attempt in range(2):
        wanted = await change(await store.get(role))
        try:
            return await store.save(wanted, by=by, reason=reason)
        except Conflict:
            if attempt:
                raise
    raise AssertionError
