"""What went wrong, as problem JSON (RFC 9457), and never more than a stranger may know."""

import logging
import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from core.errors import (
    AntonError,
    ConfirmationWrong,
    Conflict,
    ConsentRefused,
    Expired,
    LimitExceeded,
    NotFound,
    PayloadInvalid,
    RepositoryInvalid,
    SandboxUnavailable,
    StoreUnusable,
    VoiceCounted,
)

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 30.0

log = logging.getLogger(__name__)

STATUS: Mapping[type[AntonError], int] = {
    Expired: 410,
    NotFound: 404,
    Conflict: 409,
    ConfirmationWrong: 422,
    VoiceCounted: 409,
    ConsentRefused: 403,
    PayloadInvalid: 422,
    RepositoryInvalid: 422,
    LimitExceeded: 429,
    StoreUnusable: 503,
    SandboxUnavailable: 503,
}


class Problem(Exception):
    """A request that is answered with problem JSON."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        retry_after_s: float | None = None,
        headers: Mapping[str, str] | None = None,
        **facts: Any,
    ) -> None:
        """`code` names the kind for programs, `detail` tells people, `facts` are more members."""
        self.status = status
        self.code = code
        self.detail = detail
        self.facts = facts
        self.headers = dict(headers or {})
        if retry_after_s is not None:
            self.headers["Retry-After"] = str(max(1, math.ceil(retry_after_s)))
        super().__init__(detail)

    def response(self, trace_id: str) -> JSONResponse:
        """The answer."""
        return JSONResponse(
            {
                "type": f"urn:anton:{self.code}",
                "title": self.code.replace("_", " ").capitalize(),
                "status": self.status,
                "detail": self.detail,
                "trace_id": trace_id,
                **self.facts,
            },
            status_code=self.status,
            headers=self.headers,
            media_type=MEDIA_TYPE,
        )


class ProblemView(BaseModel):
    """What went wrong; further members depend on the type."""

    model_config = ConfigDict(extra="allow", use_attribute_docstrings=True)

    type: str
    """`urn:anton:` and the kind of problem."""
    title: str
    status: int
    detail: str
    trace_id: str
    """Finds the request in the logs."""


def problem_responses(*codes: int) -> dict[int | str, dict[str, Any]]:
    """The entries of OpenAPI `responses` for these status codes, as problem JSON."""
    schema = {"$ref": "#/components/schemas/ProblemView"}
    return {
        code: {
            "description": HTTPStatus(code).phrase,
            "content": {MEDIA_TYPE: {"schema": schema}},
        }
        for code in codes
    }


def trace_of(request: Request) -> str:
    """The id under which a request is logged."""
    return str(request.scope.get("state", {}).get("trace_id", ""))


async def on_problem(request: Request, error: Exception) -> JSONResponse:
    """Answer a Problem."""
    assert isinstance(error, Problem)  # noqa: S101 - narrows for the type checker
    return error.response(trace_of(request))


async def on_anton_error(request: Request, error: Exception) -> JSONResponse:
    """Answer an error of the house: what the caller can mend in words, all else as a bare 500."""
    if isinstance(error, AntonError):
        for kind, status in STATUS.items():
            if isinstance(error, kind):
                return _known(error, status).response(trace_of(request))
    return await on_surprise(request, error)


def _known(error: AntonError, status: int) -> Problem:
    code = "".join(f"_{c.lower()}" if c.isupper() else c for c in type(error).__name__).lstrip("_")
    if status >= 500:
        return Problem(status, code, (type(error).__doc__ or "").strip(), retry_after_s=10)
    retry = getattr(error, "retry_after_s", RETRY_AFTER_S) if status == 429 else None
    return Problem(status, code, str(error), retry_after_s=retry)


async def on_http_exception(request: Request, error: Exception) -> JSONResponse:
    """Answer what the router refuses: unknown paths and methods."""
    assert isinstance(error, HTTPException)  # noqa: S101 - narrows for the type checker
    phrase = HTTPStatus(error.status_code).phrase
    code = phrase.lower().replace(" ", "_").replace("-", "_")
    detail = {404: "There is no such address.", 405: "This address takes other methods."}.get(
        error.status_code, f"{phrase}."
    )
    return Problem(error.status_code, code, detail, headers=error.headers).response(
        trace_of(request)
    )


async def on_invalid(request: Request, error: Exception) -> JSONResponse:
    """Answer fields that do not fit, by name and reason, never repeating what was sent."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - narrows for the type checker
    errors = [
        {"field": ".".join(str(part) for part in item["loc"]), "message": item["msg"]}
        for item in error.errors()[:20]
    ]
    detail = "; ".join(f"{item['field']}: {item['message']}" for item in errors[:3])
    return Problem(422, "invalid", detail, errors=errors).response(trace_of(request))


async def on_surprise(request: Request, error: Exception) -> JSONResponse:
    """Answer a fault of ours without a word of it; the log has the rest under the trace id."""
    trace_id = trace_of(request)
    log.error("request failed", exc_info=error, extra={"trace_id": trace_id})
    return Problem(
        500, "internal", "Something went wrong here; the trace id finds it in the log."
    ).response(trace_id)
