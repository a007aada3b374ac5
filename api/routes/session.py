"""Signing in and out, for browsers."""

from fastapi import APIRouter, Request, Response

from api.auth import LOCAL, Scope
from api.front import TheCaller, TheFront, needs
from api.problems import problem_responses
from api.sessions import COOKIE, LASTS
from api.views import SessionView

router = APIRouter(tags=["session"])


@router.get(
    "/session",
    dependencies=[needs(Scope.READ)],
    responses=problem_responses(400, 401, 403, 429, 503),
)
async def show_session(front: TheFront, caller: TheCaller) -> SessionView:
    """Who is signed in, and what that is good for."""
    return SessionView(
        as_of_seq=await front.seq(),
        name=caller.name,
        scopes=[scope for scope in Scope if caller.may(scope)],
        key_needed=caller != LOCAL,
    )


@router.post(
    "/session",
    dependencies=[needs(Scope.READ)],
    responses=problem_responses(400, 401, 403, 408, 413, 415, 429, 503),
)
async def sign_in(
    request: Request, response: Response, front: TheFront, caller: TheCaller
) -> SessionView:
    """Exchange the key of this request for a cookie that no script can read."""
    if caller != LOCAL:
        response.set_cookie(
            COOKIE,
            front.sessions.begin(caller),
            max_age=int(LASTS.total_seconds()),
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
    return await show_session(front, caller)


@router.delete(
    "/session",
    status_code=204,
    dependencies=[needs(Scope.READ)],
    responses=problem_responses(400, 401, 403, 429, 503),
)
async def sign_out(response: Response, front: TheFront, caller: TheCaller) -> None:
    """End the session of this browser, and its streams."""
    front.sessions.end(caller.session)
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")
