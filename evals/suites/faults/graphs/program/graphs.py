"""Questions about directed graphs, given as a dict from node to neighbours."""

import heapq
from collections import deque


class CycleFound(Exception):
    """The graph has no topological order."""


def nodes_of(graph):
    """Every node, also those that are only pointed at."""
    found = dict.fromkeys(graph)
    for neighbours in graph.values():
        found.update(dict.fromkeys(neighbours))
    return list(found)


def hops(graph, start):
    """How many edges each reachable node is away from `start`."""
    distance = {start: 0}
    queue = deque([start])
    while queue:
        node = queue.popleft()
        for neighbour in graph.get(node, ()):
            if neighbour not in distance:
                distance[neighbour] = distance[node] + 1
                queue.append(neighbour)
    return distance


def path(graph, start, goal):
    """A path with the fewest edges, ends included, or None."""
    came_from = {start: None}
    queue = deque([start])
    while queue:
        node = queue.popleft()
        if node == goal:
            steps = []
            while node is not None:
                steps.append(node)
                node = came_from[node]
            return steps[::-1]
        for neighbour in graph.get(node, ()):
            if neighbour not in came_from:
                came_from[neighbour] = node
                queue.append(neighbour)
    return None


def cheapest(weighted, start):
    """The least total weight from `start` to each reachable node; weights are not negative."""
    best = {}
    heap = [(0, start)]
    while heap:
        cost, node = heapq.heappop(heap)
        if node in best:
            continue
        best[node] = cost
        for neighbour, weight in weighted.get(node, {}).items():
            if neighbour not in best:
                heapq.heappush(heap, (cost + weight, neighbour))
    return best


def topological(graph):
    """An order in which every node stands before its neighbours."""
    order = []
    done = set()
    open_now = set()

    def visit(node):
        if node in done:
            return
        if node in open_now:
            raise CycleFound(node)
        open_now.add(node)
        for neighbour in graph.get(node, ()):
            visit(neighbour)
        open_now.discard(node)
        done.add(node)
        order.append(node)

    for node in nodes_of(graph):
        visit(node)
    return order[::-1]


def reverse(graph):
    turned = {node: [] for node in nodes_of(graph)}
    for node, neighbours in graph.items():
        for neighbour in neighbours:
            turned[neighbour].append(node)
    return turned


def components(graph):
    """Groups of nodes joined by edges in either direction, each sorted, in order of discovery."""
    back = reverse(graph)
    seen = set()
    groups = []
    for node in nodes_of(graph):
        if node in seen:
            continue
        group = set()
        stack = [node]
        while stack:
            current = stack.pop()
            if current in group:
                continue
            group.add(current)
            stack.extend(graph.get(current, ()))
            stack.extend(back[current])
        seen |= group
        groups.append(sorted(group))
    return groups
