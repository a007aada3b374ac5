"""Which pages may ask: this server's own, and with a key those of a list."""

from collections.abc import Collection, Mapping

from starlette.datastructures import Headers

from api.problems import Problem

PAGE_HEADER = "x-anton"
"""What the dashboard sends with each write; a form or an image of another site cannot."""
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
METHODS = "GET, POST, PUT, PATCH, DELETE"
ASKED_HEADERS = "X-API-Key, Authorization, Content-Type, Idempotency-Key, Last-Event-ID"
TOLD_HEADERS = "Location, Retry-After, X-Trace-Id"
PREFLIGHT_S = 600


class Origins:
    """The rule of origins; a cookie counts for this server's own pages alone."""

    def __init__(self, listed: Collection[str] = ()) -> None:
        """`listed` are exact origins whose pages may ask with a key."""
        self._listed = frozenset(listed)

    def check(self, method: str, headers: Headers, *, key_shown: bool) -> None:
        """Refuse writes that a page of another site made a browser send."""
        if method in SAFE_METHODS or (key_shown and headers.get("origin") in self._listed):
            return
        origin, site = headers.get("origin"), headers.get("sec-fetch-site")
        foreign = origin is not None and not _own(headers)
        if foreign or site not in (None, "same-origin", "none"):
            raise Problem(403, "foreign_origin", "Other sites may not act here.")

    def check_page(self, method: str, headers: Headers) -> None:
        """Refuse writes by cookie that this server's own page did not surely send."""
        if method in SAFE_METHODS:
            return
        own = _own(headers) or headers.get("sec-fetch-site") == "same-origin"
        if not own or PAGE_HEADER not in headers:
            raise Problem(
                403, "foreign_origin", "With a session only the dashboard's own page may act."
            )

    def told(self, headers: Headers) -> Mapping[str, str]:
        """What an answer tells the browser of a listed page; nothing to others."""
        origin = headers.get("origin", "")
        if origin not in self._listed:
            return {}
        return {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Expose-Headers": TOLD_HEADERS,
            "Vary": "Origin",
        }

    def preflight(self, method: str, headers: Headers) -> Mapping[str, str]:
        """The answer to a browser that asks before it asks; empty when it is none, or refused."""
        told = self.told(headers)
        if not told or method != "OPTIONS" or "access-control-request-method" not in headers:
            return {}
        return {
            **told,
            "Access-Control-Allow-Methods": METHODS,
            "Access-Control-Allow-Headers": ASKED_HEADERS,
            "Access-Control-Max-Age": str(PREFLIGHT_S),
        }


def _own(headers: Headers) -> bool:
    return headers.get("origin", "").partition("://")[2] == headers["host"]
