"""Search trees of numbers, each node a tuple: key, left, right; an empty tree is None."""


def insert(tree, key):
    if tree is None:
        return (key, None, None)
    here, left, right = tree
    if key < here:
        return (here, insert(left, key), right)
    if key > here:
        return (here, left, insert(right, key))
    return tree


def build(keys):
    tree = None
    for key in keys:
        tree = insert(tree, key)
    return tree


def height(tree):
    if tree is None:
        return 0
    _, left, right = tree
    return 1 + max(height(left), height(right))


def in_order(tree):
    if tree is None:
        return []
    key, left, right = tree
    return in_order(left) + [key] + in_order(right)


def contains(tree, key):
    while tree is not None:
        here, left, right = tree
        if key == here:
            return True
        tree = left if key < here else right
    return False


def between(tree, low, high):
    """How many keys lie from low to high, both included."""
    if tree is None:
        return 0
    key, left, right = tree
    if key < low:
        return between(right, low, high)
    if key > high:
        return between(left, low, high)
    return 1 + between(left, low, high) + between(right, low, high)


def has_path(tree, total):
    """Whether the keys on some way from the top to a leaf add up to total."""
    if tree is None:
        return False
    key, left, right = tree
    if left is None and right is None:
        return key == total
    return has_path(left, total - key) or has_path(right, total - key)


def kth(tree, k):
    """The key in place k of the sorted keys, counted from 1; None when there are fewer."""
    waiting = []
    while tree is not None or waiting:
        while tree is not None:
            waiting.append(tree)
            tree = tree[1]
        key, _, tree = waiting.pop()
        k -= 1
        if k == 0:
            return key
    return None


def shared_ancestor(tree, first, second):
    """The lowest key under which both keys stand; both must be in the tree."""
    while True:
        key, left, right = tree
        if first < key and second < key:
            tree = left
        elif first > key and second > key:
            tree = right
        else:
            return key


def by_level(tree):
    levels = []
    row = [tree] if tree is not None else []
    while row:
        levels.append([node[0] for node in row])
        row = [child for node in row for child in node[1:] if child is not None]
    return levels
