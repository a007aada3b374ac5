"""GitHub's published OpenAPI, held against every request and every answer of the double."""

import json
import os
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

from openapi_core import OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.testing import MockRequest, MockResponse
from openapi_core.validation.request.exceptions import RequestValidationError
from openapi_core.validation.response.exceptions import ResponseValidationError

_SLASHED = re.compile(
    r"(/repos/[^/]+/[^/]+/(?:git/ref|git/refs|git/matching-refs|contents|compare|tarball))/(.+)"
)


@lru_cache(maxsize=2)
def _load(path: Path) -> OpenAPI:
    return OpenAPI.from_dict(json.loads(path.read_text()))


def published() -> Path:
    """Where the vendors' contracts are: $ANTON_CONTRACTS, or a folder beside the repository."""
    beside = Path(__file__).parents[3] / "shared" / "contracts"
    return Path(os.environ.get("ANTON_CONTRACTS") or beside)


class Contract:
    """Says what breaks the contract; with no contract at hand, nothing does."""

    def __init__(self, folder: Path) -> None:
        path = folder / "github" / "rest-openapi3.json"
        self._api = _load(path) if path.is_file() else None

    @property
    def present(self) -> bool:
        """Whether anything is held against it at all."""
        return self._api is not None

    def request(self, request: MockRequest) -> str:
        """What is wrong with a request; empty when nothing is."""
        if self._api is None:
            return ""
        try:
            self._api.validate_request(request)
        except (OpenAPIError, RequestValidationError) as error:
            return _words(error)
        return ""

    def answer(
        self, request: MockRequest, status: int, headers: Mapping[str, str], body: bytes
    ) -> str:
        """What is wrong with an answer; empty when nothing is."""
        if self._api is None:
            return ""
        kind = headers.get("content-type", "application/json").partition(";")[0]
        answer = MockResponse(data=body, status_code=status, content_type=kind)
        try:
            self._api.validate_response(request, answer)
        except (OpenAPIError, ResponseValidationError) as error:
            return _words(error)
        return ""


def seen(method: str, path: str, query: Mapping[str, str], body: bytes) -> MockRequest:
    """A request as the validator takes it: slashes within one parameter are escaped."""
    slashed = _SLASHED.fullmatch(path)
    if slashed:
        path = f"{slashed[1]}/{quote(slashed[2], safe='%')}"
    return MockRequest(
        "https://api.github.com",
        method.lower(),
        path,
        args=dict(query),
        data=body or None,
        content_type="application/json",
    )


def _words(error: Exception) -> str:
    """The errors behind an error: which part of which value breaks what."""
    chain: list[BaseException] = [error]
    while chain[-1].__cause__ is not None:
        chain.append(chain[-1].__cause__)
    found = [
        f"{'/'.join(map(str, part.absolute_path))}: {part.message[:200]}"
        for link in chain
        for part in getattr(link, "schema_errors", ())
    ]
    return f"{type(error).__name__}: {' | '.join(found[:5]) or str(error)[:500]}"
