import pytest

from event_bus import EventBus, HandlerFailed, collect, matches


@pytest.mark.parametrize(
    ("pattern", "topic", "fits"),
    [
        ("a.*.c", "a.b.c", True),
        ("a.*.c", "a.b.d", False),
        ("*", "a", True),
        ("*", "a.b", False),
        ("a.#", "a", True),
        ("a.#", "ab.c", False),
        ("*.b.#", "x.b.y.z", True),
        ("a.b.c", "a.b", False),
        ("a.b", "a.b.c", False),
    ],
)
def test_matching(pattern, topic, fits):
    assert matches(pattern, topic) is fits


def test_numbers_rise():
    bus = EventBus()
    assert [bus.publish(t).number for t in "abc"] == [1, 2, 3]


def test_equal_priority_in_order_of_subscription():
    bus = EventBus()
    order = []
    for name in "abc":
        bus.subscribe("x", lambda e, name=name: order.append(name), priority=2)
    bus.subscribe("x", lambda e: order.append("late but urgent"), priority=3)
    bus.publish("x")
    assert order == ["late but urgent", "a", "b", "c"]


def test_once_waits_for_a_match():
    bus = EventBus()
    got = []
    bus.subscribe("b", got.append, once=True)
    for topic in "abab":
        bus.publish(topic)
    assert [e.number for e in got] == [2]


def test_once_holds_although_the_handler_publishes_the_same():
    bus = EventBus()
    got = []

    def again(event):
        got.append(event.topic)
        if len(got) < 5:
            bus.publish("x")

    bus.subscribe("x", again, once=True)
    bus.publish("x")
    assert got == ["x"]


def test_unsubscribed_while_an_event_is_under_way():
    bus = EventBus()
    got = []
    later = bus.subscribe("x", got.append)
    bus.subscribe("x", lambda e: bus.unsubscribe(later), priority=1)
    bus.publish("x")
    assert got == []
    assert len(bus.subscriptions) == 1


def test_only_true_stops():
    bus = EventBus()
    bus.subscribe("x", lambda e: "yes", priority=1)
    got = collect(bus, "x")
    bus.publish("x")
    assert got == ["x"]
    bus.subscribe("x", lambda e: True, priority=2)
    bus.publish("x")
    assert got == ["x"]


def test_nested_events_are_breadth_first():
    bus = EventBus()
    order = []
    bus.subscribe("#", lambda e: order.append(e.topic), priority=-1)
    bus.subscribe("a", lambda e: [bus.publish("b"), bus.publish("c")])
    bus.subscribe("b", lambda e: bus.publish("d"))
    bus.publish("a")
    assert order == ["a", "b", "c", "d"]


def test_all_errors_are_kept_and_the_bus_goes_on():
    bus = EventBus()

    def fail(event):
        raise KeyError(event.topic)

    bus.subscribe("x", fail)
    bus.subscribe("x", fail)
    got = collect(bus, "#")
    with pytest.raises(HandlerFailed, match="2 handlers"):
        bus.publish("x")
    bus.publish("y")
    assert got == ["x", "y"]


def test_pausing_twice_is_pausing():
    bus = EventBus()
    got = collect(bus, "#")
    for _ in range(2):
        bus.pause()
    bus.publish("a")
    assert (got, bus.paused) == ([], True)
    bus.resume()
    bus.publish("b")
    assert got == ["a", "b"]


def test_history_is_limited_and_replayed_by_pattern():
    bus = EventBus(history=2)
    for topic in ("k.a", "k.b", "z"):
        bus.publish(topic)
    seen = []
    assert bus.replay(seen.append, "k.*") == 1
    assert bus.replay(seen.append, since=2) == 1
    assert bus.replay(seen.append, since=3) == 0
    assert [e.topic for e in seen] == ["k.b", "z"]


def test_collect_into_a_given_list():
    bus = EventBus()
    empty = []
    assert collect(bus, "a", empty) is empty
    bus.publish("a")
    assert empty == ["a"]
    assert collect(bus, "b") == []


def test_deliveries_are_counted():
    bus = EventBus()
    subscription = bus.subscribe("a.*", lambda e: None)
    for topic in ("a.x", "a", "a.y", "b.z"):
        bus.publish(topic)
    assert subscription.seen == 2
