import pytest

from graphs import CycleFound, cheapest, components, hops, nodes_of, path, reverse, topological

DIAMOND = {"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": ["e"]}
ROADS = {"home": {"shop": 7, "park": 2}, "park": {"shop": 3, "lake": 9}, "shop": {"lake": 1}}


def test_nodes_include_targets():
    assert nodes_of(DIAMOND) == ["a", "b", "c", "d", "e"]


def test_hops():
    assert hops(DIAMOND, "a") == {"a": 0, "b": 1, "c": 1, "d": 2, "e": 3}


def test_hops_in_a_ring():
    assert hops({1: [2], 2: [3], 3: [1]}, 2) == {2: 0, 3: 1, 1: 2}


def test_shortest_path():
    graph = {"a": ["x", "b"], "b": ["c"], "c": ["goal"], "x": ["goal"]}
    assert path(graph, "a", "goal") == ["a", "x", "goal"]


def test_no_path():
    assert path(DIAMOND, "e", "a") is None


def test_path_to_itself():
    assert path(DIAMOND, "b", "b") == ["b"]


def test_cheapest_takes_the_detour():
    assert cheapest(ROADS, "home") == {"home": 0, "park": 2, "shop": 5, "lake": 6}


def test_topological_order():
    order = topological(DIAMOND)
    assert order.index("a") < order.index("b") < order.index("d") < order.index("e")
    assert order.index("a") < order.index("c") < order.index("d")


def test_cycle_is_refused():
    with pytest.raises(CycleFound):
        topological({"a": ["b"], "b": ["c"], "c": ["a"]})


def test_reverse():
    assert reverse({"a": ["b"], "c": ["b"]}) == {"a": [], "b": ["a", "c"], "c": []}


def test_components():
    assert components({"a": ["b"], "c": ["b"], "x": ["y"]}) == [["a", "b", "c"], ["x", "y"]]
