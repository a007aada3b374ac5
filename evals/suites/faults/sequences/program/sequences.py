"""Dynamic programming over sequences: what is common, how far apart, what fits, what pays."""

from functools import lru_cache


def longest_common(left, right):
    """One longest common subsequence, as a list."""
    lengths = [[0] * (len(right) + 1) for _ in range(len(left) + 1)]
    for i, a in enumerate(left, 1):
        for j, b in enumerate(right, 1):
            if a == b:
                lengths[i][j] = lengths[i - 1][j - 1] + 1
            else:
                lengths[i][j] = max(lengths[i - 1][j], lengths[i][j - 1])
    common = []
    i, j = len(left), len(right)
    while i and j:
        if left[i - 1] == right[j - 1]:
            common.append(left[i - 1])
            i, j = i - 1, j - 1
        elif lengths[i - 1][j] >= lengths[i][j - 1]:
            i -= 1
        else:
            j -= 1
    return common[::-1]


def edit_distance(source, target):
    """The fewest insertions, deletions and replacements that turn one into the other."""
    row = list(range(len(target) + 1))
    for i, a in enumerate(source, 1):
        diagonal, row[0] = row[0], i
        for j, b in enumerate(target, 1):
            cost = diagonal if a == b else 1 + min(diagonal, row[j], row[j - 1])
            diagonal, row[j] = row[j], cost
    return row[-1]


def knapsack(items, capacity):
    """The greatest value of (weight, value) items within `capacity`, each taken at most once."""
    best = [0] * (capacity + 1)
    for weight, value in items:
        for room in range(capacity, weight - 1, -1):
            best[room] = max(best[room], best[room - weight] + value)
    return best[capacity]


def ways_to_pay(amount, coins):
    """In how many ways `coins`, each as often as one likes, make up `amount`; order is ignored."""
    ways = [1] + [0] * amount
    for coin in coins:
        for total in range(coin, amount + 1):
            ways[total] += ways[total - coin]
    return ways[amount]


def fewest_coins(amount, coins):
    """The least number of coins that make up `amount`, or None."""
    fewest = {0: 0}
    for total in range(1, amount + 1):
        options = [fewest[total - coin] for coin in coins if total - coin in fewest]
        if options:
            fewest[total] = 1 + min(options)
    return fewest.get(amount)


def longest_rising(items):
    """The length of the longest strictly rising subsequence."""
    ends = []
    for item in items:
        longest = max((length for last, length in ends if last < item), default=0)
        ends.append((item, longest + 1))
    return max((length for _, length in ends), default=0)


def best_run(numbers):
    """The greatest sum of neighbouring numbers; at least one is taken."""
    if not numbers:
        raise ValueError("no numbers")
    best = here = numbers[0]
    for number in numbers[1:]:
        here = max(number, here + number)
        best = max(best, here)
    return best


def can_split(text, words):
    """Whether `text` is made of `words`, each as often as needed."""

    @lru_cache(maxsize=None)
    def from_here(at):
        if at == len(text):
            return True
        for word in words:
            if text.startswith(word, at) and from_here(at + len(word)):
                return True
        return False

    return from_here(0)
