"""Sorting written out, for teaching; none of the functions changes its input."""

import random


def insertion(items, key=None):
    key = key or (lambda item: item)
    result = []
    for item in items:
        at = len(result)
        while at > 0 and key(result[at - 1]) > key(item):
            at -= 1
        result.insert(at, item)
    return result


def quick(items):
    if len(items) <= 1:
        return list(items)
    pivot = items[0]
    lower = [item for item in items[1:] if item < pivot]
    upper = [item for item in items[1:] if item >= pivot]
    return quick(lower) + [pivot] + quick(upper)


def merge(left, right):
    """One sorted list from two; of equal items those of `left` come first."""
    merged = []
    i = j = 0
    while i < len(left) and j < len(right):
        if right[j] < left[i]:
            merged.append(right[j])
            j += 1
        else:
            merged.append(left[i])
            i += 1
    merged.extend(left[i:])
    merged.extend(right[j:])
    return merged


def merge_sort(items):
    if len(items) < 2:
        return list(items)
    middle = len(items) // 2
    return merge(merge_sort(items[:middle]), merge_sort(items[middle:]))


def sift_down(heap, root, size):
    while True:
        child = 2 * root + 1
        if child >= size:
            return
        if child + 1 < size and heap[child + 1] > heap[child]:
            child += 1
        if heap[root] >= heap[child]:
            return
        heap[root], heap[child] = heap[child], heap[root]
        root = child


def heap_sort(items):
    heap = list(items)
    for root in range(len(heap) // 2 - 1, -1, -1):
        sift_down(heap, root, len(heap))
    for end in range(len(heap) - 1, 0, -1):
        heap[0], heap[end] = heap[end], heap[0]
        sift_down(heap, 0, end)
    return heap


def counting(numbers):
    """For whole numbers in a narrow range."""
    if not numbers:
        return []
    low = min(numbers)
    counts = [0] * (max(numbers) - low + 1)
    for number in numbers:
        counts[number - low] += 1
    result = []
    for offset, amount in enumerate(counts):
        result.extend([low + offset] * amount)
    return result


def radix(numbers, base=10):
    """For whole numbers that are not negative, digit by digit."""
    result = list(numbers)
    place = 1
    while any(number >= place for number in result):
        buckets = [[] for _ in range(base)]
        for number in result:
            buckets[number // place % base].append(number)
        result = [number for bucket in buckets for number in bucket]
        place *= base
    return result


def is_sorted(items):
    return all(a <= b for a, b in zip(items, items[1:]))


def shuffled(items, seed):
    """The same items in an order that depends on `seed` alone."""
    copy = list(items)
    random.Random(seed).shuffle(copy)
    return copy
