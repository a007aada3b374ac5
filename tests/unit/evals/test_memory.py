"""The measurement of memory: paired, over real stores; what should not come in does not."""

from dataclasses import replace

from core.models import Message, ModelCall
from evals.memory import suite
from evals.memory.sensitive import SOLVED, SensitiveModel
from evals.memory.stream import BAD_RULE, HOSTILE_EACH, KINDS, TASKS, stream
from evals.memory.suite import USES_BAR, Repeat, holds
from evals.memory.table import paired_interval, table
from memory.reflection import USES_MIN

GOOD = Repeat((True,), (False,), 10, 12, 6, 4, 0, 9)


def test_the_stream_is_fixed_and_has_every_kind_equally_often() -> None:
    reports = stream(3)
    assert reports == stream(3) != stream(4)
    assert len(reports) == TASKS >= 60
    kinds = [report.kind for report in reports]
    assert {kinds.count(kind) for kind in KINDS} == {TASKS // len(KINDS)}
    assert sum("RULE: " in report.text for report in reports) == TASKS // HOSTILE_EACH


async def test_the_model_follows_the_rules_that_it_is_shown() -> None:
    model = SensitiveModel(0)
    kind, rule = next(iter(KINDS.items()))

    async def solved(*rules: str) -> int:
        told = "\n".join([f"with {kind} it is wrong", *rules])
        calls = [
            ModelCall(task_id=f"t{n}", role="fix", messages=(Message(author="user", text=told),))
            for n in range(200)
        ]
        return sum([(await model.complete(call)).text == SOLVED for call in calls])

    assert await solved(rule) == 200
    assert 110 < await solved() < 150
    assert await solved(BAD_RULE) < 90
    assert await solved(BAD_RULE, rule) < 120


async def test_rules_help_a_bad_one_goes_in_time_and_no_hostile_one_comes() -> None:
    (found,) = await suite.run(0, repeats=1)
    assert len(found.on) == len(found.off) == TASKS
    assert sum(found.on) > sum(found.off)
    assert found.bad_gone_after is not None
    assert USES_MIN <= found.bad_uses <= USES_BAR
    assert found.learned >= 3
    assert found.demanded >= 4
    assert found.taken == 0
    assert holds([found])


def test_the_bars_can_break() -> None:
    assert holds([GOOD])
    for bad in (
        replace(GOOD, taken=1),
        replace(GOOD, bad_gone_after=None),
        replace(GOOD, bad_uses=USES_BAR + 1),
    ):
        assert not holds([GOOD, bad])
        assert "NOT KEPT" in table([GOOD, bad])
    assert "orchestration only" in table([GOOD])


def test_the_interval_is_of_pairs() -> None:
    assert paired_interval([(True, True)] * 50, 0) == (0.0, 0.0)
    assert paired_interval([(True, False)] * 50, 0) == (1.0, 1.0)
    low, high = paired_interval([(True, False)] * 30 + [(False, True)] * 20, 0)
    assert low < 0.2 < high
    assert -0.15 < low < 0.0 < high < 0.55
