"""Walk, build and check nested things."""

from collections.abc import Mapping

PAIRS = {")": "(", "]": "[", "}": "{"}


def flatten(items, depth=None):
    """Yield what lists and tuples contain, through `depth` levels or all of them."""
    for item in items:
        if isinstance(item, (list, tuple)) and depth != 0:
            yield from flatten(item, None if depth is None else depth - 1)
        else:
            yield item


def depth_of(item):
    """How many lists are around the innermost thing; 0 for what is no list."""
    if not isinstance(item, (list, tuple)):
        return 0
    return 1 + max((depth_of(inner) for inner in item), default=0)


def subsets(items):
    """All subsets as lists, the smaller numbers of items in no particular order."""
    if not items:
        return [[]]
    first, rest = items[0], items[1:]
    without = subsets(rest)
    return without + [[first, *subset] for subset in without]


def arrangements(items):
    """Yield every order of `items`."""
    if len(items) <= 1:
        yield list(items)
        return
    for at, item in enumerate(items):
        for rest in arrangements(items[:at] + items[at + 1 :]):
            yield [item, *rest]


def choose(items, size):
    """Yield every way to take `size` of `items`, in their order."""
    if size == 0:
        yield []
        return
    for at, item in enumerate(items):
        for rest in choose(items[at + 1 :], size - 1):
            yield [item, *rest]


def balanced(text):
    """Whether brackets open and close in pairs; other characters do not matter."""
    waiting = []
    for char in text:
        if char in PAIRS.values():
            waiting.append(char)
        elif char in PAIRS:
            if not waiting or waiting.pop() != PAIRS[char]:
                return False
    return not waiting


def merge_deep(base, extra):
    """A new mapping with both; where both hold mappings these are merged, else `extra` wins."""
    merged = dict(base)
    for key, value in extra.items():
        if isinstance(value, Mapping) and isinstance(merged.get(key), Mapping):
            merged[key] = merge_deep(merged[key], value)
        else:
            merged[key] = value
    return merged


def paths(tree, prefix=""):
    """Yield dotted paths and values of the leaves of nested mappings."""
    for key, value in tree.items():
        path = f"{prefix}.{key}" if prefix else key
        if isinstance(value, Mapping) and value:
            yield from paths(value, path)
        else:
            yield path, value


def put(tree, path, value):
    """Set the leaf at a dotted path, making the mappings on the way."""
    *parents, last = path.split(".")
    for part in parents:
        tree = tree.setdefault(part, {})
    tree[last] = value


def moves(disks, source="A", target="C", spare="B"):
    """The moves that bring a tower of Hanoi from `source` to `target`."""
    if disks == 0:
        return []
    before = moves(disks - 1, source, spare, target)
    after = moves(disks - 1, spare, target, source)
    return [*before, (source, target), *after]
