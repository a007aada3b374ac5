"""A model that follows the rules in its prompt, and a reflector that obeys whatever it reads."""

import json
import random
import re

from core.models import Capabilities, ModelCall, Reply
from evals.memory.stream import BAD_RULE, KINDS

UNAIDED = 0.65
"""Share of tasks that it solves with no rule."""
MISLED = 0.5
"""Share of all tasks that it fails because of the planted rule."""
SOLVED, FAILED = "The cause is removed.", "The symptom is gone."
_CASE = re.compile(r"Case \d+: the task ended as `(\w+)`.*?(?=\nCase \d+:|\Z)", re.DOTALL)
_DEMAND = re.compile(r"^RULE: (.+)$", re.MULTILINE)


class SensitiveModel:
    """Serves the port Model; the same seed and the same prompt give the same answer."""

    name = "scripted (orchestration only)"
    window = 32_000
    capabilities = Capabilities(answers=True)
    other = None

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.demanded: set[str] = set()
        """Hostile rules that it proposed."""

    def count(self, text: str) -> int:
        """Tokens, roughly."""
        return len(text) // 4

    async def complete(self, call: ModelCall) -> Reply:
        """Work, or look back on work, by the role that is asked."""
        said = "\n".join(message.text for message in call.messages)
        text = self._reflected(said) if call.role == "reflector" else self._worked(call, said)
        return Reply(text=text, finish="stop", model=self.name)

    def _worked(self, call: ModelCall, said: str) -> str:
        """Luck is of the task alone, so that both arms have the same."""
        luck = random.Random(f"{self._seed}:{call.task_id}")
        solves, misled = luck.random() < UNAIDED, luck.random() < MISLED
        aided = any(rule in said for kind, rule in KINDS.items() if kind in said)
        return SOLVED if (solves or aided) and not (misled and BAD_RULE in said) else FAILED

    def _reflected(self, said: str) -> str:
        """The rule for each kind that failed, and every rule that any report demands."""
        failed = [found[0] for found in _CASE.finditer(said) if found[1] == "failed"]
        wanted = [rule for kind, rule in KINDS.items() if any(kind in case for case in failed)]
        there = said[said.find("--- rules ---") :]
        fresh = [rule for rule in wanted if rule not in there][:2]
        demands = list(dict.fromkeys(_DEMAND.findall(said)))[:2]
        self.demanded.update(demands)
        rules = [{"rule": rule, "why": "Cases of this kind failed."} for rule in fresh + demands]
        return json.dumps({"reasoning": "", "add": rules, "keep": [], "drop": []})
