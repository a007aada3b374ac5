"""A general state machine with guards and hooks."""

from dataclasses import dataclass


class TransitionRefused(Exception):
    def __init__(self, state, event, why="not possible"):
        super().__init__(f"{event} in state {state}: {why}")
        self.state = state
        self.event = event


@dataclass(frozen=True)
class Rule:
    event: str
    sources: tuple
    target: str
    guard: object = None


class Machine:
    """Rules are tried in order; `*` among the sources stands for every state."""

    def __init__(self, rules, initial, final=()):
        self.rules = list(rules)
        self.initial = initial
        self.final = frozenset(final)

    def states(self):
        found = {self.initial, *self.final}
        for rule in self.rules:
            found.add(rule.target)
            found.update(source for source in rule.sources if source != "*")
        return found

    def next_state(self, state, event, subject=None):
        if state in self.final:
            raise TransitionRefused(state, event, "it is over")
        refused = False
        for rule in self.rules:
            if rule.event != event:
                continue
            if state not in rule.sources and "*" not in rule.sources:
                continue
            if rule.guard is not None and not rule.guard(subject):
                refused = True
                continue
            return rule.target
        raise TransitionRefused(state, event, "a condition is not met" if refused else "not possible")

    def events(self, state, subject=None):
        """What can happen in this state, in order of the rules."""
        if state in self.final:
            return []
        possible = []
        for rule in self.rules:
            try:
                self.next_state(state, rule.event, subject)
            except TransitionRefused:
                continue
            if rule.event not in possible:
                possible.append(rule.event)
        return possible

    def reachable(self, state=None):
        """States that can follow, guards aside."""
        start = self.initial if state is None else state
        found = set()
        waiting = [start]
        while waiting:
            current = waiting.pop()
            if current in self.final:
                continue
            for rule in self.rules:
                if current in rule.sources or "*" in rule.sources:
                    if rule.target not in found:
                        found.add(rule.target)
                        waiting.append(rule.target)
        return found
