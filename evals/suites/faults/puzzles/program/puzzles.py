"""Small problems with numbers, words and grids."""


def common_prefix(words):
    if not words:
        return ""
    prefix = words[0]
    for word in words[1:]:
        while not word.startswith(prefix):
            prefix = prefix[:-1]
    return prefix


def runs(text):
    """Neighbours that are equal, counted: "aab" gives [("a", 2), ("b", 1)]."""
    found = []
    at = 0
    while at < len(text):
        end = at
        while end < len(text) and text[end] == text[at]:
            end += 1
        found.append((text[at], end - at))
        at = end
    return found


def survivor(count, step):
    """Who is left, from 0, when every step-th in a circle of count goes."""
    circle = list(range(count))
    at = 0
    while len(circle) > 1:
        at = (at + step - 1) % len(circle)
        circle.pop(at)
    return circle[0]


def steps_to_one(number):
    steps = 0
    while number != 1:
        number = number // 2 if number % 2 == 0 else 3 * number + 1
        steps += 1
    return steps


def ways(height, width):
    """Ways through a grid from corner to corner, right and down alone."""
    if height == 1 or width == 1:
        return 1
    return ways(height - 1, width) + ways(height, width - 1)


def islands(grid):
    """Groups of cells that are set, neighbours by their sides."""
    left = {(r, c) for r, row in enumerate(grid) for c, cell in enumerate(row) if cell}
    count = 0
    while left:
        todo = [left.pop()]
        count += 1
        while todo:
            r, c = todo.pop()
            for near in ((r + 1, c), (r - 1, c), (r, c + 1), (r, c - 1)):
                if near in left:
                    left.remove(near)
                    todo.append(near)
    return count


def best_trade(prices):
    """The most that one buy and one later sale bring; 0 when nothing is gained."""
    best = 0
    lowest = None
    for price in prices:
        if lowest is None or price < lowest:
            lowest = price
        best = max(best, price - lowest)
    return best


def majority(votes):
    """Who has more than half of the votes; None when nobody has."""
    leader, lead = None, 0
    for vote in votes:
        if lead == 0:
            leader = vote
        lead += 1 if vote == leader else -1
    if votes.count(leader) * 2 > len(votes):
        return leader
    return None


def parts(total, most):
    """Ways to write total as a sum of numbers up to most, without regard to order."""
    if total == 0:
        return 1
    if total < 0 or most == 0:
        return 0
    return parts(total - most, most) + parts(total, most - 1)
