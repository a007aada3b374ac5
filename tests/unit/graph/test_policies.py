"""What is told of a failed step, and what halts a drive."""

import pytest
from langgraph.runtime import Runtime

from core.errors import HostUnreachable, LeaseLost, RateLimited, SandboxGone, StoreUnusable
from graph.deps import Deps
from graph.policies import Halted, describe, stoppable
from graph.state import AgentState, Facts


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (SandboxGone("It ran out of memory."), "The step qa failed: It ran out of memory."),
        (ValueError("hunter2"), "The step qa failed: ValueError"),
        ("ValueError", "The step qa failed: ValueError"),
    ],
)
def test_a_failed_step_is_told_without_foreign_words(error: BaseException | str, said: str) -> None:
    assert describe("qa", error) == said


@pytest.mark.parametrize("kind", [LeaseLost, StoreUnusable, HostUnreachable, RateLimited])
async def test_what_is_not_a_fault_of_the_step_halts_the_drive(kind: type[Exception]) -> None:
    async def step(state: AgentState, runtime: Runtime[Deps]) -> Facts:
        raise kind

    with pytest.raises(Halted) as halted:
        await stoppable(step)({}, Runtime())
    assert isinstance(halted.value.cause, kind)


async def test_a_fault_of_the_step_goes_its_own_way() -> None:
    async def step(state: AgentState, runtime: Runtime[Deps]) -> Facts:
        raise SandboxGone

    with pytest.raises(SandboxGone):
        await stoppable(step)({}, Runtime())
