"""Whether all is well, and what this server offers."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from api.auth import Scope
from api.front import TheFront, needs
from api.page import CONTENT_POLICY, page
from api.problems import problem_responses
from core.errors import StoreError

router = APIRouter(tags=["health"])


@router.get("/health", responses=problem_responses(400, 401, 429))
async def health(request: Request, front: TheFront) -> dict[str, Any]:
    """How the house is; in one word to those who show no key."""
    try:
        seq = await front.seq()
        found = await front.anton.health()
    except StoreError as error:
        seq, found = 0, {"status": "failing", "service": "anton", "trouble": {"store": str(error)}}
    if request.scope["state"]["caller"] is None:
        return {"status": found["status"], "as_of_seq": seq}
    return {**found, "streams": front.streams.count, "as_of_seq": seq}


@router.get("/ready", responses=problem_responses(400, 401, 429, 503))
async def ready(request: Request, front: TheFront) -> Response:
    """200 when every part that work needs answers, else 503 naming those that do not."""
    parts = await front.anton.ready()
    if front.streams.stopping.is_set():
        parts = {**parts, "server": "It is going down."}
    known = request.scope["state"]["caller"] is not None
    told = {name: said if known or said == "ok" else "failing" for name, said in parts.items()}
    good = all(said == "ok" for said in told.values())
    return JSONResponse({"ready": good, "parts": told}, status_code=200 if good else 503)


@router.get(
    "/openapi.json",
    include_in_schema=False,
    dependencies=[needs(Scope.READ)],
)
async def openapi(request: Request) -> JSONResponse:
    """The description of every address, for programs."""
    return JSONResponse(request.app.openapi())


@router.get("/docs", include_in_schema=False, dependencies=[needs(Scope.READ)])
async def docs(request: Request) -> HTMLResponse:
    """The same for people, on one page that loads nothing from elsewhere."""
    return HTMLResponse(
        page(request.app.openapi()), headers={"Content-Security-Policy": CONTENT_POLICY}
    )
