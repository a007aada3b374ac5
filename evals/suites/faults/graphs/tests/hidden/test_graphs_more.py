import pytest

from graphs import CycleFound, cheapest, components, hops, nodes_of, path, reverse, topological

GRID = {
    (x, y): [(x + 1, y)] * (x < 3) + [(x, y + 1)] * (y < 3) for x in range(4) for y in range(4)
}


def test_nodes_of_an_empty_graph():
    assert nodes_of({}) == []


def test_hops_on_a_grid_are_manhattan_distances():
    assert all(distance == x + y for (x, y), distance in hops(GRID, (0, 0)).items())


def test_hops_leave_out_the_unreachable():
    assert hops({"a": ["b"], "z": ["a"]}, "a") == {"a": 0, "b": 1}


def test_path_is_as_long_as_the_hops():
    steps = path(GRID, (0, 0), (3, 3))
    assert len(steps) == 7
    assert steps[0] == (0, 0)
    assert steps[-1] == (3, 3)
    assert all(after in GRID[before] for before, after in zip(steps, steps[1:]))


def test_path_prefers_fewer_edges():
    graph = {1: [5, 2], 2: [3], 3: [4], 4: [9], 5: [9]}
    assert path(graph, 1, 9) == [1, 5, 9]


def test_cheapest_in_a_cycle():
    assert cheapest({1: {2: 4}, 2: {3: 4}, 3: {1: 4}}, 1) == {1: 0, 2: 4, 3: 8}


def test_cheapest_with_many_detours():
    weighted = {0: {1: 10, 2: 1}, 2: {3: 1}, 3: {1: 1, 4: 20}, 1: {4: 2}}
    assert cheapest(weighted, 0) == {0: 0, 2: 1, 3: 2, 1: 3, 4: 5}


def test_topological_order_of_a_grid():
    position = {node: n for n, node in enumerate(topological(GRID))}
    assert len(position) == 16
    assert all(position[node] < position[after] for node in GRID for after in GRID[node])


def test_self_loop_is_a_cycle():
    with pytest.raises(CycleFound):
        topological({"a": ["a"]})


def test_shared_dependency_is_no_cycle():
    assert topological({"app": ["lib", "log"], "lib": ["log"]}) == ["app", "lib", "log"]


def test_reverse_twice_keeps_the_edges():
    graph = {1: [2, 3], 2: [3], 3: []}
    assert reverse(reverse(graph)) == graph


def test_components_of_loners():
    assert components({1: [], 2: [], 3: [2]}) == [[1], [2, 3]]


def test_components_joined_backwards():
    assert components({"p": ["z"], "q": ["z"], "r": ["q"]}) == [["p", "q", "r", "z"]]
