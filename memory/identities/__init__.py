"""What each role has learned, by kind of store; a module is imported only when it is chosen."""

from importlib import import_module
from typing import Any

IDENTITIES = {
    "sqlite": "memory.identities.sqlite:SqliteIdentityStore",
    "firestore": "memory.identities.firestore:FirestoreIdentityStore",
}


def identities_class(kind: str) -> Any:
    """The store of a kind in the table."""
    module, _, name = IDENTITIES[kind].partition(":")
    return getattr(import_module(module), name)
