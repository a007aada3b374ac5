"""The least change with the same verdict."""

from collections.abc import Sequence
from dataclasses import replace

from repair.edits import Edit
from repair.judge import Judge, Says, Trial


async def minimized(trials: Sequence[Trial], judge: Judge) -> list[Trial]:
    """Each trial without the parts that it does not need; what becomes the same is kept once."""
    small: dict[tuple[Edit, ...], Trial] = {}
    for trial in trials:
        least = await _least(trial, judge)
        small.setdefault(least.edits, least)
    return list(small.values())


async def _least(trial: Trial, judge: Judge) -> Trial:
    for smaller in _smaller(trial):
        async for _, judgement in judge.judge([smaller]):
            if judgement.says is Says.GREEN:
                return await _least(smaller, judge)
    return trial


def _smaller(trial: Trial) -> list[Trial]:
    """The trial with one edit or one splice less."""
    if len(trial.edits) > 1:
        return [
            replace(trial, edits=trial.edits[:at] + trial.edits[at + 1 :])
            for at in range(len(trial.edits))
        ]
    (edit,) = trial.edits
    if len(edit.splices) < 2:
        return []
    return [
        replace(
            trial,
            edits=(replace(edit, splices=edit.splices[:at] + edit.splices[at + 1 :]),),
        )
        for at in range(len(edit.splices))
    ]
