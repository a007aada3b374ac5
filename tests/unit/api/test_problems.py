"""Errors become problems that say enough to mend them, and nothing else."""

import json

import pytest
from starlette.requests import Request

from api.problems import Problem, on_anton_error, on_surprise
from control.submissions import Busy
from core.errors import (
    AntonError,
    Conflict,
    LeaseLost,
    NotFound,
    PayloadInvalid,
    RateLimited,
    SandboxUnavailable,
    StoreUnusable,
)

REQUEST = Request({"type": "http", "state": {"trace_id": "t1"}})


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (NotFound("no task 7"), 404, "not_found"),
        (Conflict("somebody was first"), 409, "conflict"),
        (PayloadInvalid("no words"), 422, "payload_invalid"),
        (Busy("5 tasks run"), 429, "busy"),
    ],
)
async def test_what_the_caller_can_mend_is_told(error: AntonError, status: int, code: str) -> None:
    answer = await on_anton_error(REQUEST, error)
    told = json.loads(bytes(answer.body))
    assert (answer.status_code, told["status"]) == (status, status)
    assert told["type"] == f"urn:anton:{code}"
    assert told["detail"] == error.message
    assert told["trace_id"] == "t1"
    assert answer.media_type == "application/problem+json"
    assert ("retry-after" in answer.headers) is (status == 429)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (StoreUnusable("/secret/path is corrupt"), 503),
        (SandboxUnavailable("/secret/path is missing"), 503),
        (LeaseLost("/secret/path"), 500),
        (RateLimited("/secret/path"), 500),
        (AntonError("/secret/path"), 500),
    ],
)
async def test_what_is_ours_is_not_told(
    error: AntonError, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await on_anton_error(REQUEST, error)
    assert answer.status_code == status
    assert b"secret" not in bytes(answer.body)
    if status == 500:
        assert "/secret/path" in caplog.text


async def test_a_surprise_is_logged_and_not_told(caplog: pytest.LogCaptureFixture) -> None:
    answer = await on_surprise(REQUEST, ZeroDivisionError("secret"))
    assert answer.status_code == 500
    assert b"secret" not in bytes(answer.body)
    assert b"ZeroDivision" not in bytes(answer.body)
    assert "ZeroDivisionError" in caplog.text


def test_waiting_is_given_in_whole_seconds_and_at_least_one() -> None:
    assert Problem(429, "x", "y", retry_after_s=0.01).headers["Retry-After"] == "1"
    assert Problem(429, "x", "y", retry_after_s=1.2).headers["Retry-After"] == "2"
