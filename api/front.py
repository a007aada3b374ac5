"""What the routes work with: the house behind them, and who is calling."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from api.auth import Caller, Keys, Scope, Tickets
from api.bundle import Asset
from api.problems import Problem
from api.sessions import Sessions
from api.stream import Streams
from control.anton import Anton
from control.examination import Examination
from control.repositories import Repositories
from core.errors import Conflict
from core.ports import Clock
from core.tasks import Task

REFERENCE = re.compile(r"latest|[0-9a-f]{8}[0-9a-f-]{0,28}")


@dataclass(frozen=True)
class Rules:
    """What REST takes from the settings."""

    hosts: tuple[str, ...] = ()
    """Names that the server answers to, beside those of loopback."""
    description_max: int = 20_000
    """Characters of a report."""
    iterations: int = 3
    """Attempts at a fix where a request names no number."""
    remind_after: timedelta = timedelta(minutes=30)
    """How long a question may wait before it is told as one that waits too long."""
    version: str = "0"
    origins: tuple[str, ...] = ()
    """Origins of other pages that may ask with a key."""


@dataclass(frozen=True)
class Front:
    """Everything that a route may use."""

    anton: Anton
    clock: Clock
    keys: Keys
    tickets: Tickets
    repositories: Repositories
    rules: Rules
    sessions: Sessions
    bundle: Mapping[str, Asset]
    examination: Examination
    streams: Streams = field(default_factory=Streams)

    async def task(self, reference: str) -> Task:
        """A task by id, by its first eight digits, or `latest`; 404 and 409 as problems."""
        if not REFERENCE.fullmatch(reference.lower()):
            raise Problem(404, "not_found", "There is no such task.")
        try:
            return await self.anton.task(reference.lower())
        except Conflict as error:
            raise Problem(409, "ambiguous", str(error)) from error

    async def seq(self) -> int:
        """Number of the latest event; asked before a view is read, so that none is missed."""
        return await self.anton.events.latest()


def front_of(request: Request) -> Front:
    """The Front that the app was made with."""
    front: Front = request.app.state.front
    return front


def caller_of(request: Request) -> Caller:
    """Who calls; the door lets nobody else through to a closed route."""
    caller: Caller | None = request.scope["state"]["caller"]
    if caller is None:
        raise Problem(401, "unauthorized", "Show a key as X-API-Key or as a Bearer token.")
    return caller


TheFront = Annotated[Front, Depends(front_of)]
TheCaller = Annotated[Caller, Depends(caller_of)]

_BY_HEADER = APIKeyHeader(name="X-API-Key", scheme_name="key", auto_error=False)
_BY_BEARER = HTTPBearer(scheme_name="bearer", auto_error=False)


class Needs:
    """What a route with a scope depends on; the two schemes are there to be documented."""

    def __init__(self, *scopes: Scope) -> None:
        self.scopes = scopes

    def __call__(
        self,
        caller: TheCaller,
        _key: Annotated[str | None, Depends(_BY_HEADER)],
        _token: Annotated[HTTPAuthorizationCredentials | None, Depends(_BY_BEARER)],
    ) -> None:
        if not any(caller.may(scope) for scope in self.scopes):
            named = " or ".join(self.scopes)
            raise Problem(403, "forbidden", f"This key lacks the scope {named}.")


def needs(*scopes: Scope) -> Any:
    """What a route declares to be closed to keys with none of these scopes."""
    return Depends(Needs(*scopes))
