"""Runs tests by pytest, and the proof of it: exit code, report and witness must agree."""

from dataclasses import replace
from datetime import UTC, datetime

from core.evidence import TestCase
from core.ports import Environment, Sandbox
from core.trees import Tree
from sandbox.output import storable
from sandbox.pytest_run import Account, Order, carried_out
from sandbox.surveys import Asked, Carried, Survey, recorded
from sandbox.testimony import spans


async def run(asked: Asked, environment: Environment, sandbox: Sandbox) -> Survey:
    """Run tests of pytest or unittest under the witness."""
    order = Order(asked.tree, asked.tests, asked.per_test_s, asked.lines)
    started_at = datetime.now(UTC)
    account = await carried_out(order, environment, sandbox, asked.timeout_s)
    if account.refused_options:
        careful = replace(order, careful=True)
        account = await carried_out(careful, environment, sandbox, asked.timeout_s)
    ended_at = datetime.now(UTC)
    judgement = asked.judging(account, asked.tests)
    done = recorded(
        asked,
        environment,
        sandbox.backend,
        Carried(account.argv, account.run, started_at, ended_at),
        replace(judgement, cases=tuple(map(_stored, judgement.cases))),
        collected=tuple(map(storable, account.testimony.collected)),
    )
    return Survey(done, *_measured(account, asked.tree)) if asked.lines else Survey(done)


def _stored(case: TestCase) -> TestCase:
    """The case under an id that can be written down."""
    return case.model_copy(update={"test_id": storable(case.test_id), "path": storable(case.path)})


def _measured(account: Account, tree: Tree) -> tuple[dict[str, dict[str, tuple[int, ...]]], str]:
    """The lines of each test, and why there are none."""
    lines: dict[str, dict[str, tuple[int, ...]]] = {}
    if account.testimony.unmeasured:
        return lines, f"no lines were recorded: {account.testimony.unmeasured}"
    if not account.lines:
        return lines, "no lines were recorded: the run did not live to write them"
    try:
        for test_id, path, numbers in spans(account.lines, frozenset(tree.files)):
            lines.setdefault(storable(test_id), {})[path] = numbers
    except ValueError as error:
        return {}, f"no lines were recorded: {error}"
    return lines, ""
