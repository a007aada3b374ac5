"""What the description promises is put to the proof by requests made from it, seeded."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import schemathesis
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks, not_a_server_error
from schemathesis.core.result import Ok

from tests.e2e.rest import OPERATOR, serving

ENDLESS = {"/stream", "/tasks/{ref}/events"}
"""Streams do not end by themselves; their statuses are tested one by one."""
PROMISES = (
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
)
SOME, MANY = 3, 30
"""Examples for each address, in each run and in the thorough one."""


def promised(*names: str) -> list[Any]:
    load_all_checks()
    return [not_a_server_error, *CHECKS.get_by_names(list(names))]


def put_to_the_proof(
    url: str,
    mode: GenerationMode,
    examples: int,
    checks: list[Any],
    headers: dict[str, str],
    known: dict[str, str],
) -> Counter[tuple[str, int]]:
    """Ask every address, also with ids that exist; how often each gave which status."""
    statuses: Counter[tuple[str, int]] = Counter()
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json", headers=headers)
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        if operation.path in ENDLESS or (mode is GenerationMode.NEGATIVE and not asks(operation)):
            continue
        real = {name: known[name] for name in known if f"{{{name}}}" in operation.path}
        strategies = [operation.as_strategy(generation_mode=mode)]
        if real:
            strategies.append(operation.as_strategy(generation_mode=mode, path_parameters=real))
        for strategy in strategies:

            @hypothesis.seed(42)
            @hypothesis.settings(
                max_examples=examples,
                database=None,
                deadline=None,
                suppress_health_check=list(hypothesis.HealthCheck),
            )
            @hypothesis.given(case=strategy)
            def ask(case: schemathesis.Case) -> None:
                answer = case.call(headers=headers, timeout=20)
                statuses[f"{case.method} {case.operation.path}", answer.status_code] += 1
                case.validate_response(answer, checks=checks, headers=headers)

            ask()
    return statuses


def asks(operation: Any) -> bool:
    """Whether there is anything in a request that could be wrong."""
    return bool(operation.query.items or operation.headers.items or operation.body.items)


@pytest.mark.parametrize("examples", [SOME, pytest.param(MANY, marks=pytest.mark.slow)])
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
async def test_no_request_finds_a_fault_or_a_broken_promise(
    tmp_path: Path, mode: GenerationMode, examples: int
) -> None:
    refused = ("negative_data_rejection",) if mode is GenerationMode.NEGATIVE else ()
    async with serving(tmp_path) as house:
        question = await house.waiting()
        known = {
            "ref": question["task_id"],
            "approval_id": question["approval_id"],
            "role": "fix",
            "artifact_id": "sha256:" + "0" * 64,
        }
        statuses = await asyncio.to_thread(
            put_to_the_proof, house.base, mode, examples, promised(*PROMISES, *refused), {}, known
        )
        assert (await house.ask("GET", "/ready")).json()["ready"] is True
    assert not [key for key in statuses if key[1] >= 500]
    summary = Counter[int]()
    for (_, status), count in statuses.items():
        summary[status] += count
    assert summary.total() > 100
    print(f"{mode.value}: {summary.total()} requests, by status {dict(summary)}")


async def test_no_address_that_needs_a_key_does_without(tmp_path: Path) -> None:
    headers = {"X-API-Key": OPERATOR}
    async with serving(tmp_path, api_key=OPERATOR, headers=headers) as house:
        statuses = await asyncio.to_thread(
            put_to_the_proof,
            house.base,
            GenerationMode.POSITIVE,
            1,
            promised("ignored_auth"),
            headers,
            {},
        )
    assert not [key for key in statuses if key[1] >= 500]
