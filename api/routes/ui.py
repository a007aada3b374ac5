"""The dashboard: one page for every address below `/ui/`, and the files that it is made of."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.bundle import Asset
from api.front import TheFront
from api.problems import Problem

router = APIRouter(include_in_schema=False)

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; frame-ancestors 'none'; "
    "base-uri 'none'; form-action 'self'"
)
HASHED = "assets/"
"""Whatever lies here has a hash in its name."""
UNBUILT = (
    '<!doctype html><html lang="en"><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width"><title>Anton</title>'
    "<h1>The dashboard is not built</h1><p>Build it with <code>make web</code> (needs Node 20), "
    "or check out <code>dashboard/dist</code>, and start the server again.</p>"
    '<p>Everything else works: <a href="/docs">the API</a>, '
    "<code>python main.py tasks</code>.</p></html>"
)


@router.get("/")
@router.get("/ui")
async def home() -> RedirectResponse:
    """To the dashboard."""
    return RedirectResponse("/ui/", 307)


@router.get("/ui/{path:path}")
async def page(path: str, request: Request, front: TheFront) -> Response:
    """A file of the bundle, or the page; addresses of screens have no dot."""
    if not front.bundle:
        return HTMLResponse(UNBUILT, 503)
    found = front.bundle.get(path)
    if found is None and "." in path:
        raise Problem(404, "not_found", "The dashboard has no such file.")
    kept = path.startswith(HASHED) and found is not None
    return _sent(found or front.bundle["index.html"], request, forever=kept)


def _sent(asset: Asset, request: Request, *, forever: bool) -> Response:
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable" if forever else "no-cache",
        "Content-Security-Policy": CONTENT_POLICY,
        "ETag": f'"{asset.digest}"',
        "Vary": "Accept-Encoding",
    }
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    packed = "gzip" in request.headers.get("accept-encoding", "")
    if packed:
        headers["Content-Encoding"] = "gzip"
    data = asset.packed if packed else asset.plain
    return Response(data, media_type=asset.media_type, headers=headers)
