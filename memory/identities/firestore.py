"""What each role has learned, in Firestore: a document a role, its versions below it."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from google.api_core.exceptions import (
    AlreadyExists,
    FailedPrecondition,
    GoogleAPIError,
    InvalidArgument,
)
from google.auth.exceptions import GoogleAuthError
from google.cloud import firestore
from pydantic import ValidationError

from core.errors import ConfigError, Conflict, StoreAway, StoreUnusable
from core.identities import VERSIONS_KEPT, Identity, IdentityHealth, IdentityVersion
from core.ports import Clock
from memory.identities.saving import made_by, next_version, revised, rolled_back

CALL_S = 10.0
NEVER: Any = None
"""Is tried again: patience is the caller's."""
OURS = ("saved_at", "saved_by", "reason", "write_id")
"""Fields of a document beside those of the identity."""
VERSIONS = "versions"
REMEDY = "look whether Firestore can be reached, at GCP_PROJECT_ID and at the credentials"


class FirestoreIdentityStore:
    """Serves the port IdentityStore.

    A save is one commit that holds only if nobody changed the document since it was read.
    """

    def __init__(self, client: firestore.AsyncClient, collection: str, clock: Clock) -> None:
        self._client = client
        self._roles = client.collection(collection)
        self._clock = clock

    @classmethod
    async def open(
        cls, *, project: str, collection: str, clock: Clock, emulator: str = "", look: bool = True
    ) -> "FirestoreIdentityStore":
        """Connect, and `look` whether it answers; raises StoreAway, ConfigError."""
        if emulator:
            # The client can be told this by its environment alone.
            os.environ["FIRESTORE_EMULATOR_HOST"] = emulator  # noqa: TID251
        try:
            client = firestore.AsyncClient(project=project)
        except GoogleAuthError as error:
            raise ConfigError(
                f"No credentials for Firestore: {error}",
                remedy="name a key in GOOGLE_APPLICATION_CREDENTIALS, or unset GCP_PROJECT_ID",
            ) from error
        store = cls(client, collection, clock)
        try:
            if look:
                await store.list()
        except BaseException:
            await store.close()
            raise
        return store

    @property
    def client(self) -> firestore.AsyncClient:
        """For what else is kept beside the identities."""
        return self._client

    async def get(self, role: str) -> Identity:
        return (await self._current(role))[0]

    async def list(self) -> Sequence[Identity]:
        async with in_our_words():
            found = [one async for one in self._roles.stream(retry=NEVER, timeout=CALL_S)]
        kept = (_version(one.to_dict() or {}) for one in found)
        return tuple(sorted((one.identity for one in kept), key=lambda one: one.role))

    async def save(
        self, identity: Identity, *, by: str, reason: str = "", write_id: str = ""
    ) -> Identity:
        if write_id and (made := made_by(write_id, await self.versions(identity.role))):
            return made
        stands, snapshot = await self._current(identity.role)
        saved = next_version(identity, stands.version)
        fields = {
            **saved.dump(),
            "saved_at": self._clock.now(),
            "saved_by": by,
            "reason": reason,
            "write_id": write_id,
        }
        document = self._roles.document(identity.role)
        versions = document.collection(VERSIONS)
        batch = self._client.batch()
        if snapshot.exists:
            gone = (snapshot.to_dict() or {}).keys() - fields.keys()
            changes = {**fields, **dict.fromkeys(gone, firestore.DELETE_FIELD)}
            unchanged = self._client.write_option(last_update_time=snapshot.update_time)
            batch.update(document, self._by_path(changes), option=unchanged)
        else:
            batch.create(document, fields)
        batch.set(versions.document(_name(saved.version)), fields)
        if saved.version > VERSIONS_KEPT:
            batch.delete(versions.document(_name(saved.version - VERSIONS_KEPT)))
        async with in_our_words():
            await batch.commit(retry=NEVER, timeout=CALL_S)
        return saved

    async def versions(self, role: str) -> Sequence[IdentityVersion]:
        newest = firestore.Query.DESCENDING
        wanted = self._roles.document(role).collection(VERSIONS)
        query = wanted.order_by("version", direction=newest).limit(VERSIONS_KEPT)
        async with in_our_words():
            found = [one async for one in query.stream(retry=NEVER, timeout=CALL_S)]
        return tuple(_version(one.to_dict() or {}) for one in found)

    async def roll_back(
        self, role: str, version: int, *, by: str, seen: int | None = None
    ) -> Identity:
        async def change(_: Identity) -> Identity:
            return rolled_back(role, version, await self.versions(role), seen)

        return await revised(self, role, change, by=by, reason=f"back to version {version}")

    def health(self) -> IdentityHealth:
        return IdentityHealth()

    async def close(self) -> None:
        await self._client._firestore_api.transport.close()  # the client itself leaves it open

    def _by_path(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Fields by quoted names: in an update a dot would lead into a map."""
        return {self._client.field_path(name): value for name, value in fields.items()}

    async def _current(self, role: str) -> tuple[Identity, firestore.DocumentSnapshot[Any]]:
        async with in_our_words():
            snapshot = await self._roles.document(role).get(retry=NEVER, timeout=CALL_S)
        if not snapshot.exists:
            return Identity(role=role), snapshot
        return _version(snapshot.to_dict() or {}).identity, snapshot


def _version(fields: Mapping[str, Any]) -> IdentityVersion:
    own = {name: fields[name] for name in OURS if name in fields}
    identity = {name: value for name, value in fields.items() if name not in OURS}
    try:
        return IdentityVersion.model_validate({"identity": identity, **own})
    except ValidationError as error:
        raise StoreUnusable(
            f"An identity in Firestore cannot be read: {error.error_count()} of its fields are "
            "damaged or of another release.",
            remedy="mend the document, or roll back to a version below it",
        ) from error


def _name(version: int) -> str:
    return f"{version:010}"


@asynccontextmanager
async def in_our_words() -> AsyncIterator[None]:
    """Turn what Firestore says into Conflict, StoreAway and StoreUnusable."""
    try:
        async with asyncio.timeout(2 * CALL_S):
            yield
    except (FailedPrecondition, AlreadyExists) as error:
        raise Conflict("Somebody else saved this identity just now.") from error
    except InvalidArgument as error:
        raise StoreUnusable(f"Firestore does not take it: {error}") from error
    except (GoogleAPIError, GoogleAuthError, TimeoutError) as error:
        said = str(error) or "no answer in time"
        raise StoreAway(f"Firestore does not do it: {said}", remedy=REMEDY) from error
