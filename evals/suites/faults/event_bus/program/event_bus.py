"""Publish events to whoever subscribed to their topic."""

from collections import deque
from dataclasses import dataclass, field
from itertools import count


class HandlerFailed(Exception):
    """At least one handler raised; `errors` holds what, in order."""

    def __init__(self, errors):
        super().__init__(f"{len(errors)} handlers failed")
        self.errors = errors


@dataclass(frozen=True)
class Event:
    topic: str
    payload: dict = field(default_factory=dict)
    number: int = 0


@dataclass
class Subscription:
    pattern: str
    handler: object
    priority: int = 0
    once: bool = False
    active: bool = True
    seen: int = 0


def matches(pattern, topic):
    """Whether `a.*` (one part) or `a.#` (any number of parts) fits a topic."""
    wanted, parts = pattern.split("."), topic.split(".")
    for position, part in enumerate(wanted):
        if part == "#":
            return True
        if position >= len(parts):
            return False
        if part not in ("*", parts[position]):
            return False
    return len(wanted) == len(parts)


class EventBus:
    def __init__(self, history=100):
        self.history = deque(maxlen=history)
        self.subscriptions = []
        self._numbers = count(1)
        self._queue = deque()
        self._busy = False
        self.paused = False

    def subscribe(self, pattern, handler, priority=0, once=False):
        subscription = Subscription(pattern, handler, priority, once)
        self.subscriptions.append(subscription)
        self.subscriptions.sort(key=lambda s: s.priority, reverse=True)
        return subscription

    def unsubscribe(self, subscription):
        subscription.active = False
        if subscription in self.subscriptions:
            self.subscriptions.remove(subscription)

    def publish(self, topic, **payload):
        """Hand an event to its handlers; what they publish follows after it."""
        event = Event(topic, payload, next(self._numbers))
        self.history.append(event)
        self._queue.append(event)
        if not self._busy and not self.paused:
            self._work()
        return event

    def pause(self):
        self.paused = True

    def resume(self):
        self.paused = False
        self._work()

    def _work(self):
        errors = []
        self._busy = True
        try:
            while self._queue and not self.paused:
                self._deliver(self._queue.popleft(), errors)
        finally:
            self._busy = False
        if errors:
            raise HandlerFailed(errors)

    def _deliver(self, event, errors):
        for subscription in list(self.subscriptions):
            if not subscription.active or not matches(subscription.pattern, event.topic):
                continue
            if subscription.once:
                self.unsubscribe(subscription)
            subscription.seen += 1
            try:
                stop = subscription.handler(event)
            except Exception as error:
                errors.append(error)
                continue
            if stop is True:
                break

    def replay(self, handler, pattern="#", since=0):
        """Hand past events with a number above `since` to a handler; returns how many."""
        past = [e for e in self.history if e.number > since and matches(pattern, e.topic)]
        for event in past:
            handler(event)
        return len(past)


def collect(bus, pattern, into=None):
    """Subscribe a list to a pattern and return it."""
    into = [] if into is None else into
    bus.subscribe(pattern, lambda event: into.append(event.topic))
    return into
