import pytest

from event_bus import EventBus, HandlerFailed, collect, matches


def test_patterns():
    assert matches("order.paid", "order.paid")
    assert matches("order.*", "order.paid")
    assert not matches("order.*", "order.paid.late")
    assert not matches("order.*", "order")


def test_pattern_for_any_number_of_parts():
    assert matches("order.#", "order.paid.late")
    assert matches("#", "anything")
    assert not matches("order.#", "user.new")


def test_longer_topic_does_not_match():
    assert not matches("order", "order.paid")


def test_handler_gets_the_event():
    bus = EventBus()
    got = []
    bus.subscribe("user.new", got.append)
    event = bus.publish("user.new", name="Ada")
    assert got == [event]
    assert event.payload == {"name": "Ada"}
    assert event.number == 1


def test_high_priority_first():
    bus = EventBus()
    order = []
    bus.subscribe("x", lambda e: order.append("normal"))
    bus.subscribe("x", lambda e: order.append("low"), priority=-1)
    bus.subscribe("x", lambda e: order.append("high"), priority=5)
    bus.publish("x")
    assert order == ["high", "normal", "low"]


def test_once():
    bus = EventBus()
    got = []
    bus.subscribe("x", got.append, once=True)
    bus.publish("x")
    bus.publish("x")
    assert len(got) == 1
    assert bus.subscriptions == []


def test_unsubscribe():
    bus = EventBus()
    got = []
    subscription = bus.subscribe("x", got.append)
    bus.unsubscribe(subscription)
    bus.unsubscribe(subscription)
    bus.publish("x")
    assert got == []


def test_handler_may_stop_an_event():
    bus = EventBus()
    bus.subscribe("x", lambda e: True, priority=1)
    got = collect(bus, "x")
    bus.publish("x")
    assert got == []


def test_events_of_handlers_follow_after():
    bus = EventBus()
    order = []
    bus.subscribe("first", lambda e: bus.publish("second"))
    bus.subscribe("#", lambda e: order.append(e.topic))
    bus.publish("first")
    assert order == ["first", "second"]


def test_failing_handler_does_not_stop_the_others():
    bus = EventBus()
    bus.subscribe("x", lambda e: 1 / 0)
    got = collect(bus, "x")
    with pytest.raises(HandlerFailed) as caught:
        bus.publish("x")
    assert got == ["x"]
    assert isinstance(caught.value.errors[0], ZeroDivisionError)


def test_pause_and_resume():
    bus = EventBus()
    got = collect(bus, "#")
    bus.pause()
    bus.pause()
    bus.publish("a")
    bus.publish("b")
    assert got == []
    bus.resume()
    assert got == ["a", "b"]


def test_replay():
    bus = EventBus(history=3)
    for topic in ("a", "b", "a.x", "c"):
        bus.publish(topic)
    seen = []
    assert bus.replay(seen.append) == 3
    assert bus.replay(seen.append, since=3) == 1
    assert [e.topic for e in seen] == ["b", "a.x", "c", "c"]


def test_lists_are_not_shared():
    bus = EventBus()
    first = collect(bus, "a")
    second = collect(bus, "b")
    bus.publish("a")
    assert first == ["a"]
    assert second == []
