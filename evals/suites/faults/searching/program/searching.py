"""Find things in sorted and nearly sorted sequences."""


def first_at_least(items, wanted):
    """The least index whose item is not below `wanted`; the length if there is none."""
    low, high = 0, len(items)
    while low < high:
        middle = (low + high) // 2
        if items[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low


def find(items, wanted):
    """An index of `wanted` in the sorted `items`, or -1."""
    low, high = 0, len(items) - 1
    while low <= high:
        middle = (low + high) // 2
        if items[middle] == wanted:
            return middle
        if items[middle] < wanted:
            low = middle + 1
        else:
            high = middle - 1
    return -1


def count(items, wanted):
    """How often `wanted` occurs in the sorted `items`, whole numbers all."""
    return first_at_least(items, wanted + 1) - first_at_least(items, wanted)


def find_rotated(items, wanted):
    """An index of `wanted` in a sorted list of different items that was cut and swapped, or -1."""
    low, high = 0, len(items) - 1
    while low <= high:
        middle = (low + high) // 2
        if items[middle] == wanted:
            return middle
        if items[low] <= items[middle]:
            if items[low] <= wanted < items[middle]:
                high = middle - 1
            else:
                low = middle + 1
        elif items[middle] < wanted <= items[high]:
            low = middle + 1
        else:
            high = middle - 1
    return -1


def peak(items):
    """The index of the greatest item of a list that first rises and then falls."""
    low, high = 0, len(items) - 1
    while low < high:
        middle = (low + high) // 2
        if items[middle] < items[middle + 1]:
            low = middle + 1
        else:
            high = middle
    return low


def select(items, rank):
    """The item that would stand at `rank` if `items` were sorted."""
    if not 0 <= rank < len(items):
        raise IndexError(f"no rank {rank} among {len(items)}")
    pivot = items[len(items) // 2]
    below = [item for item in items if item < pivot]
    equal = [item for item in items if item == pivot]
    above = [item for item in items if item > pivot]
    if rank < len(below):
        return select(below, rank)
    if rank < len(below) + len(equal):
        return pivot
    return select(above, rank - len(below) - len(equal))


def integer_root(number):
    """The greatest whole number whose square is not above `number`."""
    if number < 0:
        raise ValueError("no root of a negative number")
    low, high = 0, number
    while low < high:
        middle = (low + high + 1) // 2
        if middle * middle <= number:
            low = middle
        else:
            high = middle - 1
    return low


def closest(items, wanted):
    """The item of the sorted `items` that is nearest to `wanted`; of two the smaller."""
    if not items:
        raise ValueError("nothing to choose from")
    at = first_at_least(items, wanted)
    if at == 0:
        return items[0]
    if at == len(items):
        return items[-1]
    before, after = items[at - 1], items[at]
    return before if wanted - before <= after - wanted else after
