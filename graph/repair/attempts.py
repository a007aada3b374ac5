"""Whether another attempt is left, and the question of how to go on when none is."""

from graph import questions
from graph.repair.salvage import contested_in_words, in_words
from graph.repair.state import RepairState
from graph.state import Facts


def next_attempt(state: RepairState, last: str, kept: Facts | None = None) -> Facts:
    """Nothing while attempts are left; then the question of how to go on, with the best patch.

    `kept` is the update that keeps a better one than the state has, if there is one.
    """
    if state.get("attempts", 0) < state.get("max_attempts", 1):
        return {}
    tried = f"{state.get('attempts', 0)} attempts gave no fix that holds."
    body, partial = last[:3000], (kept or {}).get("partial") or state.get("partial")
    if partial:
        body += f"\n\nThe best partial patch is shown: {in_words(partial)}."
        body += "".join(f"\n- {row}" for row in contested_in_words(partial.get("contested", ())))
    ref = (partial or state.get("patch") or {}).get("ref", "")
    ask = questions.exhausted(state["task_id"], tried, body, ref)
    return {"question": ask.dump()}
